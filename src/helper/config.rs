//! Whom to talk to, and as whom: what is given, else the environment, else the proxy of a task.

use super::secrets::{LoadOptions, Secrets, load_secrets};
use crate::client::{Client, Credentials, Endpoint};
use crate::domain::RootUrl;
use crate::domain::root_url::RootUrlError;
use crate::env::{self, Environment};
use crate::error::{Advice, Error, Result};

/// Where the proxy of a task is when only `TASK_ID` says that this is a task.
const DEFAULT_PROXY: &str = "http://taskcluster";
/// How often the Python client's helper tries again.
const DEFAULT_RETRIES: u32 = 12;

/// Whom to talk to, and as whom. In this order: credentials that are given, those of the environment, the proxy of the
/// task that this is, and no credentials.
#[derive(Debug, Clone)]
pub struct Config {
    environment: Environment,
    root: Option<RootUrl>,
    credentials: Option<Credentials>,
    retries: u32,
}

impl Config {
    /// What the environment of this process says, until something is given.
    pub fn from_env() -> Self {
        Self::from_environment(&Environment::from_process())
    }

    /// What an environment says, until something is given.
    pub fn from_environment(environment: &Environment) -> Self {
        Self { environment: environment.clone(), root: None, credentials: None, retries: DEFAULT_RETRIES }
    }

    /// Gives the deployment; without it that of `TASKCLUSTER_ROOT_URL` is meant.
    #[must_use]
    pub fn root_url(mut self, root: RootUrl) -> Self {
        self.root = Some(root);
        self
    }

    /// Gives credentials, which come before all others.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// How often to try again after failures that may pass: 12 by default.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The decision. Inside a task without credentials of its own this is the proxy, also where a root URL is given.
    ///
    /// ```
    /// use tc::Environment;
    /// use tc::helper::Config;
    ///
    /// let environment = Environment::empty("/").with("TASKCLUSTER_ROOT_URL", "https://tc.example.com");
    /// let in_task = environment.clone().with("TASK_ID", "VESwp9JaRo-XkFN_bemBhw");
    /// assert_eq!(Config::from_environment(&environment).endpoint()?.root.as_str(), "https://tc.example.com");
    /// assert_eq!(Config::from_environment(&in_task).endpoint()?.root.as_str(), "http://taskcluster");
    /// # Ok::<(), tc::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] without a root URL or with an invalid one; [`crate::Kind::Auth`] when the environment's
    /// credentials are half set.
    pub fn endpoint(&self) -> Result<Endpoint> {
        let credentials = match &self.credentials {
            Some(given) => Some(given.clone()),
            None => Credentials::from_env(&self.environment)?,
        };
        let proxy = self.environment.get(env::PROXY_URL);
        let in_task = proxy.is_some() || self.environment.get(env::TASK_ID).is_some();
        let proxied = credentials.is_none() && in_task;
        let root = match &self.root {
            // A proxy may know its callers by its path.
            _ if proxied => read(RootUrl::parse_proxy(proxy.unwrap_or(DEFAULT_PROXY)), env::PROXY_URL)?,
            Some(given) => given.clone(),
            None => match self.environment.get(env::ROOT_URL) {
                Some(text) => read(RootUrl::parse(text), env::ROOT_URL)?,
                None => return Err(Error::usage("no deployment selected").advise(Advice::SelectDeployment)),
            },
        };
        Ok(Endpoint { root, credentials, unsigned_because: None, proxied })
    }

    /// A client by this decision.
    ///
    /// # Errors
    /// Those of [`Config::endpoint`].
    pub fn client(&self) -> Result<Client> {
        Client::builder_for(&self.environment, self.endpoint()?).retries(self.retries).build()
    }

    /// Loads settings from a secret, or from what `options` hold in its place: see [`load_secrets`].
    ///
    /// With [`LoadOptions::local`] no deployment needs to be known.
    ///
    /// # Errors
    /// Those of [`Config::client`] and of [`load_secrets`].
    pub async fn load_secrets(&self, name: Option<&str>, options: &LoadOptions) -> Result<Secrets> {
        match options.local_secrets() {
            Some(local) => super::select(local, "the local secrets", options),
            None => load_secrets(&self.client()?, name, options).await,
        }
    }
}

fn read(parsed: Result<RootUrl, RootUrlError>, variable: env::Variable) -> Result<RootUrl> {
    parsed.map_err(|fault| Error::usage(fault.to_string()).hint(format!("It comes from {}.", variable.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    const ROOT: (&str, &str) = ("TASKCLUSTER_ROOT_URL", "https://tc.example.com");
    const OWN: [(&str, &str); 2] = [("TASKCLUSTER_CLIENT_ID", "env"), ("TASKCLUSTER_ACCESS_TOKEN", "secret")];
    const TASK: (&str, &str) = ("TASK_ID", "VESwp9JaRo-XkFN_bemBhw");
    const PROXY: (&str, &str) = ("TASKCLUSTER_PROXY_URL", "http://localhost:8080");

    fn config(variables: &[(&str, &str)]) -> Config {
        let environment =
            variables.iter().fold(Environment::empty("/"), |environment, (name, value)| environment.with(name, value));
        Config::from_environment(&environment)
    }

    /// Root URL, client ID, and whether it is a proxy.
    fn decided(config: &Config) -> (String, Option<String>, bool) {
        let endpoint = config.endpoint().unwrap();
        let client_id = endpoint.credentials.map(|credentials| credentials.client_id);
        (endpoint.root.as_str().to_owned(), client_id, endpoint.proxied)
    }

    #[test]
    fn given_credentials_come_first_then_the_environment_then_the_proxy() {
        let direct = |client: Option<&str>| ("https://tc.example.com".to_owned(), client.map(str::to_owned), false);
        let all = [ROOT, OWN[0], OWN[1], TASK, PROXY];
        assert_eq!(decided(&config(&all).credentials(Credentials::new("given", "x"))), direct(Some("given")));
        assert_eq!(decided(&config(&all)), direct(Some("env")));
        let proxied = |root: &str| (root.to_owned(), None, true);
        assert_eq!(decided(&config(&[ROOT, TASK, PROXY])), proxied("http://localhost:8080"));
        assert_eq!(decided(&config(&[ROOT, TASK])), proxied("http://taskcluster"));
        let by_path = ("TASKCLUSTER_PROXY_URL", "http://localhost:8080/M65WWtM");
        assert_eq!(decided(&config(&[ROOT, TASK, by_path])), proxied("http://localhost:8080/M65WWtM"));
        assert_eq!(decided(&config(&[ROOT])), direct(None));
    }

    #[test]
    fn a_given_root_url_comes_before_that_of_the_environment() {
        let other = RootUrl::parse("https://other.example.com").unwrap();
        let given = config(&[ROOT, OWN[0], OWN[1]]).root_url(other);
        assert_eq!(decided(&given), ("https://other.example.com".to_owned(), Some("env".to_owned()), false));
    }

    #[test]
    fn what_is_missing_or_half_set_is_an_error() {
        assert_eq!(config(&[]).endpoint().unwrap_err().kind(), Kind::Usage);
        assert_eq!(config(&[ROOT, OWN[0]]).endpoint().unwrap_err().kind(), Kind::Auth);
        let broken = config(&[("TASKCLUSTER_ROOT_URL", "nonsense")]).endpoint().unwrap_err();
        assert_eq!(broken.hints(), ["It comes from TASKCLUSTER_ROOT_URL."]);
    }
}
