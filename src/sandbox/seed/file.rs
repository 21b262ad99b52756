//! Task groups from a file: a list of definitions with their IDs, an answer of `listTaskGroup`, or an export. Pure.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value};

use super::SeedTask;
use crate::domain::yaml;
use crate::error::{Error, Result};
use crate::reference::{Catalogue, Source};
use crate::sandbox::hash::hash;
use crate::sandbox::wire::{parse_time, stamp};
use crate::schema::{Defaults, Validator};

/// The version of the format that is exported, and the only one that is read.
pub(super) const VERSION: u64 = 1;

/// Tasks as they stand in a file.
#[derive(Debug, Clone)]
pub struct TaskList {
    tasks: Vec<Item>,
    /// When it was exported; none for a file that was not.
    exported: Option<DateTime<Utc>>,
    /// Since when groups are sealed, by their IDs.
    sealed: Map<String, Value>,
    /// The entries of the index; none where the file says nothing of one.
    index: Option<Vec<Value>>,
}

#[derive(Debug, Clone)]
struct Item {
    id: String,
    definition: Value,
    /// Null where only the definition is known.
    status: Value,
}

impl TaskList {
    /// Reads JSON or YAML. It is a list whose items are `{taskId, task}`, `{status, task}` or definitions with a `taskId`
    /// among them; or an object with such a list as `tasks`; or an object of definitions or `{task}` by task ID.
    ///
    /// # Errors
    /// For anything else, naming the item.
    pub fn parse(text: &str) -> Result<Self> {
        let parsed: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => yaml::parse(text)
                .map_err(|source| Error::usage("the seed is neither JSON nor YAML").caused_by(source))?,
        };
        let (mut exported, mut sealed, mut index) = (None, Map::new(), None);
        let items: Vec<(Option<String>, Value)> = match parsed {
            Value::Array(items) => items.into_iter().map(|item| (None, item)).collect(),
            Value::Object(mut members) => match members.shift_remove("tasks") {
                Some(Value::Array(items)) => {
                    check_version(members.get("version").unwrap_or(&Value::Null))?;
                    exported = members.get("exported").and_then(Value::as_str).and_then(parse_time);
                    sealed = members.get("sealed").and_then(Value::as_object).cloned().unwrap_or_default();
                    index = members.get("index").and_then(Value::as_array).cloned();
                    items.into_iter().map(|item| (None, item)).collect()
                }
                Some(_) => return Err(Error::usage("`tasks` of the seed is not a list")),
                None => members.into_iter().map(|(id, item)| (Some(id), item)).collect(),
            },
            _ => return Err(Error::usage("the seed is neither a list of tasks nor an object with one")),
        };
        if items.is_empty() {
            return Err(Error::usage("the seed has no tasks"));
        }
        let tasks = items.into_iter().enumerate().map(|(index, (id, item))| read(index, id, item));
        let tasks = tasks.collect::<Result<Vec<_>>>()?;
        let mut known = HashSet::new();
        if let Some(item) = tasks.iter().find(|item| !known.insert(&item.id)) {
            return Err(Error::usage(format!("task {} is in the seed twice", item.id)));
        }
        Ok(Self { tasks, exported, sealed, index })
    }

    /// Whether it says of every task what has happened to it, so that it can be taken back as it was.
    pub fn has_states(&self) -> bool {
        self.tasks.iter().all(|item| item.status["runs"].is_array())
    }

    pub(super) fn exported(&self) -> Option<DateTime<Utc>> {
        self.exported
    }

    pub(super) fn sealed(&self) -> &Map<String, Value> {
        &self.sealed
    }

    pub(super) fn index(&self) -> Option<&[Value]> {
        self.index.as_deref()
    }

    /// The tasks with their definitions and statuses.
    ///
    /// # Errors
    /// When a definition is not valid.
    pub(super) fn recorded(&self) -> Result<Vec<(&str, Value, &Value)>> {
        let schema = DefinitionSchema::new()?;
        let group = self.tasks.first().map_or("", |item| item.id.as_str());
        let complete = |item: &'_ Item| schema.complete(&item.id, item.definition.clone(), group);
        self.tasks.iter().map(|item| Ok((item.id.as_str(), complete(item)?, &item.status))).collect()
    }

    /// The tasks as they would be created at `started`, in an order in which they can be, and how many of their
    /// dependencies were left out because the file has no such task.
    ///
    /// # Errors
    /// When a definition is not valid, or tasks wait for each other in a circle.
    pub(in crate::sandbox) fn tasks(&self, started: DateTime<Utc>, seed: u64) -> Result<(Vec<SeedTask>, usize)> {
        let known: HashSet<&str> = self.tasks.iter().map(|item| item.id.as_str()).collect();
        let group = self.tasks.first().map_or("", |item| item.id.as_str());
        let schema = DefinitionSchema::new()?;
        let (mut found, mut left_out) = (Vec::with_capacity(self.tasks.len()), 0);
        for Item { id, definition, status } in &self.tasks {
            let mut definition = definition.clone();
            left_out += keep_known(&mut definition, &known);
            date(&mut definition, started);
            let definition = schema.complete(id, definition, group)?;
            let run_time = run_time(status);
            let usual = || Duration::seconds((60 + hash(seed, id) % 540) as i64);
            found.push(SeedTask { task_id: id.clone(), definition, run_time: run_time.unwrap_or_else(usual) });
        }
        Ok((ordered(found)?, left_out))
    }
}

