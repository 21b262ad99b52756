//! The lines that a run writes into its log, and when. Made up, but in the forms that people look for.

use chrono::TimeDelta;
use fastrand::Rng;
use serde_json::Value;

use super::plan::{End, Plan};
use crate::sandbox::mishaps::Mishap;
use crate::sandbox::task_log;

/// The lines of a run by the time after its start, in order, without those that frame it.
pub(super) fn lines(plan: &Plan, definition: &Value) -> Vec<(TimeDelta, String)> {
    let mut rng = Rng::with_seed(plan.seed ^ 1);
    let kind = definition["tags"]["kind"].as_str().unwrap_or_default();
    let count = rng.usize(20..60);
    let mut texts = Vec::with_capacity(count + 4);
    texts.push("[vcs] checkout of the made-up revision is complete".to_owned());
    for number in 0..count {
        texts.extend(step(&mut rng, kind, number));
    }
    if plan.end == End::Failed {
        let at = rng.usize(texts.len() / 2..texts.len());
        texts.splice(at..at, mishap(plan, definition).lines);
        texts.push(format!("[fetch] {} of {count} steps were done", rng.usize(1..count)));
    }
    let (time, last) = (plan.time.num_milliseconds(), texts.len() as i64);
    let at = |index: usize| TimeDelta::milliseconds(time * index as i64 / last);
    texts.into_iter().enumerate().map(|(index, text)| (at(index), text)).collect()
}

const AREAS: &[&str] = &["dom", "layout", "netwerk", "toolkit", "browser", "gfx", "js", "media"];

fn step(rng: &mut Rng, kind: &str, number: usize) -> Vec<String> {
    let area = AREAS[rng.usize(0..AREAS.len())];
    match kind {
        "test" | "source-test" => {
            let path = format!("{area}/tests/test_{area}_{number:03}.html");
            let took = rng.u32(3..900);
            vec![format!("TEST-START | {path}"), format!("TEST-PASS | {path} | took {took}ms")]
        }
        "build" | "toolchain" => vec![format!("{:>6}s {area}/Unified_cpp_{area}{number}.o", number * 3)],
        _ => vec![format!("[{kind}] step {number}: {area} is done")],
    }
}

/// The last lines. There is nothing to say when the worker vanishes.
pub(super) fn closing(plan: &Plan, end: &End, definition: &Value, at: &str) -> String {
    let seconds = plan.time.num_seconds();
    let verdict = match end {
        End::Completed => task_log::verdict(0, seconds),
        End::Failed => task_log::verdict(mishap(plan, definition).exit_status, seconds),
        End::Exception(reason) => format!("Aborted after {seconds} seconds: {reason}"),
        End::Vanish => return String::new(),
    };
    task_log::closing(&verdict, at)
}

/// What goes wrong in a run that fails.
pub(super) fn mishap(plan: &Plan, definition: &Value) -> Mishap {
    let kind = definition["tags"]["kind"].as_str().unwrap_or_default();
    Mishap::of(kind, &mut Rng::with_seed(plan.seed ^ 3))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn log(kind: &str, end: End) -> Vec<(TimeDelta, String)> {
        let plan = Plan { time: TimeDelta::seconds(100), end, seed: 3 };
        lines(&plan, &json!({"tags": {"kind": kind}}))
    }

    #[test]
    fn lines_come_in_order_and_before_the_end() {
        let log = log("test", End::Completed);
        assert!(log.len() > 20);
        assert!(log.is_sorted_by_key(|(at, _)| *at));
        assert!(log.iter().all(|(at, _)| *at < TimeDelta::seconds(100)));
    }

    #[test]
    fn only_what_fails_shows_a_failure() {
        for kind in ["test", "build", "other"] {
            let plan = Plan { time: TimeDelta::seconds(100), end: End::Failed, seed: 3 };
            let first = mishap(&plan, &json!({"tags": {"kind": kind}})).lines[0].clone();
            let has = |end: End| log(kind, end).iter().any(|(_, text)| *text == first);
            assert!(has(End::Failed), "{kind}");
            assert!(!has(End::Completed), "{kind}");
        }
    }
}
