//! `createTask`: defaults, checks, and what makes a second call the same as the first.

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde_json::{Value, json};

use super::QueueState;
use super::group::Group;
use super::id::TaskId;
use super::publish::Change;
use super::task::{Priority, Requires, State, Task, split_queue};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::{canonical, parse_time};

/// How far `created` may lie from the server's clock, and how much later than five days a deadline may be.
const MAX_CLOCK_DRIFT: TimeDelta = TimeDelta::minutes(15);

/// Routes that the index listens to.
pub(super) const INDEX_ROUTE: &str = "index.";
/// What routes start with that the notify service listens to.
pub(super) const NOTIFY_ROUTE: &str = "notify.";

pub(super) fn create_task(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let text = call.param("taskId");
    let id = TaskId::parse(text).ok_or_else(|| Fault::input(format!("`{text}` is not a slugid")))?;
    let draft = Draft::read(&call.body, id)?;
    authorize(call, &draft)?;
    let times = Times::check(call)?;
    if draft.scopes.iter().any(|scope| scope.ends_with("**")) {
        return Err(Fault::input("scopes must not end with `**`"));
    }
    check_group(state, &draft)?;
    if state.tasks.contains_key(&id) {
        let task = draft.into_task(state, &times, Vec::new())?;
        let is_repeated = state.tasks.get(&id).map_or(Ok(false), |existing| is_same(existing, &task))?;
        return if is_repeated {
            state.status_answer(id)
        } else {
            Err(Fault::conflict(format!(
                "taskId `{id}` already used by another task.\nThis could be the result of faulty idempotency!"
            )))
        };
    }
    let unsatisfied = check_dependencies(state, id, &draft, &times)?;
    let task = draft.into_task(state, &times, unsatisfied)?;
    insert(state, id, task);
    state.publish(id, &Change::Defined);
    if state.tasks.get(&id).is_some_and(|task| task.unsatisfied.is_empty()) {
        state.add_run(id, "scheduled", call.now);
        state.publish(id, &Change::Pending { run_id: 0, first: true });
    }
    state.status_answer(id)
}

/// The parts of a definition that the queue itself looks at.
pub(super) struct Draft<'a> {
    body: &'a Value,
    queue: String,
    scheduler: &'a str,
    project: &'a str,
    group: TaskId,
    priority: Priority,
    retries: u32,
    scopes: Vec<&'a str>,
    routes: Vec<&'a str>,
    dependencies: Vec<TaskId>,
    requires: Requires,
}