/// Refuses a file of another version.
///
/// # Errors
/// A usage error with both versions.
fn check_version(version: &Value) -> Result<()> {
    if version.is_null() || version.as_u64() == Some(VERSION) {
        return Ok(());
    }
    Err(Error::usage(format!("the seed is of version {version}, and this program reads version {VERSION}")))
}

/// What definitions are completed and checked with.
struct DefinitionSchema {
    defaults: Defaults,
    validator: Validator,
}

impl DefinitionSchema {
    fn new() -> Result<Self> {
        let (service, method) = Catalogue::embedded(Source::Current).method("queue", "createTask")?;
        let schema = method.input.as_deref().unwrap_or_default();
        Ok(Self { defaults: Defaults::new(service, schema)?, validator: Validator::new(service, schema)? })
    }

    /// The definition with its group and all defaults.
    fn complete(&self, id: &str, mut definition: Value, group: &str) -> Result<Value> {
        if definition["taskGroupId"].is_null() {
            definition["taskGroupId"] = group.into();
        }
        self.defaults.fill(&mut definition);
        match self.validator.faults(&definition).into_iter().next() {
            None => Ok(definition),
            Some(fault) => Err(Error::usage(format!("task {id} of the seed is not valid: {fault}"))),
        }
    }
}

fn read(index: usize, id: Option<String>, mut item: Value) -> Result<Item> {
    let wrong = |what: &str| Error::usage(format!("item {} of the seed {what}", index + 1));
    let status = item["status"].clone();
    let object: &mut Map<String, Value> = item.as_object_mut().ok_or_else(|| wrong("is not an object"))?;
    let given = object.shift_remove("taskId").or_else(|| object.get("status").map(|status| status["taskId"].clone()));
    let id = id.or_else(|| given.as_ref().and_then(Value::as_str).map(str::to_owned));
    let id = id.ok_or_else(|| wrong("has no taskId"))?;
    if crate::sandbox::queue::TaskId::parse(&id).is_none() {
        return Err(wrong(&format!("has an invalid taskId: {id}")));
    }
    let definition = match object.shift_remove("task") {
        Some(task @ Value::Object(_)) => task,
        Some(_) => return Err(wrong("has a `task` that is not an object")),
        None => item,
    };
    Ok(Item { id, definition, status })
}

/// How long the last run took that was claimed and is over.
fn run_time(status: &Value) -> Option<Duration> {
    let time = |run: &Value, key: &str| run[key].as_str().and_then(parse_time);
    let took = |run: &Value| Some(time(run, "resolved")? - time(run, "started")?);
    status["runs"].as_array()?.iter().rev().find_map(took).filter(|took| *took >= Duration::zero())
}

/// Drops dependencies on what is not here; how many there were.
fn keep_known(definition: &mut Value, known: &HashSet<&str>) -> usize {
    let Some(dependencies) = definition.get_mut("dependencies").and_then(Value::as_array_mut) else { return 0 };
    let before = dependencies.len();
    dependencies.retain(|id| id.as_str().is_some_and(|id| known.contains(id)));
    before - dependencies.len()
}

/// Moves a definition to another time; what it says of its lifetime stays.
fn date(definition: &mut Value, started: DateTime<Utc>) {
    let time = |key: &str| definition[key].as_str().and_then(parse_time);
    let created = time("created");
    let after = |key: &str| Some(time(key)? - created?);
    let lifetime = after("deadline").unwrap_or(Duration::days(1)).clamp(Duration::minutes(1), Duration::days(5));
    let expires = after("expires").unwrap_or(Duration::days(28)).max(lifetime);
    definition["created"] = stamp(started).into();
    definition["deadline"] = stamp(started + lifetime).into();
    definition["expires"] = stamp(started + expires).into();
}

