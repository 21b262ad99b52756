//! Unscheduled tasks, by what holds them.

use super::*;

#[test]
fn unscheduled_tasks() {
    let schedule = |id: &str| Some(Remedy::Schedule(id.into()));
    check(
        "a dependency failed",
        &waiting(&["A failed/failed"], &["A"]),
        "dependency-failed",
        &["never run unless it is helped: 1 task did not complete", "A name-A: failed 1 min 0 s ago", "in 1 h 0 min"],
        rerun(&["A"]),
    );
    check(
        "a dependency was cancelled",
        &waiting(&["A exception/canceled", "B completed"], &["A", "B"]),
        "dependency-failed",
        &["A name-A: exception (canceled)", "1 of 2 dependencies is not completed yet"],
        rerun(&["A"]),
    );
    check(
        "a failure two steps up",
        &waiting(&["A failed", "B unscheduled A", "C unscheduled B"], &["C"]),
        "dependency-failed",
        &["1 task did not complete, by way of C"],
        rerun(&["A"]),
    );
    check(
        "several failures behind several tasks",
        &waiting(&["A failed", "B exception", "C unscheduled A", "D unscheduled B A"], &["C", "D"]),
        "dependency-failed",
        &["2 tasks did not complete, by way of 2 of its dependencies"],
        rerun(&["A", "B"]),
    );
    check(
        "a failure and a running task: the failure decides",
        &waiting(&["A failed", "B running"], &["A", "B"]),
        "dependency-failed",
        &["it also waits for 1 task that is running"],
        rerun(&["A"]),
    );
    check(
        "a running dependency",
        &waiting(&["A running"], &["A"]),
        "dependency-unfinished",
        &["it waits for 1 task that is running", "A name-A: running for 1 min 0 s"],
        why("A"),
    );
    check(
        "several running ones, of which the slowest is named",
        &waiting(&["A running", "D running", "B completed"], &["A", "B", "D"]),
        "dependency-unfinished",
        &["2 tasks that are running", "D has been running for longest, for 4 min 0 s"],
        why("D"),
    );
    check(
        "a pending dependency",
        &waiting(&["A pending"], &["A"]),
        "dependency-unfinished",
        &["it waits for 1 task that has no worker yet"],
        why("A"),
    );
    check(
        "running and pending ones, a step up",
        &waiting(&["A running", "B pending", "C unscheduled A B"], &["C"]),
        "dependency-unfinished",
        &["it waits for 1 running and 1 pending tasks, by way of C"],
        why("A"),
    );
    check(
        "it waits for itself",
        &waiting(&["T unscheduled T"], &[TASK]),
        "waits-for-itself",
        &["it waits for itself: it runs when someone schedules it"],
        schedule(TASK),
    );
    check(
        "it waits for a task that waits for itself",
        &waiting(&["A unscheduled A", "B running"], &["A", "B"]),
        "waits-for-itself",
        &["it waits for A, which waits for itself, and for 1 other task"],
        schedule("A"),
    );
    check(
        "a dependency that expired",
        &waiting(&["A gone"], &["A"]),
        "dependency-gone",
        &["1 task that does not exist any more", "A does not exist any more", "inferred:"],
        schedule(TASK),
    );
    check(
        "nothing holds it any more",
        &waiting(&["A completed"], &["A"]),
        "about-to-be-scheduled",
        &["0 of 1 dependencies are not completed yet"],
        Some(Remedy::WaitForRun(TASK.into())),
    );
    let any_end = TaskFacts { requires_success: false, ..waiting(&["A failed", "B running"], &["A", "B"]) };
    check(
        "a failure does for all-resolved, and a running task does not",
        &any_end,
        "dependency-unfinished",
        &["1 of 2 dependencies is not resolved yet"],
        why("B"),
    );
    let late = TaskFacts { deadline: ago(1), ..waiting(&["A running"], &["A"]) };
    check("its deadline has passed", &late, "dependency-unfinished", &["its deadline has passed"], why("A"));
    check(
        "a circle of tasks ends the search",
        &waiting(&["A unscheduled B", "B unscheduled A"], &["A"]),
        "about-to-be-scheduled",
        &[],
        Some(Remedy::WaitForRun(TASK.into())),
    );
    let names: Vec<String> = (0..8).map(|number| format!("F{number} failed")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let own = ["F0", "F1", "F2", "F3", "F4", "F5", "F6", "F7"];
    check("many failures", &waiting(&names, &own), "dependency-failed", &["8 tasks", "and 3 more"], rerun(&own));
}

#[test]
fn a_chain_of_ten_thousand_tasks_is_followed_to_its_root() {
    let mut chain = vec!["N0 failed".to_owned()];
    chain.extend((1..10_000).map(|number| format!("N{number} unscheduled N{}", number - 1)));
    let chain: Vec<&str> = chain.iter().map(String::as_str).collect();
    check("a long chain", &waiting(&chain, &["N9999"]), "dependency-failed", &["by way of N9999"], rerun(&["N0"]));
}
