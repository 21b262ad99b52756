//! Random sequences of calls, after each of which everything that the queue holds must agree.

use std::collections::HashSet;

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{claim, with_tasks};
use crate::sandbox::queue::task::State;
use crate::sandbox::queue::{QueueState, TaskId};
use crate::sandbox::rig::{Request, Rig, slug};

#[derive(Debug, Clone)]
enum Step {
    Create { number: u128, dependencies: Vec<u128>, resolved: bool },
    Act(&'static str, u128),
    Claim(u128),
    ClaimWork(u32),
    Report(&'static str, u128, &'static str),
    Priority(u128, &'static str),
    CancelGroup,
    Pass(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = 1u128..9;
    let step = prop_oneof![
        4 => (number.clone(), prop::collection::vec(number.clone(), 0..4), any::<bool>())
            .prop_map(|(number, dependencies, resolved)| Step::Create { number, dependencies, resolved }),
        3 => (prop::sample::select(vec!["scheduleTask", "rerunTask", "cancelTask"]), number.clone())
            .prop_map(|(method, number)| Step::Act(method, number)),
        3 => number.clone().prop_map(Step::Claim),
        2 => (1u32..4).prop_map(Step::ClaimWork),
        6 => (
            prop::sample::select(vec!["reportCompleted", "reportFailed", "reportException", "reclaimTask"]),
            number.clone(),
            prop::sample::select(vec!["worker-shutdown", "intermittent-task", "malformed-payload"]),
        )
            .prop_map(|(method, number, reason)| Step::Report(method, number, reason)),
        2 => (number, prop::sample::select(vec!["highest", "medium", "lowest"]))
            .prop_map(|(number, priority)| Step::Priority(number, priority)),
        1 => Just(Step::CancelGroup),
        3 => prop::sample::select(vec![1, 15, 21, 60, 125, 3 * 24 * 60]).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..60)
}

/// What the test knows of the past: who was scheduled or ended by hand, and which dependencies were ever satisfied.
#[derive(Default)]
struct Past {
    forced: HashSet<TaskId>,
    satisfied: HashSet<(TaskId, TaskId)>,
}

fn id(number: u128) -> TaskId {
    TaskId::parse(&slug(number)).unwrap()
}

fn last_run(rig: &Rig, number: u128) -> usize {
    rig.queue.tasks.get(&id(number)).map_or(0, |task| task.runs.len().saturating_sub(1))
}

fn apply(rig: &mut Rig, past: &mut Past, step: &Step) {
    match step {
        Step::Create { number, dependencies, resolved } => {
            let dependencies: HashSet<String> = dependencies.iter().map(|number| slug(*number)).collect();
            let requires = if *resolved { "all-resolved" } else { "all-completed" };
            let group = slug(100 + number % 2);
            let over = json!({"dependencies": dependencies, "requires": requires, "retries": number % 3});
            if !rig.queue.tasks.contains_key(&id(*number)) {
                past.forced.remove(&id(*number));
                past.satisfied.retain(|(task, _)| *task != id(*number));
            }
            rig.create(&slug(*number), &group, over);
        }
        Step::Act(method, number) => {
            if rig.on(method, &slug(*number), None, Value::Null).0 == 200 {
                past.forced.insert(id(*number));
            }
        }
        Step::Claim(number) => {
            claim(rig, &slug(*number), last_run(rig, *number));
        }
        Step::ClaimWork(tasks) => {
            let body = json!({"workerGroup": "g", "workerId": "w", "tasks": tasks});
            rig.ok(Request::new("queue", "claimWork").param("taskQueueId", "proj/linux").body(body));
        }
        Step::Report(method, number, reason) => {
            rig.on(method, &slug(*number), Some(last_run(rig, *number)), json!({ "reason": reason }));
        }
        Step::Priority(number, priority) => {
            rig.on("changeTaskPriority", &slug(*number), None, json!({ "newPriority": priority }));
        }
        Step::CancelGroup => {
            for method in ["sealTaskGroup", "cancelTaskGroup"] {
                let answer = rig.send(Request::new("queue", method).param("taskGroupId", slug(100))).1;
                for canceled in answer["taskIds"].as_array().into_iter().flatten() {
                    past.forced.insert(TaskId::parse(canceled.as_str().unwrap()).unwrap());
                }
            }
        }
        Step::Pass(minutes) => rig.pass(TimeDelta::minutes(*minutes)),
    }
    for (id, task) in &rig.queue.tasks {
        for dependency in &task.dependencies {
            if rig.queue.tasks.get(dependency).is_some_and(|found| task.requires.accepts(found.state())) {
                past.satisfied.insert((*id, *dependency));
            }
        }
    }
}

/// Everything about one task that must hold between calls.
fn check_task(rig: &Rig, past: &Past, id: TaskId) {
    let queue = &rig.queue;
    let task = &queue.tasks[&id];
    for (run_id, run) in task.runs.iter().enumerate() {
        let is_last = run_id + 1 == task.runs.len();
        assert!(is_last || run.state.is_resolved(), "only the last run may be open");
        assert_ne!(run.state, State::Unscheduled);
        assert_eq!(run.state.is_resolved(), run.resolved.is_some());
        assert_eq!(run.state.is_resolved(), run.reason_resolved.is_some());
        assert_eq!(run.worker.is_some(), run.started.is_some());
        // A task queue without a single run so far is not kept.
        let lists = queue.queues.get(&task.queue);
        let entry = lists.and_then(|lists| lists.pending.get(&(task.priority, run.ticket)));
        let pending = entry == Some(&(id, run_id));
        assert_eq!(pending, run.state == State::Pending);
        let claimed = lists.and_then(|lists| lists.claimed.get(&run.ticket)) == Some(&(id, run_id));
        assert_eq!(claimed, run.state == State::Running);
        let due = run.taken_until.is_some_and(|until| queue.claims.contains(&(until, id, run_id)));
        assert_eq!(due, run.state == State::Running);
    }
    assert!(task.retries_left <= task.retries);
    assert!(task.state().is_resolved() || (task.deadline > rig.now && queue.deadlines.contains(&(task.deadline, id))));
    assert!(queue.expiries.contains(&(task.expires, id)));
    assert!(queue.groups[&task.group].tasks.contains(&id));
    for dependency in &task.dependencies {
        assert!(queue.dependents[dependency].contains(&id));
        assert_eq!(task.unsatisfied.contains(dependency), !past.satisfied.contains(&(id, *dependency)));
    }
    // Pending exactly when it may: never before all it waits for, and at once after.
    match task.state() {
        State::Unscheduled => assert!(!task.unsatisfied.is_empty()),
        _ if past.forced.contains(&id) => {}
        // Ended by its deadline, which may also have ended what it waited for.
        State::Exception if task.runs[0].reason_created == "exception" => {}
        _ => assert!(task.unsatisfied.is_empty()),
    }
}

fn check(rig: &Rig, past: &Past) {
    let queue: &QueueState = &rig.queue;
    for id in queue.tasks.keys() {
        check_task(rig, past, *id);
    }
    let in_state = |state: State| queue.tasks.values().filter(|task| task.state() == state).count();
    assert_eq!(queue.queues.values().map(|lists| lists.pending.len()).sum::<usize>(), in_state(State::Pending));
    assert_eq!(queue.queues.values().map(|lists| lists.claimed.len()).sum::<usize>(), in_state(State::Running));
    assert_eq!(queue.claims.len(), in_state(State::Running));
    assert_eq!(queue.groups.values().map(|group| group.tasks.len()).sum::<usize>(), queue.tasks.len());
    assert_eq!(queue.expiries.len(), queue.tasks.len());
    assert!(queue.resolutions.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_calls_breaks_the_queue(steps in steps()) {
        let (mut rig, mut past) = (with_tasks(&[]), Past::default());
        for step in &steps {
            apply(&mut rig, &mut past, step);
            check(&rig, &past);
        }
    }
}
