//! The hooks service: templates of tasks that are created when somebody calls, at times, or when a message arrives.

pub(crate) mod cron;
mod define;
mod fire;
mod firing;
mod history;
mod records;
#[cfg(test)]
mod tests;
mod trigger;

use serde_json::{Value, json};

pub(super) use self::firing::keep_firing;
pub(super) use self::records::{CLIENT, HooksState};
use self::records::{Hook, Key};
use super::call::{Answer, Call, Fault, Outcome};
use super::state::State;
use super::wire::Name;

/// Answers a call of the hooks service; none for methods without behaviour.
pub(super) fn handle(state: &mut State, call: &Call<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "createHook" => define::create(state, call),
        "updateHook" => define::update(state, call),
        "removeHook" => define::remove(state, call),
        "hook" => find(state, call).map(|hook| Answer::Json(hook.json(&key(call)))),
        "listHooks" => list(&state.hooks, call),
        "listHookGroups" => list_groups(&state.hooks),
        "getHookStatus" => history::status(state, call),
        "listLastFires" => history::list(state, call),
        "getTriggerToken" => trigger::token(state, call),
        "resetTriggerToken" => trigger::reset_token(state, call),
        "triggerHook" => trigger::trigger(state, call),
        "triggerHookWithToken" => trigger::trigger_with_token(state, call),
        _ => return None,
    })
}

fn key(call: &Call<'_>) -> Key {
    (Name::new(call.param("hookGroupId")), Name::new(call.param("hookId")))
}

fn missing() -> Fault {
    Fault::not_found("No such hook")
}

fn find<'s>(state: &'s State, call: &Call<'_>) -> Result<&'s Hook, Fault> {
    state.hooks.hooks.get(&key(call)).ok_or_else(missing)
}

fn list(state: &HooksState, call: &Call<'_>) -> Outcome {
    let group = call.param("hookGroupId");
    let of_group = state.hooks.iter().filter(|((of, _), _)| *of.0 == *group);
    let hooks: Vec<Value> = of_group.map(|(key, hook)| hook.json(key)).collect();
    if hooks.is_empty() {
        return Err(Fault::not_found("No such group"));
    }
    Ok(Answer::Json(json!({"hooks": hooks})))
}

fn list_groups(state: &HooksState) -> Outcome {
    let mut groups: Vec<&str> = state.hooks.keys().map(|(group, _)| &*group.0).collect();
    groups.dedup();
    Ok(Answer::Json(json!({"groups": groups})))
}
