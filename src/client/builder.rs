//! Puts a [`Client`] together.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use super::proxy::Proxies;
use super::transport::{self, Settings, Transport};
use super::{ApiError, Client, Credentials, Inner, retry};
use crate::clock::{SharedClock, SystemClock};
use crate::domain::RootUrl;
use crate::env::{self, Environment};
use crate::error::Result;
use crate::reference::{Catalogue, Source};

/// How long one try may take when nobody says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Tells what can be done about a refusal, in the words of the program that made the call.
pub(crate) type Advisor = Arc<dyn Fn(&ApiError) -> Vec<String> + Send + Sync>;

/// Puts a [`Client`] together.
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    root: RootUrl,
    deployment: Option<RootUrl>,
    credentials: Option<Credentials>,
    unsigned_because: Option<String>,
    advisor: Option<Advisor>,
    catalogue: Option<&'static Catalogue>,
    clock: SharedClock,
    retries: u32,
    timeout: Option<Duration>,
    user_agent: String,
    proxies: Proxies,
    extra_ca_file: Option<PathBuf>,
    only_ca_file: Option<PathBuf>,
}

impl ClientBuilder {
    pub(super) fn new(root: RootUrl) -> Self {
        Self {
            root,
            deployment: None,
            credentials: None,
            unsigned_because: None,
            advisor: None,
            catalogue: None,
            clock: Arc::new(SystemClock),
            retries: retry::DEFAULT_RETRIES,
            timeout: None,
            user_agent: concat!("tc/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxies: Proxies::default(),
            extra_ca_file: None,
            only_ca_file: None,
        }
    }

    /// The credentials to sign with; none for unsigned calls.
    pub fn credentials(mut self, credentials: Option<Credentials>) -> Self {
        self.credentials = credentials;
        self
    }

    /// Why calls go unsigned: a hint for when one is refused.
    pub fn unsigned_because(mut self, reason: Option<String>) -> Self {
        self.unsigned_because = reason;
        self
    }

    /// What knows what the user of this client can do about a refusal: its answers become hints of the error.
    pub(crate) fn advisor(mut self, advisor: Advisor) -> Self {
        self.advisor = Some(advisor);
        self
    }

    /// The deployment itself, where the root URL is that of a task's proxy.
    pub(super) fn deployment(mut self, root: Option<RootUrl>) -> Self {
        self.deployment = root;
        self
    }

    /// Proxies, CA certificates and the clock, as this environment says.
    pub fn environment(mut self, environment: &Environment) -> Self {
        self.proxies = Proxies::from_environment(environment);
        self.only_ca_file = environment.get(env::SSL_CERT_FILE).map(|file| environment.resolve(file));
        self.clock = Arc::clone(&environment.clock);
        self
    }

    /// Where the time comes from, for signatures and for waits between tries.
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// How often to try again after failures that may pass: 5 by default.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How long one try may take, from connecting to the last byte: 60 s by default.
    ///
    /// A transfer may take longer, as long as bytes move: when it is given, it limits how long none may.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A file of CA certificates (PEM) to trust besides the system's.
    pub fn extra_ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.extra_ca_file = Some(file.into());
        self
    }

    /// What to send as `User-Agent`.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// The references to look names up in, in place of those that fit the deployment.
    pub fn catalogue(mut self, catalogue: &'static Catalogue) -> Self {
        self.catalogue = Some(catalogue);
        self
    }

    /// Builds the client; nothing is connected yet.
    ///
    /// # Errors
    /// When the extra file of CA certificates cannot be read or holds none.
    pub fn build(self) -> Result<Client> {
        let source = if self.root.is_legacy() { Source::Legacy } else { Source::Current };
        let settings = Settings {
            user_agent: self.user_agent,
            timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
            given_timeout: self.timeout,
            proxies: self.proxies,
            extra_roots: self.extra_ca_file.as_deref().map(transport::ca_certificates).transpose()?.unwrap_or_default(),
            only_ca_file: self.only_ca_file,
        };
        Ok(Client(Arc::new(Inner {
            deployment: self.deployment.unwrap_or_else(|| self.root.clone()),
            root: self.root,
            credentials: self.credentials,
            unsigned_because: self.unsigned_because,
            advisor: self.advisor,
            catalogue: self.catalogue.unwrap_or_else(|| Catalogue::embedded(source)),
            clock: self.clock,
            retries: self.retries,
            skew: AtomicI64::new(0),
            pushbacks: AtomicU64::new(0),
            announced_until: AtomicI64::new(0),
            transport: Arc::new(Transport::new(settings)),
        })))
    }
}
