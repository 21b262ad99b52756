//! Everything that one sandbox holds, and which service's behaviour a call goes to.

use chrono::{DateTime, Utc};

use super::auth::{self, Auth, Presented};
use super::call::{Answer, Call, Outcome};
use serde_json::json;

/// The state of all services of one sandbox.
pub(super) struct State {
    pub auth: Auth,
    started: DateTime<Utc>,
}

impl State {
    /// A deployment that was started just now.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { auth: Auth::new(now), started: now }
    }

    /// Runs the behaviour of a method; nothing when it has none here.
    pub(super) fn behave(&mut self, call: &Call<'_>, presented: &Presented<'_>) -> Option<Outcome> {
        if let Some(answer) = self.monitoring(call) {
            return Some(Ok(answer));
        }
        match call.service {
            "auth" => auth::behave(&mut self.auth, call, presented),
            _ => None,
        }
    }

    /// The methods that every service has.
    fn monitoring(&self, call: &Call<'_>) -> Option<Answer> {
        Some(Answer::Json(match call.method.name.as_str() {
            "ping" => {
                let uptime = (call.now - self.started).as_seconds_f64();
                json!({"alive": true, "uptime": uptime})
            }
            "version" => json!({"version": crate::reference::VERSION, "commit": "", "source": "", "build": ""}),
            "lbheartbeat" | "heartbeat" => json!({}),
            _ => return None,
        }))
    }
}
