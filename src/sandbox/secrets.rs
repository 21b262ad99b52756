//! The secrets service: JSON objects by name, until they expire.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::wire::{Name, Page, parse_time, stamp};

/// Everything that the secrets service knows.
#[derive(Default)]
pub(super) struct SecretsState {
    secrets: BTreeMap<Name, Secret>,
}

/// One secret. It has no `Debug`, so that it is not printed by accident.
struct Secret {
    value: Value,
    expires: DateTime<Utc>,
}

impl SecretsState {
    /// How many there are.
    #[cfg(test)]
    pub(in crate::sandbox) fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Drops the secrets that nobody can read any more.
    pub(super) fn forget_expired(&mut self, now: DateTime<Utc>) {
        self.secrets.retain(|_, secret| secret.expires >= now);
    }
}

/// Answers a call of the secrets service; none for methods without behaviour.
pub(super) fn handle(state: &mut SecretsState, call: &Call<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "set" => set(state, call),
        "get" => get(state, call),
        "remove" => remove(state, call),
        "list" => list(state, call),
        _ => return None,
    })
}

fn set(state: &mut SecretsState, call: &Call<'_>) -> Outcome {
    let text = call.body["expires"].as_str().unwrap_or_default();
    let expires = parse_time(text).ok_or_else(|| Fault::input(format!("`expires` is not a time: {text}")))?;
    let secret = Secret { value: call.body["secret"].clone(), expires };
    state.secrets.insert(Name::new(call.param("name")), secret);
    Ok(Answer::Json(json!({})))
}

fn get(state: &SecretsState, call: &Call<'_>) -> Outcome {
    let found = state.secrets.get(&Name::new(call.param("name")));
    let secret = found.filter(|secret| secret.expires >= call.now);
    let secret = secret.ok_or_else(|| Fault::not_found("Secret not found"))?;
    Ok(Answer::Json(json!({"secret": secret.value, "expires": stamp(secret.expires)})))
}

/// Removing what is not there is no error.
fn remove(state: &mut SecretsState, call: &Call<'_>) -> Outcome {
    state.secrets.remove(&Name::new(call.param("name")));
    Ok(Answer::Json(json!({})))
}

fn list(state: &SecretsState, call: &Call<'_>) -> Outcome {
    let names = state.secrets.iter().filter(|(_, secret)| secret.expires >= call.now).map(|(name, _)| &*name.0);
    let paged = Page::of(call)?.slice(names);
    let mut answer = json!({"secrets": paged.items});
    if let Some(token) = paged.token {
        answer["continuationToken"] = json!(token);
    }
    Ok(Answer::Json(answer))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::sandbox::rig::{Request, read};

    fn now() -> DateTime<Utc> {
        parse_time("2026-11-22T12:00:00Z").unwrap()
    }

    fn send(state: &mut SecretsState, now: DateTime<Utc>, request: Request<'_>) -> (u16, Value) {
        read(request.send(now, |call| handle(state, call)).unwrap())
    }

    fn with(names: &[&str]) -> SecretsState {
        let mut state = SecretsState::default();
        for name in names {
            let body = json!({"secret": {"b": 1, "a": {"of": name}}, "expires": "2026-11-22T13:00:00Z"});
            let request = Request::new("secrets", "set").param("name", name).body(body);
            assert_eq!(send(&mut state, now(), request), (200, json!({})));
        }
        state
    }

    #[test]
    fn a_secret_comes_back_as_it_was_until_it_expires() {
        let mut state = with(&["a/b"]);
        let get = || Request::new("secrets", "get").param("name", "a/b");
        let (status, answer) = send(&mut state, now(), get());
        assert_eq!(status, 200);
        assert_eq!(answer.to_string(), r#"{"secret":{"b":1,"a":{"of":"a/b"}},"expires":"2026-11-22T13:00:00.000Z"}"#);
        let later = now() + TimeDelta::hours(2);
        assert_eq!(send(&mut state, later, get()).1["code"], "ResourceNotFound");
        assert_eq!(send(&mut state, later, Request::new("secrets", "list")).1, json!({"secrets": []}));
    }

    #[test]
    fn a_removed_secret_is_gone_and_can_be_removed_again() {
        let mut state = with(&["a"]);
        for _ in 0..2 {
            let request = Request::new("secrets", "remove").param("name", "a");
            assert_eq!(send(&mut state, now(), request), (200, json!({})));
        }
        assert_eq!(send(&mut state, now(), Request::new("secrets", "get").param("name", "a")).0, 404);
    }

    #[test]
    fn secrets_are_listed_by_name_in_pages() {
        let mut state = with(&["b", "a/c", "B", "a"]);
        let first = send(&mut state, now(), Request::new("secrets", "list").query("limit", 3)).1;
        assert_eq!(first["secrets"], json!(["a", "a/c", "b"]));
        let token = first["continuationToken"].as_str().unwrap();
        let request = Request::new("secrets", "list").query("continuationToken", token);
        assert_eq!(send(&mut state, now(), request).1, json!({"secrets": ["B"]}));
    }

    #[test]
    fn limits_that_make_no_sense_are_refused_as_the_services_do() {
        let mut state = with(&["a"]);
        for (limit, status) in [("0", 500), ("x", 400), ("-1", 400), ("5000", 200), ("99999999999999999999999", 200)] {
            let request = Request::new("secrets", "list").query("limit", limit);
            assert_eq!(send(&mut state, now(), request).0, status, "{limit}");
        }
    }
}
