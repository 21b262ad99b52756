//! From a file to the tasks that are created: IDs, times, names that stand for IDs, order.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde_json::{Map, Value};
use thiserror::Error;

use super::graph;
use super::json_e::{self, Context, JsonEError, from_now};
use crate::domain::fields::set_field;
use crate::domain::slugid;
use crate::domain::time::{parse_time, to_iso};
use crate::reference::suggest;

/// The deadline of a task that has none lies so far after `created`.
const DEFAULT_DEADLINE: TimeDelta = TimeDelta::days(1);
/// The queue keeps a task for so long after its deadline.
const DEFAULT_EXPIRES: Months = Months::new(12);

/// What the command line says beside the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct CreateOptions {
    /// The ID of the one task.
    pub task_id: Option<String>,
    /// The task group; the IDs of several tasks follow from it and their names.
    pub group: Option<String>,
    /// IDs of tasks that all of them depend on.
    pub dependencies: Vec<String>,
    /// Paths and values that take the place of what the file says.
    pub set: Vec<(String, Value)>,
    /// The file is a JSON-e template, rendered with these.
    pub context: Option<Map<String, Value>>,
}

/// A task that is about to be created.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewTask {
    /// Its name in the file, where it has one.
    pub name: Option<String>,
    /// Its ID.
    pub task_id: String,
    /// Where its definition stands in the file, as a JSON pointer.
    pub base: String,
    /// What is sent.
    pub definition: Value,
}

/// Why a file is not what tasks can be made of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum CreateError {
    /// It is neither a definition nor a list of them.
    #[error("the file is neither a task definition nor an object with a list `tasks`")]
    Shape,
    /// The list is empty.
    #[error("the file has no tasks")]
    Empty,
    /// An item of the list has no name, or one that is not a text.
    #[error("task {0} of the file has no `name`")]
    Unnamed(usize),
    /// Two have the same name.
    #[error("two tasks of the file are called `{0}`")]
    Twice(String),
    /// An ID was given for several tasks.
    #[error("a task ID was given, and the file has several tasks")]
    SeveralTasks,
    /// What a task depends on does not exist.
    #[error("task `{task}` depends on `{dependency}`, which is neither a task of the file nor a task ID")]
    UnknownDependency {
        /// The name of the task.
        task: String,
        /// What it names.
        dependency: String,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// Tasks that depend on each other, first and last the same.
    #[error("tasks depend on each other in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    /// A key that is malformed or leads into something else than an object or a list.
    #[error("{0}")]
    Set(String),
    /// An invalid time.
    #[error("invalid relative time `{0}`")]
    Time(String),
    /// The template cannot be rendered.
    #[error(transparent)]
    Template(#[from] JsonEError),
}

/// Makes tasks of a parsed file, in an order in which they can be created.
///
/// # Errors
/// [`CreateError`].
pub(crate) fn prepare(
    document: &Value,
    options: &CreateOptions,
    now: DateTime<Utc>,
    new_id: &dyn Fn() -> String,
) -> Result<Vec<NewTask>, CreateError> {
    let seed = options.group.clone().unwrap_or_else(new_id);
    let document = match &options.context {
        Some(values) => rendered(document, values, &seed, now)?,
        None => document.clone(),
    };
    let document = with_times(document, now)?;
    let listed = read(document)?;
    if listed.len() > 1 && options.task_id.is_some() {
        return Err(CreateError::SeveralTasks);
    }
    let mut tasks = identified(listed, options, &seed, new_id);
    let ids: HashMap<String, String> =
        tasks.iter().filter_map(|task| Some((task.name.clone()?, task.task_id.clone()))).collect();
    for task in &mut tasks {
        resolve(task, &ids, options)?;
    }
    let order = order(&tasks)?;
    for task in &mut tasks {
        for (path, value) in &options.set {
            set_field(&mut task.definition, path, value.clone()).map_err(CreateError::Set)?;
        }
        fill(&mut task.definition, now);
    }
    let mut tasks: Vec<Option<NewTask>> = tasks.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|index| tasks.get_mut(index)?.take()).collect())
}

