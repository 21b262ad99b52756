//! Look-up of services and methods by name, parsing each service at most once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use thiserror::Error;

use super::embedded::{CURRENT, EmbeddedFile, LEGACY, VERSION};
use super::model::{Method, Service};
use super::suggest::{kebab_case, suggest};

/// Which references a catalogue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The services of today.
    Current,
    /// The services of 2018.
    Legacy,
}

impl Source {
    /// What the references describe, as messages say it: `Taskcluster 106.0.0`.
    pub fn version(self) -> String {
        match self {
            Source::Current => format!("Taskcluster {VERSION}"),
            Source::Legacy => "the services of 2018".into(),
        }
    }
}

/// All services of one source; a service is parsed when it is first asked for.
#[derive(Debug)]
pub struct Catalogue {
    source: Source,
    /// What the references are of, as messages say it.
    label: String,
    entries: Vec<Entry>,
    /// What a deployment says of its methods, by `service.method`.
    descriptions: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    /// What is parsed when it is first asked for.
    json: &'static str,
    parsed: OnceLock<Result<Service, String>>,
}

/// Why a name was not found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LookupError {
    /// No such service.
    #[error("unknown service `{name}`")]
    Service {
        /// As it was asked for.
        name: String,
        /// Names that resemble it, best first.
        similar: Vec<String>,
    },
    /// No such method. A deployment of another version may have it.
    #[error("`{service}.{name}` is not in the references of {references}")]
    Method {
        /// Which services were searched.
        searched: Source,
        /// The references that were searched, as messages say it.
        references: String,
        /// The service.
        service: String,
        /// As it was asked for.
        name: String,
        /// Names that resemble it, best first; `service method` where it is another service's.
        similar: Vec<String>,
    },
    /// The reference is broken.
    #[error("the reference of the {service} service is broken: {reason}")]
    Broken {
        /// The service.
        service: String,
        /// What the parser said.
        reason: String,
    },
}

impl Catalogue {
    /// The embedded references of `source`.
    pub fn embedded(source: Source) -> &'static Catalogue {
        static CURRENT_CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        static LEGACY_CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        match source {
            Source::Current => CURRENT_CATALOGUE.get_or_init(|| Catalogue::of(source, CURRENT)),
            Source::Legacy => LEGACY_CATALOGUE.get_or_init(|| Catalogue::of(source, LEGACY)),
        }
    }

    fn of(source: Source, files: &[EmbeddedFile]) -> Self {
        let entry = |file: &EmbeddedFile| {
            let (name, parsed) = (file.service.to_owned(), OnceLock::new());
            Entry { name, json: file.json, parsed }
        };
        let entries = files.iter().map(entry).collect();
        Self { source, label: source.version(), entries, descriptions: BTreeMap::new() }
    }

    /// The references of one deployment of today, with what it says of its methods by `service.method`. `label` says in
    /// messages what they are of.
    pub(crate) fn of_deployment(label: String, services: Vec<Service>, descriptions: BTreeMap<String, String>) -> Self {
        let entry = |service: Service| {
            let name = service.service_name.clone();
            Entry { name, json: "", parsed: OnceLock::from(Ok(service)) }
        };
        let mut entries: Vec<Entry> = services.into_iter().map(entry).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Self { source: Source::Current, label, entries, descriptions }
    }

    /// What the references are of, as messages say it: `Taskcluster 106.0.0`.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// What the deployment that the references are of says of a method; the embedded ones say nothing.
    pub(crate) fn description(&self, service: &str, method: &str) -> Option<&str> {
        self.descriptions.get(&format!("{service}.{method}")).map(String::as_str)
    }

    /// Which references these are.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Names of all services, sorted. Parses nothing.
    pub fn service_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// All services, in the order of their names.
    ///
    /// # Errors
    /// When a reference is broken.
    pub fn services(&self) -> Result<Vec<&Service>, LookupError> {
        self.entries.iter().map(Entry::service).collect()
    }

    /// The service of this name, in kebab, camel or Pascal case.
    ///
    /// `QueueEvents` is the queue: clients of other languages keep a service's exchanges apart.
    ///
    /// # Errors
    /// When there is none, with the names that resemble it.
    pub fn service(&self, name: &str) -> Result<&Service, LookupError> {
        self.entry(name)
            .or_else(|| self.entry(kebab_case(name).strip_suffix("-events")?))
            .ok_or_else(|| LookupError::Service {
                name: name.into(),
                similar: suggest(&kebab_case(name), self.service_names()).into_iter().map(Into::into).collect(),
            })?
            .service()
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        // Most names are right to the letter, and thousands of calls may ask for the same one.
        self.entries.iter().find(|entry| entry.name == name).or_else(|| {
            let squeeze = |name: &str| name.replace(['-', '_'], "").to_lowercase();
            let wanted = squeeze(name);
            self.entries.iter().find(|entry| squeeze(&entry.name) == wanted)
        })
    }

    /// The service and the method of these names, without regard to case.
    ///
    /// # Errors
    /// When there is none, with the names that resemble it.
    pub fn method(&self, service: &str, method: &str) -> Result<(&Service, &Method), LookupError> {
        let service = self.service(service)?;
        match service.find_method(method) {
            Some(found) => Ok((service, found)),
            None => Err(LookupError::Method {
                searched: self.source,
                references: self.label.clone(),
                service: service.service_name.clone(),
                name: method.into(),
                similar: self.similar_methods(service, method),
            }),
        }
    }

    /// Names like `wanted` in `service`; failing that, the same name in other services.
    fn similar_methods(&self, service: &Service, wanted: &str) -> Vec<String> {
        let here = suggest(wanted, service.methods.iter().map(|method| method.name.as_str()));
        if !here.is_empty() {
            return here.into_iter().map(Into::into).collect();
        }
        self.services().map_or_else(
            |_| Vec::new(),
            |services| {
                services
                    .iter()
                    .filter_map(|other| {
                        let method = other.find_method(wanted)?;
                        Some(format!("{} {}", other.service_name, method.name))
                    })
                    .collect()
            },
        )
    }
}

