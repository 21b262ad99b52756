//! What frames a log: the lines that workers write themselves. Pure.

use chrono::{DateTime, Utc};

use super::mishaps::Mishap;
use super::wire::stamp;

/// The first lines, as workers write them.
pub(super) fn opening(task_id: &str, run_id: usize, worker_id: &str, at: &str) -> String {
    format!(
        "[taskcluster {at}] Task ID: {task_id}\n[taskcluster {at}] Run: {run_id}\n[taskcluster {at}] Worker ID: \
         {worker_id}\n[taskcluster {at}] === Task Starting ===\n"
    )
}

/// The last lines, with the verdict.
pub(super) fn closing(verdict: &str, at: &str) -> String {
    format!("[taskcluster {at}] === Task Finished ===\n[taskcluster {at}] {verdict}\n")
}

/// The verdict on a command that ended with this status.
pub(super) fn verdict(exit_status: i32, seconds: i64) -> String {
    let success = if exit_status == 0 { "Successful" } else { "Unsuccessful" };
    format!("{success} task run with exit code: {exit_status} completed in {seconds} seconds")
}

/// A run of the past that failed.
pub(super) struct FailedRun<'a> {
    pub task_id: &'a str,
    pub run_id: usize,
    pub worker_id: &'a str,
    pub started: DateTime<Utc>,
    pub ended: DateTime<Utc>,
}

/// The log of a run that failed: its frame, and what went wrong.
pub(super) fn of_failure(run: &FailedRun<'_>, mishap: &Mishap) -> String {
    let (started, ended) = (stamp(run.started), stamp(run.ended));
    let mut log = opening(run.task_id, run.run_id, run.worker_id, &started);
    log.push_str(&format!("[vcs {started}] checkout of the made-up revision is complete\n"));
    for line in &mishap.lines {
        log.push_str(&format!("[task {ended}] {line}\n"));
    }
    log.push_str(&closing(&verdict(mishap.exit_status, (run.ended - run.started).num_seconds()), &ended));
    log
}

/// The report that a harness would write of a test that failed, in lines of JSON.
pub(super) fn error_summary(label: &str, mishap: Option<&Mishap>) -> String {
    let result = match mishap.and_then(|mishap| mishap.test.as_ref()) {
        Some((test, status, message)) => {
            let expected = if *status == "TIMEOUT" { "OK" } else { "PASS" };
            let failed = serde_json::json!({
                "action": "test_result", "test": test, "group": label, "status": status, "expected": expected,
                "message": message, "known_intermittent": [],
            });
            format!("{failed}\n")
        }
        None => String::new(),
    };
    let status = if mishap.is_some() { "ERROR" } else { "OK" };
    let group = serde_json::json!({"action": "group_result", "group": label, "status": status, "duration": 1000});
    format!("{result}{group}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_failure_says_what_went_wrong_and_how_it_ended() {
        let started: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let ended = started + chrono::TimeDelta::seconds(90);
        let mishap = Mishap { lines: vec!["ERROR - x".into()], test: None, exit_status: 2 };
        let run = FailedRun { task_id: "t", run_id: 0, worker_id: "w", started, ended };
        let log = of_failure(&run, &mishap);
        assert!(log.contains("[task 2026-11-22T12:01:30.000Z] ERROR - x\n"), "{log}");
        assert!(log.ends_with("Unsuccessful task run with exit code: 2 completed in 90 seconds\n"), "{log}");
    }
}
