use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{claim, complete, message, with_tasks};
use crate::sandbox::queue::QueueState;
use crate::sandbox::rig::{Rig, slug};

fn create(rig: &mut Rig, number: u128, dependencies: &[u128], requires: &str) -> (u16, Value) {
    let dependencies: Vec<String> = dependencies.iter().map(|number| slug(*number)).collect();
    rig.create(&slug(number), &slug(0), json!({"dependencies": dependencies, "requires": requires}))
}

#[test]
fn a_task_waits_for_all_it_depends_on() {
    let mut rig = with_tasks(&[1, 2]);
    create(&mut rig, 3, &[1, 2], "all-completed");
    complete(&mut rig, &slug(1), 0);
    assert_eq!(rig.summary(&slug(3)), "unscheduled - 0");
    complete(&mut rig, &slug(2), 0);
    assert_eq!(rig.summary(&slug(3)), "pending - 1");
}

#[test]
fn a_failed_dependency_blocks_or_not_as_the_task_requires() {
    for (requires, expected) in [("all-completed", "unscheduled - 0"), ("all-resolved", "pending - 1")] {
        for how in ["fail", "cancel"] {
            let mut rig = with_tasks(&[1]);
            create(&mut rig, 2, &[1], requires);
            if how == "fail" {
                claim(&mut rig, &slug(1), 0);
                rig.on("reportFailed", &slug(1), Some(0), Value::Null);
            } else {
                rig.on("cancelTask", &slug(1), None, Value::Null);
            }
            assert_eq!(rig.summary(&slug(2)), expected, "{requires} {how}");
        }
    }
}

#[test]
fn a_rerun_that_completes_releases_what_the_failure_blocked() {
    let mut rig = with_tasks(&[1]);
    create(&mut rig, 2, &[1], "all-completed");
    rig.on("cancelTask", &slug(1), None, Value::Null);
    rig.on("rerunTask", &slug(1), None, Value::Null);
    complete(&mut rig, &slug(1), 1);
    assert_eq!(rig.summary(&slug(2)), "pending - 1");
}

#[test]
fn what_was_satisfied_once_stays_so() {
    let mut rig = with_tasks(&[1, 2]);
    create(&mut rig, 3, &[1, 2], "all-completed");
    complete(&mut rig, &slug(1), 0);
    rig.on("rerunTask", &slug(1), None, Value::Null);
    complete(&mut rig, &slug(2), 0);
    assert_eq!(rig.summary(&slug(3)), "pending - 1");
}

#[test]
fn a_retry_is_no_resolution() {
    let mut rig = with_tasks(&[1]);
    create(&mut rig, 2, &[1], "all-resolved");
    claim(&mut rig, &slug(1), 0);
    rig.on("reportException", &slug(1), Some(0), json!({"reason": "worker-shutdown"}));
    assert_eq!(rig.summary(&slug(2)), "unscheduled - 0");
}

#[test]
fn dependencies_that_are_done_already_are_not_waited_for() {
    let mut rig = with_tasks(&[1]);
    complete(&mut rig, &slug(1), 0);
    let (_, answer) = create(&mut rig, 2, &[1], "all-completed");
    assert_eq!(answer["status"]["state"], "pending");
}

#[test]
fn a_task_that_depends_on_itself_waits_to_be_scheduled() {
    let mut rig = with_tasks(&[]);
    assert_eq!(create(&mut rig, 1, &[1], "all-completed").0, 200);
    assert_eq!(rig.summary(&slug(1)), "unscheduled - 0");
    rig.on("scheduleTask", &slug(1), None, Value::Null);
    complete(&mut rig, &slug(1), 0);
    assert_eq!(rig.summary(&slug(1)), "completed completed 1");
}

#[test]
fn dependencies_must_exist_and_outlive_the_task() {
    let mut rig = Rig::new();
    rig.create(&slug(1), &slug(0), json!({"deadline": "2026-11-22T13:00:00Z", "expires": "2026-11-22T13:30:00Z"}));
    let refused = create(&mut rig, 2, &[1], "all-completed");
    assert_eq!(refused.0, 400);
    assert_eq!(
        message(&refused),
        format!(
            "`task.dependencies` references tasks that expires\nbefore `task.deadline` this is not allowed, see tasks: \n \
             * {},\nAll taskIds in `task.dependencies` **must** have\n`task.expires` greater than the `deadline` for \
             this task.\n",
            slug(1)
        )
    );
    let refused = create(&mut rig, 2, &[1, 8, 9], "all-completed");
    assert!(message(&refused).contains(&format!("\n * {}\n * {}\nAll taskIds", slug(8), slug(9))));
    assert_eq!(rig.on("status", &slug(2), None, Value::Null).0, 404);
    assert_eq!(rig.on("listDependentTasks", &slug(1), None, Value::Null).1["tasks"], json!([]));
}

#[test]
fn a_deadline_ends_what_waits_and_what_waits_for_that() {
    let mut rig = with_tasks(&[1]);
    create(&mut rig, 2, &[1], "all-resolved");
    rig.create(
        &slug(3),
        &slug(0),
        json!({"dependencies": [slug(1)], "requires": "all-resolved", "deadline": "2026-11-22T16:00:00Z"}),
    );
    rig.pass(TimeDelta::hours(3));
    assert_eq!(rig.summary(&slug(1)), "exception deadline-exceeded 1");
    assert_eq!(rig.summary(&slug(2)), "exception deadline-exceeded 1");
    assert_eq!(rig.summary(&slug(3)), "pending - 1");
}

#[test]
fn dependents_are_listed_in_pages() {
    let mut rig = with_tasks(&[1]);
    for number in 2..7 {
        create(&mut rig, number, &[1], "all-completed");
    }
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let mut request =
            crate::sandbox::rig::Request::new("queue", "listDependentTasks").param("taskId", slug(1)).query("limit", 2);
        if let Some(token) = token {
            request = request.query("continuationToken", token);
        }
        let answer = rig.ok(request);
        for task in answer["tasks"].as_array().unwrap() {
            all.push(task["status"]["taskId"].as_str().unwrap().to_owned());
        }
        token = answer["continuationToken"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    all.sort();
    let mut expected: Vec<String> = (2..7).map(slug).collect();
    expected.sort();
    assert_eq!(all, expected);
}

#[test]
fn dependents_follow_after_a_delay_where_one_is_asked_for() {
    let mut rig = Rig::new();
    rig.queue = QueueState::new("token").with_dependency_delay(TimeDelta::seconds(4));
    rig.create(&slug(1), &slug(0), json!({}));
    create(&mut rig, 2, &[1], "all-completed");
    complete(&mut rig, &slug(1), 0);
    assert_eq!(rig.queue.next_event(), Some(rig.now + TimeDelta::seconds(4)));
    // A rerun in between does not undo that it was completed.
    rig.on("rerunTask", &slug(1), None, Value::Null);
    rig.pass(TimeDelta::seconds(3));
    assert_eq!(rig.summary(&slug(2)), "unscheduled - 0");
    rig.pass(TimeDelta::seconds(1));
    assert_eq!(rig.summary(&slug(2)), "pending - 1");
}
