//! What will happen in a run, decided before it starts by its task, its number and the seed. Pure.

use chrono::TimeDelta;
use fastrand::Rng;
use serde_json::Value;

use super::Workers;
use crate::sandbox::hash::hash;

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Completed,
    Failed,
    /// The worker reports an exception with this reason.
    Exception(String),
    /// The worker is never heard of again, and its claim expires.
    Vanish,
}

/// A run, from its start to its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub time: TimeDelta,
    pub end: End,
    /// For everything else that is made up.
    pub seed: u64,
}

impl Plan {
    /// The plan for this run of a task. `known` is how long the task is said to take.
    ///
    /// A payload can say by itself what it comes to: `{"simulate": {"seconds": 5, "outcome": "failed"}}`, where the
    /// outcome is `completed`, `failed`, `vanish` or the reason of an exception.
    pub(super) fn of(
        workers: &Workers,
        task_id: &str,
        run_id: usize,
        definition: &Value,
        known: Option<TimeDelta>,
    ) -> Self {
        let seed = hash(workers.seed, &format!("{task_id}/{run_id}"));
        let mut rng = Rng::with_seed(seed);
        let simulate = &definition["payload"]["simulate"];
        let spread = 0.7 + 0.6 * rng.f64();
        let usual = known.unwrap_or_else(|| TimeDelta::seconds(rng.i64(60..600)));
        let usual = TimeDelta::milliseconds((usual.num_milliseconds() as f64 * spread) as i64);
        let asked = simulate["seconds"].as_f64().map(|seconds| TimeDelta::milliseconds((seconds * 1000.0) as i64));
        let time = asked.or(workers.run_time).unwrap_or(usual).max(TimeDelta::zero());
        let end = match simulate["outcome"].as_str() {
            Some("completed") => End::Completed,
            Some("failed") => End::Failed,
            Some("vanish") => End::Vanish,
            Some(reason) => End::Exception(reason.to_owned()),
            None if rng.f64() >= workers.fail_rate => End::Completed,
            None => misfortune(&mut rng),
        };
        Self { time, end, seed }
    }
}

/// How a run ends that does not complete.
fn misfortune(rng: &mut Rng) -> End {
    match rng.u32(0..100) {
        0..80 => End::Failed,
        80..88 => End::Exception("worker-shutdown".into()),
        88..92 => End::Exception("intermittent-task".into()),
        92..95 => End::Exception("resource-unavailable".into()),
        95..97 => End::Exception("internal-error".into()),
        _ => End::Vanish,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(workers: &Workers, task_id: &str, run_id: usize) -> Plan {
        Plan::of(workers, task_id, run_id, &Value::Null, Some(TimeDelta::seconds(100)))
    }

    #[test]
    fn a_run_always_has_the_same_plan_and_another_run_its_own() {
        let workers = Workers::new(1);
        assert_eq!(plan(&workers, "a", 0), plan(&workers, "a", 0));
        assert_ne!(plan(&workers, "a", 0).seed, plan(&workers, "a", 1).seed);
        assert_ne!(plan(&workers, "a", 0).seed, plan(&workers.clone().seed(2), "a", 0).seed);
    }

    #[test]
    fn about_as_many_fail_as_asked_for() {
        let failing = |rate: f64| {
            let workers = Workers::new(1).fail_rate(rate);
            (0..1000).filter(|task| plan(&workers, &format!("task{task}"), 0).end != End::Completed).count()
        };
        assert_eq!((failing(0.0), failing(1.0)), (0, 1000));
        assert!((170..230).contains(&failing(0.2)), "{}", failing(0.2));
        let workers = Workers::new(1).fail_rate(1.0);
        let ends: Vec<End> = (0..300).map(|task| plan(&workers, &format!("task{task}"), 0).end).collect();
        for end in [End::Failed, End::Vanish, End::Exception("worker-shutdown".into())] {
            assert!(ends.contains(&end), "{end:?}");
        }
    }

    #[test]
    fn a_run_takes_about_the_time_of_its_task_or_what_is_asked_for() {
        let workers = Workers::new(1);
        let seconds = plan(&workers, "a", 0).time.num_seconds();
        assert!((70..=130).contains(&seconds), "{seconds}");
        assert_eq!(plan(&workers.run_time(TimeDelta::seconds(5)), "a", 0).time, TimeDelta::seconds(5));
    }

    #[test]
    fn a_payload_can_say_what_it_comes_to() {
        let workers = Workers::new(1).run_time(TimeDelta::seconds(5));
        for (outcome, end) in [
            ("completed", End::Completed),
            ("failed", End::Failed),
            ("vanish", End::Vanish),
            ("malformed-payload", End::Exception("malformed-payload".into())),
        ] {
            let definition = json!({"payload": {"simulate": {"outcome": outcome, "seconds": 1.5}}});
            let plan = Plan::of(&workers, "a", 0, &definition, None);
            assert_eq!((plan.end, plan.time), (end, TimeDelta::milliseconds(1500)));
        }
    }
}
