//! What `tc group watch` shows on a terminal: counts, what has been running for longest, what failed last. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::status::{style, with_bar};
use crate::domain::StateCounts;
use crate::domain::group_progress::{GroupProgress, Noted};
use crate::ui::{columns, cut_end, cut_middle, duration, padded, sanitize};

/// Tasks of a list in the view.
pub(super) const MAX_LISTED_TASKS: usize = 5;
/// Why a run was resolved that somebody cancelled.
const CANCELED: &str = "canceled";
/// Columns between two parts of a line.
const GAP: usize = 2;

/// The space for a view.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Columns of a line.
    pub width: usize,
    /// Lines; none where they are not counted.
    pub height: Option<usize>,
}

/// The lines of a view.
///
/// Where names need lines of their own and the window is too low for all tasks, fewer are listed, of those that failed last
/// in the end.
pub(super) fn view(progress: &GroupProgress, now: DateTime<Utc>, room: Room, color: bool) -> Vec<String> {
    let counts = &progress.counts;
    let mut done = format!("{} of {} done", counts.resolved(), counts.total());
    if let Some(length) = progress.duration(now) {
        done.push_str(&format!(", {}", duration(length)));
    }
    let mut lines = vec![with_bar(counts, &done, Some(room.width), color)];
    states(&mut lines, counts, room.width, color);
    let mut running: Vec<&Noted> = progress.running.iter().collect();
    running.sort_by_key(|task| task.since);
    let mut failed: Vec<&Noted> = progress.unsuccessful.iter().collect();
    // Hundreds of tasks that somebody cancelled must not hide those that failed by themselves.
    failed.sort_by_key(|task| (task.reason == CANCELED, std::cmp::Reverse(task.since)));
    let left = room.height.map_or(usize::MAX, |height| height.saturating_sub(lines.len()));
    let listed = |shown_running: usize, shown_failed: usize| {
        let running_rows = running.iter().take(shown_running).map(|task| Row::running(task, now));
        let mut listed = section("Running for longest:", running.len(), running_rows, room);
        let failed_rows = failed.iter().take(shown_failed).map(|task| Row::unsuccessful(task, now));
        listed.extend(section("Failed last:", failed.len(), failed_rows, room));
        listed
    };
    let (mut shown_running, mut shown_failed) = (MAX_LISTED_TASKS, MAX_LISTED_TASKS);
    let mut sections = listed(shown_running, shown_failed);
    while sections.len() > left && (shown_running > 1 || shown_failed > 1) {
        if shown_running > 1 {
            shown_running -= 1;
        } else {
            shown_failed -= 1;
        }
        sections = listed(shown_running, shown_failed);
    }
    lines.append(&mut sections);
    lines
}

/// How many there are in each state, in as many lines as that takes.
fn states(lines: &mut Vec<String>, counts: &StateCounts, width: usize, color: bool) {
    let (mut line, mut taken) = (String::new(), 0);
    for (state, count) in counts.iter() {
        let text = format!("{state}: {count}");
        if taken > 0 && taken + GAP + text.len() > width {
            lines.push(std::mem::take(&mut line));
            taken = 0;
        }
        if taken > 0 {
            line.push_str("  ");
            taken += GAP;
        }
        taken += text.len();
        let style = style(state);
        line.push_str(&if color { format!("{style}{text}{style:#}") } else { text });
    }
    lines.push(line);
}

/// A task in a list.
struct Row<'a> {
    /// What there is to know: `exception (claim-expired) 5 min 3 s ago`.
    long: String,
    /// The same in few words: `claim-expired 5 min`.
    short: String,
    id: &'a str,
    name: String,
}

impl<'a> Row<'a> {
    fn running(task: &'a Noted, now: DateTime<Utc>) -> Self {
        let long = task.since.map_or_else(String::new, |since| duration(now - since));
        Self::of(task, long, since_in_one_unit(task, now))
    }

    fn unsuccessful(task: &'a Noted, now: DateTime<Utc>) -> Self {
        let ago = task.since.map_or_else(String::new, |since| format!(" {} ago", duration(now - since)));
        let long = format!("{}{ago}", state_and_reason(task));
        let why = if task.reason.is_empty() { task.state.to_string() } else { task.reason.clone() };
        let short = format!("{why} {}", since_in_one_unit(task, now));
        Self::of(task, long, short.trim_end().to_owned())
    }

    fn of(task: &'a Noted, long: String, short: String) -> Self {
        let name = sanitize(&task.name).replace(['\n', '\t'], " ");
        let plain = |text: String| sanitize(&text).into_owned();
        Self { long: plain(long), short: plain(short), id: &task.id, name }
    }
}

/// How long it has been, rounded down to one unit: `5 min`; empty where it is not known.
fn since_in_one_unit(task: &Noted, now: DateTime<Utc>) -> String {
    let Some(since) = task.since else { return String::new() };
    let length = (now - since).max(TimeDelta::zero());
    match (length.num_days(), length.num_hours(), length.num_minutes()) {
        (0, 0, 0) => format!("{} s", length.num_seconds()),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, ..) => format!("{days} d"),
    }
}

