//! What to listen to, as it stands on the command line. Pure.

use clap_complete::ArgValueCandidates;

use crate::commands::listening::explain_binding;
use crate::commands::pulse::{names, source};
use crate::error::{Error, Result};
use crate::pulse::{Binding, binding, parse_binding};
use crate::reference::Catalogue;

/// What to listen to.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct BindingArgs {
    /// An exchange, with words of the routing key: `queue.taskFailed?taskGroupId=ID`
    #[arg(value_name = "BINDING", add = ArgValueCandidates::new(names))]
    pub(super) bindings: Vec<String>,
    /// Messages of tasks with this route (`index.project.*`), on the exchanges named without words, or else all of tasks
    #[arg(long = "route", value_name = "ROUTE")]
    pub(super) routes: Vec<String>,
    /// An exchange by its name on the wire
    #[arg(long = "exchange", value_name = "NAME")]
    pub(super) exchanges: Vec<String>,
    /// Routing key pattern for --exchange: one for each, or one for all [default: #]
    #[arg(long = "pattern", value_name = "PATTERN", requires = "exchanges")]
    pub(super) patterns: Vec<String>,
    /// The exchanges of 2018
    #[arg(long)]
    pub(super) legacy: bool,
}

impl BindingArgs {
    /// Whether nothing is named.
    pub(super) fn is_empty(&self) -> bool {
        self.bindings.is_empty() && self.routes.is_empty() && self.exchanges.is_empty()
    }

    /// The bindings to exchanges of this catalogue, each once.
    ///
    /// # Errors
    /// When there are none, or one cannot be.
    pub(super) fn build(&self, catalogue: &Catalogue) -> Result<Vec<Binding>> {
        if self.is_empty() {
            return Err(Error::usage("nothing to listen to")
                .hint("Name an exchange, as in `tc pulse listen queue.taskFailed`; `tc pulse exchanges` lists them."));
        }
        let mut found = Vec::new();
        self.add_named(&mut found, catalogue)?;
        for (index, exchange) in self.exchanges.iter().enumerate() {
            let pattern = match self.patterns.as_slice() {
                [] => "#",
                [one] => one,
                many if many.len() == self.exchanges.len() => many.get(index).map_or("#", String::as_str),
                many => {
                    let counts = format!("{} patterns for {} exchanges", many.len(), self.exchanges.len());
                    return Err(Error::usage(counts).hint("Give one --pattern for each --exchange, or one for all."));
                }
            };
            found.push(Binding::raw(exchange, pattern).map_err(explain_binding)?);
        }
        let mut unique = Vec::new();
        for binding in found {
            if !unique.contains(&binding) {
                unique.push(binding);
            }
        }
        Ok(unique)
    }

    fn add_named(&self, found: &mut Vec<Binding>, catalogue: &Catalogue) -> Result<()> {
        let source = source(self.legacy);
        let mut routed = Vec::new();
        for text in &self.bindings {
            let builder = parse_binding(text, source).map_err(explain_binding)?;
            if builder.has_words() || self.routes.is_empty() {
                found.push(builder.build_in(catalogue).map_err(explain_binding)?);
            } else {
                routed.push(builder);
            }
        }
        if self.bindings.is_empty() && !self.routes.is_empty() {
            let names = exchanges_of_tasks(catalogue)?;
            routed.extend(names.into_iter().map(|name| {
                let builder = binding("queue", name);
                if self.legacy { builder.legacy() } else { builder }
            }));
        }
        if routed.is_empty() && !self.routes.is_empty() {
            return Err(Error::usage("--route and words of a routing key exclude each other")
                .hint("Name an exchange without words to listen to the route there."));
        }
        for builder in routed {
            for route in &self.routes {
                found.push(builder.clone().route(route).build_in(catalogue).map_err(explain_binding)?);
            }
        }
        Ok(())
    }
}

/// The exchanges whose messages go to the routes of a task: those that name one.
fn exchanges_of_tasks(catalogue: &Catalogue) -> Result<Vec<&str>> {
    let queue = catalogue.service("queue")?;
    let names_task = |entries: &[crate::reference::RoutingKeyEntry]| entries.iter().any(|entry| entry.name == "taskId");
    let exchanges = queue.exchanges.iter().filter(|exchange| names_task(&exchange.routing_key));
    Ok(exchanges.map(|exchange| exchange.name.as_str()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Source;

    fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(ToString::to_string).collect()
    }

    fn built(args: &BindingArgs) -> Vec<(String, String)> {
        let short = |name: String| name.strip_prefix("exchange/taskcluster-").map(Into::into).unwrap_or(name);
        args.build(Catalogue::embedded(source(args.legacy)))
            .unwrap()
            .into_iter()
            .map(|binding| (short(binding.exchange), binding.pattern))
            .collect()
    }

    #[test]
    fn several_bindings_count_once_each() {
        let args = BindingArgs {
            bindings: list(&["queue.taskFailed?taskId=a", "github.push", "queue.taskFailed?task-id=a"]),
            ..BindingArgs::default()
        };
        assert_eq!(
            built(&args),
            [
                ("queue/v1/task-failed".into(), "primary.a.*.*.*.*.*.*.*.#".into()),
                ("github/v1/push".into(), "primary.*.*".into())
            ]
        );
    }

    #[test]
    fn a_route_alone_is_heard_wherever_tasks_are_spoken_of() {
        let args = BindingArgs { routes: list(&["index.project.*"]), ..BindingArgs::default() };
        let found = built(&args);
        assert_eq!(found.len(), 8);
        assert!(found.iter().all(|(_, pattern)| pattern == "route.index.project.*"));
        assert!(!found.iter().any(|(exchange, _)| exchange.contains("group")), "{found:?}");
    }

    #[test]
    fn a_route_is_heard_on_the_exchanges_that_are_named() {
        let bindings = list(&["queue.taskCompleted", "queue.taskFailed?taskId=a"]);
        let args = BindingArgs { bindings, routes: list(&["x", "y"]), ..BindingArgs::default() };
        let patterns: Vec<String> = built(&args).into_iter().map(|(_, pattern)| pattern).collect();
        assert_eq!(patterns, ["primary.a.*.*.*.*.*.*.*.#", "route.x", "route.y"]);
        let args = BindingArgs { bindings: list(&["queue.taskFailed?taskId=a"]), routes: list(&["x"]), ..args };
        assert!(args.build(Catalogue::embedded(Source::Current)).is_err());
    }

    #[test]
    fn patterns_belong_to_exchanges() {
        let args = |exchanges: &[&str], patterns: &[&str]| BindingArgs {
            exchanges: list(exchanges),
            patterns: list(patterns),
            ..BindingArgs::default()
        };
        let pair = |exchange: &str, pattern: &str| (exchange.to_owned(), pattern.to_owned());
        assert_eq!(built(&args(&["a", "b"], &[])), [pair("a", "#"), pair("b", "#")]);
        assert_eq!(built(&args(&["a", "b"], &["x"])), [pair("a", "x"), pair("b", "x")]);
        assert_eq!(built(&args(&["a", "b"], &["x", "y"])), [pair("a", "x"), pair("b", "y")]);
        assert_eq!(
            args(&["a"], &["x", "y"]).build(Catalogue::embedded(Source::Current)).unwrap_err().message(),
            "2 patterns for 1 exchanges"
        );
    }

    #[test]
    fn nothing_to_listen_to_is_an_error() {
        assert_eq!(
            BindingArgs::default().build(Catalogue::embedded(Source::Current)).unwrap_err().message(),
            "nothing to listen to"
        );
    }
}
