//! Running an action on a task group or on tasks.

use std::cell::RefCell;
use std::collections::HashMap;

use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

use super::preview::{noun, preview};
use super::published::{Published, failed};
use super::request::Request;
use super::subject::{Subject, SubjectArgs};
use crate::commands::bulk::{self, BulkAction, BulkItem, BulkOptions, Confirmation, ItemOutcome};
use crate::commands::documents::{FieldArgs, inline, misfit};
use crate::commands::waiting::{Ended, StayArgs};
use crate::context::Context;
use crate::definition::actions::Action;
use crate::domain::{slugid, web_page};
use crate::error::{Error, Result};
use crate::exit::Status;

/// Calls at once: each creates a task that may create many.
const DEFAULT_JOBS: u16 = 8;

const ACTION: BulkAction =
    BulkAction { verb: "run the action on", doing: "Running the action", done: "acted on", needs: "action.run" };

/// What to run an action on, and how.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PerformArgs {
    /// A task group or tasks: IDs, or addresses of pages; `-` reads more from standard input. An ID that is both a
    /// task's and its group's means the group
    #[arg(value_name = "GROUP|TASK", required = true)]
    subjects: Vec<String>,
    #[command(flatten)]
    how: SubjectArgs,
    /// Input: JSON or YAML, @FILE, or `-` for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    input: Option<String>,
    #[command(flatten)]
    fields: FieldArgs,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Print what would be sent, and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Maximum number of concurrent calls
    #[arg(long, value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    #[command(flatten)]
    stay: StayArgs,
}

/// Runs the action `name`: everything is checked and shown before anything is sent.
///
/// # Errors
/// When the action fits not all that is named, or the input is not one that it takes.
pub(super) async fn perform(name: &str, args: &PerformArgs, context: &Context) -> Result<Ended> {
    let given = input(args, context).await?;
    let subjects = args.how.all(&args.subjects, context).await?;
    if subjects.iter().any(|subject| Some(&subject.deployment) != subjects.first().map(|first| &first.deployment)) {
        return Err(Error::usage("the tasks are on different deployments").hint("Run the action on each by itself."));
    }
    let mut published: Vec<Published> = Vec::new();
    for subject in &subjects {
        if !published.iter().any(|known| known.is_for(subject)) {
            published.push(Published::load(subject, context).await?);
        }
    }
    let Some((action, requests)) = requests(name, given, subjects, &published, context).await? else {
        return Ok(Status::DONE.into());
    };
    if args.dry_run {
        let plans: Vec<Value> = requests.iter().map(|(subject, request)| request.plan(name, subject)).collect();
        context.print_json(Value::from(plans).to_string()).await?;
        context.ui.note("Nothing was sent.");
        return Ok(Status::DONE.into());
    }
    let confirmation = Confirmation {
        action: "run an action",
        refusal: "ran nothing",
        notice: &preview(action, &requests),
        question: "Run it?",
        hint: "Use --yes to skip the question, or --dry-run to see what would be sent.",
        ..Confirmation::default()
    };
    if !args.yes && !confirmation.ask(context).await? {
        return Ok(Status::NOT_CONFIRMED.into());
    }
    send(name, requests, args, context).await
}

/// The input as it was given, if any was.
async fn input(args: &PerformArgs, context: &Context) -> Result<Option<Value>> {
    if args.input.as_deref() == Some("-") && args.subjects.iter().any(|word| word == "-") {
        return Err(Error::usage("standard input cannot be both the input and the tasks"));
    }
    let given = match &args.input {
        Some(given) => Some(inline(given, "the input", context).await?),
        None => None,
    };
    args.fields.apply(given)
}

