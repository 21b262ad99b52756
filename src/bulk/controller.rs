//! How many actions may be in flight: grows while that pays, halves when the server asks for less. Pure.

use std::time::Duration;

/// Actions in flight at the start: enough to learn something from the first answers, and no burden
/// for any server. It doubles every round trip while throughput follows, so a large run is at full
/// speed after four of them.
const INITIAL_WINDOW: usize = 32;
/// Twice as many in flight must bring this much more per second for doubling to go on.
const MIN_GAIN: f64 = 1.2;
/// A small step up must bring this much.
const MIN_STEP_GAIN: f64 = 1.03;
/// Windows without a change before the next small step up is tried.
const HOLDING_WINDOWS: u32 = 8;

/// Decides how many actions may be in flight, by additive increase and multiplicative decrease.
///
/// Time is divided into windows of as many answers as there are slots, about one round trip each;
/// at the end of a window the throughput is compared with the best so far.
#[derive(Debug, Clone)]
pub(crate) struct Controller {
    limit: usize,
    most: usize,
    phase: Phase,
    /// The best throughput so far, in answers per second, since the last cut.
    best: f64,
    window: Window,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Doubling while that pays.
    Doubling,
    /// Staying for so many windows.
    Holding { windows: u32 },
    /// Trying a little more than this.
    Probing { from: usize },
    /// The server asked for less; answers to what was in flight then say nothing new.
    Cut,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start: Duration,
    answers: usize,
    /// There were not enough items to fill all slots, so its throughput says nothing.
    starved: bool,
}

