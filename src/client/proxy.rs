//! Which proxy a request takes, as the environment says; never as this process's own variables say.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::env::{self, Environment};

/// Proxies by the scheme of the URL that is called.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Proxies {
    /// For `http:`.
    pub(super) http: Option<ProxySetting>,
    /// For `https:`.
    pub(super) https: Option<ProxySetting>,
    /// Hosts that are reached directly, separated by commas.
    pub(super) exceptions: Option<String>,
}

/// A proxy, and who says so.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ProxySetting {
    /// Its URL, which can hold a password.
    pub(super) url: String,
    /// The variable that it comes from: `HTTPS_PROXY`.
    pub(super) variable: String,
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
        let all = ProxySetting::read(environment, env::ALL_PROXY);
        // A CGI program gets a caller's `Proxy:` header as HTTP_PROXY.
        let is_cgi = environment.variables().any(|(name, _)| name == "REQUEST_METHOD");
        let http = ProxySetting::read(environment, env::HTTP_PROXY);
        let http = http.filter(|setting| !(is_cgi && setting.variable == env::HTTP_PROXY.name));
        Self {
            http: http.or_else(|| all.clone()),
            https: ProxySetting::read(environment, env::HTTPS_PROXY).or(all),
            exceptions: environment.get_any_case(env::NO_PROXY).map(Into::into),
        }
    }

    /// Where a request to this URL goes instead of to its host, in words without a password: `127.0.0.1:3128 (from
    /// HTTPS_PROXY)`; none when it goes to its host.
    pub(super) fn taken(&self, url: &Url) -> Option<String> {
        let setting = match url.scheme() {
            "http" => self.http.as_ref(),
            _ => self.https.as_ref(),
        }?;
        let matcher =
            Matcher::builder().http(setting.url.as_str()).https(setting.url.as_str()).no(self.direct()).build();
        let taken = matcher.intercept(&url.as_str().parse().ok()?)?;
        let host = taken.uri().host()?.to_owned();
        let port = taken.uri().port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{host}{port} (from {})", setting.variable))
    }

    /// Hosts that are reached directly, this machine among them.
    pub(super) fn direct(&self) -> String {
        match &self.exceptions {
            Some(exceptions) => format!("{exceptions},{LOOPBACK}"),
            None => LOOPBACK.to_owned(),
        }
    }
}

impl ProxySetting {
    /// Whether requests go through it: one of a scheme that nobody speaks would be passed by without a word.
    pub(super) fn is_understood(&self) -> bool {
        let matcher = Matcher::builder().http(self.url.as_str()).build();
        "http://tc.invalid".parse().is_ok_and(|uri| matcher.intercept(&uri).is_some())
    }

    fn read(environment: &Environment, variable: env::Variable) -> Option<Self> {
        let url = environment.get_any_case(variable)?.to_owned();
        // Lower case wins.
        let lower = variable.name.to_lowercase();
        let is_lower = environment.variables().any(|(name, value)| name == lower.as_str() && value == url.as_str());
        Some(Self { url, variable: if is_lower { lower } else { variable.name.to_owned() } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_password_and_where_it_is_taken_alone() {
        let environment = Environment::empty("/")
            .with("https_proxy", "http://me:hunter2@proxy.example.com:3128")
            .with("ALL_PROXY", "socks5h://127.0.0.1:1080")
            .with("NO_PROXY", "direct.example.com");
        let taken = |url: &str| Proxies::from_environment(&environment).taken(&url.parse().unwrap());
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(taken("https://tc.example.com/x"), some("proxy.example.com:3128 (from https_proxy)"));
        assert_eq!(taken("http://tc.example.com/x"), some("127.0.0.1:1080 (from ALL_PROXY)"));
        assert_eq!(taken("https://direct.example.com/x"), None);
        assert_eq!(taken("http://localhost:1/x"), None);
        assert_eq!(Proxies::default().taken(&"https://tc.example.com".parse().unwrap()), None);
    }

    #[test]
    fn a_proxy_of_a_scheme_that_nobody_speaks_is_not_understood() {
        let is_understood = |url: &str| ProxySetting { url: url.into(), variable: "ALL_PROXY".into() }.is_understood();
        for url in [
            "http://proxy:3128",
            "https://proxy",
            "socks5://proxy",
            "socks5h://proxy:1",
            "socks4a://proxy",
            "proxy:3128",
        ] {
            assert!(is_understood(url), "{url}");
        }
        for url in ["ftp://proxy:3128", "socks6://proxy", "http://[::1", "file:///proxy"] {
            assert!(!is_understood(url), "{url}");
        }
    }

    fn proxies(variables: &[(&str, &str)]) -> (Option<String>, Option<String>) {
        let environment = variables.iter().fold(Environment::empty("/"), |all, (name, value)| all.with(name, value));
        let proxies = Proxies::from_environment(&environment);
        (proxies.http.map(|setting| setting.url), proxies.https.map(|setting| setting.url))
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
        let setting = ProxySetting { url: "http://me:hunter2@proxy".into(), variable: "HTTP_PROXY".into() };
        let proxies = Proxies { http: Some(setting), ..Proxies::default() };
        assert!(!format!("{proxies:?}").contains("hunter2"));
    }
}