fn rendered(
    document: &Value,
    values: &Map<String, Value>,
    seed: &str,
    now: DateTime<Utc>,
) -> Result<Value, CreateError> {
    let ids: RefCell<HashMap<String, String>> = RefCell::default();
    let as_slugid = |arguments: &[Value]| match arguments {
        [Value::String(label)] => {
            Ok(ids.borrow_mut().entry(label.clone()).or_insert_with(|| slugid::stable(seed, label)).clone().into())
        }
        _ => Err("as_slugid takes one label".to_owned()),
    };
    let context = Context { values: values.clone(), functions: vec![("as_slugid", &as_slugid)] };
    Ok(json_e::render(document, &context, now)?)
}

/// Replaces `{$fromNow: "2 hours"}` by a time, also where the file is no template.
///
/// # Errors
/// [`CreateError::Time`].
pub(crate) fn with_times(value: Value, now: DateTime<Utc>) -> Result<Value, CreateError> {
    match value {
        Value::Object(members) => {
            if let (Some(Value::String(offset)), 1) = (members.get("$fromNow"), members.len()) {
                let time = from_now(offset, now).ok_or_else(|| CreateError::Time(offset.clone()))?;
                return Ok(to_iso(time).into());
            }
            let members = members.into_iter().map(|(key, value)| Ok((key, with_times(value, now)?)));
            Ok(Value::Object(members.collect::<Result<_, CreateError>>()?))
        }
        Value::Array(items) => {
            Ok(Value::Array(items.into_iter().map(|item| with_times(item, now)).collect::<Result<_, _>>()?))
        }
        other => Ok(other),
    }
}

/// A definition of the file: its name, its own ID, where it stands, what it is.
struct Listed {
    name: Option<String>,
    task_id: Option<String>,
    base: String,
    definition: Map<String, Value>,
}

fn read(document: Value) -> Result<Vec<Listed>, CreateError> {
    let Value::Object(mut members) = document else { return Err(CreateError::Shape) };
    let id_of = |members: &mut Map<String, Value>| match members.shift_remove("taskId") {
        Some(Value::String(id)) => Some(id),
        _ => None,
    };
    let Some(tasks) = members.shift_remove("tasks") else {
        let task_id = id_of(&mut members);
        return Ok(vec![Listed { name: None, task_id, base: String::new(), definition: members }]);
    };
    let Value::Array(tasks) = tasks else { return Err(CreateError::Shape) };
    if tasks.is_empty() {
        return Err(CreateError::Empty);
    }
    let mut listed: Vec<Listed> = Vec::with_capacity(tasks.len());
    for (index, task) in tasks.into_iter().enumerate() {
        let Value::Object(mut members) = task else { return Err(CreateError::Shape) };
        let Some(Value::String(name)) = members.shift_remove("name") else {
            return Err(CreateError::Unnamed(index + 1));
        };
        if listed.iter().any(|other| other.name.as_ref() == Some(&name)) {
            return Err(CreateError::Twice(name));
        }
        let task_id = id_of(&mut members);
        listed.push(Listed { name: Some(name), task_id, base: format!("/tasks/{index}"), definition: members });
    }
    Ok(listed)
}

/// Gives each its ID and its group. One task is the first of its own group; the IDs of several follow from the group's
/// and their names, so that the same file makes the same tasks again.
fn identified(listed: Vec<Listed>, options: &CreateOptions, seed: &str, new_id: &dyn Fn() -> String) -> Vec<NewTask> {
    let several = listed.len() > 1 || listed.iter().any(|task| task.name.is_some());
    let identify = |task: Listed| {
        let Listed { name, task_id, base, mut definition } = task;
        let own = options.task_id.clone().or(task_id);
        let task_id = own.unwrap_or_else(|| match &name {
            Some(name) => slugid::stable(seed, name),
            None => new_id(),
        });
        let group = match (&options.group, several) {
            (Some(group), _) => Some(group.clone()),
            (None, true) => Some(seed.to_owned()),
            (None, false) => Some(task_id.clone()),
        };
        if options.group.is_some() || !definition.contains_key("taskGroupId") {
            definition.insert("taskGroupId".into(), group.into());
        }
        NewTask { name, task_id, base, definition: Value::Object(definition) }
    };
    listed.into_iter().map(identify).collect()
}