impl Controller {
    /// At most `most` in flight.
    pub(crate) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            limit: INITIAL_WINDOW.min(most),
            most,
            phase: Phase::Doubling,
            best: 0.0,
            window: Window { start: Duration::ZERO, answers: 0, starved: false },
        }
    }

    /// Always exactly `jobs` in flight, unless the server asks for less.
    pub(crate) fn fixed(jobs: usize) -> Self {
        let mut controller = Self::new(jobs);
        controller.limit = controller.most;
        controller
    }

    /// How many may be in flight now; at least one.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// A slot stayed empty for want of items.
    pub(crate) fn starved(&mut self) {
        self.window.starved = true;
    }

    /// An action has ended; `now` is the time since the start.
    pub(crate) fn answered(&mut self, now: Duration) {
        self.window.answers += 1;
        if self.window.answers < self.limit {
            return;
        }
        let elapsed = now.saturating_sub(self.window.start).as_secs_f64().max(1e-9);
        let (rate, starved) = (self.window.answers as f64 / elapsed, self.window.starved);
        self.window = Window { start: now, answers: 0, starved: false };
        if !starved {
            self.judge(rate);
        }
    }

    /// The server asked for less (429, 503).
    pub(crate) fn pushed_back(&mut self, now: Duration) {
        if self.phase == Phase::Cut {
            return;
        }
        self.limit = (self.limit / 2).max(1);
        self.phase = Phase::Cut;
        self.best = 0.0;
        self.window = Window { start: now, answers: 0, starved: false };
    }

    /// What to do after a window with this throughput.
    fn judge(&mut self, rate: f64) {
        let before = self.best;
        self.best = self.best.max(rate);
        match self.phase {
            Phase::Cut => {
                self.best = rate;
                self.phase = Phase::Holding { windows: 0 };
            }
            Phase::Doubling if rate >= before * MIN_GAIN => self.grow(self.limit),
            Phase::Doubling => self.phase = Phase::Holding { windows: 0 },
            Phase::Holding { windows } if windows + 1 < HOLDING_WINDOWS => {
                self.phase = Phase::Holding { windows: windows + 1 };
            }
            Phase::Holding { .. } => {
                self.best = rate;
                self.phase = Phase::Probing { from: self.limit };
                self.grow((self.limit / 8).max(1));
            }
            Phase::Probing { .. } if rate >= before * MIN_STEP_GAIN => {
                self.phase = Phase::Probing { from: self.limit };
                self.grow((self.limit / 8).max(1));
            }
            Phase::Probing { from } => {
                self.limit = from;
                self.phase = Phase::Holding { windows: 0 };
            }
        }
    }

    fn grow(&mut self, by: usize) {
        self.limit = (self.limit + by).min(self.most);
        if self.limit == self.most {
            self.phase = Phase::Holding { windows: 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A server that needs `latency` per answer and answers at most `capacity` a second.
    struct Model {
        latency: f64,
        capacity: f64,
        now: f64,
    }

    impl Model {
        fn rate(&self, limit: usize) -> f64 {
            (limit as f64 / self.latency).min(self.capacity)
        }

        /// Runs for so many windows.
        fn run(&mut self, controller: &mut Controller, windows: usize) {
            for _ in 0..windows {
                let limit = controller.limit();
                let each = 1.0 / self.rate(limit);
                for _ in 0..limit {
                    self.now += each;
                    controller.answered(Duration::from_secs_f64(self.now));
                }
            }
        }
    }

    #[test]
    fn it_doubles_up_to_the_limit_where_latency_is_all_there_is() {
        let mut controller = Controller::new(400);
        let mut model = Model { latency: 0.05, capacity: 1e9, now: 0.0 };
        let mut limits = vec![controller.limit()];
        for _ in 0..5 {
            model.run(&mut controller, 1);
            limits.push(controller.limit());
        }
        assert_eq!(limits, [32, 64, 128, 256, 400, 400]);
    }

    #[test]
    fn it_stops_growing_where_that_does_not_pay() {
        let mut controller = Controller::new(512);
        // One hundred slots saturate this server.
        let mut model = Model { latency: 0.05, capacity: 2000.0, now: 0.0 };
        model.run(&mut controller, 60);
        assert!((100..=256).contains(&controller.limit()), "{}", controller.limit());
    }

    #[test]
    fn one_overload_halves_it_once() {
        let mut controller = Controller::new(512);
        let mut model = Model { latency: 0.05, capacity: 1e9, now: 0.0 };
        model.run(&mut controller, 2);
        assert_eq!(controller.limit(), 128);
        for _ in 0..128 {
            controller.pushed_back(Duration::from_secs_f64(model.now));
        }
        assert_eq!(controller.limit(), 64);
        model.run(&mut controller, 1);
        controller.pushed_back(Duration::from_secs_f64(model.now));
        assert_eq!(controller.limit(), 32);
    }

    #[test]
    fn it_recovers_step_by_step() {
        let mut controller = Controller::new(512);
        let mut model = Model { latency: 0.05, capacity: 1e9, now: 0.0 };
        controller.pushed_back(Duration::ZERO);
        assert_eq!(controller.limit(), 16);
        model.run(&mut controller, 10);
        let soon = controller.limit();
        assert!((17..=24).contains(&soon), "{soon}");
        model.run(&mut controller, 60);
        assert!(controller.limit() > 2 * soon, "{}", controller.limit());
    }

    #[test]
    fn a_run_short_of_items_proves_nothing() {
        let mut controller = Controller::new(512);
        for window in 1..10 {
            controller.starved();
            for _ in 0..32 {
                controller.answered(Duration::from_secs(window));
            }
        }
        assert_eq!(controller.limit(), 32);
    }

    proptest! {
        #[test]
        fn it_stays_within_its_bounds(most in 0_usize..600, events in proptest::collection::vec(0_u8..8, 0..2000)) {
            let mut controller = Controller::new(most);
            for (index, event) in events.into_iter().enumerate() {
                let now = Duration::from_millis(index as u64 / 3);
                match event {
                    0 => controller.pushed_back(now),
                    1 => controller.starved(),
                    _ => controller.answered(now),
                }
                prop_assert!(controller.limit() >= 1 && controller.limit() <= most.max(1));
            }
        }
    }
}
