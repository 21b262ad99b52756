//! The settings of the Go tool, `taskcluster.yml`: one root URL with one set of credentials. Pure.

use serde::Deserialize;

use super::document::Fault;
use crate::client::Credentials;
use crate::domain::yaml;

/// What stands in the Go tool's file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GoTool {
    /// The root URL.
    pub root_url: Option<String>,
    /// The credentials, where both client ID and access token are there.
    pub credentials: Option<Credentials>,
}

#[derive(Deserialize)]
struct File {
    config: Option<Config>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    root_url: Option<String>,
    client_id: Option<String>,
    access_token: Option<String>,
    certificate: Option<String>,
    authorized_scopes: Option<Vec<String>>,
}

impl GoTool {
    /// Reads the file; an empty value counts as none.
    ///
    /// # Errors
    /// When it is no YAML or has another form. The message shows nothing of the file, which holds secrets.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let form = "not YAML of the form `config: {rootUrl: .., clientId: .., accessToken: ..}`";
        let fault = |line, column| Fault { line, column, message: form.into() };
        let parsed = yaml::parse(text).map_err(|error| fault(error.line, error.column))?;
        let line = wrong_line(text, &parsed);
        let file: File = serde_json::from_value(parsed).map_err(|_| fault(line, 1))?;
        let Some(config) = file.config else { return Ok(Self::default()) };
        let set = |value: Option<String>| value.filter(|text| !text.is_empty());
        let credentials = set(config.client_id).zip(set(config.access_token)).map(|(client_id, access_token)| {
            let mut credentials = Credentials::new(client_id, access_token);
            if let Some(certificate) = set(config.certificate) {
                credentials = credentials.with_certificate(certificate);
            }
            match config.authorized_scopes {
                Some(scopes) => credentials.with_authorized_scopes(scopes),
                None => credentials,
            }
        });
        Ok(Self { root_url: set(config.root_url), credentials })
    }
}

/// The line of the first setting that is no string; 1 when none is.
fn wrong_line(text: &str, parsed: &serde_json::Value) -> usize {
    let value = |name: &str| parsed.get("config").and_then(|config| config.get(name));
    let is_wrong = |name: &&str| value(name).is_some_and(|value| !value.is_string() && !value.is_null());
    let wrong = ["rootUrl", "clientId", "accessToken", "certificate"].into_iter().find(is_wrong);
    wrong.and_then(|name| text.lines().position(|line| line.contains(name))).map_or(1, |before| before + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let text = "config:\n  rootUrl: https://tc.example.com\n  clientId: me\n  accessToken: hunter2\n  \
                    certificate: '{\"version\":1}'\n  authorizedScopes: [a, \"b:*\"]\nother: {x: 1}\n";
        let expected = Credentials::new("me", "hunter2")
            .with_certificate("{\"version\":1}")
            .with_authorized_scopes(vec!["a".into(), "b:*".into()]);
        let found = GoTool::parse(text).unwrap();
        assert_eq!(found.root_url.as_deref(), Some("https://tc.example.com"));
        assert_eq!(found.credentials, Some(expected));
    }

    #[test]
    fn what_is_empty_or_half_is_none() {
        for text in ["", "\n", "config:\n", "config: {rootUrl: '', clientId: me}\n", "other: 1\n"] {
            assert_eq!(GoTool::parse(text).unwrap(), GoTool::default(), "{text}");
        }
    }

    #[test]
    fn a_fault_has_a_place_and_shows_no_secret() {
        for (text, line) in [
            ("config:\n  accessToken: [hunter2]\n", 2),
            ("config:\n  rootUrl: x\n  accessToken: \"hunter2\n", 3),
            ("config: hunter2\n", 1),
        ] {
            let fault = GoTool::parse(text).unwrap_err();
            assert!(!fault.to_string().contains("hunter2"), "{fault}");
            assert!(fault.line >= line, "{fault}");
        }
    }
}