impl Entry {
    fn service(&self) -> Result<&Service, LookupError> {
        self.parsed
            .get_or_init(|| serde_json::from_str(self.json).map_err(|error| error.to_string()))
            .as_ref()
            .map_err(|reason| LookupError::Broken { service: self.name.clone(), reason: reason.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_spelling() {
        let catalogue = Catalogue::embedded(Source::Current);
        for name in ["worker-manager", "workerManager", "WorkerManager", "WORKERMANAGER"] {
            assert_eq!(catalogue.service(name).unwrap().service_name, "worker-manager");
        }
        let (_, method) = catalogue.method("Queue", "LISTTASKGROUP").unwrap();
        assert_eq!(method.name, "listTaskGroup");
    }

    #[test]
    fn events_are_found_where_their_service_is() {
        assert_eq!(Catalogue::embedded(Source::Current).service("QueueEvents").unwrap().service_name, "queue");
        let legacy = Catalogue::embedded(Source::Legacy);
        assert_eq!(legacy.service("awsProvisionerEvents").unwrap().service_name, "aws-provisioner");
        assert_eq!(legacy.service("TreeherderEvents").unwrap().service_name, "treeherder-events");
    }

    #[test]
    fn nothing_is_missing() {
        let count = |source| {
            let services = Catalogue::embedded(source).services().unwrap();
            let methods: usize = services.iter().map(|service| service.methods.len()).sum();
            let exchanges: usize = services.iter().map(|service| service.exchanges.len()).sum();
            (services.len(), methods, exchanges)
        };
        assert_eq!(count(Source::Current), (11, 194, 36));
        assert_eq!(count(Source::Legacy), (12, 123, 22));
    }

    #[test]
    fn names_lead_to_the_service_of_that_name() {
        for source in [Source::Current, Source::Legacy] {
            let catalogue = Catalogue::embedded(source);
            for name in catalogue.service_names() {
                let service = catalogue.service(name).unwrap();
                assert_eq!(service.service_name, name);
                assert_eq!(service.base_url.is_some(), source == Source::Legacy && !service.methods.is_empty());
            }
        }
    }

    #[test]
    fn an_unknown_name_comes_with_the_near_ones() {
        let catalogue = Catalogue::embedded(Source::Current);
        let Err(LookupError::Service { similar, .. }) = catalogue.service("quue") else { panic!("found") };
        assert_eq!(similar, ["queue"]);
        let Err(LookupError::Method { similar, .. }) = catalogue.method("queue", "listTaskGruop") else {
            panic!("found")
        };
        assert_eq!(similar[0], "listTaskGroup");
        let Err(LookupError::Method { similar, .. }) = catalogue.method("queue", "currentScopes") else {
            panic!("found")
        };
        assert_eq!(similar, ["auth currentScopes"]);
    }
}
