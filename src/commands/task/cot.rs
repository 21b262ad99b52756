//! `tc task cot`

mod check;
mod parent;

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;

use serde_json::Value;

use crate::commands::selection;
use crate::context::Context;
use crate::definition::chain_of_trust::PublicKey;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use check::{Checked, check};

/// Verify the chain of trust of a task
///
/// Checks the worker's signature, that the signed definition is the task's, that the decision task or action that
/// created it lists it, and the SHA-256 of each listed artifact against what the queue serves. The status is 3 when a
/// check fails. It does not replace the verifier of the release team (scriptworker's `verify_cot`), which knows which
/// worker pools and tasks may be trusted.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task: an ID or the address of its page
    #[arg(value_name = "TASK")]
    task: String,
    /// Read the argument as an index path: `project.branch.latest.build`
    #[arg(long)]
    index: bool,
    /// Public key of the worker pool: base64, or a file with it; repeatable, and one of them must match
    #[arg(long, value_name = "FILE|BASE64")]
    key: Vec<String>,
    /// Verify the tasks that it depends on, too
    #[arg(long)]
    deep: bool,
    /// Check this run
    #[arg(short, long, value_name = "N")]
    run: Option<u32>,
}

/// Tasks beyond this are not followed.
const MAXIMUM_TASKS: usize = 1_000;

/// Verifies and tells.
///
/// # Errors
/// [`Kind::Unsuccessful`] when something does not hold.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let keys = args.key.iter().map(|text| key(text, context)).collect::<Result<Vec<_>>>()?;
    let task = selection::indexed_task(&args.task, args.index, context).await?;
    let client = task.deployment.client(context)?;
    let mut checked: BTreeMap<String, Checked> = BTreeMap::new();
    let mut graphs = parent::Graphs::default();
    let mut open = vec![(task.id.clone(), args.run.or(task.run))];
    while let Some((id, run)) = open.pop() {
        if checked.contains_key(&id) {
            continue;
        }
        if checked.len() >= MAXIMUM_TASKS {
            return Err(Error::failed(format!("more than {MAXIMUM_TASKS} tasks depend on each other")));
        }
        let found = check(&client, &id, run, &keys, &mut graphs).await?;
        if args.deep {
            open.extend(found.dependencies.iter().map(|id| (id.clone(), None)));
        }
        checked.insert(id, found);
    }
    let problems: usize = checked.values().map(|found| found.problems().len()).sum();
    if context.wants_json() {
        let documents: Vec<Value> = checked.iter().map(|(id, found)| found.to_json(id)).collect();
        let document = match (documents.as_slice(), args.deep) {
            ([only], false) => only.clone(),
            _ => Value::from(documents),
        };
        context.print_json(document.to_string()).await?;
    } else {
        let mut lines = Vec::new();
        tree(&task.id, 0, &checked, &mut HashSet::new(), &mut lines);
        let mut out = context.ui.out();
        for line in lines {
            writeln!(out, "{}", context.ui.safe(&line))?;
        }
    }
    if problems == 0 {
        return Ok(Status::DONE);
    }
    let what = if problems == 1 { "1 check failed".to_owned() } else { format!("{problems} checks failed") };
    Err(Error::new(Kind::Unsuccessful, format!("the chain of trust does not hold: {what}")))
}

fn key(text: &str, context: &Context) -> Result<PublicKey> {
    let path = context.env.resolve(text);
    let text = match std::fs::read_to_string(&path) {
        Ok(content) => content,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => text.to_owned(),
        Err(source) => return Err(Error::io("read", path.display(), source)),
    };
    PublicKey::parse(&text).map_err(|error| Error::usage(error.to_string()))
}

/// A task with its checks, and below it those that it depends on; each is shown in full once.
fn tree(
    id: &str,
    depth: usize,
    checked: &BTreeMap<String, Checked>,
    shown: &mut HashSet<String>,
    lines: &mut Vec<String>,
) {
    let indent = "  ".repeat(depth);
    let Some(found) = checked.get(id) else { return };
    if !shown.insert(id.to_owned()) {
        lines.push(format!("{indent}{id} {} (see above)", found.name));
        return;
    }
    lines.push(format!("{indent}{id} {}", found.name));
    lines.extend(found.lines().into_iter().map(|line| format!("{indent}  {line}")));
    for dependency in &found.dependencies {
        tree(dependency, depth + 1, checked, shown, lines);
    }
}
