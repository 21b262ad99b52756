//! What takes time: workers that wait for work, and what falls due by itself.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};

use super::call::WorkRequest;
use super::message::{Request, Response};
use super::respond::respond;
use super::shared::Shared;

/// How long a worker that asks for work is kept waiting for some, as on the services.
const CLAIM_WAIT: Duration = Duration::from_secs(20);

/// Between two looks at what has fallen due there is at least this time: timers know milliseconds.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The longest wait for what falls due: the machine's clock may be set meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Answers at once, but for a worker that asks for work where there is none: it waits for some.
pub(super) async fn answer(shared: &Shared, request: &Request) -> Response {
    // Templates are rendered for as long as that takes: the thread is given up for others.
    let renders = ["/api/github/", "/api/hooks/"].iter().any(|start| request.target.starts_with(start));
    let mut response =
        if renders { tokio::task::block_in_place(|| respond(shared, request)) } else { respond(shared, request) };
    let Some(wanted) = response.waiting.take() else { return response };
    let give_up = shared.clock.sleep(CLAIM_WAIT);
    match select(give_up, pin!(wait_for_work(shared, &wanted))).await {
        Either::Left(_) => response,
        Either::Right((claimed, _)) => Response::json_text(200, &claimed),
    }
}

/// Waits until there is work for this worker and takes it. Each turn waits for a change of some task, and none of them
/// makes a change but the last, so that those who wait cannot keep each other awake.
async fn wait_for_work(shared: &Shared, wanted: &WorkRequest) -> String {
    loop {
        // Changes count from here on, so that none slips in between the look and the wait.
        let mut changed = pin!(shared.queue_changed.notified());
        changed.as_mut().enable();
        if let Some(claimed) = shared.change(|state| state.claim_for(wanted, shared.clock.now())) {
            return claimed;
        }
        changed.await;
    }
}

/// Does what falls due by itself when it does: ends of claims, deadlines, dependents, built-in tasks.
pub(super) async fn keep_time(shared: Arc<Shared>) {
    loop {
        let mut changed = pin!(shared.queue_changed.notified());
        changed.as_mut().enable();
        let next = shared.lock().queue.next_event();
        let Some(at) = next else {
            changed.await;
            continue;
        };
        let due = (at - shared.clock.now()).to_std().unwrap_or_default().clamp(SHORTEST_WAIT, LONGEST_WAIT);
        if let Either::Right(_) = select(changed, shared.clock.sleep(due)).await {
            shared.change(|state| state.advance(shared.clock.now()));
            // A clock that does not wait must not keep the thread from others.
            tokio::task::yield_now().await;
        }
    }
}
