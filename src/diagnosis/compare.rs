//! Two groups of tasks compared by the names of their tasks. Pure.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::domain::TaskState;

/// A run time that changed by less than this share is as it was, whatever the noise.
const MIN_CHANGE: f64 = 0.25;
/// A run time that changed by less than this is as it was.
const MIN_CHANGE_SECONDS: f64 = 30.0;
/// How many times the usual deviation a change must be.
const DEVIATIONS: f64 = 4.0;

/// A task of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComparedTask {
    /// What it is found by in the other group.
    pub name: String,
    /// Its ID.
    pub id: String,
    /// Its state.
    pub state: TaskState,
    /// Why its newest run is over.
    pub reason: String,
    /// How long its newest run took; none while it is not over.
    pub run_time: Option<TimeDelta>,
}

/// The same task in both groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// In the first group.
    pub before: ComparedTask,
    /// In the second group.
    pub after: ComparedTask,
}

/// What two groups do differently; each list by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Differences {
    /// Failed now, and completed before.
    pub new_failures: Vec<Pair>,
    /// Completed now, and failed before.
    pub fixed: Vec<Pair>,
    /// Failed in both.
    pub still_failing: Vec<Pair>,
    /// Not in the second group.
    pub missing: Vec<ComparedTask>,
    /// Not in the first group.
    pub added: Vec<ComparedTask>,
    /// Took longer, beyond the noise; the largest change first.
    pub slower: Vec<Pair>,
    /// Took less time, beyond the noise; the largest change first.
    pub faster: Vec<Pair>,
    /// All that completed in both, with their run times.
    pub timed: Vec<Pair>,
    /// The factor by which all run times changed, in the middle.
    pub usual_factor: f64,
    /// The factor beyond which a change counts, besides that.
    pub noise_factor: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Open,
}

/// How a task ended, for those who compare: what was cancelled says nothing.
fn outcome(task: &ComparedTask) -> Outcome {
    match task.state {
        TaskState::Completed => Outcome::Passed,
        TaskState::Exception if matches!(task.reason.as_str(), "canceled" | "superseded") => Outcome::Open,
        TaskState::Failed | TaskState::Exception => Outcome::Failed,
        _ => Outcome::Open,
    }
}

/// The tasks by name. Of several of one name, as retriggers are, one that completed stands for all, else one that failed.
fn by_name(tasks: Vec<ComparedTask>) -> BTreeMap<String, ComparedTask> {
    let rank = |task: &ComparedTask| match outcome(task) {
        Outcome::Passed => 2,
        Outcome::Failed => 1,
        Outcome::Open => 0,
    };
    let mut found: BTreeMap<String, ComparedTask> = BTreeMap::new();
    for task in tasks {
        match found.get_mut(&task.name) {
            Some(known) if rank(known) >= rank(&task) => {}
            Some(known) => *known = task,
            None => drop(found.insert(task.name.clone(), task)),
        }
    }
    found
}

/// Compares the tasks of two groups.
pub(crate) fn compare(before: Vec<ComparedTask>, after: Vec<ComparedTask>) -> Differences {
    let (before, mut after) = (by_name(before), by_name(after));
    let mut found = Differences::default();
    for (name, before) in before {
        let Some(after) = after.remove(&name) else {
            found.missing.push(before);
            continue;
        };
        let outcomes = (outcome(&before), outcome(&after));
        let pair = Pair { before, after };
        match outcomes {
            (Outcome::Passed, Outcome::Failed) => found.new_failures.push(pair),
            (Outcome::Failed, Outcome::Passed) => found.fixed.push(pair),
            (Outcome::Failed, Outcome::Failed) => found.still_failing.push(pair),
            (Outcome::Passed, Outcome::Passed) if pair.seconds().is_some() => found.timed.push(pair),
            _ => {}
        }
    }
    found.added = after.into_values().collect();
    find_changes(&mut found);
    found
}

impl Pair {
    /// How long it took before and after, in seconds.
    pub(crate) fn seconds(&self) -> Option<(f64, f64)> {
        let seconds = |time: TimeDelta| time.num_milliseconds() as f64 / 1000.0;
        Some((seconds(self.before.run_time?), seconds(self.after.run_time?)))
    }

    /// By which factor its run time changed. What took less than a second counts as one.
    pub(crate) fn factor(&self) -> f64 {
        self.seconds().map_or(1.0, |(before, after)| after.max(1.0) / before.max(1.0))
    }
}

