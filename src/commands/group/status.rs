//! `tc group status`

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};

use super::snapshot::{self, GroupPart};
use crate::commands::selection::{self, FilterArgs, Selection};
use crate::context::Context;
use crate::domain::group_progress::GroupProgress;
use crate::domain::time::to_iso;
use crate::domain::{StateCounts, TaskState};
use crate::error::Result;
use crate::exit::Status;
use crate::ui::{Table, duration};

/// Count the tasks of a group by their state
///
/// On a terminal also how many there are, for how long the group has been running, and which share
/// of it is done. In a pipe one line a state: `pending: 12`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Count separately for each
    #[arg(long, value_name = "WHAT", value_enum)]
    by: Option<GroupPart>,
    #[command(flatten)]
    filters: FilterArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let selection = Selection { filter: args.filters.filter(&[], context.now())?, program: None };
    let client = group.deployment.client(context)?;
    let progress = snapshot::look(&client, &group.id, &selection, args.by, &context.ui).await?;
    if context.wants_json() {
        context.print_json(document(&group.id, &progress, args.by, context).to_string()).await?;
        return Ok(Status::DONE);
    }
    if progress.counts.total() == 0 {
        context.ui.note("No tasks.");
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    if context.ui.terminal.stdout {
        write!(out, "{}", picture(&progress, args.by, context))?;
    } else if args.by.is_some() {
        for (part, counts) in &progress.parts {
            for (state, count) in counts.iter() {
                writeln!(out, "{part} {state}: {count}")?;
            }
        }
    } else {
        for (state, count) in progress.counts.iter() {
            writeln!(out, "{state}: {count}")?;
        }
    }
    Ok(Status::DONE)
}

fn document(group: &str, progress: &GroupProgress, by: Option<GroupPart>, context: &Context) -> Value {
    let states = |counts: &StateCounts| -> Map<String, Value> {
        TaskState::ALL.into_iter().map(|state| (state.to_string(), counts.of(state).into())).collect()
    };
    let mut document = json!({
        "taskGroupId": group,
        "total": progress.counts.total(),
        "resolved": progress.counts.resolved(),
        "states": states(&progress.counts),
        "blocked": progress.blocked(),
        "over": progress.is_over(),
        "started": progress.started.map(to_iso),
        "lastResolved": progress.last_resolved.map(to_iso),
        "seconds": progress.duration(context.now()).map(|length| length.num_seconds()),
    });
    if let Some(by) = by {
        let name = if by == GroupPart::Kind { "kinds" } else { "workerPools" };
        let parts: Map<String, Value> =
            progress.parts.iter().map(|(part, counts)| (part.clone(), states(counts).into())).collect();
        document[name] = parts.into();
    }
    document
}

/// What a terminal shows.
fn picture(progress: &GroupProgress, by: Option<GroupPart>, context: &Context) -> String {
    let (ui, counts) = (&context.ui, &progress.counts);
    let mut text = match by {
        None => {
            let mut table = Table::new(["state", "tasks"]).right(1);
            for (state, count) in counts.iter() {
                table.styled_row([(state.to_string(), style(state)), (count.to_string(), Style::new())]);
            }
            table.render(ui.terminal.width, ui.color())
        }
        Some(by) => parts(progress, by).render(ui.terminal.width, ui.color()),
    };
    let mut done = format!("{} of {} done", counts.resolved(), counts.total());
    if let Some(length) = progress.duration(context.now()) {
        let verb = if progress.is_over() { "took" } else { "running for" };
        done.push_str(&format!(", {verb} {}", duration(length)));
    }
    text.push_str(&format!("\n{}\n", with_bar(counts, &done, ui.terminal.width, ui.color())));
    text
}

