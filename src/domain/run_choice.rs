//! Which of a task's runs is meant. Pure.

use thiserror::Error;

use super::task::{Run, Status};

/// Which runs are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RunChoice {
    /// The newest one.
    #[default]
    Newest,
    /// All of them.
    All,
    /// The one with this number.
    Number(u32),
}

/// The task has no such run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum RunChoiceError {
    /// It has no runs at all.
    #[error("task {0} has no runs yet, so there is no run {1}")]
    NoRuns(String, u32),
    /// It has others.
    #[error("task {0} has no run {1}; its newest is run {2}")]
    NoSuchRun(String, u32, u32),
}

impl RunChoice {
    /// A number, where one was given, or the newest.
    pub(crate) fn number_or_newest(number: Option<u32>) -> Self {
        number.map_or(Self::Newest, Self::Number)
    }

    /// The runs of this task that are meant; none for the newest run, or all runs, of a task that has none.
    ///
    /// # Errors
    /// When a number was given and the task has no such run.
    pub(crate) fn of<'s, 'a>(self, status: &'s Status<'a>) -> Result<&'s [Run<'a>], RunChoiceError> {
        let runs = status.runs.as_slice();
        match (self, runs) {
            (Self::All, runs) => Ok(runs),
            (Self::Newest, runs) => Ok(runs.get(runs.len().saturating_sub(1)..).unwrap_or_default()),
            (Self::Number(number), runs) => match runs.iter().position(|run| run.run_id == number) {
                Some(at) => Ok(runs.get(at..=at).unwrap_or_default()),
                None => Err(match runs.last() {
                    Some(last) => RunChoiceError::NoSuchRun(status.task_id.to_string(), number, last.run_id),
                    None => RunChoiceError::NoRuns(status.task_id.to_string(), number),
                }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(runs: u32, choice: RunChoice) -> Result<Vec<u32>, String> {
        let runs: Vec<String> = (0..runs).map(|run| format!(r#"{{"runId": {run}, "state": "failed"}}"#)).collect();
        let json = format!(r#"{{"taskId": "T", "state": "failed", "runs": [{}]}}"#, runs.join(","));
        let status: Status<'_> = serde_json::from_str(&json).unwrap();
        let found = choice.of(&status).map_err(|fault| fault.to_string())?;
        Ok(found.iter().map(|run| run.run_id).collect())
    }

    #[test]
    fn the_newest_run_is_meant_unless_another_is_named() {
        assert_eq!(chosen(3, RunChoice::Newest), Ok(vec![2]));
        assert_eq!(chosen(3, RunChoice::All), Ok(vec![0, 1, 2]));
        assert_eq!(chosen(3, RunChoice::Number(1)), Ok(vec![1]));
        assert_eq!(chosen(3, RunChoice::Number(3)), Err("task T has no run 3; its newest is run 2".into()));
    }

    #[test]
    fn a_task_without_runs_is_no_reason_to_panic() {
        assert_eq!(chosen(0, RunChoice::Newest), Ok(vec![]));
        assert_eq!(chosen(0, RunChoice::All), Ok(vec![]));
        assert_eq!(chosen(0, RunChoice::Number(0)), Err("task T has no runs yet, so there is no run 0".into()));
    }
}
