use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{claim, message, with_tasks};
use crate::sandbox::rig::{Rig, slug};

/// A task in this state, by the shortest way there.
fn task_in(state: &str) -> (Rig, String) {
    let mut rig = with_tasks(&[1]);
    let id = slug(2);
    let dependencies = if state == "unscheduled" { json!([slug(1)]) } else { json!([]) };
    assert_eq!(rig.create(&id, &slug(0), json!({ "dependencies": dependencies })).0, 200);
    if ["running", "completed", "failed"].contains(&state) {
        assert_eq!(claim(&mut rig, &id, 0).0, 200);
    }
    let last = match state {
        "completed" => rig.on("reportCompleted", &id, Some(0), Value::Null).0,
        "failed" => rig.on("reportFailed", &id, Some(0), Value::Null).0,
        "exception" => rig.on("cancelTask", &id, None, Value::Null).0,
        _ => 200,
    };
    assert_eq!(last, 200);
    (rig, id)
}

fn act(rig: &mut Rig, id: &str, action: &str) -> u16 {
    match action {
        "schedule" | "rerun" | "cancel" => rig.on(&format!("{action}Task"), id, None, Value::Null).0,
        "claim" => rig.on("claimTask", id, Some(0), json!({"workerGroup": "g", "workerId": "other"})).0,
        "reclaim" => rig.on("reclaimTask", id, Some(0), Value::Null).0,
        "completed" => rig.on("reportCompleted", id, Some(0), Value::Null).0,
        "failed" => rig.on("reportFailed", id, Some(0), Value::Null).0,
        "wait 21m" => {
            rig.pass(TimeDelta::minutes(21));
            0
        }
        "wait 3h" => {
            rig.pass(TimeDelta::hours(3));
            0
        }
        reason => rig.on("reportException", id, Some(0), json!({ "reason": reason })).0,
    }
}

/// Status of the answer (0 for time passing), then state, reason of the last run and number of runs.
const TABLE: &str = "
action            | unscheduled                         | pending                             | running                             | completed                 | failed                  | exception
schedule          | 200 pending - 1                     | 200 pending - 1                     | 200 running - 1                     | 200 completed completed 1 | 200 failed failed 1     | 200 exception canceled 1
rerun             | 200 pending - 1                     | 200 pending - 1                     | 200 running - 1                     | 200 pending - 2           | 200 pending - 2         | 200 pending - 2
cancel            | 200 exception canceled 1            | 200 exception canceled 1            | 200 exception canceled 1            | 200 completed completed 1 | 200 failed failed 1     | 200 exception canceled 1
claim             | 404 unscheduled - 0                 | 200 running - 1                     | 409 running - 1                     | 409 completed completed 1 | 409 failed failed 1     | 409 exception canceled 1
reclaim           | 404 unscheduled - 0                 | 409 pending - 1                     | 200 running - 1                     | 409 completed completed 1 | 409 failed failed 1     | 409 exception canceled 1
completed         | 404 unscheduled - 0                 | 409 pending - 1                     | 200 completed completed 1           | 200 completed completed 1 | 409 failed failed 1     | 409 exception canceled 1
failed            | 404 unscheduled - 0                 | 409 pending - 1                     | 200 failed failed 1                 | 409 completed completed 1 | 200 failed failed 1     | 409 exception canceled 1
worker-shutdown   | 404 unscheduled - 0                 | 409 pending - 1                     | 200 pending - 2                     | 409 completed completed 1 | 409 failed failed 1     | 409 exception canceled 1
intermittent-task | 404 unscheduled - 0                 | 409 pending - 1                     | 200 pending - 2                     | 409 completed completed 1 | 409 failed failed 1     | 409 exception canceled 1
malformed-payload | 404 unscheduled - 0                 | 409 pending - 1                     | 200 exception malformed-payload 1   | 409 completed completed 1 | 409 failed failed 1     | 409 exception canceled 1
superseded        | 404 unscheduled - 0                 | 400 pending - 1                     | 400 running - 1                     | 400 completed completed 1 | 400 failed failed 1     | 400 exception canceled 1
wait 21m          | 0 unscheduled - 0                   | 0 pending - 1                       | 0 pending - 2                       | 0 completed completed 1   | 0 failed failed 1       | 0 exception canceled 1
wait 3h           | 0 exception deadline-exceeded 1     | 0 exception deadline-exceeded 1     | 0 exception deadline-exceeded 2     | 0 completed completed 1   | 0 failed failed 1       | 0 exception canceled 1
";

