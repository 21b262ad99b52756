//! The index: tasks by dotted names, the highest rank first.

mod store;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Number, Value, json};

pub(super) use self::store::{Entry, IndexState};
use super::call::{Answer, Call, Fault, Outcome};
use super::queue::Completed;
use super::wire::{Page, Paged, canonical, parse_time, stamp};
use crate::domain::root_url::encode_component;

/// The client that signs the redirects to private artifacts.
pub(super) const ISSUER: &str = "static/taskcluster/index";

/// How long such a redirect is valid for.
const REDIRECT_LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// Answers a call of the index; none for methods without behaviour.
pub(super) fn handle(state: &mut IndexState, call: &Call<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "findTask" => find_task(state, call),
        "findTasksAtIndex" => find_tasks_at_index(state, call),
        "listNamespaces" => list_namespaces(state, call),
        "listTasks" => list_tasks(state, call),
        "insertTask" => insert_task(state, call),
        "deleteTask" => delete_task(state, call),
        "findArtifactFromTask" => find_artifact_from_task(state, call),
        _ => return None,
    })
}

/// Whether `path` is made of words between dots, as a name in the index must be.
fn is_path(path: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_!~*'()%-".contains(&byte);
    path.split('.').all(|word| !word.is_empty() && word.bytes().all(allowed))
}

/// The path that the route's parameter of this name holds; empty only where the root can be meant.
fn path<'c>(call: &'c Call<'_>, name: &str, may_be_root: bool) -> Result<&'c str, Fault> {
    let text = call.param(name);
    if is_path(text) || (may_be_root && text.is_empty()) {
        return Ok(text);
    }
    let message = format!(
        "Invalid URL patterns:\nURL parameter '{name}' given as '{text}' must match regular expression: \
         '/^([a-zA-Z0-9_!~*'()%-]+\\.)*[a-zA-Z0-9_!~*'()%-]+$/'"
    );
    Err(Fault::new(400, "InvalidRequestArguments", message))
}

fn entry_json(path: &str, entry: &Entry) -> Value {
    json!({
        "namespace": path,
        "taskId": entry.task_id,
        "rank": entry.rank,
        "data": entry.data,
        "expires": stamp(entry.expires),
    })
}

fn listing(key: &str, paged: Paged<Value>) -> Outcome {
    let mut answer = json!({ key: paged.items });
    if let Some(token) = paged.token {
        answer["continuationToken"] = json!(token);
    }
    Ok(Answer::Json(answer))
}

fn find<'s>(state: &'s IndexState, call: &Call<'_>) -> Result<(String, &'s Entry), Fault> {
    let path = path(call, "indexPath", false)?;
    let entry = state.get(path, call.now).ok_or_else(|| Fault::not_found("Indexed task not found"))?;
    Ok((path.to_owned(), entry))
}

fn find_task(state: &IndexState, call: &Call<'_>) -> Outcome {
    let (path, entry) = find(state, call)?;
    Ok(Answer::Json(entry_json(&path, entry)))
}

fn find_tasks_at_index(state: &IndexState, call: &Call<'_>) -> Outcome {
    let paths: Vec<&str> = call.body["indexes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    call.authorize(&[("indexPaths", json!(paths))])?;
    let found = paths.into_iter().filter_map(|path| Some(entry_json(path, state.get(path, call.now)?)));
    listing("tasks", Page::of(call)?.slice(found))
}

fn list_tasks(state: &IndexState, call: &Call<'_>) -> Outcome {
    let namespace = path(call, "namespace", true)?;
    let tasks = state.tasks(namespace, call.now).map(|(path, entry)| entry_json(&path, entry));
    listing("tasks", Page::of(call)?.slice(tasks))
}

fn list_namespaces(state: &IndexState, call: &Call<'_>) -> Outcome {
    let namespace = path(call, "namespace", true)?;
    let found = state
        .namespaces(namespace, call.now)
        .map(|(path, name, expires)| json!({"namespace": path, "name": name, "expires": stamp(expires)}));
    listing("namespaces", Page::of(call)?.slice(found))
}

fn insert_task(state: &mut IndexState, call: &Call<'_>) -> Outcome {
    let path = path(call, "namespace", false)?;
    let text = |key: &str| call.body[key].as_str().unwrap_or_default();
    let expires = text("expires");
    let expires = parse_time(expires).ok_or_else(|| Fault::input(format!("`expires` is not a time: {expires}")))?;
    let rank = match &call.body["rank"] {
        // The database has no room for anything else.
        Value::Number(rank) if rank.as_f64().is_some_and(|rank| rank.fract() != 0.0) => {
            return Err(Fault::input(format!("`rank` is not an integer: {rank}")));
        }
        Value::Number(rank) => rank.clone(),
        _ => Number::from(0),
    };
    let entry = Entry { task_id: text("taskId").into(), rank, data: canonical(&call.body["data"]), expires };
    Ok(Answer::Json(entry_json(path, state.insert(path, entry, call.now))))
}

fn delete_task(state: &mut IndexState, call: &Call<'_>) -> Outcome {
    state.remove(path(call, "namespace", false)?);
    Ok(Answer::Json(json!({})))
}

/// Redirects to the queue. Public artifacts need no signature there; the others get one of the index's own, as the
/// caller's scopes have been checked here.
fn find_artifact_from_task(state: &IndexState, call: &Call<'_>) -> Outcome {
    let (_, entry) = find(state, call)?;
    let name = call.param("name");
    let path = format!("/api/queue/v1/task/{}/artifacts/{}", entry.task_id, encode_component(name));
    let url = if name.starts_with("public/") {
        format!("{}{path}", call.root_url)
    } else {
        state.issuer.signed_url(call.root_url, &path, call.now + REDIRECT_LIFETIME)
    };
    Ok(Answer::Redirect(url, Value::Null))
}

impl IndexState {
    /// Every entry as the service answers it.
    pub(super) fn export(&self) -> impl Iterator<Item = Value> {
        self.all().map(|(path, entry)| entry_json(&path, entry))
    }

    /// Takes an entry back that was exported, with its expiry moved; false when it is not valid.
    pub(super) fn restore(&mut self, entry: &Value, shift: TimeDelta, now: DateTime<Utc>) -> bool {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let path = text("namespace");
        let (Some(expires), Value::Number(rank)) = (parse_time(text("expires")), &entry["rank"]) else { return false };
        if !is_path(path) {
            return false;
        }
        let expires = expires + shift;
        let entry = Entry { task_id: text("taskId").into(), rank: rank.clone(), data: entry["data"].clone(), expires };
        self.insert(path, entry, now);
        true
    }

    /// Files completed tasks under the `index.` routes of their definitions.
    pub(super) fn file(&mut self, completed: Vec<Completed>, now: DateTime<Utc>) {
        for task in completed {
            for path in task.paths.iter().filter(|path| is_path(path)) {
                let entry = Entry {
                    task_id: task.task_id.as_str().into(),
                    rank: task.rank.clone(),
                    data: task.data.clone(),
                    expires: task.expires,
                };
                self.insert(path, entry, now);
            }
        }
    }
}

#[cfg(test)]
mod tests;