/// Replaces names among the dependencies by IDs, and adds those of the command line.
fn resolve(task: &mut NewTask, ids: &HashMap<String, String>, options: &CreateOptions) -> Result<(), CreateError> {
    let mut dependencies = Vec::new();
    let listed = task.definition.get("dependencies").and_then(Value::as_array);
    for dependency in listed.into_iter().flatten() {
        match dependency.as_str() {
            Some(name) if ids.contains_key(name) => dependencies.push(ids.get(name).cloned().into()),
            Some(name) if !slugid::is_slugid(name) => {
                return Err(CreateError::UnknownDependency {
                    task: task.name.clone().unwrap_or_else(|| task.task_id.clone()),
                    dependency: name.into(),
                    suggestion: suggest(name, ids.keys().map(String::as_str)).first().map(|found| (*found).into()),
                });
            }
            // What is no text is for the schema to refuse.
            _ => dependencies.push(dependency.clone()),
        }
    }
    dependencies.extend(options.dependencies.iter().map(|id| Value::from(id.as_str())));
    if !dependencies.is_empty()
        && let Value::Object(members) = &mut task.definition
    {
        members.insert("dependencies".into(), dependencies.into());
    }
    Ok(())
}

fn order(tasks: &[NewTask]) -> Result<Vec<usize>, CreateError> {
    let links: Vec<(&str, Vec<&str>)> = tasks
        .iter()
        .map(|task| {
            let dependencies = task.definition.get("dependencies").and_then(Value::as_array);
            (task.task_id.as_str(), dependencies.into_iter().flatten().filter_map(Value::as_str).collect())
        })
        .collect();
    graph::order(&links).map_err(|circle| {
        let name = |id: &String| tasks.iter().find(|task| task.task_id == *id).and_then(|task| task.name.clone());
        CreateError::Cycle(circle.iter().map(|id| name(id).unwrap_or_else(|| id.clone())).collect())
    })
}

/// What the queue fills in, and the times that it wants to be told.
fn fill(definition: &mut Value, now: DateTime<Utc>) {
    let Value::Object(members) = definition else { return };
    let time = |members: &Map<String, Value>, name: &str| {
        members.get(name).and_then(Value::as_str).and_then(|text| parse_time(text).ok())
    };
    members.entry("schedulerId").or_insert_with(|| "-".into());
    members.entry("created").or_insert_with(|| to_iso(now).into());
    let created = time(members, "created").unwrap_or(now);
    members.entry("deadline").or_insert_with(|| to_iso(created + DEFAULT_DEADLINE).into());
    if let Some(expires) = time(members, "deadline").and_then(|deadline| deadline.checked_add_months(DEFAULT_EXPIRES)) {
        members.entry("expires").or_insert_with(|| to_iso(expires).into());
    }
}

/// A definition made fit to be created again: what the queue has added is gone, and times count from now.
pub(crate) fn template(definition: &Value) -> Value {
    let Value::Object(members) = definition else { return definition.clone() };
    let time = |name: &str| members.get(name).and_then(Value::as_str).and_then(|text| parse_time(text).ok());
    let created = time("created");
    let relative = |text: &str| -> Option<Value> {
        let seconds = (parse_time(text).ok()? - created?).num_seconds();
        Some(serde_json::json!({"$fromNow": format!("{} seconds", seconds.max(0))}))
    };
    let mut kept = Map::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("taskGroupId" | "provisionerId" | "workerType", _) => {}
            ("created", _) => drop(kept.insert(name.clone(), serde_json::json!({"$fromNow": "0 seconds"}))),
            ("deadline" | "expires", Value::String(text)) => {
                kept.insert(name.clone(), relative(text).unwrap_or_else(|| value.clone()));
            }
            _ => drop(kept.insert(name.clone(), value.clone())),
        }
    }
    if let Some(expiring) = kept.get_mut("payload").and_then(|payload| payload.get_mut("artifacts")) {
        let artifacts: Vec<&mut Value> = match expiring {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(members) => members.values_mut().collect(),
            _ => Vec::new(),
        };
        for artifact in artifacts {
            let moved = artifact.get("expires").and_then(Value::as_str).and_then(relative);
            if let (Value::Object(members), Some(moved)) = (artifact, moved) {
                members.insert("expires".into(), moved);
            }
        }
    }
    Value::Object(kept)
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