/// Each task after those that it waits for; otherwise as they came.
fn ordered(tasks: Vec<SeedTask>) -> Result<Vec<SeedTask>> {
    let mut waiting: HashMap<String, usize> = HashMap::new();
    let mut dependents: HashMap<String, Vec<String>> = HashMap::new();
    let mut ready: VecDeque<String> = VecDeque::new();
    for task in &tasks {
        let dependencies: HashSet<&str> =
            task.definition["dependencies"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if dependencies.is_empty() {
            ready.push_back(task.task_id.clone());
        }
        waiting.insert(task.task_id.clone(), dependencies.len());
        for dependency in dependencies {
            dependents.entry(dependency.to_owned()).or_default().push(task.task_id.clone());
        }
    }
    let mut by_id: HashMap<String, SeedTask> = tasks.into_iter().map(|task| (task.task_id.clone(), task)).collect();
    let mut sorted = Vec::with_capacity(by_id.len());
    while let Some(id) = ready.pop_front() {
        for dependent in dependents.remove(&id).unwrap_or_default() {
            if let Some(left) = waiting.get_mut(&dependent) {
                *left -= 1;
                if *left == 0 {
                    ready.push_back(dependent);
                }
            }
        }
        sorted.extend(by_id.remove(&id));
    }
    let stuck: BTreeMap<String, SeedTask> = by_id.into_iter().collect();
    match stuck.keys().next() {
        None => Ok(sorted),
        Some(id) => Err(Error::usage(format!("the seed has tasks that wait for each other, among them {id}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: &str = "VESwp9JaRo-XkFN_bemBhw";
    const B: &str = "LUR_H_TwSOOyGto9Wl_aRg";
    const ELSEWHERE: &str = "MPLMkmYYTl6i6ouTB2dDlA";

    fn definition(dependencies: &[&str]) -> Value {
        json!({
            "taskQueueId": "p/w", "created": "2020-01-01T00:00:00Z", "deadline": "2020-01-01T03:00:00Z",
            "expires": "2020-02-01T00:00:00Z", "payload": {}, "dependencies": dependencies,
            "metadata": {"name": "n", "description": "", "owner": "a@example.com", "source": "https://example.com"},
        })
    }

    fn load(seed: &Value) -> Result<(Vec<SeedTask>, usize)> {
        TaskList::parse(&seed.to_string())?.tasks("2026-11-22T12:00:00Z".parse().unwrap(), 1)
    }

    fn fault(seed: &Value) -> String {
        load(seed).unwrap_err().to_string()
    }

    #[test]
    fn all_forms_of_a_list_mean_the_same() {
        let mut plain = definition(&[B, ELSEWHERE]);
        plain["taskId"] = A.into();
        let items = json!([plain, {"taskId": B, "task": definition(&[])}]);
        let status =
            json!({"taskId": A, "runs": [{"started": "2020-01-01T00:00:00Z", "resolved": "2020-01-01T00:01:40Z"}]});
        let answer = json!({"taskGroupId": A, "tasks": [
            {"status": status, "task": definition(&[B, ELSEWHERE])}, {"status": {"taskId": B}, "task": definition(&[])},
        ]});
        let graph = json!({A: {"task": definition(&[B, ELSEWHERE]), "label": "x"}, B: definition(&[])});
        for seed in [items, answer.clone(), graph] {
            let (tasks, left_out) = load(&seed).unwrap();
            let ids: Vec<&str> = tasks.iter().map(|task| task.task_id.as_str()).collect();
            assert_eq!((ids, left_out), (vec![B, A], 1), "{seed}");
            assert_eq!(tasks[1].definition["taskGroupId"], A);
            assert_eq!(tasks[1].definition["priority"], "lowest");
            assert_eq!(tasks[1].definition["deadline"], "2026-11-22T15:00:00.000Z");
        }
        assert_eq!(load(&answer).unwrap().0[1].run_time, Duration::seconds(100));
    }

    #[test]
    fn yaml_is_read_as_well() {
        let text = format!(
            "- taskId: {A}\n  taskQueueId: p/w\n  payload: {{}}\n  metadata: {{name: a, description: d, owner: a@example.com, source: 'https://example.com'}}\n"
        );
        let (tasks, _) = TaskList::parse(&text).unwrap().tasks("2026-11-22T12:00:00Z".parse().unwrap(), 1).unwrap();
        assert_eq!(tasks[0].definition["created"], "2026-11-22T12:00:00.000Z");
        assert_eq!(tasks[0].definition["deadline"], "2026-11-23T12:00:00.000Z");
    }

    #[test]
    fn what_is_wrong_with_a_seed_is_named() {
        assert_eq!(fault(&json!(3)), "the seed is neither a list of tasks nor an object with one");
        assert_eq!(fault(&json!([])), "the seed has no tasks");
        assert_eq!(fault(&json!({"tasks": 3})), "`tasks` of the seed is not a list");
        assert_eq!(fault(&json!([{"taskId": A, "task": {}}, 3])), "item 2 of the seed is not an object");
        assert_eq!(fault(&json!([{"task": {}}])), "item 1 of the seed has no taskId");
        assert_eq!(fault(&json!([{"taskId": "x"}])), "item 1 of the seed has an invalid taskId: x");
        assert_eq!(fault(&json!([{"taskId": A, "task": 1}])), "item 1 of the seed has a `task` that is not an object");
        let task = json!({"taskId": A, "task": definition(&[])});
        assert_eq!(fault(&json!([task, task])), format!("task {A} is in the seed twice"));
        let invalid = fault(&json!([{"taskId": A, "task": {"payload": {}}}]));
        assert!(invalid.starts_with(&format!("task {A} of the seed is not valid: ")), "{invalid}");
        let circle = json!({A: definition(&[B]), B: definition(&[A])});
        assert_eq!(fault(&circle), format!("the seed has tasks that wait for each other, among them {B}"));
    }
}
