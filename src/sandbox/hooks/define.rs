//! Hooks are made, changed and removed.

use serde_json::{Map, Value, json};

use super::cron::{Schedule, next_of};
use super::{Hook, Key, key, missing};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::state::State;
use crate::schema::Validator;

/// What a body defines, with the IDs that the route has.
fn definition(call: &Call<'_>) -> Result<Map<String, Value>, Fault> {
    let mut body = call.body.as_object().cloned().unwrap_or_default();
    for (name, message) in [("hookGroupId", "Hook Group Ids do not match"), ("hookId", "Hook Ids do not match")] {
        let wanted = call.param(name);
        if body.entry(name).or_insert_with(|| json!(wanted)) != wanted {
            return Err(Fault::input(message));
        }
    }
    Ok(body)
}

fn schedule(body: &Map<String, Value>) -> Result<Vec<String>, Fault> {
    let given = body.get("schedule").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    given
        .map(|text| match Schedule::parse(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(reason) => Err(Fault::input(format!("{reason} in {text}"))),
        })
        .collect()
}

/// The schema is one, in the words of the library that the services check with.
fn check_schema(schema: &Value) -> Result<(), Fault> {
    let faults = Validator::metaschema_faults(schema);
    let mut faults: Vec<String> =
        faults.iter().map(|fault| format!(" * Property undefined {}", fault.message)).collect();
    if faults.is_empty() {
        // A reference to elsewhere, say.
        let Err(error) = Validator::of(schema) else { return Ok(()) };
        faults.push(format!(" * {error}"));
    }
    Err(Fault::input(format!("triggerSchema is not a valid JSON schema:\n{}", faults.join("\n"))))
}

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Outcome {
    let body = definition(call)?;
    let schedule = schedule(&body)?;
    let member = |name: &str| body.get(name).cloned().unwrap_or_default();
    check_schema(&member("triggerSchema"))?;
    let key = key(call);
    match state.hooks.hooks.get(&key) {
        // The same call once more is no conflict, if it says as much as the hook itself.
        Some(existing) if existing.json(&key) == Value::from(body.clone()) => {}
        Some(_) => {
            return Err(Fault::conflict(format!("hook `{}/{}` already exists.", key.0.0, key.1.0)));
        }
        None => {
            let hook = Hook {
                metadata: member("metadata"),
                task: member("task"),
                bindings: body.get("bindings").cloned().unwrap_or_else(|| json!([])),
                next: next_of(&schedule, call.now),
                schedule,
                trigger_schema: member("triggerSchema"),
                token: slugid::v4(),
                next_task_id: slugid::nice(),
            };
            state.hooks.hooks.insert(key.clone(), hook);
        }
    }
    changed(state, "hookCreated", &key);
    Ok(Answer::Json(body.into()))
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Outcome {
    let body = definition(call)?;
    let key = key(call);
    if !state.hooks.hooks.contains_key(&key) {
        return Err(missing());
    }
    let member = |name: &str| body.get(name).cloned().unwrap_or_default();
    check_schema(&member("triggerSchema"))?;
    let schedule = schedule(&body)?;
    let hook = state.hooks.hooks.get_mut(&key).ok_or_else(missing)?;
    hook.metadata = member("metadata");
    hook.task = member("task");
    hook.trigger_schema = member("triggerSchema");
    if let Some(bindings) = body.get("bindings") {
        hook.bindings = bindings.clone();
    }
    hook.next = next_of(&schedule, call.now);
    hook.schedule = schedule;
    hook.next_task_id = slugid::nice();
    let answer = hook.json(&key);
    changed(state, "hookUpdated", &key);
    Ok(Answer::Json(answer))
}

/// Removing what is not there is no error.
pub(super) fn remove(state: &mut State, call: &Call<'_>) -> Outcome {
    let key = key(call);
    state.hooks.hooks.remove(&key);
    state.hooks.fires.remove(&key);
    changed(state, "hookDeleted", &key);
    Ok(Answer::Json(json!({})))
}

/// Tells the world, and those who wait for the next time or message of a hook.
fn changed(state: &State, name: &'static str, (group, id): &Key) {
    if state.events.wanted() {
        let payload = json!({"hookGroupId": &*group.0, "hookId": &*id.0});
        state.events.publish("hooks", name, &[], &[], payload);
    }
    state.events.hooks_listen(state.hooks.is_bound());
    state.events.arrived.notify_one();
}
