//! Which calls must not be sent twice.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::embedded::IDEMPOTENCY;

#[derive(Debug, Deserialize)]
struct Table {
    once: Vec<Rule>,
}

/// A call that does a second thing when it is repeated.
#[derive(Debug, Deserialize)]
struct Rule {
    service: String,
    method: String,
    /// Members that the body must have for the rule to hold.
    #[serde(default)]
    body: Map<String, Value>,
}

impl Rule {
    fn covers(&self, service: &str, method: &str, body: Option<&[u8]>) -> bool {
        let names = self.service == service && self.method == method;
        names && (self.body.is_empty() || has_members(body.unwrap_or_default(), &self.body))
    }
}

fn has_members(body: &[u8], wanted: &Map<String, Value>) -> bool {
    let Ok(body) = serde_json::from_slice::<Map<String, Value>>(body) else { return false };
    wanted.iter().all(|(name, value)| body.get(name) == Some(value))
}

fn rules() -> &'static [Rule] {
    static TABLE: OnceLock<Vec<Rule>> = OnceLock::new();
    TABLE.get_or_init(|| toml::from_str::<Table>(IDEMPOTENCY).map(|table| table.once).unwrap_or_default())
}

/// Whether a call leads to the same state when it is sent a second time, so that it can be repeated when it is not
/// known whether it was done.
pub fn is_idempotent(service: &str, method: &str, body: Option<&[u8]>) -> bool {
    !rules().iter().any(|rule| rule.covers(service, method, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Catalogue, Source};

    #[test]
    fn each_rule_is_about_a_method_that_exists() {
        let table: Table = toml::from_str(IDEMPOTENCY).unwrap();
        assert_eq!(table.once.len(), rules().len());
        for rule in &table.once {
            let known = [Source::Current, Source::Legacy]
                .map(|source| Catalogue::embedded(source).method(&rule.service, &rule.method).is_ok());
            assert!(known.contains(&true), "{rule:?}");
        }
    }

    #[test]
    fn calls_that_do_a_second_thing_are_told_from_those_that_do_not() {
        for (service, method) in [("hooks", "triggerHook"), ("notify", "email"), ("queue", "claimWork")] {
            assert!(!is_idempotent(service, method, None), "{service}.{method}");
        }
        assert!(is_idempotent("queue", "createTask", Some(b"{}")));
        let artifact = |body: &str| is_idempotent("queue", "createArtifact", Some(body.as_bytes()));
        assert!(!artifact(r#"{"storageType": "object", "expires": "x"}"#));
        assert!(artifact(r#"{"storageType": "s3"}"#) && artifact("{}") && artifact("[") && artifact(""));
    }
}
