//! The driver: keeps as many actions in flight as the controller allows.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::stream::{Fuse, FuturesUnordered, Peekable};
use futures::{Stream, StreamExt as _, poll};

use super::Controller;
use crate::error::{Error, Result};

/// How long to wait for what is in flight after a wish to stop: a call may sit between two tries.
const STOP_GRACE_PERIOD: Duration = Duration::from_secs(10);

/// Which of the items that were not started are to be named, when a run stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Only the items that have been read so far; reading stops.
    Known,
    /// All of them: the list is read to its end.
    All,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended<T> {
    /// Someone wished it to stop before all items were started.
    pub stopped: bool,
    /// Started, and without an answer when waiting for it was given up.
    pub unanswered: Vec<T>,
    /// Not started.
    pub untried: Vec<T>,
    /// Why there were no more items, when not because all had come.
    pub source_failed: Option<Error>,
}

/// Acts on every item and reports each exactly once.
///
/// As many actions are in flight as `controller` allows. Items are taken from `items` as slots
/// become free, so a list that is fetched page by page is fetched while actions run. `pushbacks`
/// says how often the server has asked for less so far. After `stop` no more actions are started;
/// those in flight are waited for, for a limited time, or until `give_up`, and what was not started is gathered. A
/// failed action stops nothing; a failure of `items` ends the list.
pub(crate) async fn run<T, R, Action>(
    items: impl Stream<Item = Result<T>>,
    mut controller: Controller,
    pushbacks: impl Fn() -> u64,
    stop: impl Future<Output = Rest>,
    give_up: impl Future<Output = ()>,
    act: impl Fn(&T) -> Action,
    mut report: impl FnMut(&T, Result<R>),
) -> Ended<T>
where
    Action: Future<Output = Result<R>>,
{
    let started = Instant::now();
    let mut items = pin!(items.fuse().peekable());
    let mut stop = pin!(stop);
    let mut in_flight = FuturesUnordered::new();
    let mut slots = Slots::default();
    let mut seen = pushbacks();
    let (mut source_failed, mut exhausted, mut stopping) = (None, false, None);
    loop {
        let stopped = match stopping {
            Some(rest) => Poll::Ready(rest),
            None => poll!(stop.as_mut()),
        };
        if let Poll::Ready(rest) = stopped {
            let mut give_up = pin!(give_up);
            let gave_up = drain(in_flight, give_up.as_mut(), &mut slots, &mut report).await;
            let rest = if gave_up { Rest::Known } else { rest };
            let mut untried = Vec::new();
            if source_failed.is_none() && !exhausted {
                source_failed = gather(items, rest, give_up, &mut untried).await;
            }
            return Ended { stopped: true, unanswered: slots.into_items(), untried, source_failed };
        }
        while !exhausted && in_flight.len() < controller.limit() {
            match poll!(items.next()) {
                Poll::Ready(Some(Ok(item))) => {
                    let action = act(&item);
                    let slot = slots.put(item);
                    in_flight.push(async move { (slot, action.await) });
                }
                Poll::Ready(Some(Err(error))) => (source_failed, exhausted) = (Some(error), true),
                Poll::Ready(None) => exhausted = true,
                Poll::Pending => {
                    controller.starved();
                    break;
                }
            }
        }
        if exhausted && in_flight.is_empty() {
            return Ended { stopped: false, unanswered: Vec::new(), untried: Vec::new(), source_failed };
        }
        let answered = tokio::select! {
            biased;
            rest = stop.as_mut() => {
                stopping = Some(rest);
                continue;
            }
            answered = in_flight.next(), if !in_flight.is_empty() => answered,
            () = more(items.as_mut()), if !exhausted && in_flight.len() < controller.limit() => continue,
        };
        if let Some((slot, outcome)) = answered {
            let (now, count) = (started.elapsed(), pushbacks());
            if count > std::mem::replace(&mut seen, count) {
                controller.pushed_back(now);
            }
            controller.answered(now);
            if let Some(item) = slots.take(slot) {
                report(&item, outcome);
            }
        }
    }
}

