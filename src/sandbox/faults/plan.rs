//! What happens to which request. It depends on the verb, the path and how often that was asked for before, so a plan
//! comes out the same however many connections there are, and a second try has a chance of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::spec::{Faults, Kind};
use crate::sandbox::hash::hash;

/// Faults, and which requests there have been.
pub(in crate::sandbox) struct Plan {
    faults: Faults,
    seen: Mutex<HashMap<u64, u32>>,
}

/// What happens to one request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Trouble {
    pub delay: Duration,
    /// What is answered in place of the answer.
    pub refusal: Option<Kind>,
    pub hang_up: bool,
    pub no_range: bool,
    pub truncate: Option<Option<u64>>,
    pub stall: Option<Option<u64>>,
    pub slow: Option<u64>,
    pub wrong_hash: bool,
    pub wrong_length: bool,
    pub wrong_trailer: bool,
}

impl Plan {
    pub(in crate::sandbox) fn new(faults: Faults) -> Self {
        Self { faults, seen: Mutex::default() }
    }

    /// What happens to this request, for a path without its query; none when nothing does.
    pub(super) fn next(&self, verb: &str, path: &str) -> Option<Trouble> {
        if self.faults.is_empty() {
            return None;
        }
        let request = format!("{verb} {path}");
        let count = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let count = seen.entry(hash(0, &request)).or_default();
            *count += 1;
            *count
        };
        let mut trouble = Trouble::default();
        for (number, rule) in self.faults.rules.iter().enumerate() {
            if !rule.only.is_empty() && !rule.only.iter().any(|start| path.starts_with(start)) {
                continue;
            }
            for (index, (share, kind)) in rule.kinds.iter().enumerate() {
                let seed = hash(rule.seed, &format!("{request} {count} {number} {index}"));
                let mut rng = fastrand::Rng::with_seed(seed);
                if rng.f64() < share.fraction() {
                    trouble.add(kind, &mut rng);
                }
            }
        }
        (trouble != Trouble::default()).then_some(trouble)
    }
}

impl Trouble {
    fn add(&mut self, kind: &Kind, rng: &mut fastrand::Rng) {
        match kind {
            Kind::Error(_) | Kind::TooMany(_) | Kind::Expired => self.refusal = Some(kind.clone()),
            Kind::Delay(span) => self.delay += *span.start() + (*span.end() - *span.start()).mul_f64(rng.f64()),
            Kind::HangUp => self.hang_up = true,
            Kind::Truncate(at) => self.truncate = Some(*at),
            Kind::Stall(at) => self.stall = Some(*at),
            Kind::Slow(rate) => self.slow = Some(*rate),
            Kind::WrongHash => self.wrong_hash = true,
            Kind::WrongLength => self.wrong_length = true,
            Kind::WrongTrailer => self.wrong_trailer = true,
            Kind::NoRange => self.no_range = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        Plan::new(text.parse().unwrap())
    }

    fn refused(plan: &Plan, path: &str) -> bool {
        plan.next("GET", path).is_some_and(|trouble| trouble.refusal.is_some())
    }

    #[test]
    fn about_as_many_requests_are_hit_as_asked_for() {
        let plan = plan("error=20%");
        let hit = (0..1000).filter(|number| refused(&plan, &format!("/api/queue/v1/task/{number}"))).count();
        assert!((160..240).contains(&hit), "{hit}");
        let again = (0..1000).filter(|_| refused(&plan, "/x")).count();
        assert!((160..240).contains(&again), "{again}");
    }

    #[test]
    fn the_same_plan_comes_out_in_any_order() {
        let paths: Vec<String> = (0..100).map(|number| format!("/{number}")).collect();
        let forward = plan("error=20%");
        let backward = plan("error=20%");
        let one: Vec<bool> = paths.iter().map(|path| refused(&forward, path)).collect();
        let mut other: Vec<bool> = paths.iter().rev().map(|path| refused(&backward, path)).collect();
        other.reverse();
        assert_eq!(one, other);
        let seeded = plan("error=20%,seed=2");
        assert_ne!(one, paths.iter().map(|path| refused(&seeded, path)).collect::<Vec<_>>());
    }

    #[test]
    fn each_set_of_faults_is_for_its_own_requests() {
        let faults: Faults = "error=100%,only=/api/queue/".parse().unwrap();
        let plan = Plan::new(faults.and("hangup=100%,only=/log/,only=/public-bucket/".parse().unwrap()));
        assert!(refused(&plan, "/api/queue/v1/ping"));
        assert_eq!(plan.next("GET", "/api/auth/v1/ping"), None);
        assert!(plan.next("GET", "/log/x").is_some_and(|trouble| trouble.hang_up && trouble.refusal.is_none()));
        assert!(plan.next("GET", "/public-bucket/x").is_some_and(|trouble| trouble.hang_up));
    }

    #[test]
    fn delays_lie_in_their_span() {
        let plan = plan("delay=50ms..200ms");
        let delays: Vec<Duration> =
            (0..100).filter_map(|number| Some(plan.next("GET", &format!("/{number}"))?.delay)).collect();
        assert_eq!(delays.len(), 100);
        let span = Duration::from_millis(50)..=Duration::from_millis(200);
        assert!(delays.iter().all(|delay| span.contains(delay)), "{delays:?}");
        assert!(delays.iter().max() > delays.iter().min());
    }
}
