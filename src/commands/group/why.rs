//! `tc group why`

use std::collections::BTreeMap;
use std::io::Write as _;

use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::status::style;
use crate::client::Client;
use crate::commands::diagnosing::{
    Comparison, Explained, Gatherer, Logs, PatternArgs, cause_json, facts_of, print_cause, upstream_of,
};
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::context::Context;
use crate::diagnosis::task::{TaskFacts, explain};
use crate::domain::TaskState;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::Progress;

/// Tasks that are looked at at once.
const MAX_CONCURRENT_LOOKUPS: usize = 16;
const UNRESOLVED: [TaskState; 3] = [TaskState::Unscheduled, TaskState::Pending, TaskState::Running];

/// Explain why the tasks of a group are not done yet, grouped by cause
///
/// Looks at all tasks that are not resolved, unless other states are named. The cause of most tasks comes first, each
/// with the evidence of one task and with commands that help. With --jq, the program filters what --json prints.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    #[command(flatten)]
    filters: FilterArgs,
}

/// A task that is to be explained; the definition is only needed for its log.
struct UnresolvedTask {
    facts: TaskFacts,
    definition: Value,
}

/// # Errors
/// Those of the calls, except for what may not be seen.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let filter = args.filters.filter(&UNRESOLVED, context.now())?;
    let selection = Selection { filter, program: None };
    let client = group.deployment.client(context)?;
    let logs = Logs::new(&PatternArgs::default(), context)?;
    let gatherer = Gatherer::new(client.clone(), logs, Comparison::default(), context).without_live_logs();
    let open = list(&client, &group.id, &selection, &gatherer, context).await?;
    let explained = context.interruptible(look(open, &group.id, &gatherer, context)).await?;
    let causes = by_cause(explained);
    if context.wants_json() {
        let causes: Vec<Value> = causes.iter().map(|tasks| cause_json(tasks)).collect();
        context.print_json(json!({"taskGroupId": group.id, "causes": causes}).to_string()).await?;
        return Ok(Status::DONE);
    }
    if causes.is_empty() {
        context.ui.note("No tasks: without a state only unresolved tasks are looked at.");
        context.ui.hint(format_args!("To see what failed: tc group failures {}", group.id));
    }
    for (index, tasks) in causes.iter().enumerate() {
        if index > 0 {
            writeln!(context.ui.out())?;
        }
        let state = tasks.first().map_or(TaskState::Pending, |task| task.facts.status.state);
        print_cause(tasks, style(state), context)?;
    }
    Ok(Status::DONE)
}

/// The tasks that are meant; of all others what tasks that wait for them need to know.
async fn list(
    client: &Client,
    group: &str,
    selection: &Selection,
    gatherer: &Gatherer<'_>,
    context: &Context,
) -> Result<Vec<UnresolvedTask>> {
    let progress = Progress::start(&context.ui, "Listing", None);
    let (mut open, mut tasks) = (Vec::new(), GroupTasks::of(client, group)?);
    while let Some(page) = tasks.next().await? {
        page.each(|raw, item| {
            progress.advance(1);
            let mut value: Value = serde_json::from_slice(raw)
                .map_err(|source| Error::failed("the queue listed an invalid task").caused_by(source))?;
            gatherer.known.add(item.id().to_owned(), upstream_of(&value["status"], &value["task"]));
            if selection.takes(raw, item)? {
                let facts = facts_of(&value["status"], &value["task"]);
                let definition = match facts.status.state {
                    TaskState::Unscheduled => Value::Null,
                    _ => value.get_mut("task").map(Value::take).unwrap_or_default(),
                };
                open.push(UnresolvedTask { facts, definition });
            }
            Ok(())
        })?;
    }
    progress.finish();
    Ok(open)
}

async fn look(
    open: Vec<UnresolvedTask>,
    group: &str,
    gatherer: &Gatherer<'_>,
    context: &Context,
) -> Result<Vec<Explained>> {
    let progress = Progress::start(&context.ui, "Looking up", Some(open.len() as u64));
    // The pools that tasks have in common are asked about by the first of them.
    let mut open = open;
    open.sort_by(|one, other| one.facts.pool.cmp(&other.facts.pool));
    let (first, rest): (Vec<UnresolvedTask>, Vec<UnresolvedTask>) = {
        let mut pools = std::collections::HashSet::new();
        open.into_iter().partition(|task| pools.insert((task.facts.pool.clone(), task.facts.status.state)))
    };
    let mut all = Vec::new();
    for batch in [first, rest] {
        let mut answers = stream::iter(batch)
            .map(|task| async move { gatherer.complete(task.facts, group, &task.definition).await })
            .buffered(MAX_CONCURRENT_LOOKUPS);
        while let Some(facts) = answers.next().await {
            let facts = facts?;
            progress.advance(1);
            let finding = explain(&facts, context.now());
            all.push(Explained { facts, finding });
        }
    }
    progress.finish();
    Ok(all)
}

/// Tasks of the same cause together, the most first.
fn by_cause(explained: Vec<Explained>) -> Vec<Vec<Explained>> {
    let mut causes: BTreeMap<(&'static str, String), Vec<Explained>> = BTreeMap::new();
    for task in explained {
        let root =
            if task.facts.status.state == TaskState::Running { String::new() } else { task.finding.root.clone() };
        causes.entry((task.finding.kind, root)).or_default().push(task);
    }
    let mut causes: Vec<Vec<Explained>> = causes.into_values().collect();
    for tasks in &mut causes {
        tasks.sort_by(|one, other| {
            one.finding.since.cmp(&other.finding.since).then_with(|| one.facts.name.cmp(&other.facts.name))
        });
    }
    causes.sort_by_key(|tasks| std::cmp::Reverse(tasks.len()));
    causes
}
