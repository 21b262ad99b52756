//! From verbs and methods to the scopes that they need.

use indexmap::IndexMap;
use serde_json::Value;

use super::{VERBS, verb_methods, verb_reads};
use crate::client::unknown_name;
use crate::context::Context;
use crate::domain::scopes;
use crate::error::{Error, Result};
use crate::reference::{Catalogue, LookupError, Method, Needs, Service, Source, suggest};

/// What is known of the parameters in scopes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Narrowing")]
pub(crate) struct Narrowing {
    /// Only for tasks of this scheduler
    #[arg(long, value_name = "ID")]
    scheduler_id: Option<String>,
    /// Only for this task group
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    task_group: Option<String>,
    /// Only for this task
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    task: Option<String>,
    /// Only for tasks of this project
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// Only for this worker pool: `provisioner/worker-type`
    #[arg(long, value_name = "ID")]
    worker_pool: Option<String>,
    /// Any other parameter, by the name that `tc api SERVICE METHOD --help` shows; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
}

impl Narrowing {
    /// The parameters by their names in references.
    ///
    /// # Errors
    /// When a `--param` has no `=`.
    pub(crate) fn known(&self) -> Result<IndexMap<String, Value>> {
        let mut known = IndexMap::new();
        let named = [
            ("schedulerId", &self.scheduler_id),
            ("taskGroupId", &self.task_group),
            ("taskId", &self.task),
            ("projectId", &self.project),
            ("taskQueueId", &self.worker_pool),
            ("workerPoolId", &self.worker_pool),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                known.insert(name.to_owned(), value.as_str().into());
            }
        }
        for param in &self.param {
            let (name, value) = param.split_once('=').ok_or_else(|| {
                Error::usage(format!("`--param {param}` is not NAME=VALUE")).hint("For example: --param name=public/a")
            })?;
            // Lists, such as the routes of a task, are written as JSON.
            let list = value.starts_with('[').then(|| serde_json::from_str(value).ok()).flatten();
            known.insert(name.to_owned(), list.unwrap_or_else(|| value.into()));
        }
        split_pool(&mut known);
        Ok(known)
    }
}

/// Queue methods name a worker pool in one piece where their scopes name it in two.
pub(crate) fn split_pool(known: &mut IndexMap<String, Value>) {
    let pool = known.get("taskQueueId").and_then(Value::as_str).and_then(|id| id.split_once('/'));
    if let Some((provisioner, worker)) = pool {
        let (provisioner, worker) = (provisioner.to_owned(), worker.to_owned());
        known.entry("provisionerId".into()).or_insert(provisioner.into());
        known.entry("workerType".into()).or_insert(worker.into());
    }
}

/// Each line of each argument is a scope.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when one is not of printable ASCII.
pub(crate) fn split_scopes(arguments: &[String]) -> Result<Vec<String>> {
    let lines = arguments.iter().flat_map(|argument| argument.lines()).map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|scope| match scopes::is_valid(scope) {
            true => Ok(scope.to_owned()),
            false => {
                Err(Error::usage(format!("{scope:?} is not a scope")).hint("Scopes are of printable ASCII characters."))
            }
        })
        .collect()
}

/// The method that `queue.rerunTask` or `queue rerunTask` names, in the references of the deployment in use.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when there is none.
pub(crate) fn method(name: &str, context: &Context) -> Result<(&'static Service, &'static Method)> {
    let Some((service, method)) = name.trim().split_once(|c: char| c == '.' || c.is_whitespace()) else {
        return Err(Error::usage(format!("`{name}` is neither a verb nor a method"))
            .hint("A verb is written task.rerun, a method queue.rerunTask."));
    };
    context.catalogue(false).method(service, method.trim()).map_err(|source| unknown_name(&source))
}

/// A method of the table of verbs. The verbs are made for the embedded references, whatever else a deployment tells of itself.
///
/// # Errors
/// When the table names a method that is not embedded either.
pub(crate) fn method_of_verb(name: &str, context: &Context) -> Result<&'static Method> {
    find(name, context.catalogue(false)).or_else(|_| embedded_method(name))
}

/// A method of the table of verbs in the embedded references.
///
/// # Errors
/// When the table names a method that is not embedded.
pub(crate) fn embedded_method(name: &str) -> Result<&'static Method> {
    find(name, Catalogue::embedded(Source::Current)).map_err(|source| unknown_name(&source))
}

fn find(name: &str, catalogue: &'static Catalogue) -> std::result::Result<&'static Method, LookupError> {
    let (service, method) = name.split_once('.').unwrap_or((name, ""));
    Ok(catalogue.method(service, method)?.1)
}

/// What all these verbs and methods need.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when a name is neither a verb nor a method.
pub(crate) fn of(names: &[String], known: &IndexMap<String, Value>, context: &Context) -> Result<Needs> {
    let mut needs = Needs::default();
    for name in names {
        let methods = match verb_methods(name) {
            Some(methods) => methods.iter().map(|name| method_of_verb(name, context)).collect::<Result<Vec<_>>>()?,
            None => vec![method(name, context).map_err(|error| did_you_mean(name, error))?.1],
        };
        for scopes in methods.iter().filter_map(|method| method.scopes.as_ref()) {
            needs.extend(scopes.needs(known));
        }
    }
    Ok(needs)
}

/// Scopes of the methods with which these verbs look before they act.
///
/// # Errors
/// When a method of the table is not in the references.
pub(crate) fn reads_of(names: &[String], known: &IndexMap<String, Value>, context: &Context) -> Result<Vec<String>> {
    let mut needs = Needs::default();
    for name in names.iter().flat_map(|name| verb_reads(name)) {
        if let Some(scopes) = &method_of_verb(name, context)?.scopes {
            needs.extend(scopes.needs(known));
        }
    }
    Ok(needs.scopes.into_iter().collect())
}

/// Says on standard error what is not asked for, because nothing short of `*` would do.
pub(crate) fn tell_open(needs: &Needs, context: &Context) {
    for scope in &needs.open {
        context.ui.note(format!("the scopes of {scope} are unknown; add those that are needed with -s"));
    }
}

/// A verb that is misspelt is taken for a method of a service that does not exist.
fn did_you_mean(name: &str, error: Error) -> Error {
    let noun = name.split(['.', ' ']).next().unwrap_or_default();
    let nouns = VERBS.iter().filter_map(|it| it.verb.split('.').next());
    let is_explained = !error.hints().is_empty() || !error.advice().is_empty();
    if is_explained && !nouns.clone().any(|known| known == noun) {
        return error;
    }
    let similar = suggest(name, VERBS.iter().map(|it| it.verb));
    let hint = match similar.as_slice() {
        [] => format!("Verbs are {}.", nouns_of(noun).join(", ")),
        names => format!("Did you mean `{}`?", names.join("`, `")),
    };
    Error::usage(format!("`{name}` is neither a verb nor a method")).hint(hint)
}

fn nouns_of(noun: &str) -> Vec<&'static str> {
    let of_noun: Vec<&str> =
        VERBS.iter().map(|it| it.verb).filter(|verb| verb.split('.').next() == Some(noun)).collect();
    if of_noun.is_empty() { VERBS.iter().map(|it| it.verb).collect() } else { of_noun }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_split_at_line_ends() {
        let given = ["queue:rerun-task:*\nqueue:cancel-task:*\r\n".to_owned(), " a ".to_owned(), "\n".to_owned()];
        assert_eq!(split_scopes(&given).unwrap(), ["queue:rerun-task:*", "queue:cancel-task:*", "a"]);
        assert!(split_scopes(&["é".to_owned()]).is_err());
    }
}
