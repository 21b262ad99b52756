//! A sandbox's tasks as a file, and such a file, or what a real deployment lists, as tasks with their states.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Loaded;
use super::file::{TaskList, VERSION};
use crate::error::{Error, Kind, Result};
use crate::sandbox::queue::{Recorded, TaskId};
use crate::sandbox::state::State;
use crate::sandbox::wire::{parse_time, stamp};

/// All task groups with definitions, states and index: one JSON object, a task a line.
pub(in crate::sandbox) fn export(state: &State, now: DateTime<Utc>) -> String {
    let sealed = state.queue.group_seals().into_iter().filter_map(|(id, sealed)| Some((id, sealed?)));
    let sealed: serde_json::Map<String, Value> =
        sealed.map(|(id, since)| (id.to_string(), json!(stamp(since)))).collect();
    let mut out =
        format!("{{\"version\": {VERSION}, \"exported\": \"{}\", \"sealed\": {},\n", stamp(now), json!(sealed));
    out.push_str("\"index\": [");
    list(&mut out, state.index.export().map(|entry| entry.to_string()));
    out.push_str("],\n\"tasks\": [");
    list(&mut out, state.queue.each_task().map(|task| json!(task).to_string()));
    out.push_str("]}\n");
    out
}

fn list(out: &mut String, items: impl Iterator<Item = String>) {
    for (number, item) in items.enumerate() {
        out.push_str(if number == 0 { "\n" } else { ",\n" });
        out.push_str(&item);
    }
}

/// Takes tasks back with their states. All times are moved by the same span, so that what was last recorded happened just
/// now and deadlines lie as far ahead as they did.
///
/// # Errors
/// When a task is there already ([`Kind::Conflict`]), or something in the file is no state or time.
pub(in crate::sandbox) fn restore(state: &mut State, list: &TaskList, now: DateTime<Utc>) -> Result<Loaded> {
    let tasks = list.recorded()?;
    let last = list.exported().or_else(|| tasks.iter().filter_map(|(.., status)| latest(status)).max());
    let shift = last.map_or(TimeDelta::zero(), |last| now - last);
    let fault = |fault: crate::sandbox::call::Fault| {
        let kind = if fault.status == 409 { Kind::Conflict } else { Kind::Usage };
        Error::new(kind, format!("cannot load the tasks: {}", fault.message))
    };
    let mut ids: Vec<TaskId> = Vec::with_capacity(tasks.len());
    let mut groups: Vec<String> = Vec::new();
    for (task_id, definition, status) in &tasks {
        ids.push(state.queue.restore(&Recorded { task_id, definition, status, shift }).map_err(fault)?);
        let group = definition["taskGroupId"].as_str().unwrap_or_default();
        if !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
    let left_out = state.queue.reconnect(&ids);
    for (group, since) in list.sealed() {
        if let (Some(group), Some(since)) = (TaskId::parse(group), since.as_str().and_then(parse_time)) {
            state.queue.restore_seal(group, since + shift);
        }
    }
    if let Some(entries) = list.index() {
        state.forget_completed();
        for entry in entries {
            if !state.index.restore(entry, shift, now) {
                return Err(Error::usage(format!("invalid entry in the index of the seed: {entry}")));
            }
        }
    }
    state.advance(now);
    Ok(Loaded { groups, tasks: ids.len(), left_out })
}

/// The last time at which something happened to a task.
fn latest(status: &Value) -> Option<DateTime<Utc>> {
    let runs = status["runs"].as_array()?.iter();
    let times =
        runs.flat_map(|run| ["scheduled", "started", "resolved"].map(|key| run[key].as_str().and_then(parse_time)));
    times.flatten().max()
}