/// Waits for what is in flight, but not for ever; whether it was given up.
async fn drain<T, R>(
    mut in_flight: FuturesUnordered<impl Future<Output = (usize, Result<R>)>>,
    give_up: Pin<&mut impl Future<Output = ()>>,
    slots: &mut Slots<T>,
    report: &mut impl FnMut(&T, Result<R>),
) -> bool {
    let wait = async {
        while let Some((slot, outcome)) = in_flight.next().await {
            if let Some(item) = slots.take(slot) {
                report(&item, outcome);
            }
        }
    };
    // When the time is up, whatever has no answer is left in its slot.
    tokio::select! {
        biased;
        () = wait => false,
        () = give_up => true,
        () = tokio::time::sleep(STOP_GRACE_PERIOD) => false,
    }
}

/// Gathers the items that were not started; the failure of the list, where there is one.
async fn gather<T, S: Stream<Item = Result<T>>>(
    mut items: Pin<&mut Peekable<Fuse<S>>>,
    rest: Rest,
    mut give_up: Pin<&mut impl Future<Output = ()>>,
    untried: &mut Vec<T>,
) -> Option<Error> {
    loop {
        let next = match (poll!(items.next()), rest) {
            (Poll::Ready(next), _) => next,
            (Poll::Pending, Rest::Known) => return None,
            (Poll::Pending, Rest::All) => tokio::select! {
                biased;
                next = items.next() => next,
                () = give_up.as_mut() => return None,
            },
        };
        match next {
            Some(Ok(item)) => untried.push(item),
            Some(Err(error)) => return Some(error),
            None => return None,
        }
    }
}

/// Completes when there is an item to take, or the end.
async fn more<S: Stream>(items: Pin<&mut Peekable<Fuse<S>>>) {
    items.peek().await;
}

/// Items in flight by number, so that those can be named whose answer nobody waits for any more.
struct Slots<T> {
    items: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    fn put(&mut self, item: T) -> usize {
        match self.free.pop() {
            Some(slot) => {
                if let Some(place) = self.items.get_mut(slot) {
                    *place = Some(item);
                }
                slot
            }
            None => {
                self.items.push(Some(item));
                self.items.len() - 1
            }
        }
    }

    fn take(&mut self, slot: usize) -> Option<T> {
        let item = self.items.get_mut(slot)?.take();
        self.free.push(slot);
        item
    }

    fn into_items(self) -> Vec<T> {
        self.items.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::future::{pending, ready};

    use futures::stream;
    use tokio::sync::Notify;

    use super::*;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
    }

    fn numbers(count: usize) -> impl Stream<Item = Result<usize>> {
        stream::iter((0..count).map(Ok))
    }

    #[test]
    fn each_item_is_reported_once_whatever_becomes_of_it() {
        let reports = RefCell::new(vec![0; 1000]);
        let failures = Cell::new(0);
        let act = |item: &usize| {
            let item = *item;
            async move {
                tokio::time::sleep(Duration::from_millis(item as u64 % 7)).await;
                if item.is_multiple_of(3) { Err(Error::failed("no")) } else { Ok(()) }
            }
        };
        let ended = block_on(run(
            numbers(1000),
            Controller::new(50),
            || 0,
            pending(),
            pending(),
            act,
            |item, outcome| {
                reports.borrow_mut()[*item] += 1;
                failures.set(failures.get() + usize::from(outcome.is_err()));
            },
        ));
        assert!(reports.borrow().iter().all(|count| *count == 1));
        assert_eq!((failures.get(), ended.stopped, ended.unanswered.len()), (334, false, 0));
    }

