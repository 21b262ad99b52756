//! From a verb and a path to a method and its parameters.

use std::collections::HashMap;
use std::sync::OnceLock;

use indexmap::IndexMap;
use percent_encoding::percent_decode_str;

use super::input_schema::InputSchema;
use crate::error::{Error, Result};
use crate::reference::{Catalogue, Method, Segment, Service, Source, Verb};

/// Parameters that are names with slashes; they match unencoded slashes too where they stand last.
const SLASHED: &[&str] = &["name", "namespace", "indexPath", "prefix", "taskQueueId"];

/// Parameters that may be left out where they stand last: the root of the index has no name.
const OPTIONAL: &[&str] = &["namespace"];

/// All routes of all services of today.
pub(super) struct Router {
    services: HashMap<&'static str, Routes>,
}

struct Routes {
    version: &'static str,
    /// By the first literal part, in the order of the reference, which decides between two that fit.
    by_start: HashMap<&'static str, Vec<Compiled>>,
}

/// One method's route, taken apart.
pub(super) struct Compiled {
    pub service: &'static Service,
    pub method: &'static Method,
    parts: Vec<RoutePart>,
    schema: OnceLock<Result<InputSchema, String>>,
}

enum RoutePart {
    Literal(&'static str),
    Param(&'static str),
}

/// Where a request leads.
pub(super) enum Target {
    /// To a method, with its decoded parameters in the order of the route.
    Method(&'static Compiled, IndexMap<String, String>),
    /// To no method of a service that exists.
    NoMethod,
    /// To a service that does not exist.
    NoService,
}

impl Router {
    /// The router of the embedded references, built once a process.
    ///
    /// # Errors
    /// When an embedded reference is broken.
    pub(super) fn embedded() -> Result<&'static Router> {
        static ROUTER: OnceLock<Result<Router, String>> = OnceLock::new();
        let built = ROUTER.get_or_init(|| {
            let services = Catalogue::embedded(Source::Current).services().map_err(|error| error.to_string())?;
            Ok(Router { services: services.into_iter().map(|it| (it.service_name.as_str(), Routes::of(it))).collect() })
        });
        built.as_ref().map_err(|reason| Error::failed(reason.clone()))
    }

    /// Finds what `path`, the encoded rest after `/api/`, means.
    pub(super) fn find(&'static self, verb: Verb, path: &str) -> Target {
        let (service, rest) = path.split_once('/').unwrap_or((path, ""));
        let Some(routes) = self.services.get(service) else { return Target::NoService };
        let Some(rest) = rest.strip_prefix(routes.version).and_then(|rest| rest.strip_prefix('/')) else {
            return Target::NoMethod;
        };
        let start = rest.split('/').next().unwrap_or_default();
        let Some(candidates) = routes.by_start.get(start) else { return Target::NoMethod };
        let found = |greedy| {
            let of_verb = candidates.iter().filter(move |it| it.method.verb == verb);
            of_verb.filter_map(move |it| Some((it, it.matches(rest, greedy)?)))
        };
        // Of two names that could take the slashes, the one of the longer route is meant.
        match found(false).next().or_else(|| found(true).max_by_key(|(it, _)| it.parts.len())) {
            Some((compiled, params)) => Target::Method(compiled, params),
            None => Target::NoMethod,
        }
    }
}

impl Routes {
    fn of(service: &'static Service) -> Self {
        let mut by_start: HashMap<&str, Vec<Compiled>> = HashMap::new();
        for method in &service.methods {
            let compiled = Compiled::of(service, method);
            let start = match compiled.parts.first() {
                Some(RoutePart::Literal(start)) => *start,
                _ => "",
            };
            by_start.entry(start).or_default().push(compiled);
        }
        Self { version: &service.api_version, by_start }
    }
}

impl Compiled {
    fn of(service: &'static Service, method: &'static Method) -> Self {
        let mut parts = Vec::new();
        for segment in method.route.segments() {
            match segment {
                Segment::Literal(text) => {
                    parts.extend(text.split('/').filter(|text| !text.is_empty()).map(RoutePart::Literal));
                }
                Segment::Param(name) => parts.push(RoutePart::Param(name)),
            }
        }
        Self { service, method, parts, schema: OnceLock::new() }
    }

    /// What the body is checked with; compiled when it is first asked for.
    ///
    /// # Errors
    /// When the embedded schema is broken.
    pub(super) fn schema(&self) -> Result<&InputSchema, String> {
        self.schema.get_or_init(|| InputSchema::of(self.service, self.method)).as_ref().map_err(Clone::clone)
    }

    /// The parameters, when the path fits; `greedy` lets a last name take the slashes that are left.
    fn matches(&self, path: &str, greedy: bool) -> Option<IndexMap<String, String>> {
        let mut params = IndexMap::new();
        let mut rest = Some(path);
        for (index, part) in self.parts.iter().enumerate() {
            let last = index + 1 == self.parts.len();
            let (given, after) = match part {
                RoutePart::Param(name) if last && OPTIONAL.contains(name) && rest.is_none() => ("", None),
                RoutePart::Param(name) if last && greedy && SLASHED.contains(name) => (rest?, None),
                _ => rest?.split_once('/').map_or((rest?, None), |(given, after)| (given, Some(after))),
            };
            match part {
                RoutePart::Literal(text) if *text != given => return None,
                RoutePart::Literal(_) => {}
                RoutePart::Param(name) if given.is_empty() && !OPTIONAL.contains(name) => return None,
                RoutePart::Param(name) => {
                    let value = percent_decode_str(given).decode_utf8().ok()?;
                    params.insert((*name).to_owned(), value.into_owned());
                }
            }
            rest = after;
        }
        // One slash at the end changes nothing.
        rest.is_none_or(str::is_empty).then_some(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(verb: Verb, path: &str) -> String {
        match Router::embedded().unwrap().find(verb, path) {
            Target::Method(compiled, params) => {
                let params: Vec<_> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{}.{} {}", compiled.service.service_name, compiled.method.name, params.join(" "))
            }
            Target::NoMethod => "no method".into(),
            Target::NoService => "no service".into(),
        }
    }

    #[test]
    fn names_with_slashes_match_encoded_or_not() {
        for path in ["secrets/v1/secret/a%2Fb%20c", "secrets/v1/secret/a/b%20c"] {
            assert_eq!(find(Verb::Get, path), "secrets.get name=a/b c");
        }
        let path = "queue/v1/task/x/runs/0/artifacts/public/logs/live.log";
        assert_eq!(find(Verb::Get, path), "queue.getArtifact taskId=x runId=0 name=public/logs/live.log");
        let path = "queue/v1/task/x/artifacts";
        assert_eq!(find(Verb::Get, path), "queue.listLatestArtifacts taskId=x");
        assert_eq!(
            find(Verb::Get, "index/v1/task/a.b/artifacts/p/q"),
            "index.findArtifactFromTask indexPath=a.b name=p/q"
        );
    }

    #[test]
    fn literals_win_over_parameters_and_a_last_slash_changes_nothing() {
        assert_eq!(find(Verb::Get, "purge-cache/v1/purge-cache/list"), "purge-cache.allPurgeRequests ");
        assert_eq!(find(Verb::Get, "auth/v1/clients/"), "auth.listClients ");
        assert_eq!(find(Verb::Get, "auth/v1/clients"), "auth.listClients ");
        assert_eq!(find(Verb::Get, "queue/v1/task/x/"), "queue.task taskId=x");
    }

    #[test]
    fn the_root_of_the_index_has_no_name() {
        assert_eq!(find(Verb::Get, "index/v1/namespaces/"), "index.listNamespaces namespace=");
        assert_eq!(find(Verb::Get, "index/v1/tasks"), "index.listTasks namespace=");
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(find(Verb::Get, "nope/v1/ping"), "no service");
        assert_eq!(find(Verb::Get, "queue/v2/ping"), "no method");
        assert_eq!(find(Verb::Get, "queue/v1/tasks/"), "no method");
        assert_eq!(find(Verb::Get, "auth/v1/clients/a/b"), "no method");
    }

    #[test]
    fn every_method_is_reached_by_its_own_route() {
        for service in Catalogue::embedded(Source::Current).services().unwrap() {
            for method in &service.methods {
                let filled: String = method
                    .route
                    .segments()
                    .iter()
                    .map(|segment| match segment {
                        Segment::Literal(text) => text.as_str(),
                        Segment::Param(_) => "a%2Fb",
                    })
                    .collect();
                let path = format!("{}/{}{filled}", service.service_name, service.api_version);
                let Target::Method(found, params) = Router::embedded().unwrap().find(method.verb, &path) else {
                    panic!("{path} is not found");
                };
                assert_eq!(found.method.name, method.name, "{path}");
                assert_eq!(params.len(), method.args.len(), "{path}");
                assert!(params.values().all(|value| value == "a/b"), "{path}");
            }
        }
    }
}
