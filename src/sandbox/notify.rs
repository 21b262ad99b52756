//! The notify service: it takes messages, of which none leaves this machine, and knows whom not to write to.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::events::Events;
use super::wire::{Page, stamp};

/// Where what was sent can be seen.
pub(super) const PATH: &str = "/sandbox/notifications";

/// The service's own client, in whose name it writes for the routes of tasks.
const CLIENT: &str = "static/taskcluster/notify";

/// How many messages are kept; older ones are forgotten.
const MAX_KEPT_MESSAGES: usize = 10_000;

/// What the service holds.
pub(super) struct NotifyState {
    outbox: Arc<Outbox>,
}

/// Who is not to be written to, and what was sent to whom: by calls, by the queue for the routes of tasks, by hooks.
#[derive(Default)]
pub(super) struct Outbox {
    events: Arc<Events>,
    /// Where the web pages of messages lead.
    root_url: OnceLock<String>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// As type and address.
    denied: BTreeSet<(String, String)>,
    /// Oldest first.
    sent: VecDeque<Value>,
}

/// A way to reach somebody: the method, what it needs of the body, how the deny list calls its recipients, and how its
/// refusal does.
const WAYS: &[(&str, &str, &str, &str)] = &[
    ("email", "address", "email", "Email"),
    ("pulse", "routingKey", "pulse", "Pulse RoutingKey"),
    ("matrix", "roomId", "matrix-room", "Matrix room"),
    ("slack", "channelId", "slack-channel", "Slack channel"),
];

impl NotifyState {
    /// Nothing sent yet.
    pub(super) fn new(outbox: Arc<Outbox>) -> Self {
        Self { outbox }
    }

    /// Notes what a client sends. `kind` is the method: `email`, `pulse`, `matrix` or `slack`.
    pub(super) fn sent_by(&mut self, client_id: &str, kind: &str, body: &Value, now: DateTime<Utc>) {
        self.outbox.note(client_id, kind, body, now);
    }

    /// Everything that was sent, oldest first: `{notifications: [{kind, time, clientId, message}]}`.
    pub(super) fn sent(&self) -> Value {
        json!({"notifications": self.outbox.kept().sent})
    }
}

impl Outbox {
    /// Nothing sent yet; messages over Pulse are published here.
    pub(super) fn new(events: Arc<Events>) -> Self {
        Self { events, ..Self::default() }
    }

    /// Says where the deployment is; the first time counts.
    pub(super) fn set_root_url(&self, root_url: &str) {
        drop(self.root_url.set(root_url.to_owned()));
    }

    /// Where the deployment is.
    pub(super) fn root_url(&self) -> &str {
        self.root_url.get().map_or("http://localhost", String::as_str)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, client_id: &str, kind: &str, body: &Value, now: DateTime<Utc>) {
        let mut kept = self.kept();
        if kept.sent.len() == MAX_KEPT_MESSAGES {
            kept.sent.pop_front();
        }
        kept.sent.push_back(json!({"kind": kind, "time": stamp(now), "clientId": client_id, "message": body}));
    }

    /// Sends in the service's own name. `recipient` is how the deny list calls the recipient: `email`, `matrix-room`..
    /// Nothing is sent to whom nobody may write, and nothing where there is no such way.
    pub(super) fn send_for_a_task(&self, recipient: &str, body: &Value, now: DateTime<Utc>) {
        let Some((method, key, kind, _)) = WAYS.iter().find(|(_, _, kind, _)| *kind == recipient) else { return };
        let to = body[*key].as_str().unwrap_or_default();
        if self.kept().denied.contains(&((*kind).to_owned(), to.to_owned())) {
            return;
        }
        self.deliver(CLIENT, method, to, body, now);
    }

    fn deliver(&self, client_id: &str, method: &str, to: &str, body: &Value, now: DateTime<Utc>) {
        self.note(client_id, method, body, now);
        if method == "pulse" && self.events.wanted() {
            let payload = json!({"message": body["message"], "version": 1});
            self.events.publish("notify", "notify", &[("topic", to)], &[to.to_owned()], payload);
        }
    }
}

