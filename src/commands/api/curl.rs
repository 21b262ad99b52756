//! A request as a curl command, and as text.

use crate::domain::shell::quote;

/// A request that is not sent.
pub(super) struct Shown<'a> {
    /// `PUT`.
    pub verb: &'a str,
    /// The whole URL.
    pub url: &'a str,
    /// Headers to show.
    pub headers: &'a [(String, String)],
    /// The body, if there is one.
    pub body: Option<&'a [u8]>,
    /// Whether redirects are followed.
    pub follow: bool,
}

impl Shown<'_> {
    /// A curl command that a POSIX shell can run.
    pub(super) fn curl(&self) -> String {
        let mut command = String::from("curl");
        if self.verb != "GET" {
            command.push_str(&format!(" -X {}", self.verb));
        }
        if self.follow {
            command.push_str(" -L");
        }
        // Otherwise curl takes brackets and braces for a pattern.
        command.push_str(" --globoff");
        for (name, value) in self.headers {
            command.push_str(&format!(" -H {}", quote(&format!("{name}: {value}"))));
        }
        if let Some(body) = self.body {
            command.push_str(&format!(" --data-raw {}", quote(&String::from_utf8_lossy(body))));
        }
        command.push_str(&format!(" {}\n", quote(self.url)));
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_is_a_plain_curl() {
        let shown =
            Shown { verb: "GET", url: "http://localhost:1/api/queue/v1/ping", headers: &[], body: None, follow: true };
        assert_eq!(shown.curl(), "curl -L --globoff http://localhost:1/api/queue/v1/ping\n");
    }

    #[test]
    fn everything_is_quoted() {
        let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
        let shown = Shown {
            verb: "PUT",
            url: "http://localhost:1/x?a=b&c='d'",
            headers: &headers,
            body: Some(br#"{"a": "it's"}"#),
            follow: false,
        };
        assert_eq!(
            shown.curl(),
            concat!(
                r#"curl -X PUT --globoff -H 'Content-Type: application/json' --data-raw "{\"a\": \"it's\"}" "#,
                r#""http://localhost:1/x?a=b&c='d'""#,
                "\n"
            )
        );
    }
}
