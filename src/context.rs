//! What a command receives. Everything costly is built when it is first asked for, so that a
//! command which needs no credentials cannot fail for want of them.

mod blocking;
mod ending;
mod identity;
mod print;
mod prompt;

pub use crate::config::parse_timeout;
pub use blocking::{beside, blocking};
pub use ending::Claim;
pub(crate) use ending::Ending;
use identity::Loaded;
pub(crate) use identity::left;
pub use identity::{Identity, Origin, given};

use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::cli::Globals;
use crate::client::Client;
use crate::domain::RootUrl;
use crate::env::Environment;
use crate::error::Result;
use crate::ui::Ui;

/// What a command receives.
pub struct Context {
    /// The environment.
    pub env: Environment,
    /// The streams.
    pub ui: Arc<Ui>,
    /// The global flags.
    pub globals: Globals,
    /// The command line, as it was given.
    pub words: Vec<OsString>,
    /// The user's files, once they have been read.
    loaded: Loaded,
    ending: Arc<Ending>,
    clients: Arc<Mutex<Vec<KnownClient>>>,
}

/// A client that has been built.
struct KnownClient {
    root: RootUrl,
    timeout: Option<Duration>,
    client: Client,
}

impl Context {
    /// A context in which nothing has been read yet.
    pub fn new(env: Environment, ui: Arc<Ui>, globals: Globals, words: Vec<OsString>) -> Self {
        Self { env, ui, globals, words, loaded: Loaded::default(), ending: Arc::default(), clients: Arc::default() }
    }

    /// What the run and the verb tell each other about the end.
    pub(crate) fn ending(&self) -> &Arc<Ending> {
        &self.ending
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        self.env.clock.now()
    }

    /// The same command.
    #[must_use]
    pub fn same(&self) -> Self {
        let loaded = self.loaded.again();
        Self {
            env: self.env.clone(),
            ui: Arc::clone(&self.ui),
            globals: self.globals.clone(),
            words: self.words.clone(),
            loaded,
            ending: Arc::clone(&self.ending),
            clients: Arc::clone(&self.clients),
        }
    }

    /// The same command, talking to this deployment.
    #[must_use]
    pub fn with_root_url(&self, root: &RootUrl) -> Self {
        let mut same = self.same();
        same.globals.root_url = Some(root.as_str().to_owned());
        same
    }

    /// The client of the deployment, with the global flags applied. There is one for each deployment in a run, so
    /// that all its calls share their connections.
    ///
    /// # Errors
    /// When there is no root URL, credentials are half set or refused, the user's files are broken,
    /// `--timeout` is no time, or `--cacert` cannot be read.
    pub fn client(&self) -> Result<Client> {
        let settings = self.settings()?;
        let timeout = settings.timeout()?;
        let identity = self.identity()?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let known = clients.iter().find(|known| known.root == identity.target.root && known.timeout == timeout);
        if let Some(known) = known {
            return Ok(known.client.clone());
        }
        self.warn_of_the_end(&identity);
        let root = identity.target.root.clone();
        let mut builder = Client::builder_for(&self.env, identity.target);
        if let Some(retries) = settings.retries() {
            builder = builder.retries(retries);
        }
        if let Some(timeout) = timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(file) = settings.cacert(&self.env) {
            builder = builder.extra_ca_file(file);
        }
        let client = builder.build()?;
        clients.push(KnownClient { root, timeout, client: client.clone() });
        Ok(client)
    }
}
