//! Making tasks: checked first, created in order, reported as they are created.

use std::io::Write as _;

use serde_json::{Value, json};

use super::attend::attend;
use crate::client::Client;
use crate::commands::bulk::{done_to, raw_status, status_of};
use crate::commands::documents::{Document, report};
use crate::context::{Context, Deployment};
use crate::definition::create::NewTask;
use crate::definition::finding::Severity;
use crate::definition::validate::{Checks, Clock, WorkerChoice, check_definition, has_errors};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// What to do with tasks that are ready.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct MakeArgs {
    /// Print the final definitions, and create nothing
    #[arg(long)]
    dry_run: bool,
    /// Create the tasks even where checks fail; the queue may refuse them
    #[arg(long)]
    no_validate: bool,
    /// Wait until all tasks are resolved; the status is 3 when not all completed
    #[arg(long)]
    wait: bool,
    /// Print the logs while the tasks run, and wait for them
    #[arg(long)]
    log: bool,
    /// Worker implementation that the payload is for: auto, generic-worker, generic-worker:10.11, docker-worker
    #[arg(long, value_name = "WORKER", default_value = "auto", value_parser = worker)]
    worker: WorkerChoice,
}

/// Reads `--worker`.
pub(super) fn worker(text: &str) -> Result<WorkerChoice, String> {
    text.parse()
}

impl MakeArgs {
    /// The same, with the log followed.
    pub(super) fn following(mut self, follow: bool) -> Self {
        self.log |= follow;
        self
    }
}

/// Checks tasks, creates them one after the other, and stays with them if that is asked for.
///
/// With `resumes`, those that exist already are left alone.
///
/// # Errors
/// When one is not valid or cannot be created; the error says which exist by then.
pub(super) async fn make(
    tasks: &[NewTask],
    document: Option<&Document>,
    args: &MakeArgs,
    resumes: bool,
    deployment: &Deployment,
    context: &Context,
) -> Result<Status> {
    if !args.no_validate {
        check(tasks, document, args.worker, context)?;
    }
    if args.dry_run {
        return print_definitions(tasks, context).await;
    }
    let client = deployment.client(context)?;
    let mut created: Vec<Value> = Vec::new();
    for task in tasks {
        let status = match create(&client, task, resumes).await {
            Ok(status) => status,
            Err(error) => return Err(interrupted(error, task, tasks, &created)),
        };
        let exists = status.is_none();
        created.push(json!({"taskId": task.task_id, "name": task.name, "status": status}));
        if !context.wants_json() {
            let name = task.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
            let did = if exists { "exists already" } else { "created" };
            let mut out = context.ui.out();
            writeln!(out, "Task {} {did}{}", task.task_id, context.ui.safe(&name))?;
            out.flush()?;
        }
    }
    if context.wants_json() {
        print_created(&created, context).await?;
    }
    if !args.wait && !args.log {
        return Ok(Status::DONE);
    }
    let ids: Vec<String> = tasks.iter().map(|task| task.task_id.clone()).collect();
    attend(&ids, args.log, deployment, context).await
}

/// Creates one; nothing when it is there already.
async fn create(client: &Client, task: &NewTask, resumes: bool) -> Result<Option<Value>> {
    if resumes {
        match client.call("queue", "status").arg(task.task_id.as_str()).send().await {
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let answer = client.call("queue", "createTask").arg(task.task_id.as_str()).json(&task.definition).send().await?;
    status_of(&answer, &task.task_id)?;
    Ok(Some(serde_json::from_str(raw_status(&answer)?).unwrap_or_default()))
}

async fn print_created(created: &[Value], context: &Context) -> Result<()> {
    let text = Value::from(created.to_vec()).to_string();
    let is_new = |task: &&Value| task.get("status").is_some_and(|status| !status.is_null());
    let new: Vec<&str> = created.iter().filter(is_new).filter_map(|task| task.get("taskId")?.as_str()).collect();
    context.print_done(&done_to("created", "task", &new), text).await
}

/// What was done by the time of a failure, and how to go on.
fn interrupted(error: Error, task: &NewTask, tasks: &[NewTask], created: &[Value]) -> Error {
    if tasks.len() < 2 {
        return error;
    }
    let name = task.name.as_deref().unwrap_or(&task.task_id);
    let error = error.hint(format!("{} of {} tasks exist; task `{name}` was not created", created.len(), tasks.len()));
    match task.definition.get("taskGroupId").and_then(Value::as_str) {
        Some(group) => error.hint(format!("To go on, run the same command with --resume {group}")),
        None => error,
    }
}

fn check(tasks: &[NewTask], document: Option<&Document>, worker: WorkerChoice, context: &Context) -> Result<()> {
    let mut findings = Vec::new();
    for task in tasks {
        let checks = Checks { worker, clock: Clock::Creating(context.now()) };
        findings.extend(check_definition(&task.definition, &task.base, checks)?);
    }
    report(&findings, document, context);
    if has_errors(&findings) {
        let count = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        let faults = if count == 1 { "1 fault".to_owned() } else { format!("{count} faults") };
        let what = if tasks.len() == 1 { "the task is".to_owned() } else { "the tasks are".to_owned() };
        return Err(Error::failed(format!("{what} not valid: {faults}")).hint("To create nevertheless: --no-validate"));
    }
    Ok(())
}

async fn print_definitions(tasks: &[NewTask], context: &Context) -> Result<Status> {
    let documents: Vec<Value> =
        tasks.iter().map(|task| json!({"taskId": task.task_id, "task": task.definition})).collect();
    context.print_json(Value::from(documents).to_string()).await?;
    Ok(Status::DONE)
}
