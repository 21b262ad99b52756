//! The deployments that a command line names, and the client of each.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Context;
use crate::client::{Client, ClientBuilder, Credentials, Endpoint};
use crate::config::{Settings, Source, keys};
use crate::domain::RootUrl;
use crate::error::{Advice, Error, Result};

/// How long a question may take whose answer is good to have.
const ONE_QUESTION_TIMEOUT: Duration = Duration::from_secs(10);

/// A deployment that something named on the command line is on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) enum Deployment {
    /// The one that flags, the environment or settings choose.
    #[default]
    InUse,
    /// That of a web page that was named.
    At(RootUrl),
}

impl Deployment {
    /// Its client.
    pub(crate) fn client(&self, context: &Context) -> Result<Client> {
        context.client_for(self)
    }

    /// Its root URL.
    ///
    /// # Errors
    /// When no deployment is in use.
    pub(crate) fn root_url(&self, context: &Context) -> Result<RootUrl> {
        match self {
            Deployment::InUse => context.root_url(),
            Deployment::At(root) => Ok(root.clone()),
        }
    }
}

/// Something that a command line names: an ID, and the deployment that it is on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Named {
    /// Where it is.
    pub deployment: Deployment,
    /// The ID, or the name.
    pub id: String,
}

/// A task that a command line names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct NamedTask {
    /// Where it is.
    pub deployment: Deployment,
    /// The ID.
    pub id: String,
    /// The run that the page shows which was given.
    pub run: Option<u32>,
    /// The artifact that it shows.
    pub artifact: Option<String>,
}

/// A client that has been built.
pub(super) struct KnownClient {
    deployment: Deployment,
    root: RootUrl,
    timeout: Option<Duration>,
    client: Client,
}

impl Context {
    /// The deployment of something that is named by its ID, or by a page of the deployment `page`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when the page is one of another deployment than the one that was chosen for
    /// this command.
    pub(crate) fn deployment_of(&self, page: Option<&RootUrl>) -> Result<Deployment> {
        let Some(page) = page else { return Ok(Deployment::InUse) };
        let settings = self.settings()?;
        let chosen = settings.find(&keys::ROOT_URL).is_some_and(|setting| match &setting.source {
            Source::Environment(_) => true,
            source => settings.is_explicit(source),
        });
        match self.root_url() {
            Ok(in_use) if in_use == *page => Ok(Deployment::InUse),
            Ok(in_use) if chosen => {
                Err(Error::usage(format!("the page is one of {page}, but the deployment in use is {in_use}"))
                    .advise(Advice::UseRootUrl(page.to_string())))
            }
            // The proxy of a task stands for a deployment whose own address may be unknown here.
            Ok(_) if self.is_in_task() => Ok(Deployment::InUse),
            Err(error) if chosen => Err(error),
            Ok(_) | Err(_) => Ok(Deployment::At(page.clone())),
        }
    }

    /// The client of the deployment in use, with the global flags applied.
    ///
    /// # Errors
    /// Those of [`Context::client_for`]; when no deployment is in use.
    pub(crate) fn client(&self) -> Result<Client> {
        self.client_for(&Deployment::InUse)
    }

    /// The client of a deployment, with the global flags applied. There is one for each deployment in a run, so that
    /// all its calls share their connections.
    ///
    /// # Errors
    /// When credentials are half set or refused, the user's files are broken, `--timeout` is no time, or `--cacert`
    /// cannot be read.
    pub(crate) fn client_for(&self, deployment: &Deployment) -> Result<Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clients.iter().find(|known| known.deployment == *deployment) {
            return Ok(known.client.clone());
        }
        let own;
        let settings = match deployment {
            Deployment::InUse => self.settings()?,
            Deployment::At(root) => {
                let given = super::given(&self.globals).with(&keys::ROOT_URL, Some(root));
                own = Settings::load(&self.env, given)?;
                &own
            }
        };
        let identity = self.identity_by(settings)?;
        let timeout = settings.timeout()?;
        let root = identity.target.root.clone();
        // A page of the deployment in use may be named, too.
        let same = clients.iter().find(|known| known.root == root && known.timeout == timeout);
        let client = match same {
            Some(known) => known.client.clone(),
            None => {
                self.warn_before_expiry(&identity);
                self.build_client(settings, identity, timeout, deployment)?
            }
        };
        clients.push(KnownClient { deployment: deployment.clone(), root, timeout, client: client.clone() });
        Ok(client)
    }

    fn build_client(
        &self,
        settings: &Settings,
        identity: super::Identity,
        timeout: Option<Duration>,
        deployment: &Deployment,
    ) -> Result<Client> {
        let (advice, deployment, verb) = (self.advice, deployment.clone(), self.verb.clone());
        self.builder(settings, identity.target.clone(), timeout)
            .advisor(Arc::new(move |refusal| advice(refusal, &identity, &deployment, &verb)))
            .build()
    }

    /// A builder of a client to which the settings apply.
    fn builder(&self, settings: &Settings, target: Endpoint, timeout: Option<Duration>) -> ClientBuilder {
        let mut builder = Client::builder_for(&self.env, target);
        if let Some(retries) = settings.retries() {
            builder = builder.retries(retries);
        }
        if let Some(timeout) = timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(file) = settings.cacert(&self.env) {
            builder = builder.extra_ca_file(file);
        }
        builder
    }

    /// A client of the deployment in use with these credentials, for a question that is not worth waiting for: it tries
    /// once, and for ten seconds at most.
    pub(crate) fn client_to_ask_once(&self, credentials: Option<Credentials>) -> Result<Client> {
        let target = Endpoint { root: self.root_url()?, credentials, unsigned_because: None, proxied: false };
        self.builder(self.settings()?, target, Some(ONE_QUESTION_TIMEOUT)).retries(0).build()
    }

    /// A client without credentials of a server that need not be a deployment in use, for what is public there.
    ///
    /// # Errors
    /// When the user's files are broken, `--timeout` is not a duration, or `--cacert` cannot be read.
    pub(crate) fn client_without_credentials(&self, root: RootUrl) -> Result<Client> {
        let settings = self.settings()?;
        let target = Endpoint { root, credentials: None, unsigned_because: None, proxied: false };
        self.builder(settings, target, settings.timeout()?).build()
    }

    /// The root URL of the one deployment that was talked to, where no page chose it.
    pub(crate) fn only_deployment(&self) -> Option<RootUrl> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.as_slice() {
            [known] if known.deployment == Deployment::InUse => Some(known.root.clone()),
            _ => None,
        }
    }

    /// Whether the deployment in use has been called, or was to be.
    pub(super) fn has_client_in_use(&self) -> bool {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.iter().any(|known| known.deployment == Deployment::InUse)
    }

    /// How many answers so far asked for less, of all deployments: see [`Client::pushbacks`].
    pub(crate) fn pushbacks(&self) -> u64 {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.iter().map(|known| known.client.pushbacks()).sum()
    }
}