/// A group may be slower as a whole, on other machines; what counts is what departs from that.
fn find_changes(found: &mut Differences) {
    let logs: Vec<f64> = found.timed.iter().map(|pair| pair.factor().ln()).collect();
    let middle = median(&logs);
    let deviations: Vec<f64> = logs.iter().map(|log| (log - middle).abs()).collect();
    // A deviation that is normally distributed is 1.48 times its median.
    let noise = (DEVIATIONS * 1.4826 * median(&deviations)).max((1.0 + MIN_CHANGE).ln());
    (found.usual_factor, found.noise_factor) = (middle.exp(), noise.exp());
    for pair in &found.timed {
        let Some((before, after)) = pair.seconds() else { continue };
        let change = pair.factor().ln() - middle;
        if change.abs() <= noise || (after - before).abs() < MIN_CHANGE_SECONDS {
            continue;
        }
        if change > 0.0 && after > before {
            found.slower.push(pair.clone());
        } else if change < 0.0 && after < before {
            found.faster.push(pair.clone());
        }
    }
    found.slower.sort_by(|one, other| other.factor().total_cmp(&one.factor()));
    found.faster.sort_by(|one, other| one.factor().total_cmp(&other.factor()));
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(name: &str, state: &str, seconds: i64) -> ComparedTask {
        let (state, reason) = state.split_once('/').unwrap_or((state, ""));
        let state = TaskState::of(state);
        let run_time = state.is_resolved().then(|| TimeDelta::seconds(seconds));
        ComparedTask { name: name.into(), id: format!("{name}-{seconds}"), state, reason: reason.into(), run_time }
    }

    fn names(pairs: &[Pair]) -> Vec<&str> {
        pairs.iter().map(|pair| pair.before.name.as_str()).collect()
    }

    #[test]
    fn each_task_is_on_the_right_list() {
        let found = compare(
            vec![
                task("new", "completed", 100),
                task("fixed", "failed", 100),
                task("still", "exception/claim-expired", 100),
                task("gone", "completed", 100),
                task("open", "completed", 100),
                task("cancelled", "completed", 100),
            ],
            vec![
                task("new", "failed", 100),
                task("fixed", "completed", 100),
                task("still", "failed", 100),
                task("more", "pending", 0),
                task("open", "running", 0),
                task("cancelled", "exception/canceled", 1),
            ],
        );
        assert_eq!(
            (names(&found.new_failures), names(&found.fixed), names(&found.still_failing)),
            (vec!["new"], vec!["fixed"], vec!["still"])
        );
        assert_eq!((found.missing.len(), found.added.len()), (1, 1));
        assert!(found.slower.is_empty() && found.faster.is_empty() && found.timed.is_empty());
    }

    #[test]
    fn a_retrigger_that_completed_stands_for_its_name() {
        let after = vec![task("a", "failed", 1), task("a", "completed", 2), task("a", "failed", 3)];
        let found = compare(vec![task("a", "completed", 1)], after);
        assert_eq!(found.new_failures, []);
    }

    #[test]
    fn only_what_departs_from_the_noise_is_slower_or_faster() {
        let noisy = |factor: f64| {
            let tasks = (0..100).map(|number| {
                let noise = 1.0 + 0.08 * (f64::from(number % 7) - 3.0) / 3.0;
                let special = match number {
                    3 => 2.5,
                    4 => 0.4,
                    _ => 1.0,
                };
                let special = if factor > 1.0 { special } else { 1.0 };
                task(&format!("t{number:02}"), "completed", (600.0 * noise * factor * special) as i64)
            });
            tasks.collect::<Vec<_>>()
        };
        // All of the second group is slower by a tenth, which is not the tasks' doing.
        let found = compare(noisy(1.0), noisy(1.1));
        assert_eq!((names(&found.slower), names(&found.faster)), (vec!["t03"], vec!["t04"]));
        assert!((1.09..1.11).contains(&found.usual_factor), "{}", found.usual_factor);
        let same = compare(noisy(1.0), noisy(1.0));
        assert_eq!((same.slower.len(), same.faster.len(), same.timed.len()), (0, 0, 100));
    }

    #[test]
    fn a_change_of_seconds_is_no_change() {
        let found = compare(vec![task("a", "completed", 5)], vec![task("a", "completed", 20)]);
        assert_eq!(found.slower, []);
        assert_eq!(compare(Vec::new(), Vec::new()).timed, []);
    }
}