fn texts<'a>(body: &'a Value, key: &str) -> Vec<&'a str> {
    body[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

impl<'a> Draft<'a> {
    pub(super) fn read(body: &'a Value, id: TaskId) -> Result<Self, Fault> {
        let text = |key: &str, default: &'static str| -> &'a str { body[key].as_str().unwrap_or(default) };
        let queue = match (body["provisionerId"].as_str(), body["workerType"].as_str(), body["taskQueueId"].as_str()) {
            (Some(provisioner), Some(worker_type), Some(queue)) if format!("{provisioner}/{worker_type}") != queue => {
                return Err(Fault::input("taskQueueId must match \"provisionerId/workerType\""));
            }
            (_, _, Some(queue)) => queue.to_owned(),
            (Some(provisioner), Some(worker_type), None) => format!("{provisioner}/{worker_type}"),
            _ => {
                let message = "at least a provisionerId and a workerType or a taskQueueId must be provided\"";
                return Err(Fault::input(message));
            }
        };
        let mut dependencies: Vec<TaskId> = Vec::new();
        for dependency in texts(body, "dependencies") {
            let dependency =
                TaskId::parse(dependency).ok_or_else(|| Fault::input(format!("`{dependency}` is not a slugid")))?;
            dependencies.push(dependency);
        }
        Ok(Self {
            body,
            queue,
            scheduler: text("schedulerId", "-"),
            project: text("projectId", "none"),
            group: body["taskGroupId"].as_str().and_then(TaskId::parse).unwrap_or(id),
            priority: Priority::parse(text("priority", "lowest")),
            // The schema's integers include `1.0`.
            retries: body["retries"].as_f64().map_or(5, |retries| retries as u32),
            scopes: texts(body, "scopes"),
            routes: texts(body, "routes"),
            dependencies,
            requires: match text("requires", "") {
                "all-resolved" => Requires::AllResolved,
                _ => Requires::AllCompleted,
            },
        })
    }

    /// The task that it makes, which waits for these.
    pub(super) fn into_task(
        self,
        state: &mut QueueState,
        times: &Times,
        unsatisfied: Vec<TaskId>,
    ) -> Result<Task, Fault> {
        let mut part = |key: &str| match &self.body[key] {
            Value::Null => state.texts.document(&json!({})),
            value => state.texts.document(&canonical(value)),
        };
        let (payload, metadata) = (part("payload")?, part("metadata")?);
        let (tags, extra) = (part("tags")?, part("extra")?);
        Ok(Task {
            queue: state.intern(&self.queue),
            scheduler: state.intern(self.scheduler),
            project: state.intern(self.project),
            group: self.group,
            priority: self.priority,
            created: times.created,
            deadline: times.deadline,
            expires: times.expires,
            retries: self.retries,
            retries_left: self.retries,
            requires: self.requires,
            unsatisfied,
            runs: Vec::new(),
            ever_resolved: false,
            indexed: self.routes.iter().any(|route| route.starts_with(INDEX_ROUTE)),
            notified: self.routes.iter().any(|route| route.starts_with(NOTIFY_ROUTE)),
            routes: state.texts.list(&self.routes),
            scopes: state.texts.list(&self.scopes),
            payload,
            metadata,
            tags,
            extra,
            dependencies: self.dependencies.into(),
        })
    }
}

/// Whether two definitions are the same in every member, with the priority that each task has now.
fn is_same(a: &Task, b: &Task) -> Result<bool, Fault> {
    Ok(Answer::of(&a.definition())? == Answer::of(&b.definition())?)
}

fn authorize(call: &Call<'_>, draft: &Draft<'_>) -> Result<(), Fault> {
    let (provisioner, worker_type) = split_queue(&draft.queue);
    call.authorize(&[
        ("scopes", json!(draft.scopes)),
        ("routes", json!(draft.routes)),
        ("priorities", json!(draft.priority.and_higher())),
        ("schedulerId", json!(draft.scheduler)),
        ("projectId", json!(draft.project)),
        ("taskGroupId", json!(draft.group)),
        ("provisionerId", json!(provisioner)),
        ("workerType", json!(worker_type)),
        ("taskQueueId", json!(draft.queue)),
    ])
}

pub(super) struct Times {
    pub created: DateTime<Utc>,
    pub deadline: DateTime<Utc>,
    pub expires: DateTime<Utc>,
}

impl Times {
    fn check(call: &Call<'_>) -> Result<Self, Fault> {
        let read = |key: &str| -> Result<Option<DateTime<Utc>>, Fault> {
            let Some(text) = call.body[key].as_str() else { return Ok(None) };
            parse_time(text).map(Some).ok_or_else(|| Fault::input(format!("`{key}` is not a time: {text}")))
        };
        let required = |key: &str| read(key)?.ok_or_else(|| Fault::input(format!("`{key}` is missing")));
        let (created, deadline) = (required("created")?, required("deadline")?);
        let refuse = |message: &str| Err(Fault::input(message));
        if created < call.now - MAX_CLOCK_DRIFT {
            return refuse("`created` cannot be in the past (max 15min drift)");
        }
        if created > call.now + MAX_CLOCK_DRIFT {
            return refuse("`created` cannot be in the future (max 15min drift)");
        }
        if created > deadline {
            return refuse("`deadline` cannot be later than `created`");
        }
        if deadline < call.now {
            return refuse("`deadline` cannot be in the past");
        }
        if deadline - call.now > TimeDelta::days(5) + MAX_CLOCK_DRIFT {
            return refuse("`deadline` cannot be more than 5 days into the future");
        }
        let expires = match read("expires")? {
            Some(expires) => expires,
            None => deadline.checked_add_months(Months::new(12)).unwrap_or(deadline),
        };
        if deadline > expires {
            return refuse("`expires` cannot be before `deadline`");
        }
        Ok(Self { created, deadline, expires })
    }
}

fn check_group(state: &QueueState, draft: &Draft<'_>) -> Result<(), Fault> {
    let Some(group) = state.groups.get(&draft.group) else { return Ok(()) };
    if *group.scheduler != *draft.scheduler {
        return Err(Fault::conflict(format!(
            "Task group `{}` contains tasks with a schedulerId other\nthan `{}`. All tasks in the same task-group must \
             have\nthe same schedulerId.",
            draft.group, draft.scheduler
        )));
    }
    if group.sealed.is_some() {
        let message = format!("Task group `{}` is sealed and does not accept new tasks.", draft.group);
        return Err(Fault::conflict(message));
    }
    Ok(())
}

/// The dependencies that are still to be waited for. A task may depend on itself: it then waits for `scheduleTask`.
fn check_dependencies(state: &QueueState, id: TaskId, draft: &Draft<'_>, times: &Times) -> Result<Vec<TaskId>, Fault> {
    let (mut missing, mut expiring, mut unsatisfied) = (Vec::new(), Vec::new(), Vec::new());
    for dependency in &draft.dependencies {
        match state.tasks.get(dependency) {
            _ if *dependency == id => unsatisfied.push(*dependency),
            None => missing.push(dependency),
            Some(task) if times.deadline > task.expires => expiring.push(dependency),
            Some(task) if draft.requires.accepts(task.state()) => {}
            Some(_) => unsatisfied.push(*dependency),
        }
    }
    let list = |ids: &[&TaskId], end: &str| ids.iter().map(|id| format!(" * {id}{end}\n")).collect::<String>();
    // The services look no further when a dependency is missing.
    if !missing.is_empty() {
        return Err(Fault::input(format!(
            "`task.dependencies` references non-existing tasks: \n{}All taskIds in `task.dependencies` **must** \
             exist\nbefore the task is created.\n",
            list(&missing, "")
        )));
    }
    if !expiring.is_empty() {
        return Err(Fault::input(format!(
            "`task.dependencies` references tasks that expires\nbefore `task.deadline` this is not allowed, see \
             tasks: \n{}All taskIds in `task.dependencies` **must** have\n`task.expires` greater than the `deadline` \
             for this task.\n",
            list(&expiring, ",")
        )));
    }
    Ok(unsatisfied)
}

pub(super) fn insert(state: &mut QueueState, id: TaskId, task: Task) {
    debug_assert_eq!(task.state(), State::Unscheduled);
    for dependency in &*task.dependencies {
        state.dependents.entry(*dependency).or_default().insert(id);
    }
    state.deadlines.insert((task.deadline, id));
    state.expiries.insert((task.expires, id));
    state.groups.entry(task.group).or_insert_with(|| Group::new(task.scheduler.clone())).add(id, task.expires);
    state.tasks.insert(id, Box::new(task));
    state.revision += 1;
}
