//! The notify service: it takes messages, of which none leaves this machine, and knows whom not to write to.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::events::Events;
use super::wire::{Page, stamp};

/// Where what was sent can be seen.
pub(super) const PATH: &str = "/sandbox/notifications";

/// How many messages are kept; older ones are forgotten.
const KEPT: usize = 10_000;

/// Who is not to be written to, as type and address, and what was sent to whom.
pub(super) struct NotifyState {
    events: Arc<Events>,
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
    /// Nothing sent yet; messages over Pulse are published here.
    pub(super) fn new(events: Arc<Events>) -> Self {
        Self { events, denied: BTreeSet::new(), sent: VecDeque::new() }
    }

    /// Notes what a client sends. `kind` is the method: `email`, `pulse`, `matrix` or `slack`.
    pub(super) fn sent_by(&mut self, client_id: &str, kind: &str, body: &Value, now: DateTime<Utc>) {
        if self.sent.len() == KEPT {
            self.sent.pop_front();
        }
        self.sent.push_back(json!({"kind": kind, "time": stamp(now), "clientId": client_id, "message": body}));
    }

    /// Everything that was sent, oldest first: `{notifications: [{kind, time, clientId, message}]}`.
    pub(super) fn sent(&self) -> Value {
        json!({"notifications": self.sent})
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
            state.denied.insert(address(&call.body));
            Ok(Answer::Text("OK"))
        }
        "deleteDenylistAddress" => {
            state.denied.remove(&address(&call.body));
            Ok(Answer::Text("OK"))
        }
        "listDenylist" => list(state, call),
        _ => return None,
    })
}

fn send(state: &mut NotifyState, call: &Call<'_>, (method, key, kind, named): &(&str, &str, &str, &str)) -> Outcome {
    let to = call.body[*key].as_str().unwrap_or_default();
    call.authorize(&[(key, json!(to))])?;
    if state.denied.contains(&((*kind).to_owned(), to.to_owned())) {
        return Err(Fault::new(400, "DenylistedAddress", format!("{named} {to} is denylisted")));
    }
    state.sent_by(call.client_id.as_deref().unwrap_or_default(), method, &call.body, call.now);
    if *method == "pulse" && state.events.wanted() {
        let payload = json!({"message": call.body["message"], "version": 1});
        state.events.publish("notify", "notify", &[("topic", to)], &[to.to_owned()], payload);
    }
    // Unlike the others, this one answers without words.
    Ok(if *method == "slack" { Answer::NoContent } else { Answer::Text("OK") })
}

fn address(body: &Value) -> (String, String) {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    (text("notificationType"), text("notificationAddress"))
}

fn list(state: &NotifyState, call: &Call<'_>) -> Outcome {
    let paged = Page::of(call)?.slice(&state.denied);
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
        let mut state = NotifyState::new(events);
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
