//! A broker with users as Pulse has them, and messages as services send them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Tc;
use super::rabbit::{self, Rabbit};

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
    let user = |name: &str, password: &str, tags: &str| json!({"name": name, "password_hash": hash(password), "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": tags});
    let allow = |user: &str, own: &str, read: &str| json!({"user": user, "vhost": "/", "configure": own, "write": own, "read": read});
    let messages = messages();
    let exchanges = messages.iter().map(|message| message["exchange"].as_str().unwrap()).chain([PRIVATE_EXCHANGE]);
    let exchange = |name: &str| json!({"name": name, "vhost": "/", "type": "topic", "durable": true, "auto_delete": false, "internal": false, "arguments": {}});
    let own = "^(queue/bob/.*|exchange/bob/.*)";
    let definitions = json!({
        "vhosts": [{"name": "/"}],
        "users": [
            user(rabbit::USER, rabbit::PASSWORD, "administrator"),
            user(USER, PASSWORD, ""),
        ],
        "permissions": [
            allow(rabbit::USER, ".*", ".*"),
            allow(USER, own, "^(queue/bob/.*|exchange/taskcluster-.*)"),
        ],
        "exchanges": exchanges.map(exchange).collect::<Vec<_>>(),
    });
    Rabbit::start_with(Some(&definitions))
}

/// A password as RabbitMQ keeps it: a salt, and SHA-256 of salt and password.
fn hash(password: &str) -> String {
    let salt = [1, 2, 3, 4];
    let digest = Sha256::new().chain_update(salt).chain_update(password).finalize();
    BASE64.encode([&salt[..], &digest].concat())
}

/// Messages as real services send them, one of each exchange that was seen: shapes and states are real, IDs and texts
/// are not.
pub fn messages() -> Vec<Value> {
    serde_json::from_str(include_str!("../data/pulse-received.json")).unwrap()
}

/// `tc` as the user of the tests, at this broker.
pub fn tc(rabbit: &Rabbit) -> Tc {
    Tc::new()
        .env("PULSE_USERNAME", USER)
        .env("PULSE_PASSWORD", PASSWORD)
        .env("PULSE_URL", &format!("amqp://127.0.0.1:{}", rabbit.port))
        .env("PATH", &std::env::var("PATH").unwrap())
}
