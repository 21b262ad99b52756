//! `tc group failures`

use std::collections::BTreeSet;
use std::io::Write as _;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::status::style;
use crate::commands::diagnosing::{Failures, GroupFailures, Logs, OnlyArgs, PatternArgs, failures, warn_of};
use crate::commands::selection::{self, FilterArgs, Selection};
use crate::context::Context;
use crate::diagnosis::log::{Cluster, ClusterBy, cluster};
use crate::domain::TaskState;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::sanitize;

/// Explain why the tasks of a group failed, grouped by what the failures have in common
///
/// Reads the reports or the log of every task that failed or ended as an exception, and puts those together whose
/// lines differ only in times, IDs, paths, numbers and platforms. The largest group comes first. Tasks whose reports
/// and logs give no reason are named, too; cancelled ones are left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// What to group by
    #[arg(long, value_enum, default_value = "line")]
    by: By,
    /// Mark failures that this group does not have
    #[arg(long, value_name = "GROUP")]
    since: Option<String>,
    /// Only failures that the group of --since does not have
    #[arg(long, requires = "since")]
    new: bool,
    /// Only print the IDs of the tasks
    #[arg(long)]
    ids: bool,
    #[command(flatten)]
    only: OnlyArgs,
    #[command(flatten)]
    patterns: PatternArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// The line that tells the failure
    Line,
    /// The test that failed
    Test,
    /// The platform of the task
    Platform,
    /// The kind of failure
    Kind,
}

impl From<By> for ClusterBy {
    fn from(by: By) -> Self {
        match by {
            By::Line => Self::Line,
            By::Test => Self::Test,
            By::Platform => Self::Platform,
            By::Kind => Self::Kind,
        }
    }
}

const UNSUCCESSFUL: [TaskState; 2] = [TaskState::Failed, TaskState::Exception];
/// Tasks of a cluster that are named for people.
const MAX_NAMED_TASKS: usize = 5;
/// Platforms of a cluster that are named for people.
const MAX_NAMED_PLATFORMS: usize = 6;

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let found = look(&args.group, args, context).await?;
    let known = match &args.since {
        Some(before) => Some(keys(&look(before, args, context).await?)),
        None => None,
    };
    let Failures { mut explained, unexplained, hidden } = found;
    explained.retain(|failure| args.only.takes(failure.kind));
    let unexplained = if args.only.is_empty() && !args.new { unexplained } else { Vec::new() };
    let mut clusters = cluster(explained, args.by.into());
    let is_new = |cluster: &Cluster| known.as_ref().map(|known| cluster.keys.is_disjoint(known));
    if args.new {
        clusters.retain(|cluster| is_new(cluster) == Some(true));
    }
    warn_of(&hidden, context);
    if context.wants_json() {
        let id = selection::group(&args.group, context)?.id;
        let document = document(&id, &clusters, &unexplained, is_new);
        context.print_json(document.to_string()).await?;
    } else if args.ids {
        let ids = clusters.iter().flat_map(|cluster| &cluster.tasks).chain(&unexplained);
        let mut out = context.ui.out();
        for (id, _) in ids {
            writeln!(out, "{id}")?;
        }
    } else {
        print(&clusters, &unexplained, is_new, context)?;
    }
    Ok(Status::DONE)
}

async fn look(group: &str, args: &Args, context: &Context) -> Result<Failures> {
    let group = selection::group(group, context)?;
    let filter = args.filters.filter(&UNSUCCESSFUL, context.now())?;
    let selection = Selection { filter, program: None };
    let (client, logs) = (group.deployment.client(context)?, Logs::new(&args.patterns, context)?);
    let wanted = GroupFailures { client: &client, group: &group.id, selection: &selection, logs: &logs };
    failures(wanted, context).await
}

/// What failed in a group before.
fn keys(before: &Failures) -> BTreeSet<String> {
    before.explained.iter().map(|failure| failure.key()).collect()
}

fn document(
    group: &str,
    clusters: &[Cluster],
    unexplained: &[(String, String)],
    is_new: impl Fn(&Cluster) -> Option<bool>,
) -> Value {
    let ids = |tasks: &[(String, String)]| tasks.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    let clusters: Vec<Value> = clusters
        .iter()
        .map(|cluster| {
            let mut entry = json!({
                "count": cluster.tasks.len(), "line": cluster.line, "kind": cluster.kind,
                "infrastructure": cluster.is_infrastructure(), "test": cluster.test,
                "platforms": cluster.platforms, "tasks": ids(&cluster.tasks), "example": cluster.example,
            });
            if let (Some(is_new), Some(members)) = (is_new(cluster), entry.as_object_mut()) {
                members.insert("new".into(), json!(is_new));
            }
            entry
        })
        .collect();
    json!({"taskGroupId": group, "clusters": clusters, "unexplained": ids(unexplained)})
}

fn print(
    clusters: &[Cluster],
    unexplained: &[(String, String)],
    is_new: impl Fn(&Cluster) -> Option<bool>,
    context: &Context,
) -> Result<()> {
    let ui = &context.ui;
    let mut out = ui.out();
    for cluster in clusters {
        let count = ui.paint(style(TaskState::Failed), format_args!("{} x", cluster.tasks.len()));
        let place = if cluster.is_infrastructure() { ", infrastructure" } else { "" };
        let new = if is_new(cluster) == Some(true) { "new, " } else { "" };
        let line = sanitize(&cluster.line).replace('\n', " ");
        let line = format!("{count} ({new}{}{place}) {line}", kinds(cluster));
        writeln!(out, "{}", ui.wrapped(&line, "        "))?;
        let platforms: Vec<&str> = cluster.platforms.iter().map(String::as_str).collect();
        // Where they were put together by platforms, the line is the platform.
        if !platforms.is_empty() && platforms != [cluster.line.as_str()] {
            writeln!(out, "{}", ui.wrapped(&format!("    on {}", some(&platforms, MAX_NAMED_PLATFORMS)), ""))?;
        }
        for (id, name) in cluster.tasks.iter().take(MAX_NAMED_TASKS) {
            writeln!(out, "    {id} {}", sanitize(name))?;
        }
        if cluster.tasks.len() > MAX_NAMED_TASKS {
            writeln!(out, "    .. and {} more", cluster.tasks.len() - MAX_NAMED_TASKS)?;
        }
    }
    if !unexplained.is_empty() {
        writeln!(out, "{} x not explained by any log", unexplained.len())?;
        for (id, name) in unexplained {
            writeln!(out, "    {id} {}", sanitize(name))?;
        }
    }
    drop(out);
    if clusters.is_empty() && unexplained.is_empty() {
        ui.note("No failures.");
    }
    Ok(())
}

/// The kind of a cluster's failures; where there are several, how many are of each, the most first.
fn kinds(cluster: &Cluster) -> String {
    let mut kinds: Vec<_> = cluster.kinds.iter().collect();
    if kinds.len() < 2 {
        return cluster.kind.to_string();
    }
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

fn some(names: &[&str], most: usize) -> String {
    let mut shown: Vec<String> = names.iter().take(most).map(|name| sanitize(name).into_owned()).collect();
    if names.len() > most {
        shown.push(format!("{} more", names.len() - most));
    }
    shown.join(", ")
}
