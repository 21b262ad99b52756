//! The notify service: it takes messages, of which none leaves this machine, and knows whom not to write to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::wire::Page;

/// Who is not to be written to, as type and address.
#[derive(Default)]
pub(super) struct NotifyState {
    denied: BTreeSet<(String, String)>,
}

/// What a method needs of the body, and how the deny list calls its recipients.
const MESSAGES: &[(&str, &str, &str)] = &[
    ("email", "address", "email"),
    ("pulse", "routingKey", "pulse"),
    ("matrix", "roomId", "matrix-room"),
    ("slack", "channelId", "slack-channel"),
];

/// Answers a call of the notify service; none for methods without behaviour.
pub(super) fn handle(state: &mut NotifyState, call: &Call<'_>) -> Option<Outcome> {
    let name = call.method.name.as_str();
    if let Some((_, key, kind)) = MESSAGES.iter().find(|(method, ..)| *method == name) {
        return Some(send(state, call, key, kind));
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

fn send(state: &NotifyState, call: &Call<'_>, key: &str, kind: &str) -> Outcome {
    let to = call.body[key].as_str().unwrap_or_default();
    call.authorize(&[(key, json!(to))])?;
    if state.denied.contains(&(kind.to_owned(), to.to_owned())) {
        return Err(Fault::new(400, "DenylistedAddress", format!("The {kind} address {to} is denylisted")));
    }
    Ok(Answer::Text("OK"))
}

fn address(body: &Value) -> (String, String) {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    (text("notificationType"), text("notificationAddress"))
}

fn list(state: &NotifyState, call: &Call<'_>) -> Outcome {
    let paged = Page::of(call)?.slice(&state.denied);
    let shown = |(kind, address): &(String, String)| json!({"notificationType": kind, "notificationAddress": address});
    let mut answer = json!({"addresses": paged.items.into_iter().map(shown).collect::<Vec<_>>()});
    if let Some(token) = paged.token {
        answer["continuationToken"] = json!(token);
    }
    Ok(Answer::Json(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rig::{Request, read};

    #[test]
    fn nobody_writes_to_a_denied_address() {
        let mut state = NotifyState::default();
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
        assert_eq!(send(message()).1["code"], "DenylistedAddress");
        assert_eq!(send(Request::new("notify", "listDenylist")).1, json!({"addresses": [denied]}));
        assert_eq!(send(Request::new("notify", "deleteDenylistAddress").body(denied)).0, 200);
        assert_eq!(send(message()).0, 200);
    }
}
