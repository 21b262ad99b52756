//! Answers of a request that may have to wait: a worker asks for work where there is none.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};

use super::call::WorkRequest;
use super::message::{Request, Response};
use super::respond::{Shared, respond};

/// How long a worker that asks for work is kept waiting for some, as on the services.
const CLAIM_WAIT: Duration = Duration::from_secs(20);

/// Answers at once, but for a worker that asks for work where there is none: it waits for some.
pub(super) async fn answer(shared: &Shared, request: &Request) -> Response {
    let mut response = respond(shared, request);
    let Some(wanted) = response.waiting.take() else { return response };
    let give_up = shared.clock.sleep(CLAIM_WAIT);
    match select(give_up, pin!(wait_for_work(shared, &wanted))).await {
        Either::Left(_) => response,
        Either::Right((claimed, _)) => Response::json_text(200, claimed),
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