#[test]
fn every_action_on_every_state() {
    let mut rows = TABLE.trim().lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let states = rows.next().unwrap();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for row in rows {
        for (state, expected) in states.iter().zip(&row).skip(1) {
            let (mut rig, id) = task_in(state);
            let status = act(&mut rig, &id, row[0]);
            let found = format!("{status} {}", rig.summary(&id));
            checked += 1;
            if found != *expected {
                wrong.push(format!("{} on {state}: expected {expected}, found {found}", row[0]));
            }
        }
    }
    assert_eq!(checked, 78);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn retries_run_out_and_a_rerun_gives_them_back() {
    let mut rig = with_tasks(&[1]);
    let id = slug(1);
    let left = |rig: &mut Rig| rig.on("status", &slug(1), None, Value::Null).1["status"]["retriesLeft"].clone();
    for (run, expected) in [(0, "pending - 2"), (1, "exception worker-shutdown 2")] {
        claim(&mut rig, &id, run);
        rig.on("reportException", &id, Some(run), json!({"reason": "worker-shutdown"}));
        assert_eq!(rig.summary(&id), expected);
    }
    assert_eq!(left(&mut rig), 0);
    rig.on("rerunTask", &id, None, Value::Null);
    assert_eq!((rig.summary(&id), left(&mut rig)), ("pending - 3".into(), json!(1)));
}

#[test]
fn a_retry_says_what_it_is() {
    for (reason, created) in [("worker-shutdown", "retry"), ("intermittent-task", "task-retry")] {
        let mut rig = with_tasks(&[1]);
        claim(&mut rig, &slug(1), 0);
        let (_, answer) = rig.on("reportException", &slug(1), Some(0), json!({ "reason": reason }));
        assert_eq!(answer["status"]["runs"][1]["reasonCreated"], created);
        assert_eq!(answer["status"]["runs"][0]["reasonResolved"], reason);
        // Reported once more, while the retry waits.
        assert_eq!(rig.on("reportException", &slug(1), Some(0), json!({ "reason": reason })).0, 200);
        assert_eq!(rig.summary(&slug(1)), "pending - 2");
    }
}

#[test]
fn a_task_has_at_most_fifty_runs() {
    let mut rig = with_tasks(&[1]);
    for _ in 0..49 {
        rig.on("cancelTask", &slug(1), None, Value::Null);
        assert_eq!(rig.on("rerunTask", &slug(1), None, Value::Null).0, 200);
    }
    assert_eq!(rig.summary(&slug(1)), "pending - 50");
    // The last run has no retry, or there would be one too many.
    claim(&mut rig, &slug(1), 49);
    rig.on("reportException", &slug(1), Some(49), json!({"reason": "worker-shutdown"}));
    assert_eq!(rig.summary(&slug(1)), "exception worker-shutdown 50");
    let refused = rig.on("rerunTask", &slug(1), None, Value::Null);
    assert_eq!((refused.0, message(&refused)), (409, "Maximum number of runs reached (50)."));
}

#[test]
fn past_the_deadline_nothing_begins_again() {
    let mut rig = with_tasks(&[1]);
    rig.pass(TimeDelta::hours(3));
    for (method, run, words) in [
        ("scheduleTask", None, "scheduled past its deadline at"),
        ("rerunTask", None, "rescheduled past its deadline of"),
        ("cancelTask", None, "canceled past its deadline of"),
        ("claimTask", Some(0), "claimed past its deadline of"),
        ("reclaimTask", Some(0), "reclaimed past its deadline of"),
    ] {
        let refused = rig.on(method, &slug(1), run, json!({"workerGroup": "g", "workerId": "w"}));
        let expected = format!("Task `{}` can't be {words} 2026-11-22T14:00:00.000Z.", slug(1));
        assert_eq!((refused.0, message(&refused)), (409, expected.as_str()), "{method}");
    }
}

#[test]
fn an_expired_claim_is_retried_and_stamped_with_the_time_it_expired() {
    let mut rig = with_tasks(&[1]);
    claim(&mut rig, &slug(1), 0);
    rig.pass(TimeDelta::minutes(19));
    rig.on("reclaimTask", &slug(1), Some(0), Value::Null);
    rig.pass(TimeDelta::minutes(19));
    assert_eq!(rig.summary(&slug(1)), "running - 1");
    rig.pass(TimeDelta::minutes(30));
    let (_, answer) = rig.on("status", &slug(1), None, Value::Null);
    let runs = &answer["status"]["runs"];
    assert_eq!(runs[0]["reasonResolved"], "claim-expired");
    assert_eq!(runs[0]["resolved"], "2026-11-22T12:39:00.000Z");
    assert_eq!(runs[1]["reasonCreated"], "retry");
    assert_eq!(runs[1]["scheduled"], "2026-11-22T12:39:00.000Z");
}

#[test]
fn unknown_tasks_and_runs_are_not_found() {
    let mut rig = with_tasks(&[1]);
    for method in
        ["status", "task", "scheduleTask", "rerunTask", "cancelTask", "changeTaskPriority", "listDependentTasks"]
    {
        assert_eq!(rig.on(method, &slug(9), None, json!({"newPriority": "high"})).0, 404, "{method}");
    }
    for method in ["claimTask", "reclaimTask", "reportCompleted", "reportFailed", "reportException"] {
        for (id, run) in [(slug(9), 0), (slug(1), 1)] {
            let body = json!({"workerGroup": "g", "workerId": "w", "reason": "worker-shutdown"});
            assert_eq!(rig.on(method, &id, Some(run), body).0, 404, "{method} {run}");
        }
    }
}
