//! How states, runs and times are shown. Pure.

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Utc};

use crate::domain::TaskState;
use crate::domain::task::{Run, Status};
use crate::ui::{self, duration};

/// `completed 'completed'`, or just `running`: a run as the Go tool prints it.
pub(super) fn run_line(run: &Run<'_>) -> String {
    match run.reason_resolved.as_deref() {
        Some(reason) => format!("{} '{reason}'", run.state),
        None => run.state.to_string(),
    }
}

/// The newest run's line; the task's state where there is no run.
pub(super) fn status_line(status: &Status<'_>) -> String {
    status.last_run().map_or_else(|| status.state.to_string(), run_line)
}

/// The colour of a state.
pub(super) fn style(state: TaskState) -> Style {
    match state {
        TaskState::Completed => AnsiColor::Green.on_default(),
        TaskState::Failed => AnsiColor::Red.on_default(),
        TaskState::Exception => AnsiColor::Magenta.on_default(),
        TaskState::Running => AnsiColor::Blue.on_default(),
        TaskState::Pending => AnsiColor::Yellow.on_default(),
        TaskState::Unscheduled | TaskState::Other(_) => Style::new(),
    }
}

/// `5 min 3 s ago`, `in 2 h 0 min`; empty where there is no time.
pub(super) fn ago(time: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    time.map(|time| ui::ago(time, now)).unwrap_or_default()
}

/// `group/worker`, empty before a worker has it.
pub(super) fn worker(run: &Run<'_>) -> String {
    match (run.worker_group.as_deref(), run.worker_id.as_deref()) {
        (None, None) => String::new(),
        (group, id) => format!("{}/{}", group.unwrap_or_default(), id.unwrap_or_default()),
    }
}

/// How long a run took, or has been taking.
pub(super) fn run_time(run: &Run<'_>, now: DateTime<Utc>) -> String {
    run.run_time(now).map(duration).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_now() {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let at = |text: &str| Some(text.parse().unwrap());
        assert_eq!(ago(at("2026-11-22T11:54:57Z"), now), "5 min 3 s ago");
        assert_eq!(ago(at("2026-11-22T14:00:00Z"), now), "in 2 h 0 min");
        assert_eq!(ago(None, now), "");
    }
}
