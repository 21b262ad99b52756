//! `tc task validate`

use std::io::Write as _;

use serde_json::{Value, json};

use super::made::worker;
use crate::commands::documents::{Document, report};
use crate::commands::selection;
use crate::context::Context;
use crate::definition::create::{CreateOptions, prepare, with_times};
use crate::definition::finding::{Finding, Severity};
use crate::definition::validate::{Checks, Clock, Worker, WorkerChoice, check_definition};
use crate::definition::version::Version;
use crate::domain::TaskRef;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Check a task definition before it is created
///
/// Checks the definition against the queue's schema, the payload against the worker's, and what both enforce beyond
/// their schemas: times, dependencies, artifacts, scopes. A file may have several tasks, also as `tc task render` prints
/// them. Each fault is shown in its line. The status is 1 when there is one; warnings do not count.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File (JSON or YAML), `-` for standard input, or a task: an ID or the address of its page
    #[arg(value_name = "FILE|TASK", value_hint = clap::ValueHint::FilePath)]
    target: String,
    /// Read the argument as an index path: `project.branch.latest.build`
    #[arg(long)]
    index: bool,
    /// Worker implementation that the payload is for: auto, generic-worker, generic-worker:10.11, docker-worker
    #[arg(long, value_name = "WORKER", default_value = "auto", value_parser = worker)]
    worker: WorkerChoice,
    /// Report what a generic-worker of this version does not support: `10.4.0`
    #[arg(long, value_name = "VERSION", conflicts_with = "worker", value_parser = version)]
    since: Option<Version>,
}

fn version(text: &str) -> Result<Version, String> {
    text.parse()
}

/// Members that a definition must have, and that `tc task create` adds where they are missing.
const FILLED_IN: [&str; 2] = ["created", "deadline"];
const FILLED_IN_HINT: &str =
    "`tc task create` fills in the times that are missing; with --dry-run it only checks the result.";

/// Checks and tells.
///
/// # Errors
/// When the file cannot be read, or the task not found.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let worker = args.since.map_or(args.worker, |version| WorkerChoice::Is(Worker::GenericWorker10(version)));
    let (document, definitions) = read(args, context).await?;
    let mut findings: Vec<Finding> = Vec::new();
    let mut workers: Vec<Option<Worker>> = Vec::new();
    for (base, definition, clock) in &definitions {
        findings.extend(check_definition(definition, base, Checks { worker, clock: *clock })?);
        workers.push(definition.get("payload").and_then(|payload| worker.of(payload)));
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if context.wants_json() {
        let names: Vec<Option<String>> = workers.iter().map(|worker| worker.map(Worker::name)).collect();
        let verdict = json!({"valid": errors == 0, "workers": names, "findings": findings});
        context.print_json(verdict.to_string()).await?;
        return Ok(Status(u8::from(errors > 0)));
    }
    report(&findings, document.as_ref(), context);
    if errors == 0 {
        let mut names: Vec<String> = workers.iter().flatten().map(|worker| worker.name()).collect();
        names.dedup();
        let worker = if names.is_empty() { String::new() } else { format!(" for {}", names.join(", ")) };
        writeln!(context.ui.out(), "valid{worker}")?;
        if workers.contains(&Some(Worker::DockerWorker)) {
            context.ui.hint("To see it as a generic-worker task: tc d2g --task-def");
        }
        return Ok(Status::DONE);
    }
    let error =
        Error::failed(if errors == 1 { "not valid: 1 fault".into() } else { format!("not valid: {errors} faults") });
    let lacks = |name: &str| definitions.iter().filter(|(_, definition, _)| definition.get(name).is_none()).count();
    // With other faults the way out is to mend those.
    let is_all = document.is_some() && FILLED_IN.iter().map(|name| lacks(name)).sum::<usize>() == errors;
    Err(if is_all { error.hint(FILLED_IN_HINT) } else { error })
}

type Definition = (String, Value, Clock);

/// The definitions that are meant, with their places in the file.
async fn read(args: &Args, context: &Context) -> Result<(Option<Document>, Vec<Definition>)> {
    let is_file = !args.index && (args.target == "-" || context.env.resolve(&args.target).exists());
    if args.index || (!is_file && TaskRef::parse_task(&args.target).is_ok()) {
        let task = selection::indexed_task(&args.target, args.index, context).await?;
        let client = task.deployment.client(context)?;
        let definition: Value = client.call("queue", "task").arg(task.id).send().await?.json()?;
        return Ok((None, vec![(String::new(), definition, Clock::None)]));
    }
    let document = Document::read(&args.target, context).await?;
    let definitions = if let Some(printed) = printed(&document.value) {
        printed.into_iter().map(|(base, definition)| (base, definition, Clock::Writing(context.now()))).collect()
    } else if document.value.get("tasks").is_some() {
        // The fixed ID makes the same IDs each time; nothing is created.
        let options = CreateOptions { group: Some("AAAAAAAAQAGAAAAAAAAAAA".into()), ..CreateOptions::default() };
        let tasks = prepare(&document.value, &options, context.now(), &String::new)
            .map_err(|error| Error::failed(format!("{} is not valid", document.name)).caused_by(error))?;
        tasks.into_iter().map(|task| (task.base, task.definition, Clock::Writing(context.now()))).collect()
    } else {
        let definition = with_times(document.value.clone(), context.now())
            .map_err(|error| Error::failed(format!("{} is not valid", document.name)).caused_by(error))?;
        vec![(String::new(), definition, Clock::Writing(context.now()))]
    };
    Ok((Some(document), definitions))
}

/// The definitions that `tc task render` and `tc task create --dry-run` print, each beside its ID, with their places; none
/// for other documents.
fn printed(document: &Value) -> Option<Vec<(String, Value)>> {
    let (items, base) = match document.get("tasks") {
        Some(tasks) => (tasks.as_array()?, "/tasks"),
        None => (document.as_array()?, ""),
    };
    let definition = |(number, item): (usize, &Value)| {
        item.get("taskId")?.as_str()?;
        let definition = item.get("task").filter(|task| task.is_object())?;
        Some((format!("{base}/{number}/task"), definition.clone()))
    };
    let found: Vec<_> = items.iter().enumerate().map(definition).collect::<Option<_>>()?;
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rendered_is_told_from_a_file_of_tasks() {
        let task = json!({"payload": {}});
        let items = json!([{"taskId": "a", "task": task}, {"taskId": "b", "task": task}]);
        let bases = |document: &Value| {
            printed(document).map(|found| found.into_iter().map(|(base, _)| base).collect::<Vec<_>>())
        };
        assert_eq!(bases(&json!({"tasks": items})).unwrap(), ["/tasks/0/task", "/tasks/1/task"]);
        assert_eq!(bases(&items).unwrap(), ["/0/task", "/1/task"]);
        assert_eq!(bases(&json!({"tasks": [{"name": "a", "payload": {}}]})), None);
        assert_eq!(bases(&json!({"tasks": []})), None);
        assert_eq!(bases(&json!({"payload": {}})), None);
    }
}
