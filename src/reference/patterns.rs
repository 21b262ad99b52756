//! The regular expressions that services check arguments against before anything else.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::embedded::PATTERNS;
use super::tables::Tables;

/// By service; `common` holds what all services share.
type Patterns = Tables<BTreeMap<String, Entry>>;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    /// A parameter's pattern, in all methods of the service.
    Pattern(String),
    /// A method's own patterns.
    Method(BTreeMap<String, String>),
}

impl Entry {
    fn pattern(&self) -> Option<&str> {
        match self {
            Self::Pattern(pattern) => Some(pattern),
            Self::Method(_) => None,
        }
    }
}

fn embedded() -> &'static Patterns {
    static TABLES: OnceLock<Patterns> = OnceLock::new();
    TABLES.get_or_init(|| Tables::of(PATTERNS))
}

/// The pattern of a route parameter or a query argument, without the slashes around it.
///
/// It is a regular expression that is valid here as well as in the services, which match it anywhere
/// in the value and anchor it themselves. Names are exact. Nothing means that every value may pass.
/// The services of 2018 had stricter ones, which are not known here.
pub fn pattern(service: &str, method: &str, param: &str) -> Option<&'static str> {
    let patterns = embedded();
    let of_service = patterns.get(service);
    let own = match of_service.and_then(|service| service.get(method)) {
        Some(Entry::Method(params)) => params.get(param).map(String::as_str),
        _ => None,
    };
    let shared = || of_service?.get(param)?.pattern();
    let common = || patterns.get("common")?.get(param)?.pattern();
    own.or_else(shared).or_else(common)
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::reference::{Catalogue, Source};

    #[test]
    fn every_pattern_is_a_regular_expression_of_something_that_exists() {
        let catalogue = Catalogue::embedded(Source::Current);
        let mut count = 0;
        let takes = |method: &crate::reference::Method, param: &str| {
            method.args.iter().chain(&method.query).any(|name| name == param)
        };
        for (name, entries) in embedded().all() {
            let services = match name {
                "common" => catalogue.services().unwrap(),
                name => vec![catalogue.service(name).unwrap()],
            };
            let mut check = |param: &str, pattern: &str, methods: &[&crate::reference::Method]| {
                Regex::new(pattern).unwrap();
                assert!(methods.iter().any(|method| takes(method, param)), "{name} has no parameter {param}");
                count += 1;
            };
            let all: Vec<_> = services.iter().flat_map(|service| &service.methods).collect();
            for (key, entry) in entries {
                match entry {
                    Entry::Pattern(pattern) => check(key, pattern, &all),
                    Entry::Method(params) => {
                        let method = services[0].method(key).unwrap();
                        params.iter().for_each(|(param, pattern)| check(param, pattern, &[method]));
                    }
                }
            }
        }
        assert!(count > 40, "{count}");
    }

    #[test]
    fn the_nearest_pattern_counts() {
        let slugid = pattern("queue", "task", "taskId").unwrap();
        assert_eq!(pattern("queue", "createTask", "taskId"), Some(slugid));
        let slugid = Regex::new(slugid).unwrap();
        assert!(slugid.is_match("VESwp9JaRo-XkFN_bemBhw") && !slugid.is_match("bad"));
        assert_eq!(pattern("auth", "listClients", "prefix"), pattern("auth", "client", "clientId"));
        assert_eq!(pattern("auth", "awsS3Credentials", "prefix"), None);
        assert_eq!(pattern("secrets", "list", "limit"), Some("^[0-9]+$"));
        assert_eq!(pattern("queue", "listWorkers", "listWorkers"), None);
        assert_eq!(pattern("nonsense", "task", "taskId"), None);
    }

    #[test]
    fn ids_of_tasks_are_checked_in_every_method() {
        let slugid = pattern("queue", "task", "taskId");
        for service in Catalogue::embedded(Source::Current).services().unwrap() {
            for method in &service.methods {
                for param in method.args.iter().filter(|param| matches!(param.as_str(), "taskId" | "taskGroupId")) {
                    assert_eq!(pattern(&service.service_name, &method.name, param), slugid, "{}", method.name);
                }
            }
        }
    }
}
