//! What became of a hook's fires.

use serde_json::json;

use super::records::Fire;
use super::{Key, find, key};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::state::State;
use crate::sandbox::wire::{Page, stamp};

/// How many fires of a hook are remembered.
const MAX_REMEMBERED: usize = 1000;

/// Remembers a fire.
pub(super) fn remember(state: &mut State, key: &Key, fire: Fire) {
    let fires = state.hooks.fires.entry(key.clone()).or_default();
    if fires.len() == MAX_REMEMBERED {
        fires.pop_front();
    }
    fires.push_back(fire);
}

/// `getHookStatus`
pub(super) fn status(state: &State, call: &Call<'_>) -> Outcome {
    let hook = find(state, call)?;
    let last = state.hooks.fires.get(&key(call)).and_then(|fires| fires.back());
    let last = match last {
        None => json!({"result": "no-fire"}),
        Some(Fire { task_id, at, error: None, .. }) => {
            json!({"result": "success", "taskId": task_id, "time": stamp(*at)})
        }
        Some(Fire { at, error: Some(error), .. }) => json!({"result": "error", "error": error, "time": stamp(*at)}),
    };
    let mut answer = json!({"lastFire": last});
    if let (Some(next), Some(members)) = (hook.next, answer.as_object_mut()) {
        members.insert("nextScheduledDate".into(), json!(stamp(next)));
    }
    Ok(Answer::Json(answer))
}

/// `listLastFires`: newest first, each with the state of its task.
pub(super) fn list(state: &State, call: &Call<'_>) -> Outcome {
    let key = key(call);
    let fires = state.hooks.fires.get(&key);
    let fires = fires.filter(|fires| !fires.is_empty());
    let fires = fires.ok_or_else(|| Fault::not_found("No such hook or never fired"))?;
    let shown = fires.iter().rev().map(|fire| {
        let task_state = if fire.error.is_none() { state.queue.state_of(&fire.task_id) } else { None };
        json!({
            "hookGroupId": &*key.0.0,
            "hookId": &*key.1.0,
            "firedBy": fire.by,
            "taskId": fire.task_id,
            "taskCreateTime": stamp(fire.at),
            "result": if fire.error.is_none() { "success" } else { "error" },
            "error": fire.error.as_ref().map(|error| format!("{error:#}")).unwrap_or_default(),
            "taskState": task_state.unwrap_or_else(|| "unknown".to_owned()),
        })
    });
    let paged = Page::of(call)?.slice(shown);
    let mut answer = json!({"lastFires": paged.items});
    if let (Some(token), Some(members)) = (paged.token, answer.as_object_mut()) {
        members.insert("continuationToken".into(), token.into());
    }
    Ok(Answer::Json(answer))
}
