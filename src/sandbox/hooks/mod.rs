//! The hooks service: templates of tasks that are created when somebody calls, at times, or when a message arrives.

mod cron;
mod define;
mod fire;
mod firing;
mod history;
#[cfg(test)]
mod tests;
mod trigger;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub(super) use self::firing::keep_firing;
use self::history::Fire;
use super::call::{Answer, Call, Fault, Outcome};
use super::state::State;
use super::wire::{Name, canonical};

/// The client that creates the tasks of hooks, each with the scopes of the hook's role.
pub(super) const CLIENT: &str = "static/taskcluster/hooks";

/// Group and ID of a hook.
type Key = (Name, Name);

/// Everything that the hooks service knows.
#[derive(Default)]
pub(super) struct HooksState {
    hooks: BTreeMap<Key, Hook>,
    /// What became of each hook's fires, oldest first.
    fires: BTreeMap<Key, VecDeque<Fire>>,
}

/// One hook.
#[derive(Debug, Clone)]
struct Hook {
    metadata: Value,
    task: Value,
    bindings: Value,
    schedule: Vec<String>,
    trigger_schema: Value,
    /// Whoever knows it may trigger the hook.
    token: String,
    /// The task that the schedule creates next, and when.
    next_task_id: String,
    next: Option<DateTime<Utc>>,
}

impl Hook {
    fn json(&self, (group, id): &Key) -> Value {
        json!({
            "hookId": &*id.0,
            "hookGroupId": &*group.0,
            "bindings": canonical(&self.bindings),
            "metadata": canonical(&self.metadata),
            "task": canonical(&self.task),
            "schedule": self.schedule,
            "triggerSchema": canonical(&self.trigger_schema),
        })
    }

    /// Exchange and pattern of each binding.
    fn bindings(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = |binding: &'_ Value, name: &str| binding[name].as_str().map(str::len).is_some();
        let bound = self.bindings.as_array().into_iter().flatten();
        bound.filter(move |it| text(it, "exchange") && text(it, "routingKeyPattern")).map(|it| {
            (it["exchange"].as_str().unwrap_or_default(), it["routingKeyPattern"].as_str().unwrap_or_default())
        })
    }
}

impl HooksState {
    /// When a schedule fires next; none when none does.
    fn next_event(&self) -> Option<DateTime<Utc>> {
        self.hooks.values().filter_map(|hook| hook.next).min()
    }

    fn is_bound(&self) -> bool {
        self.hooks.values().any(|hook| hook.bindings().next().is_some())
    }
}

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