/// What is to be sent for each subject; and the action, which is that of the first where several share the name.
async fn requests<'p>(
    name: &str,
    given: Option<Value>,
    subjects: Vec<Subject>,
    published: &'p [Published],
    context: &Context,
) -> Result<Option<(&'p Action, Vec<(Subject, Request)>)>> {
    // Tasks of one group share their action, and what was found out about it.
    let mut ready: HashMap<*const Action, Value> = HashMap::new();
    let (mut requests, mut first) = (Vec::with_capacity(subjects.len()), None);
    for subject in subjects {
        let Some(published) = published.iter().find(|known| known.is_for(&subject)) else { continue };
        let client = subject.deployment.client(context)?;
        let action = published.find(name, &subject)?;
        let input = match ready.get(&std::ptr::from_ref(action)) {
            Some(input) => input.clone(),
            None => {
                let input = checked(action, given.clone(), context).await?;
                published.check_hook(action, &client).await?;
                ready.insert(std::ptr::from_ref(action), input.clone());
                input
            }
        };
        let own_task_id = slugid::nice();
        let rendered = published.actions.render(action, input, subject.target(), &own_task_id, context.now());
        let request = Request::new(action, rendered.map_err(failed)?, own_task_id, published, &client).await?;
        requests.push((subject, request));
        first = first.or(Some(action));
    }
    Ok(first.map(|action| (action, requests)))
}

/// The input with defaults, checked.
async fn checked(action: &Action, given: Option<Value>, context: &Context) -> Result<Value> {
    let input = action.input(given)?.map_err(failed)?;
    let Some(schema) = &action.schema else { return Ok(input) };
    let faults = misfit(schema, &input).await?;
    for fault in &faults {
        context.ui.write_stderr(format!("{fault}\n").as_bytes());
    }
    let count = match faults.len() {
        0 => return Ok(input),
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    };
    Err(Error::usage(format!("the input does not fit the schema of the action `{}`: {count}", action.name))
        .hint(format!("`tc action show {} ..` lists the fields.", action.name)))
}

async fn send(name: &str, requests: Vec<(Subject, Request)>, args: &PerformArgs, context: &Context) -> Result<Ended> {
    let is_single = requests.len() == 1;
    let deployment = requests.first().map(|(subject, _)| subject.deployment.clone()).unwrap_or_default();
    let root = deployment.root_url(context)?;
    let options = BulkOptions {
        lines: true,
        alone: is_single,
        jobs: Some(args.jobs),
        name: Some(name.to_owned()),
        noun: Some(noun(&requests)),
        ..BulkOptions::default()
    };
    let item = |(subject, _): &(Subject, Request)| {
        let (id, name) = (subject.id().to_owned(), subject.name().to_owned());
        Ok(BulkItem { deployment: subject.deployment.clone(), id, name, state: None, is_group: subject.task.is_none() })
    };
    let items: Vec<Result<BulkItem>> = requests.iter().map(item).collect();
    let by_id: HashMap<&str, &Request> = requests.iter().map(|(subject, request)| (subject.id(), request)).collect();
    let created = RefCell::new(Vec::new());
    let (by_id, created_so_far, root) = (&by_id, &created, &root);
    let act = |client, item: &BulkItem| {
        let (id, key) = (item.id.clone(), item.id_key());
        async move {
            let request = by_id.get(id.as_str()).ok_or_else(|| Error::failed("nothing is known of this task"))?;
            let (answer, task) = request.send(&client).await?;
            let on = if is_single { String::new() } else { format!(" for {id}") };
            let line = match &task {
                None => format!("No task created{on}"),
                Some(task) => {
                    let page = web_page(root, "queue", "status", &[("taskId", task)]).unwrap_or_default();
                    format!("Task {task} created{on}: {page}")
                }
            };
            let answer: Value = answer.json()?;
            created_so_far.borrow_mut().extend(task.clone());
            let answer = json!({key: id, "created": task, "answer": answer});
            let mut outcome = ItemOutcome::from(line);
            outcome.answer = Some(Bytes::from(answer.to_string()));
            Ok::<_, Error>(outcome)
        }
    };
    let status = bulk::perform(ACTION, stream::iter(items), &options, context, act).await?;
    if status != Status::DONE {
        return Ok(status.into());
    }
    Ok(args.stay.with(created.into_inner(), deployment))
}
