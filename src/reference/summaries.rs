//! One line in our own words for each service, method and exchange.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::catalogue::Source;
use super::embedded::{LEGACY_SUMMARIES, SUMMARIES};
use super::tables::Tables;

/// What a summary is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// The service as a whole; the name does not matter.
    Service,
    /// One of its methods.
    Method,
    /// One of its exchanges.
    Exchange,
}

/// What all services share stands under this name.
const COMMON: &str = "common";

/// The lines of all services.
#[derive(Debug)]
pub(super) struct Summaries {
    current: Tables<Service>,
    /// What the services of 2018 have alone, or mean otherwise.
    legacy: Tables<Service>,
}

/// The lines of one service.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) summary: Option<String>,
    #[serde(default)]
    pub(super) methods: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) exchanges: BTreeMap<String, String>,
}

impl Service {
    fn get(&self, item: Item, name: &str) -> Option<&str> {
        match item {
            Item::Service => self.summary.as_deref(),
            Item::Method => self.methods.get(name).map(String::as_str),
            Item::Exchange => self.exchanges.get(name).map(String::as_str),
        }
    }
}

impl Summaries {
    /// The embedded ones.
    pub(super) fn embedded() -> &'static Summaries {
        static EMBEDDED: OnceLock<Summaries> = OnceLock::new();
        EMBEDDED.get_or_init(|| Summaries { current: Tables::of(SUMMARIES), legacy: Tables::of(LEGACY_SUMMARIES) })
    }

    fn get(&'static self, source: Source, service: &str, item: Item, name: &str) -> Option<&'static str> {
        let legacy = match source {
            Source::Legacy => self.legacy.get(service),
            Source::Current => None,
        };
        let find = |service: Option<&'static Service>| service?.get(item, name);
        find(legacy).or_else(|| find(self.current.get(service))).or_else(|| find(self.current.get(COMMON)))
    }
}

/// One line that says what a service, a method or an exchange is for.
///
/// Names are exact, as they stand in the references. A method of 2018 shares the line of the
/// method of today that has its name, unless it has one of its own.
pub fn summary(source: Source, service: &str, item: Item, name: &str) -> Option<&'static str> {
    Summaries::embedded().get(source, service, item, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Catalogue;

    /// The longest summary that still fits beside a method's name.
    const MAX_SUMMARY_CHARACTERS: usize = 70;

    /// Everything that there is to summarize.
    fn all(source: Source) -> Vec<(&'static str, Item, &'static str)> {
        let mut found = Vec::new();
        for service in Catalogue::embedded(source).services().unwrap() {
            let name = service.service_name.as_str();
            found.push((name, Item::Service, ""));
            found.extend(service.methods.iter().map(|method| (name, Item::Method, method.name.as_str())));
            found.extend(service.exchanges.iter().map(|exchange| (name, Item::Exchange, exchange.name.as_str())));
        }
        found
    }

    #[test]
    fn nothing_is_without_a_summary() {
        for source in [Source::Current, Source::Legacy] {
            let missing: Vec<_> = all(source)
                .into_iter()
                .filter(|(service, item, name)| summary(source, service, *item, name).is_none())
                .collect();
            assert!(missing.is_empty(), "add to references/summaries.toml: {missing:?}");
        }
        assert_eq!(all(Source::Current).len(), 11 + 194 + 36);
        assert_eq!(all(Source::Legacy).len(), 12 + 123 + 22);
    }

    #[test]
    fn no_summary_is_stale() {
        let (current, legacy) = (all(Source::Current), all(Source::Legacy));
        let summaries = Summaries::embedded();
        let mut stale = Vec::new();
        for (there, services) in [(&current, &summaries.current), (&legacy, &summaries.legacy)] {
            for (name, service) in services.all().filter(|(name, _)| *name != COMMON) {
                let methods = service.methods.keys().map(|method| (Item::Method, method.as_str()));
                let exchanges = service.exchanges.keys().map(|exchange| (Item::Exchange, exchange.as_str()));
                let own = service.summary.iter().map(|_| (Item::Service, ""));
                stale.extend(
                    methods
                        .chain(exchanges)
                        .chain(own)
                        .filter(|(item, of)| !there.contains(&(name, *item, of)))
                        .map(|(item, of)| format!("{item:?} {name} {of}")),
                );
            }
        }
        for method in summaries.current.get(COMMON).unwrap().methods.keys() {
            if !current.iter().any(|(_, item, name)| *item == Item::Method && name == method) {
                stale.push(format!("common {method}"));
            }
        }
        assert!(stale.is_empty(), "remove from references/summaries.toml: {stale:?}");
    }

    #[test]
    fn what_is_shared_is_not_repeated() {
        let summaries = Summaries::embedded();
        for (name, service) in summaries.legacy.all() {
            for (method, line) in &service.methods {
                assert_ne!(summaries.get(Source::Current, name, Item::Method, method), Some(line.as_str()), "{name}");
            }
        }
    }

    #[test]
    fn summaries_are_short_lines_that_tell_methods_apart() {
        for source in [Source::Current, Source::Legacy] {
            let mut seen = std::collections::BTreeSet::new();
            for (service, item, name) in all(source) {
                let line = summary(source, service, item, name).unwrap();
                assert!(line.chars().count() <= MAX_SUMMARY_CHARACTERS, "{service} {name}: {line}");
                assert!(line.starts_with(char::is_uppercase) && !line.ends_with('.'), "{service} {name}: {line}");
                assert!(!line.contains('\n') && line.trim() == line, "{service} {name}: {line}");
                assert!(seen.insert((service, line.to_lowercase())), "{service} {name}: {line} is there twice");
            }
        }
    }

    #[test]
    fn a_method_of_2018_shares_the_line_of_today_unless_it_differs() {
        let line = |source, name| summary(source, "queue", Item::Method, name);
        assert_eq!(line(Source::Legacy, "createTask"), line(Source::Current, "createTask"));
        assert!(line(Source::Legacy, "defineTask").is_some());
        assert_eq!(line(Source::Current, "defineTask"), None);
        assert_eq!(summary(Source::Current, "queue", Item::Exchange, "createTask"), None);
        assert_eq!(summary(Source::Current, "nonsense", Item::Service, ""), None);
    }
}