fn parts(progress: &GroupProgress, by: GroupPart) -> Table {
    let first = if by == GroupPart::Kind { "kind" } else { "worker pool" };
    let mut table =
        Table::new([first, "unscheduled", "pending", "running", "completed", "failed", "exception", "total"]);
    for column in 1..8 {
        table = table.right(column);
    }
    for (part, counts) in &progress.parts {
        let number = |count: u64| if count == 0 { "-".to_owned() } else { count.to_string() };
        let mut row = vec![(part.clone(), Style::new())];
        for state in TaskState::ALL {
            let style = if counts.of(state) == 0 { Style::new() } else { style(state) };
            row.push((number(counts.of(state)), style));
        }
        row.push((counts.total().to_string(), Style::new()));
        table.styled_row(row);
    }
    table
}

/// The colour of a state.
pub(super) fn style(state: TaskState) -> Style {
    match state {
        TaskState::Completed => AnsiColor::Green.on_default(),
        TaskState::Failed => AnsiColor::Red.on_default(),
        TaskState::Exception => AnsiColor::Magenta.on_default(),
        TaskState::Running => AnsiColor::Cyan.on_default(),
        TaskState::Pending => AnsiColor::Yellow.on_default(),
        TaskState::Unscheduled | TaskState::Other(_) => Style::new(),
    }
}

/// Which share is done as a bar, and the text that says so; on a narrow screen the bar has to give way.
pub(super) fn with_bar(counts: &StateCounts, text: &str, width: Option<usize>, color: bool) -> String {
    const MAX_BAR_COLUMNS: usize = 40;
    const MIN_BAR_COLUMNS: usize = 8;
    let room = width.map_or(MAX_BAR_COLUMNS, |width| width.saturating_sub(text.chars().count() + 1));
    if room < MIN_BAR_COLUMNS {
        return text.to_owned();
    }
    format!("{} {text}", bar(counts, room.min(MAX_BAR_COLUMNS) as u64, color))
}

/// Which share is done, well or not, in so many cells.
fn bar(counts: &StateCounts, width: u64, color: bool) -> String {
    let total = counts.total().max(1);
    // What is a little done shows; what is not quite done does not look done.
    let cells = |count: u64| if count == 0 { 0 } else { (count * width / total).max(1) };
    let bad = cells(counts.unsuccessful());
    let good = cells(counts.of(TaskState::Completed)).min(width - bad);
    let left = width - bad - good;
    let paint = |state: TaskState, text: String| {
        let style = style(state);
        if color && !text.is_empty() { format!("{style}{text}{style:#}") } else { text }
    };
    let repeat = |cell: &str, count: u64| cell.repeat(usize::try_from(count).unwrap_or(0));
    let (good, bad) = (paint(TaskState::Completed, repeat("━", good)), paint(TaskState::Failed, repeat("━", bad)));
    format!("{good}{bad}{}", repeat("╌", left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_gives_way_to_the_text() {
        let counts: StateCounts = [TaskState::Completed].into_iter().collect();
        assert_eq!(with_bar(&counts, "1 of 1 done", None, false), format!("{} 1 of 1 done", "━".repeat(40)));
        assert_eq!(with_bar(&counts, "1 of 1 done", Some(20), false), "━━━━━━━━ 1 of 1 done");
        assert_eq!(with_bar(&counts, "1 of 1 done", Some(19), false), "1 of 1 done");
    }

    #[test]
    fn the_bar_is_always_as_wide() {
        for (completed, failed, pending) in
            [(0, 0, 0), (1, 0, 999), (999, 1, 0), (500, 500, 1), (0, 1, 0), (30_000, 1, 1)]
        {
            let states =
                [(TaskState::Completed, completed), (TaskState::Failed, failed), (TaskState::Pending, pending)];
            let counts: StateCounts = states.iter().flat_map(|(state, n)| std::iter::repeat_n(*state, *n)).collect();
            for width in [40, 8] {
                assert_eq!(bar(&counts, width, false).chars().count() as u64, width, "{completed} {failed} {pending}");
            }
        }
    }
}
