//! A broker with users as Pulse has them, and messages as services send them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::Value;

use super::Tc;
use super::publisher::Publisher;
use super::rabbit::Rabbit;

/// The user of the tests: owns `queue/bob/..`, reads exchanges of Taskcluster's services.
pub const USER: &str = "bob";
/// That user's password.
pub const PASSWORD: &str = "wonderland-42";

/// An exchange that the user may not read.
pub const PRIVATE_EXCHANGE: &str = "exchange/private/v1/x";

static SHARED: Mutex<Weak<Rabbit>> = Mutex::new(Weak::new());

/// The broker that tests which do not restart it share, while one of them runs; none where it is not installed.
pub fn shared() -> Option<Arc<Rabbit>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(rabbit) = shared.upgrade() {
        return Some(rabbit);
    }
    let rabbit = Arc::new(start()?);
    *shared = Arc::downgrade(&rabbit);
    Some(rabbit)
}

/// A broker with the user and the exchanges of all messages.
pub fn start() -> Option<Rabbit> {
    let rabbit = Rabbit::start()?;
    rabbit.control(&["add_user", USER, PASSWORD]);
    let own = "^(queue/bob/.*|exchange/bob/.*)";
    rabbit.control(&["set_permissions", "-p", "/", USER, own, own, "^(queue/bob/.*|exchange/taskcluster-.*)"]);
    let publisher = Publisher::connect(&rabbit.url());
    for message in messages() {
        publisher.exchange(message["exchange"].as_str().unwrap());
    }
    publisher.exchange(PRIVATE_EXCHANGE);
    Some(rabbit)
}

/// Messages as real services send them, one of each exchange that was seen: shapes and states are real, IDs and texts
/// are not.
pub fn messages() -> Vec<Value> {
    serde_json::from_str(include_str!("../data/pulse-messages.json")).unwrap()
}

/// `tc` as the user of the tests, at this broker.
pub fn tc(rabbit: &Rabbit) -> Tc {
    Tc::new()
        .env("PULSE_USERNAME", USER)
        .env("PULSE_PASSWORD", PASSWORD)
        .env("PULSE_URL", &format!("amqp://127.0.0.1:{}", rabbit.port))
        .env("PATH", &std::env::var("PATH").unwrap())
}
