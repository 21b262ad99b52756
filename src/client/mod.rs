//! Calls to a deployment's API: building, signing, retrying, paging.
//!
//! What is decided is decided by functions of values: [`Request`] builds, `hawk` signs, `retry`
//! decides, [`ApiError`] reads refusals, `temporary` makes credentials. `transport` opens the
//! sockets, and `send` strings these together.
//!
//! ```
//! use tc::sandbox::{Options, Sandbox};
//! use tc::{Client, Credentials, Kind, RootUrl};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tc::Error> {
//! let sandbox = Sandbox::start(Options::default())?;
//! let root = RootUrl::parse(sandbox.root_url()).expect("a sandbox has a root URL");
//! let credentials = Credentials::new(sandbox.client_id(), sandbox.access_token().reveal());
//! let client = Client::builder(root).credentials(Some(credentials)).build()?;
//!
//! for name in ["doc/a", "doc/b", "doc/c"] {
//!     let body = serde_json::json!({"expires": "2100-01-01T00:00:00Z", "description": "", "scopes": []});
//!     client.call("auth", "createClient").arg(name).json(&body).send().await?;
//! }
//! let mut pages = client.call("auth", "listClients").query("prefix", "doc/").query("limit", "2").pages()?;
//! let mut names = Vec::new();
//! while let Some(page) = pages.next().await? {
//!     let page: serde_json::Value = page.json()?;
//!     names.extend(page["clients"].as_array().into_iter().flatten().map(|client| client["clientId"].to_string()));
//! }
//! assert_eq!(names, [r#""doc/a""#, r#""doc/b""#, r#""doc/c""#]);
//!
//! let error = client.call("auth", "client").arg("nobody").send().await.unwrap_err();
//! assert_eq!(error.kind(), Kind::NotFound);
//! # Ok(())
//! # }
//! ```

mod answer;
mod api_error;
mod body;
mod builder;
mod call;
mod connection_error;
mod credentials;
mod decoding;
mod essential;
mod gunzip;
mod hawk;
mod head_log;
mod missing;
mod page;
mod pages;
mod pass_on;
mod proxy;
mod raw;
mod request;
mod response;
pub(crate) mod retry;
mod send;
mod settings;
mod skew;
mod stream;
mod temporary;
mod transport;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

pub(crate) use answer::answers_with_redirect;
pub use api_error::ApiError;
pub(crate) use api_error::in_one_line;
pub(crate) use builder::Advisor;
pub use builder::ClientBuilder;
pub use call::Call;
pub(crate) use connection_error::host_of;
pub use connection_error::{ConnectionError, ConnectionFault};
pub use credentials::Credentials;
pub(crate) use decoding::{Decoder, Encoded};
#[cfg(any(fuzzing, test))]
pub(crate) use gunzip::expand_pieces;
pub(crate) use hawk::check as check_credentials;
pub use hawk::{Signed, signed_url};
pub(crate) use missing::least_scopes;
pub(crate) use page::{CONTINUATION_TOKEN, Member, Page};
pub use pages::Pages;
pub(crate) use pass_on::{PassOn, Passed};
pub(crate) use raw::{Lost, RawAnswer, RawRequest};
pub use request::Request;
pub(crate) use request::{redacted, unknown_name};
pub use response::Response;
pub use settings::Endpoint;
pub use stream::{StreamOptions, Streamed};
pub use temporary::{TemporaryOptions, temporary_credentials};

use crate::clock::SharedClock;
use crate::domain::RootUrl;
use crate::env::Environment;
use crate::error::{Advice, Error, Kind, Result};
use crate::reference::{Catalogue, Method, Service};

