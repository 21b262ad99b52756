//! Which service's behaviour a call goes to.

use serde_json::json;

use super::auth::{self, Presented};
use super::call::{Answer, Call, Outcome};
use super::state::State;
use super::{hooks, index, notify, object, purge_cache, queue, secrets, web_server, worker_manager};

impl State {
    /// Runs the behaviour of a method; nothing when it has none here.
    pub(super) fn behave(&mut self, call: &Call<'_>, presented: &Presented<'_>) -> Option<Outcome> {
        if let Some(answer) = self.monitoring(call) {
            return Some(Ok(answer));
        }
        self.forget_expired(call.now);
        let outcome = self.dispatch(call, presented);
        if let Some(Ok(_)) = outcome {
            self.history.note(call, &self.events);
        }
        outcome
    }

    fn dispatch(&mut self, call: &Call<'_>, presented: &Presented<'_>) -> Option<Outcome> {
        match call.service {
            "auth" if call.method.name == "listAuditHistory" => Some(self.history.of_client(call)),
            "auth" if call.method.name == "getEntityHistory" => Some(self.history.of_entity(call)),
            "auth" => auth::behave(&mut self.auth, call, presented),
            "queue" => self.behave_queue(call),
            "object" => object::handle(&self.objects, call),
            "index" => index::handle(&mut self.index, call),
            "hooks" => hooks::handle(self, call),
            "secrets" => secrets::handle(&mut self.secrets, call),
            "notify" => notify::handle(&mut self.notify, call),
            "purge-cache" => purge_cache::handle(&mut self.purge_cache, call),
            "web-server" => web_server::handle(&self.queue, call),
            "worker-manager" => worker_manager::handle(&mut self.worker_manager, &self.queue, call),
            _ => None,
        }
    }

    /// Runs the behaviour of a method of the queue, and files what it completed in the index.
    pub(super) fn behave_queue(&mut self, call: &Call<'_>) -> Option<Outcome> {
        let outcome = queue::handle(&mut self.queue, call);
        self.index.file(self.queue.take_completed(), call.now);
        outcome
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
