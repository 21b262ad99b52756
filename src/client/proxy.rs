//! Which proxy a request takes, as the environment says; never as this process's own variables say.

use std::fmt;

use crate::env::{self, Environment};

/// Proxies by the scheme of the URL that is called.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Proxies {
    /// For `http:`.
    pub(super) http: Option<String>,
    /// For `https:`.
    pub(super) https: Option<String>,
    /// Hosts that are reached directly, separated by commas.
    pub(super) exceptions: Option<String>,
}

/// A proxy knows another machine by these names; a sandbox behind them is on this one.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

impl fmt::Debug for Proxies {
    /// Which are set; a proxy's URL can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("exceptions", &self.exceptions)
            .finish()
    }
}

impl Proxies {
    /// What the environment asks for; lower case wins, as in curl.
    pub(super) fn from_environment(environment: &Environment) -> Self {
        let all = environment.get_any_case(env::ALL_PROXY);
        // A CGI program gets a caller's `Proxy:` header as HTTP_PROXY.
        let is_cgi = environment.variables().any(|(name, _)| name == "REQUEST_METHOD");
        let upper_case_only = environment.get(env::HTTP_PROXY) == environment.get_any_case(env::HTTP_PROXY);
        let http = environment.get_any_case(env::HTTP_PROXY).filter(|_| !(is_cgi && upper_case_only));
        Self {
            http: http.or(all).map(Into::into),
            https: environment.get_any_case(env::HTTPS_PROXY).or(all).map(Into::into),
            exceptions: environment.get_any_case(env::NO_PROXY).map(Into::into),
        }
    }

    /// Hosts that are reached directly, this machine among them.
    pub(super) fn direct(&self) -> String {
        match &self.exceptions {
            Some(exceptions) => format!("{exceptions},{LOOPBACK}"),
            None => LOOPBACK.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> (Option<String>, Option<String>) {
        let environment = variables.iter().fold(Environment::empty("/"), |all, (name, value)| all.with(name, value));
        let proxies = Proxies::from_environment(&environment);
        (proxies.http, proxies.https)
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(proxies(&[]), (None, None));
        assert_eq!(proxies(&[("HTTPS_PROXY", "http://a")]), (None, some("http://a")));
        assert_eq!(proxies(&[("HTTP_PROXY", "http://b")]), (some("http://b"), None));
        assert_eq!(proxies(&[("ALL_PROXY", "http://c")]), (some("http://c"), some("http://c")));
        assert_eq!(proxies(&[("ALL_PROXY", "c"), ("http_proxy", "d")]), (some("d"), some("c")));
        assert_eq!(proxies(&[("HTTPS_PROXY", "a"), ("https_proxy", "e")]), (None, some("e")));
    }

    #[test]
    fn a_caller_of_a_cgi_program_cannot_choose_the_proxy() {
        assert_eq!(proxies(&[("HTTP_PROXY", "evil"), ("REQUEST_METHOD", "GET")]), (None, None));
        assert_eq!(proxies(&[("http_proxy", "good"), ("REQUEST_METHOD", "GET")]).0.as_deref(), Some("good"));
    }

    #[test]
    fn a_proxys_password_is_not_shown() {
        let proxies = Proxies { http: Some("http://me:hunter2@proxy".into()), ..Proxies::default() };
        assert!(!format!("{proxies:?}").contains("hunter2"));
    }
}