/// Answers a call of the notify service; none for methods without behaviour.
pub(super) fn handle(state: &mut NotifyState, call: &Call<'_>) -> Option<Outcome> {
    let name = call.method.name.as_str();
    if let Some(way) = WAYS.iter().find(|(method, ..)| *method == name) {
        return Some(send(state, call, way));
    }
    Some(match name {
        "addDenylistAddress" => {
            state.outbox.kept().denied.insert(address(&call.body));
            Ok(Answer::Text("OK"))
        }
        "deleteDenylistAddress" => {
            state.outbox.kept().denied.remove(&address(&call.body));
            Ok(Answer::Text("OK"))
        }
        "listDenylist" => list(state, call),
        _ => return None,
    })
}

fn send(state: &NotifyState, call: &Call<'_>, (method, key, kind, named): &(&str, &str, &str, &str)) -> Outcome {
    let to = call.body[*key].as_str().unwrap_or_default();
    call.authorize(&[(key, json!(to))])?;
    if state.outbox.kept().denied.contains(&((*kind).to_owned(), to.to_owned())) {
        return Err(Fault::new(400, "DenylistedAddress", format!("{named} {to} is denylisted")));
    }
    state.outbox.deliver(call.client_id.as_deref().unwrap_or_default(), method, to, &call.body, call.now);
    // Unlike the others, this one answers without words.
    Ok(if *method == "slack" { Answer::NoContent } else { Answer::Text("OK") })
}

fn address(body: &Value) -> (String, String) {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    (text("notificationType"), text("notificationAddress"))
}

fn list(state: &NotifyState, call: &Call<'_>) -> Outcome {
    let kept = state.outbox.kept();
    let paged = Page::of(call)?.slice(&kept.denied);
    let shown = |(kind, address): &(String, String)| json!({"notificationType": kind, "notificationAddress": address});
    let mut answer = json!({"addresses": paged.items.into_iter().map(shown).collect::<Vec<_>>()});
    if let (Some(token), Some(members)) = (paged.token, answer.as_object_mut()) {
        members.insert("continuationToken".into(), token.into());
    }
    Ok(Answer::Json(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rig::{Request, read};

    #[test]
    fn nobody_writes_to_a_denied_address() {
        let mut state = NotifyState::new(Arc::default());
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut send = |request: Request<'_>| read(request.send(now, |call| handle(&mut state, call)).unwrap());
        let message = || {
            let body = json!({"address": "a@example.com", "subject": "s", "content": "c"});
            Request::new("notify", "email").body(body)
        };
        let denied = json!({"notificationType": "email", "notificationAddress": "a@example.com"});
        assert_eq!(send(message()), (200, json!("OK")));
        assert_eq!(send(message().scopes(&["notify:email:b@example.com"])).0, 403);
        assert_eq!(send(Request::new("notify", "addDenylistAddress").body(denied.clone())).0, 200);
        let refusal = send(message()).1;
        assert_eq!(refusal["code"], "DenylistedAddress");
        assert_eq!(refusal["message"], "Email a@example.com is denylisted");
        assert_eq!(send(Request::new("notify", "listDenylist")).1, json!({"addresses": [denied]}));
        assert_eq!(send(Request::new("notify", "deleteDenylistAddress").body(denied)).0, 200);
        assert_eq!(send(message()).0, 200);
        assert_eq!(state.sent()["notifications"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_is_sent_can_be_seen_and_pulse_messages_are_published() {
        let events: Arc<Events> = Arc::default();
        let mut reader = events.subscribe();
        let mut state = NotifyState::new(Arc::new(Outbox::new(events)));
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let pulse = json!({"routingKey": "a.b", "message": {"x": 1}});
        for (method, body, status) in
            [("pulse", pulse.clone(), 200), ("slack", json!({"channelId": "C1", "text": "t"}), 204)]
        {
            let request = Request::new("notify", method).body(body);
            assert_eq!(read(request.send(now, |call| handle(&mut state, call)).unwrap()).0, status);
        }
        let event = reader.try_recv().unwrap();
        assert_eq!((event.routing_key.as_str(), event.cc.as_slice()), ("primary.a.b", &["route.a.b".to_owned()][..]));
        let sent = &state.sent()["notifications"];
        assert_eq!(
            sent[0],
            json!({"kind": "pulse", "time": "2026-11-22T12:00:00.000Z", "clientId": "tester", "message": pulse})
        );
        assert_eq!(sent[1]["kind"], "slack");
    }
}
