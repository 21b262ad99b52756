//! What the hooks service keeps.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::sandbox::wire::{Name, canonical};

/// The client that creates the tasks of hooks, each with the scopes of the hook's role.
pub(in crate::sandbox) const CLIENT: &str = "static/taskcluster/hooks";

/// Group and ID of a hook.
pub(super) type Key = (Name, Name);

/// Everything that the hooks service knows.
#[derive(Default)]
pub(in crate::sandbox) struct HooksState {
    pub(super) hooks: BTreeMap<Key, Hook>,
    /// What became of each hook's fires, oldest first.
    pub(super) fires: BTreeMap<Key, VecDeque<Fire>>,
}

/// One hook.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) metadata: Value,
    pub(super) task: Value,
    pub(super) bindings: Value,
    pub(super) schedule: Vec<String>,
    pub(super) trigger_schema: Value,
    /// Whoever knows it may trigger the hook.
    pub(super) token: String,
    /// The task that the schedule creates next, and when.
    pub(super) next_task_id: String,
    pub(super) next: Option<DateTime<Utc>>,
}

impl Hook {
    pub(super) fn json(&self, (group, id): &Key) -> Value {
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
    pub(super) fn bindings(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = |binding: &'_ Value, name: &str| binding[name].as_str().map(str::len).is_some();
        let bound = self.bindings.as_array().into_iter().flatten();
        bound.filter(move |it| text(it, "exchange") && text(it, "routingKeyPattern")).map(|it| {
            (it["exchange"].as_str().unwrap_or_default(), it["routingKeyPattern"].as_str().unwrap_or_default())
        })
    }
}

impl HooksState {
    /// When a schedule fires next; none when none does.
    pub(super) fn next_event(&self) -> Option<DateTime<Utc>> {
        self.hooks.values().filter_map(|hook| hook.next).min()
    }

    pub(super) fn is_bound(&self) -> bool {
        self.hooks.values().any(|hook| hook.bindings().next().is_some())
    }
}

/// One fire.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fire {
    /// `triggerHook`, `triggerHookWithToken`, `schedule` or `pulseMessage`.
    pub by: &'static str,
    pub task_id: String,
    pub at: DateTime<Utc>,
    /// Why no task was created, as JSON.
    pub error: Option<Value>,
}
