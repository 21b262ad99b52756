//! Root URLs and the URLs under them.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use url::Url;

/// What `encodeURIComponent` leaves alone; the services encode alike.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Percent-encodes one path or query component.
pub(crate) fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// The 2018 deployment, whose services have hosts of their own.
const LEGACY: &str = "https://taskcluster.net";

/// Deployments that are known by name.
pub(crate) const WELL_KNOWN: [(&str, &str); 3] = [
    ("firefox-ci", "https://firefox-ci-tc.services.mozilla.com"),
    ("community", "https://community-tc.services.mozilla.com"),
    ("staging", "https://stage.taskcluster.nonprod.cloudops.mozgcp.net"),
];

/// A deployment's root URL: scheme, host, optional port; no trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RootUrl(String);

/// Why a text is not a root URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RootUrlError {
    /// Not a URL at all, or one without a host.
    #[error("`{0}` is not a URL; a root URL looks like https://tc.example.com")]
    NotAUrl(String),
    /// Neither http nor https.
    #[error("the root URL `{0}` must start with https:// or http://")]
    Scheme(String),
    /// More than scheme, host and port.
    #[error("the root URL `{given}` must be scheme and host only, without {part}")]
    Excess {
        /// As it was given.
        given: String,
        /// What is too much: `a path`, `a query`..
        part: &'static str,
    },
}

impl RootUrl {
    /// Checks and normalizes a root URL; slashes at its end do not count.
    ///
    /// # Errors
    /// When it is not a URL, has another scheme, or has a path, query, fragment or user.
    pub fn parse(text: &str) -> Result<Self, RootUrlError> {
        Self::read(text, false)
    }

    /// Checks and normalizes the address of a proxy that signs by itself: like a root URL, with or without a path. The
    /// path is what the proxy knows its own callers by.
    ///
    /// # Errors
    /// When it is not a URL, has another scheme, or has a query, fragment or user.
    pub(crate) fn parse_proxy(text: &str) -> Result<Self, RootUrlError> {
        Self::read(text, true)
    }

    fn read(text: &str, may_have_path: bool) -> Result<Self, RootUrlError> {
        let url = Url::parse(text).map_err(|_| RootUrlError::NotAUrl(text.into()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(RootUrlError::Scheme(text.into()));
        }
        if !url.has_host() || !text.contains("://") {
            return Err(RootUrlError::NotAUrl(text.into()));
        }
        let part = if !url.username().is_empty() || url.password().is_some() {
            Some("a user or password")
        } else if url.query().is_some() {
            Some("a query")
        } else if url.fragment().is_some() {
            Some("a fragment")
        } else if !may_have_path && url.path().bytes().any(|byte| byte != b'/') {
            Some("a path")
        } else {
            None
        };
        if let Some(part) = part {
            // Whatever stands before the host may be a password.
            let given = if part.starts_with("a user") { format!("{}://..", url.scheme()) } else { text.into() };
            return Err(RootUrlError::Excess { given, part });
        }
        Ok(Self(url.as_str().trim_end_matches('/').into()))
    }

    /// The root URL of a deployment that is known by name.
    pub(crate) fn well_known(name: &str) -> Option<Self> {
        WELL_KNOWN.iter().find(|(known, _)| *known == name).map(|(_, url)| Self((*url).into()))
    }

    /// The URL without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the deployment of 2018.
    pub(crate) fn is_legacy(&self) -> bool {
        self.0 == LEGACY
    }

    /// Where a service's API lives, without a trailing slash: `<root>/api/queue/v1`.
    pub fn api(&self, service: &str, version: &str) -> String {
        if self.is_legacy() {
            format!("https://{service}.taskcluster.net/{version}")
        } else {
            format!("{}/api/{service}/{version}", self.0)
        }
    }
}

impl fmt::Display for RootUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_are_dropped() {
        assert_eq!(RootUrl::parse("https://tc.example.com//").unwrap().as_str(), "https://tc.example.com");
        assert_eq!(RootUrl::parse("https://tc.example.com/").unwrap().as_str(), "https://tc.example.com");
        assert_eq!(RootUrl::parse("http://localhost:80").unwrap().as_str(), "http://localhost");
        assert_eq!(RootUrl::parse("http://localhost:8080").unwrap().as_str(), "http://localhost:8080");
    }

    #[test]
    fn anything_more_than_a_root_is_refused() {
        for (text, part) in [
            ("https://tc.example.com/api", "a path"),
            ("https://tc.example.com//api", "a path"),
            ("https://tc.example.com?x", "a query"),
            ("https://tc.example.com#x", "a fragment"),
            ("https://user:pass@tc.example.com", "a user or password"),
        ] {
            match RootUrl::parse(text) {
                Err(RootUrlError::Excess { part: found, .. }) => assert_eq!(found, part, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(matches!(RootUrl::parse("tc.example.com"), Err(RootUrlError::NotAUrl(_))));
        assert!(matches!(RootUrl::parse("ftp://tc.example.com"), Err(RootUrlError::Scheme(_))));
        assert!(!RootUrl::parse("https://user:pass@tc.example.com").unwrap_err().to_string().contains("pass@"));
    }

    #[test]
    fn the_address_of_a_proxy_may_have_a_path() {
        let proxy = RootUrl::parse_proxy("http://localhost:8080/secret/").unwrap();
        assert_eq!(proxy.api("queue", "v1"), "http://localhost:8080/secret/api/queue/v1");
        assert!(RootUrl::parse_proxy("http://localhost:8080/secret?x").is_err());
        assert!(RootUrl::parse_proxy("http://me:pass@localhost:8080/").is_err());
    }

    #[test]
    fn components_are_encoded_as_the_services_do() {
        assert_eq!(encode_component("public/a b%+é"), "public%2Fa%20b%25%2B%C3%A9");
        assert_eq!(encode_component("AZaz09-_.!~*'()"), "AZaz09-_.!~*'()");
    }

    #[test]
    fn the_deployment_of_2018_has_a_host_per_service() {
        let root = RootUrl::parse("https://taskcluster.net").unwrap();
        assert_eq!(root.api("queue", "v1"), "https://queue.taskcluster.net/v1");
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        assert_eq!(root.api("queue", "v1"), "https://tc.example.com/api/queue/v1");
    }
}