    #[test]
    fn never_more_are_in_flight_than_the_controller_allows() {
        let (now, most) = (Cell::new(0_usize), Cell::new(0));
        let act = |_: &usize| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                now.set(now.get() - 1);
                Ok(())
            }
        };
        block_on(run(numbers(500), Controller::new(20), || 0, pending(), pending(), act, |_, _| {}));
        assert_eq!(most.get(), 20);
    }

    #[test]
    fn actions_start_while_later_pages_are_still_being_fetched() {
        let second_page = Notify::new();
        let items = numbers(2).chain(stream::once(async {
            second_page.notified().await;
            Ok(2)
        }));
        let done = RefCell::new(Vec::new());
        let act = |item: &usize| {
            // Only what the first page holds lets the second one come.
            if *item == 1 {
                second_page.notify_one();
            }
            ready(Ok(*item))
        };
        block_on(run(
            items,
            Controller::new(4),
            || 0,
            pending(),
            pending(),
            act,
            |item, _| done.borrow_mut().push(*item),
        ));
        assert_eq!(done.into_inner(), [0, 1, 2]);
    }

    #[test]
    fn after_a_wish_to_stop_nothing_is_started_and_what_is_in_flight_is_waited_for() {
        let (stop, started) = (Notify::new(), Cell::new(0_usize));
        let act = |item: &usize| {
            started.set(started.get() + 1);
            if *item == 9 {
                stop.notify_one();
            }
            async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok(())
            }
        };
        let reported = Cell::new(0_usize);
        let ended = block_on(run(
            numbers(1000),
            Controller::new(10),
            || 0,
            async {
                stop.notified().await;
                Rest::All
            },
            pending(),
            act,
            |_, _| {
                reported.set(reported.get() + 1);
            },
        ));
        assert!(ended.stopped && ended.unanswered.is_empty());
        assert_eq!((started.get(), reported.get()), (10, 10));
        assert_eq!(ended.untried, (10..1000).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_not_started_is_named_as_far_as_it_is_known_or_to_the_end_of_the_list() {
        for (rest, untried) in [(Rest::Known, vec![1, 2]), (Rest::All, vec![1, 2, 3, 4])] {
            let (stop, second_page) = (Notify::new(), Notify::new());
            let items = numbers(3).chain(stream::once(async {
                second_page.notified().await;
                Ok(3)
            }));
            let items = items.chain(stream::once(ready(Ok(4))));
            let stopped = async {
                stop.notified().await;
                if rest == Rest::All {
                    second_page.notify_one();
                }
                rest
            };
            let act = |_: &usize| {
                stop.notify_one();
                ready(Ok(()))
            };
            let ended = block_on(run(items, Controller::fixed(1), || 0, stopped, pending(), act, |_, _| {}));
            assert_eq!(ended.untried, untried);
        }
    }

    #[test]
    fn what_does_not_answer_after_a_wish_to_stop_is_named() {
        let stop = Notify::new();
        let act = |item: &usize| {
            let hangs = *item == 1;
            stop.notify_one();
            async move { if hangs { pending().await } else { Ok(()) } }
        };
        let ended = block_on(run(
            numbers(2),
            Controller::new(2),
            || 0,
            async {
                stop.notified().await;
                Rest::All
            },
            pending(),
            act,
            |_, _| {},
        ));
        assert_eq!(ended.unanswered, [1]);
    }

    #[test]
    fn a_second_wish_to_stop_ends_the_waiting() {
        let (stop, give_up, reported) = (Notify::new(), Notify::new(), Cell::new(0));
        let act = |item: &usize| {
            let hangs = *item == 1;
            stop.notify_one();
            async move { if hangs { pending().await } else { Ok(()) } }
        };
        let report = |_: &usize, _| {
            reported.set(reported.get() + 1);
            give_up.notify_one();
        };
        let started = tokio::time::Instant::now;
        let (ended, waited) = block_on(async {
            let before = started();
            let items = numbers(2);
            let stopped = async {
                stop.notified().await;
                Rest::All
            };
            let ended = run(items, Controller::new(2), || 0, stopped, give_up.notified(), act, report).await;
            (ended, before.elapsed())
        });
        assert_eq!((ended.unanswered, reported.get()), (vec![1], 1));
        assert!(waited < STOP_GRACE_PERIOD, "{waited:?}");
    }

    #[test]
    fn a_list_that_breaks_off_ends_with_its_error() {
        let items = numbers(3).chain(stream::once(ready(Err(Error::failed("page 2")))));
        let done = Cell::new(0);
        let ended = block_on(run(
            items,
            Controller::new(2),
            || 0,
            pending(),
            pending(),
            |_| ready(Ok(())),
            |_, _| {
                done.set(done.get() + 1);
            },
        ));
        assert_eq!((done.get(), ended.source_failed.unwrap().message()), (3, "page 2"));
    }

    #[test]
    fn a_server_that_asks_for_less_gets_less() {
        let (pushbacks, now, after) = (Cell::new(0_u64), Cell::new(0_usize), RefCell::new(Vec::new()));
        let act = |item: &usize| {
            now.set(now.get() + 1);
            after.borrow_mut().push(now.get());
            if *item == 100 {
                pushbacks.set(1);
            }
            async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                now.set(now.get() - 1);
                Ok(())
            }
        };
        block_on(run(numbers(300), Controller::fixed(40), || pushbacks.get(), pending(), pending(), act, |_, _| {}));
        assert!(after.borrow()[150..200].iter().all(|count| *count <= 30), "{:?}", &after.borrow()[150..200]);
    }
}
