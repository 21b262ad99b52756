//! Which deployment to talk to and with which credentials: the rule, once. Pure.

use super::Credentials;
use crate::domain::RootUrl;
use crate::env::{self, Environment};
use crate::error::{Advice, Error, Result};

/// Where the proxy of a task is when only `TASK_ID` says that this is a task.
const DEFAULT_PROXY: &str = "http://taskcluster";

/// Whom to talk to, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The deployment, or the proxy before it.
    pub root: RootUrl,
    /// What to sign with; none for unsigned calls.
    pub credentials: Option<Credentials>,
    /// Why credentials that are there are not used.
    pub unsigned_because: Option<String>,
    /// Whether the root URL is that of a task's proxy, which signs by itself.
    pub proxied: bool,
}

/// Where the root URL comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin<'a> {
    /// A flag.
    Explicit(&'a str),
    /// `TASKCLUSTER_ROOT_URL`.
    Environment(&'a str),
    /// `TASKCLUSTER_PROXY_URL`, or its default inside a task.
    Proxy(&'a str),
    /// Nowhere.
    Unknown,
}

impl Endpoint {
    /// Decides: an explicit root URL, else `TASKCLUSTER_ROOT_URL` with credentials, else the
    /// task's proxy, else `TASKCLUSTER_ROOT_URL` unsigned.
    ///
    /// `explicit` is a root URL or the name of a known deployment. With `no_credentials` calls go
    /// unsigned, and not by way of the proxy, which would sign them.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when there is no root URL or it is invalid,
    /// [`crate::error::Kind::Auth`] when credentials that would be used are half set or broken.
    pub fn resolve(environment: &Environment, explicit: Option<&str>, no_credentials: bool) -> Result<Self> {
        let origin = origin(environment, explicit, !no_credentials);
        let root = root_of(origin)?;
        if no_credentials {
            return Ok(Self {
                root,
                credentials: None,
                unsigned_because: Some("The call was not signed: credentials were turned off.".into()),
                proxied: false,
            });
        }
        let unsigned_because = match origin {
            Origin::Explicit(_) => foreign(environment, &root),
            _ => None,
        };
        let credentials = match origin {
            Origin::Proxy(_) => None,
            _ if unsigned_because.is_some() => None,
            _ => Credentials::from_env(environment)?,
        };
        Ok(Self { root, credentials, unsigned_because, proxied: matches!(origin, Origin::Proxy(_)) })
    }

    /// The root URL of the deployment itself, which is not that of the proxy where both are known.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when there is none or it is none.
    pub fn root_url(environment: &Environment, explicit: Option<&str>) -> Result<RootUrl> {
        let origin = match (explicit, environment.root_url()) {
            (Some(flag), _) => Origin::Explicit(flag),
            (None, Some(variable)) => Origin::Environment(variable),
            (None, None) => origin(environment, None, true),
        };
        root_of(origin)
    }

    /// The credentials that [`Endpoint::resolve`] would use, without the need for a root URL.
    ///
    /// # Errors
    /// [`crate::error::Kind::Auth`] when they are half set or broken.
    pub fn credentials(environment: &Environment, explicit: Option<&str>) -> Result<Option<Credentials>> {
        match origin(environment, explicit, true) {
            Origin::Unknown => Credentials::from_env(environment),
            _ => Ok(Self::resolve(environment, explicit, false)?.credentials),
        }
    }
}

fn origin<'a>(environment: &'a Environment, explicit: Option<&'a str>, may_sign: bool) -> Origin<'a> {
    let has_credentials = environment.get(env::CLIENT_ID).or(environment.get(env::ACCESS_TOKEN)).is_some();
    let proxy = environment.get(env::PROXY_URL).filter(|_| may_sign);
    match (explicit, environment.root_url(), proxy) {
        (Some(flag), ..) => Origin::Explicit(flag),
        (None, Some(root), _) if has_credentials => Origin::Environment(root),
        (None, _, Some(proxy)) => Origin::Proxy(proxy),
        (None, Some(root), None) => Origin::Environment(root),
        (None, None, None) if may_sign && environment.get(env::TASK_ID).is_some() => Origin::Proxy(DEFAULT_PROXY),
        (None, None, None) => Origin::Unknown,
    }
}

fn root_of(origin: Origin<'_>) -> Result<RootUrl> {
    let (given, source) = match origin {
        Origin::Explicit(given) => match RootUrl::well_known(given) {
            Some(known) => return Ok(known),
            None => (given, None),
        },
        Origin::Environment(given) => match RootUrl::well_known(given) {
            Some(known) => return Ok(known),
            None => (given, Some(env::ROOT_URL.name)),
        },
        Origin::Proxy(given) => (given, Some(env::PROXY_URL.name)),
        Origin::Unknown => {
            return Err(Error::usage("no deployment selected").advise(Advice::SelectDeployment));
        }
    };
    let known = RootUrl::well_known(given).filter(|_| !matches!(origin, Origin::Proxy(_)));
    known.map_or_else(
        || {
            // A proxy may know its callers by its path.
            let parsed = match origin {
                Origin::Proxy(_) => RootUrl::parse_proxy(given),
                _ => RootUrl::parse(given),
            };
            parsed.map_err(|fault| {
                let error = Error::usage(fault.to_string());
                source.into_iter().fold(error, |error, source| error.hint(format!("It comes from {source}.")))
            })
        },
        Ok,
    )
}

/// Why the environment's credentials are not for `root`: they are those of another deployment.
///
/// A signed call would be refused there even where an unsigned one is allowed, and would show the
/// client ID and the certificate to someone whom they do not concern.
fn foreign(environment: &Environment, root: &RootUrl) -> Option<String> {
    environment.get(env::CLIENT_ID)?;
    let variable = environment.root_url()?;
    let own = RootUrl::well_known(variable).or_else(|| RootUrl::parse(variable).ok())?;
    (own != *root).then(|| {
        format!(
            "The call was not signed: the credentials in the environment are those of {own}. Sign in to {root} \
             to get others, or set {} to it when they are good there, too.",
            env::ROOT_URL.name
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    const ROOT: (&str, &str) = ("TASKCLUSTER_ROOT_URL", "https://tc.example.com/");
    const ID: (&str, &str) = ("TASKCLUSTER_CLIENT_ID", "me");
    const TOKEN: (&str, &str) = ("TASKCLUSTER_ACCESS_TOKEN", "key");
    const PROXY: (&str, &str) = ("TASKCLUSTER_PROXY_URL", "http://proxy");
    const TASK: (&str, &str) = ("TASK_ID", "VESwp9JaRo-XkFN_bemBhw");

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().fold(Environment::empty("/"), |all, (name, value)| all.with(name, value))
    }

    /// Root URL and client ID, by the given variables and flag.
    fn resolved(variables: &[(&str, &str)], flag: Option<&str>) -> (String, Option<String>) {
        let target = Endpoint::resolve(&environment(variables), flag, false).unwrap();
        (target.root.to_string(), target.credentials.map(|credentials| credentials.client_id))
    }

    #[test]
    fn the_order_is_the_specs() {
        let me = || Some("me".to_owned());
        let is = |found: (String, Option<String>), root: &str, client_id: Option<String>| {
            assert_eq!(found, (root.to_owned(), client_id));
        };
        is(resolved(&[ROOT, ID, TOKEN, PROXY, TASK], None), "https://tc.example.com", me());
        is(resolved(&[ROOT, PROXY, TASK], None), "http://proxy", None);
        is(resolved(&[ID, TOKEN, PROXY], None), "http://proxy", None);
        is(resolved(&[TASK], None), "http://taskcluster", None);
        is(resolved(&[ROOT, TASK], None), "https://tc.example.com", None);
        is(resolved(&[ROOT], None), "https://tc.example.com", None);
        is(resolved(&[ID, TOKEN, PROXY], Some("https://other.example.com")), "https://other.example.com", me());
        is(resolved(&[], Some("community")), "https://community-tc.services.mozilla.com", None);
    }

    #[test]
    fn credentials_of_one_deployment_are_not_sent_to_another() {
        let all = environment(&[ROOT, ID, TOKEN]);
        let target = Endpoint::resolve(&all, Some("https://other.example.com"), false).unwrap();
        assert_eq!(target.credentials, None);
        assert!(target.unsigned_because.unwrap().contains("https://tc.example.com"));
        let target = Endpoint::resolve(&all, Some("https://tc.example.com"), false).unwrap();
        assert!(target.credentials.is_some());
    }

    #[test]
    fn half_set_credentials_are_an_error_where_they_would_be_used() {
        let error = Endpoint::resolve(&environment(&[ROOT, ID]), None, false).unwrap_err();
        assert_eq!(error.kind(), Kind::Auth);
        assert!(Endpoint::resolve(&environment(&[ROOT, ID]), None, true).is_ok());
        assert!(Endpoint::resolve(&environment(&[PROXY, ID]), None, false).is_ok());
    }

    #[test]
    fn an_unsigned_call_does_not_take_the_proxy() {
        let target = Endpoint::resolve(&environment(&[ROOT, PROXY]), None, true).unwrap();
        assert_eq!(target.root.as_str(), "https://tc.example.com");
        let error = Endpoint::resolve(&environment(&[PROXY]), None, true).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
    }

    #[test]
    fn web_pages_are_the_deployments_not_the_proxys() {
        let root = Endpoint::root_url(&environment(&[ROOT, PROXY]), None).unwrap();
        assert_eq!(root.as_str(), "https://tc.example.com");
        let root = Endpoint::root_url(&environment(&[PROXY]), None).unwrap();
        assert_eq!(root.as_str(), "http://proxy");
    }

    #[test]
    fn a_proxy_may_have_a_path_and_be_named_as_the_root_too() {
        let proxy = "http://localhost:1/secret";
        let both = [("TASKCLUSTER_PROXY_URL", proxy), ("TASKCLUSTER_ROOT_URL", proxy)];
        let target = Endpoint::resolve(&environment(&both), None, false).unwrap();
        assert_eq!((target.root.as_str(), target.proxied), (proxy, true));
        assert_eq!(Endpoint::root_url(&environment(&both), None).unwrap().as_str(), proxy);
        assert_eq!(Endpoint::resolve(&environment(&both), None, true).unwrap_err().kind(), Kind::Usage);
        let named = [("TASKCLUSTER_ROOT_URL", proxy)];
        assert_eq!(Endpoint::resolve(&environment(&named), None, false).unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    fn a_bad_root_url_is_traced_to_its_origin() {
        let bad = [("TASKCLUSTER_ROOT_URL", "https://tc.example.com/api")];
        let error = Endpoint::resolve(&environment(&bad), None, false).unwrap_err();
        assert_eq!(
            (error.kind(), error.hints()),
            (Kind::Usage, ["It comes from TASKCLUSTER_ROOT_URL.".into()].as_slice())
        );
        assert_eq!(Endpoint::resolve(&environment(&[]), None, false).unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    fn credentials_need_no_root_url() {
        assert!(Endpoint::credentials(&environment(&[ID, TOKEN]), None).unwrap().is_some());
        assert!(Endpoint::credentials(&environment(&[ID, TOKEN, PROXY]), None).unwrap().is_none());
    }
}
