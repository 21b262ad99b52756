//! Who may use the proxy. Pure.

use axum::http::{HeaderMap, header};

use crate::domain::Secret;

/// Why a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was sent to another name than one of this machine's own: a web page elsewhere may let its name lead here.
    ForeignHost,
    /// A web page sent it.
    WebPage,
    /// It does not start with the path that only the proxy's own callers know.
    UnknownPath,
}

/// What a request must have.
#[derive(Debug)]
pub(super) struct Guard {
    /// The port that the proxy listens on.
    pub(super) port: u16,
    /// The first part of the path; none when everybody on this machine may use the proxy.
    pub(super) secret: Option<Secret>,
}

impl Guard {
    /// The address that programs are given.
    pub(super) fn url(&self) -> String {
        let root = format!("http://localhost:{}", self.port);
        self.secret.as_ref().map_or_else(|| root.clone(), |secret| format!("{root}/{}", secret.reveal()))
    }

    /// The path and query of a request, without what only the proxy's callers know.
    ///
    /// # Errors
    /// Why it is turned away.
    pub(super) fn admit<'a>(&self, headers: &HeaderMap, target: &'a str) -> Result<&'a str, Refusal> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        if !host.is_some_and(|host| self.is_own(host)) {
            return Err(Refusal::ForeignHost);
        }
        // Programs send neither; browsers send one with whatever a page asks of another place.
        let site = headers.get("sec-fetch-site").map(axum::http::HeaderValue::as_bytes);
        if headers.contains_key(header::ORIGIN) || site.is_some_and(|site| site != b"none" && site != b"same-origin") {
            return Err(Refusal::WebPage);
        }
        let Some(secret) = &self.secret else { return Ok(target) };
        let (first, rest) = target
            .strip_prefix('/')
            .map_or(("", ""), |path| path.split_at(path.find(['/', '?']).unwrap_or(path.len())));
        if same(first, secret.reveal()) { Ok(rest) } else { Err(Refusal::UnknownPath) }
    }

    fn is_own(&self, host: &str) -> bool {
        let host = host.trim().to_ascii_lowercase();
        let name = match host.strip_suffix(&format!(":{}", self.port)) {
            Some(name) => name,
            None if self.port == 80 => host.as_str(),
            None => return false,
        };
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
    }
}

/// Whether they are equal, in a time that does not tell where they differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted<'a>(
        guard: &Guard,
        headers: &[(&'static str, &'static str)],
        target: &'a str,
    ) -> Result<&'a str, Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        guard.admit(&map, target)
    }

    const HOST: (&str, &str) = ("host", "localhost:8080");

    #[test]
    fn the_path_must_start_with_the_secret() {
        let guard = Guard { port: 8080, secret: Some(Secret::new("abc")) };
        assert_eq!(guard.url(), "http://localhost:8080/abc");
        assert_eq!(admitted(&guard, &[HOST], "/abc/api/queue/v1/ping?x"), Ok("/api/queue/v1/ping?x"));
        assert_eq!(admitted(&guard, &[HOST], "/abc"), Ok(""));
        for target in ["/", "/api/queue/v1/ping", "/abcd/api", "/ab/api", "/abd/api", "abc/api", "//abc/api"] {
            assert_eq!(admitted(&guard, &[HOST], target), Err(Refusal::UnknownPath), "{target}");
        }
        let open = Guard { port: 8080, secret: None };
        assert_eq!(open.url(), "http://localhost:8080");
        assert_eq!(admitted(&open, &[HOST], "/api/queue/v1/ping"), Ok("/api/queue/v1/ping"));
    }

    #[test]
    fn only_names_of_this_machine_with_the_port_are_answered() {
        let guard = Guard { port: 8080, secret: None };
        for host in ["localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert_eq!(admitted(&guard, &[("host", host)], "/"), Ok("/"), "{host}");
        }
        for host in
            ["localhost", "localhost:80", "evil.example:8080", "localhost.evil.example:8080", "", ":8080", "a:b:8080"]
        {
            assert_eq!(admitted(&guard, &[("host", host)], "/"), Err(Refusal::ForeignHost), "{host}");
        }
        assert_eq!(admitted(&guard, &[], "/"), Err(Refusal::ForeignHost));
        let guard = Guard { port: 80, secret: None };
        assert_eq!(admitted(&guard, &[("host", "localhost")], "/"), Ok("/"));
    }

    #[test]
    fn web_pages_are_turned_away() {
        let guard = Guard { port: 8080, secret: None };
        for header in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert_eq!(admitted(&guard, &[HOST, header], "/"), Err(Refusal::WebPage), "{header:?}");
        }
        // A person may look at it, and Node's own client says this much.
        assert_eq!(admitted(&guard, &[HOST, ("sec-fetch-site", "none"), ("sec-fetch-mode", "cors")], "/"), Ok("/"));
    }
}