/// A client of one deployment; cloning it is cheap and shares its connections.
///
/// ```no_run
/// # async fn example(group: &str) -> Result<(), tc::Error> {
/// let client = tc::Client::from_env()?;
/// let mut pages = client.call("queue", "listTaskGroup").arg(group).query("limit", "200").pages()?;
/// while let Some(page) = pages.next().await? {
///     let page: serde_json::Value = page.json()?;
///     println!("{} tasks", page["tasks"].as_array().map_or(0, Vec::len));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    root: RootUrl,
    /// The same, or what is behind it where it is a task's proxy.
    deployment: RootUrl,
    credentials: Option<Credentials>,
    /// Said when an unsigned call is refused.
    unsigned_because: Option<String>,
    /// Knows what the user can do about a refusal.
    advisor: Option<Advisor>,
    catalogue: &'static Catalogue,
    clock: SharedClock,
    retries: u32,
    /// Seconds that the server's clock was found to be ahead of ours.
    skew: AtomicI64,
    /// Answers that asked for less: 429 and 503.
    pushbacks: AtomicU64,
    /// Until when, in milliseconds since the epoch, it was announced that calls wait for their next try.
    announced_until: AtomicI64,
    transport: Arc<transport::Transport>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("root", &self.0.root)
            .field("credentials", &self.0.credentials)
            .field("retries", &self.0.retries)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A builder for a client of the deployment at `root`.
    ///
    /// ```
    /// use tc::{Client, Credentials, RootUrl};
    ///
    /// let root = RootUrl::parse("https://tc.example.com").unwrap();
    /// let client = Client::builder(root).credentials(Some(Credentials::new("me", "key"))).retries(2).build()?;
    /// assert_eq!(client.root_url().as_str(), "https://tc.example.com");
    /// # Ok::<(), tc::Error>(())
    /// ```
    pub fn builder(root: RootUrl) -> ClientBuilder {
        ClientBuilder::new(root)
    }

    /// A client as the process's environment describes it: see [`Client::from_environment`].
    pub fn from_env() -> Result<Self> {
        Self::from_environment(&Environment::from_process())
    }

    /// A client as an environment describes it: with `TASKCLUSTER_ROOT_URL` and
    /// credentials where both are set; else by way of `TASKCLUSTER_PROXY_URL`, which signs by
    /// itself; else unsigned. Proxies and certificates are taken from there, too.
    ///
    /// ```
    /// use tc::{Client, Environment};
    ///
    /// let environment = Environment::empty("/").with("TASKCLUSTER_ROOT_URL", "https://tc.example.com");
    /// assert!(Client::from_environment(&environment)?.credentials().is_none());
    /// assert!(Client::from_environment(&Environment::empty("/")).is_err());
    /// # Ok::<(), tc::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Kind::Usage`] without a root URL or with an invalid one; [`Kind::Auth`] when credentials
    /// are half set.
    pub fn from_environment(environment: &Environment) -> Result<Self> {
        Self::builder_for(environment, Endpoint::resolve(environment, None, false)?).build()
    }

    /// A builder with everything that the environment says, for a target that is decided already.
    pub fn builder_for(environment: &Environment, target: Endpoint) -> ClientBuilder {
        let behind = if target.proxied { Endpoint::root_url(environment, None).ok() } else { None };
        ClientBuilder::new(target.root)
            .deployment(behind)
            .credentials(target.credentials)
            .unsigned_because(target.unsigned_because)
            .environment(environment)
    }

    /// The deployment, or the proxy that stands before it.
    pub fn root_url(&self) -> &RootUrl {
        &self.0.root
    }

    /// The credentials that calls are signed with.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.0.credentials.as_ref()
    }

    /// The same client with other credentials, such as those that a service hands out for one object.
    /// Connections are shared. A task's proxy is passed by: it would sign with the task's own.
    #[must_use]
    pub fn with_credentials(&self, credentials: Option<Credentials>) -> Self {
        self.with(credentials, Arc::clone(&self.0.transport))
    }

    fn with(&self, credentials: Option<Credentials>, transport: Arc<transport::Transport>) -> Self {
        Self(Arc::new(Inner {
            root: if credentials.is_some() { self.0.deployment.clone() } else { self.0.root.clone() },
            deployment: self.0.deployment.clone(),
            credentials,
            unsigned_because: self.0.unsigned_because.clone(),
            advisor: self.0.advisor.clone(),
            catalogue: self.0.catalogue,
            clock: Arc::clone(&self.0.clock),
            retries: self.0.retries,
            skew: AtomicI64::new(self.0.skew.load(Ordering::Relaxed)),
            pushbacks: AtomicU64::new(0),
            announced_until: AtomicI64::new(0),
            transport,
        }))
    }

    /// The clock that signatures and waits go by.
    pub(crate) fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    /// How often to try again after failures that may pass.
    pub(crate) fn retries(&self) -> u32 {
        self.0.retries
    }

    /// How many answers so far asked for less (429, 503), those that a retry made good included:
    /// who sends many requests at once should send fewer when this number grows.
    pub fn pushbacks(&self) -> u64 {
        self.0.pushbacks.load(Ordering::Relaxed)
    }

    /// The references that [`Client::call`] looks names up in.
    pub fn catalogue(&self) -> &'static Catalogue {
        self.0.catalogue
    }

    /// Starts a call: `client.call("queue", "status").arg(task_id).send().await?`.
    pub fn call(&self, service: &str, method: &str) -> Call<'_> {
        Call::new(self, service, method)
    }

    /// A call of a method that was looked up already, checked and not sent.
    pub fn prepare(
        &self,
        service: &Service,
        method: &Method,
        args: &[String],
        query: &[(String, String)],
        body: Option<Bytes>,
    ) -> Result<Request> {
        Request::build(&self.0.root, service, method, args, query, body)
    }

    /// The pages of a list, starting with this request.
    pub(crate) fn pages_of(&self, request: Request) -> Pages {
        Pages::new(self.clone(), request)
    }

    /// The request's URL with a bewit: whoever has it may GET it until `expires`.
    ///
    /// # Errors
    /// [`Kind::Auth`] without credentials; [`Kind::Usage`] for any verb but GET.
    pub fn signed_url(&self, request: &Request, expires: DateTime<Utc>) -> Result<Url> {
        if request.verb != crate::reference::Verb::Get {
            return Err(Error::usage(format!(
                "only GET can be signed into a URL; {} is {}",
                request.what, request.verb
            )));
        }
        let credentials = self.credentials().ok_or_else(|| {
            Error::new(Kind::Auth, format!("cannot sign {}'s URL without credentials", request.what))
                .advise(Advice::SignIn)
        })?;
        signed_url(credentials, &request.url, u64::try_from(expires.timestamp()).unwrap_or(0))
    }
}

/// The runtime that a call is made in.
///
/// # Errors
/// When there is none: connections and time limits need one.
fn runtime() -> Result<tokio::runtime::Handle> {
    tokio::runtime::Handle::try_current()
        .map_err(|source| Error::failed("a call must be made inside a tokio runtime").caused_by(source))
}