/// Some tasks under a title, `count` in all.
///
/// A task has one line, in few words where the names do not fit otherwise. Where they do not fit even so, they have lines of
/// their own. A name that is longer than a line is cut in the middle: names of one kind differ at their ends.
fn section<'a>(title: &str, count: usize, rows: impl Iterator<Item = Row<'a>>, room: Room) -> Vec<String> {
    let rows: Vec<Row<'a>> = rows.collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let widest =
        |part: for<'r> fn(&'r Row<'a>) -> &'r str| rows.iter().map(|row| columns(part(row))).max().unwrap_or(0);
    let (long, short) = (widest(|row| &row.long), widest(|row| &row.short));
    let (id, name) = (widest(|row| row.id), widest(|row| &row.name));
    let before_name = |what: usize| GAP + what + GAP + id;
    let fits_one_line = |what: usize| before_name(what) + 1 + name <= room.width;
    let mut lines = vec![title.to_owned()];
    for row in &rows {
        let (id, name) = (row.id, &row.name);
        if fits_one_line(long) {
            lines.push(format!("  {}  {id} {name}", padded(&row.long, long)));
        } else if fits_one_line(short) {
            lines.push(format!("  {}  {id} {name}", padded(&row.short, short)));
        } else {
            let what = if before_name(long) <= room.width { &row.long } else { &row.short };
            let what = cut_end(what, room.width.saturating_sub(before_name(0)));
            lines.push(format!("  {what}  {id}"));
            lines.push(format!("    {}", cut_middle(name, room.width.saturating_sub(2 * GAP))));
        }
    }
    if count > rows.len() {
        lines.push(format!("  .. and {} more", count - rows.len()));
    }
    lines
}

/// `failed`, or `exception (canceled)`.
pub(super) fn state_and_reason(task: &Noted) -> String {
    if task.reason.is_empty() || task.reason == task.state.as_str() {
        task.state.to_string()
    } else {
        format!("{} ({})", task.state, task.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TaskState;

    const NOW: &str = "2026-11-22T12:00:00Z";
    const LONG_NAME: &str = "test-linux2204-64-shippable/opt-mochitest-browser-chrome-";

    fn task(name: &str, reason: &str, minutes: i64) -> Noted {
        let now: DateTime<Utc> = NOW.parse().unwrap();
        Noted {
            id: "VESwp9JaRo-XkFN_bemBhw".to_owned(),
            name: name.to_owned(),
            state: if reason == "failed" { TaskState::Failed } else { TaskState::Exception },
            reason: reason.to_owned(),
            since: Some(now - TimeDelta::minutes(minutes)),
        }
    }

    fn failing(names: usize, reason: &str) -> GroupProgress {
        let mut progress = GroupProgress::default();
        progress.unsuccessful = (1..=names).map(|number| task(&format!("{LONG_NAME}{number}"), reason, 75)).collect();
        progress
    }

    fn shown(progress: &GroupProgress, width: usize, height: Option<usize>) -> Vec<String> {
        view(progress, NOW.parse().unwrap(), Room { width, height }, false)
    }

    #[test]
    fn tasks_that_failed_by_themselves_come_before_hundreds_that_were_cancelled() {
        let mut progress = GroupProgress::default();
        progress.unsuccessful = (0..200).map(|number| task(&format!("c{number}"), "canceled", 1)).collect();
        progress.unsuccessful.extend([task("old", "failed", 90), task("new", "claim-expired", 30)]);
        let lines = shown(&progress, 80, None);
        let section = &lines[lines.iter().position(|line| line == "Failed last:").unwrap() + 1..];
        let names: Vec<&str> = section.iter().filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(names[..3], ["new", "old", "c0"], "{lines:#?}");
        assert_eq!(*section.last().unwrap(), format!("  .. and {} more", 202 - MAX_LISTED_TASKS));
    }

    #[test]
    fn a_name_is_whole_in_any_width_that_holds_it() {
        for width in [64, 79, 100, 119, 160] {
            for reason in ["failed", "malformed-payload"] {
                let lines = shown(&failing(3, reason), width, None);
                assert!(lines.iter().all(|line| columns(line) <= width), "{lines:#?}");
                for number in 1..=3 {
                    let name = format!("{LONG_NAME}{number}");
                    assert_eq!(lines.iter().filter(|line| line.ends_with(&name)).count(), 1, "{lines:#?}");
                }
            }
        }
    }

    #[test]
    fn names_that_fit_in_no_line_differ_still() {
        let lines = shown(&failing(3, "failed"), 43, None);
        let names: Vec<&String> = lines.iter().filter(|line| line.starts_with("    ")).collect();
        assert_eq!(*names[0], "    test-linux2204-64-s…st-browser-chrome-1");
        assert_eq!(*names[2], "    test-linux2204-64-s…st-browser-chrome-3");
    }

    #[test]
    fn few_words_are_enough_before_lines_are_broken() {
        let last = |width| shown(&failing(1, "failed"), width, None).pop().unwrap();
        for (width, start) in [
            (106, "  failed 1 h 15 min ago  VES"),
            (105, "  failed 1 h  VES"),
            (95, "  failed 1 h  VES"),
            (94, "    test-linux2204-64"),
        ] {
            assert!(last(width).starts_with(start), "{}", last(width));
        }
    }

    #[test]
    fn a_low_window_lists_fewer_tasks_and_those_that_failed_last() {
        let mut progress = failing(9, "failed");
        progress.running = progress.unsuccessful.clone();
        for height in 10..30 {
            let lines = shown(&progress, 70, Some(height));
            assert!(lines.len() <= height, "{height}: {lines:#?}");
        }
        let lines = shown(&progress, 70, Some(18)).join(
            "
",
        );
        assert!(
            lines.contains(
                "  .. and 8 more
Failed last:"
            ) && lines.ends_with("  .. and 4 more"),
            "{lines}"
        );
    }
}
