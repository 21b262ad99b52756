//! Version 1: the whole file is a JSON-e template.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{EventKind, Job, RenderError, Rendered, RenderedTask, check_branch};
use crate::definition::graph;
use crate::definition::json_e::{self, Context};
use crate::domain::time::to_iso;

pub(super) fn render(file: Map<String, Value>, job: &Job<'_>) -> Result<Rendered, RenderError> {
    check_branch(Some(&job.event.branch))?;
    let ids: RefCell<HashMap<String, String>> = RefCell::default();
    let as_slugid = |arguments: &[Value]| match arguments {
        [label @ (Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null)] => {
            let label = label.as_str().map_or_else(|| label.to_string(), String::from);
            Ok(ids.borrow_mut().entry(label).or_insert_with(job.new_id).clone().into())
        }
        _ => Err("as_slugid takes one label".to_owned()),
    };
    let mut values = Map::new();
    values.insert("taskcluster_root_url".into(), job.deployment.root_url.clone().into());
    values.insert("tasks_for".into(), job.event.tasks_for().into());
    match job.event.kind {
        // What a cron job or an action is rendered with stands beside `tasks_for`, not in an event.
        EventKind::Cron | EventKind::Action => {
            values.extend(job.event.body.clone());
            // The hook that fires gives the task to come its ID.
            values.entry("ownTaskId").or_insert_with(|| (job.new_id)().into());
        }
        _ => drop(values.insert("event".into(), job.event.body.clone().into())),
    }
    let context = Context { values, functions: vec![("as_slugid", &as_slugid)] };
    let rendered = json_e::render(&Value::Object(file), &context, job.now)?;
    let Value::Object(mut file) = rendered else { return Err(RenderError::NotAnObject) };
    let tasks = match file.shift_remove("tasks") {
        Some(Value::Array(tasks)) => tasks,
        None => Vec::new(),
        Some(_) => return Err(RenderError::Tasks),
    };
    let is_reported =
        file.get("reporting").is_some_and(|reporting| reporting.as_str().is_some_and(|text| !text.is_empty()));
    let route = if is_reported { &job.deployment.checks_route } else { &job.deployment.statuses_route };
    let policy = file.get("policy").and_then(|policy| policy.get("pullRequests")).and_then(Value::as_str);
    Ok(Rendered {
        tasks: compile(tasks, route, job)?,
        scopes: scopes(route, job)?,
        cancels_previous_checks: file.get("autoCancelPreviousChecks").and_then(Value::as_bool).unwrap_or(true),
        pull_request_policy: policy.map(String::from),
    })
}

/// Gives each task an ID, a group, a scheduler and the route by which the service hears of it.
///
/// A task alone is the first of its own group, as a decision task is; several have a group of another ID.
fn compile(tasks: Vec<Value>, route: &str, job: &Job<'_>) -> Result<Vec<RenderedTask>, RenderError> {
    let mut tasks: Vec<Map<String, Value>> = tasks
        .into_iter()
        .map(|task| if let Value::Object(members) = task { Ok(members) } else { Err(RenderError::Tasks) })
        .collect::<Result<_, _>>()?;
    let said = |task: &Map<String, Value>, name: &str| task.get(name).and_then(Value::as_str).map(String::from);
    let mut task_id = (job.new_id)();
    let mut group_id = (job.new_id)();
    if let [task] = tasks.as_mut_slice() {
        match (said(task, "taskId"), said(task, "taskGroupId")) {
            (Some(id), None) => group_id = id,
            (None, Some(group)) => task_id = group,
            _ => group_id.clone_from(&task_id),
        }
    }
    let mut compiled = Vec::with_capacity(tasks.len());
    for mut task in tasks {
        Job::add_route(&mut task, route);
        let mut made = Map::new();
        made.insert("schedulerId".into(), job.deployment.scheduler_id.clone().into());
        made.insert("taskGroupId".into(), group_id.clone().into());
        made.insert("created".into(), to_iso(job.now).into());
        made.extend(task);
        let own_id = match made.shift_remove("taskId") {
            Some(Value::String(id)) => id,
            _ => std::mem::replace(&mut task_id, (job.new_id)()),
        };
        compiled.push(RenderedTask { task_id: own_id, task: Value::Object(made) });
    }
    let links: Vec<(&str, Vec<&str>)> = compiled
        .iter()
        .map(|task| {
            let dependencies = task.task.get("dependencies").and_then(Value::as_array);
            (task.task_id.as_str(), dependencies.into_iter().flatten().filter_map(Value::as_str).collect())
        })
        .collect();
    let order = graph::order(&links).map_err(RenderError::Cycle)?;
    let mut compiled: Vec<Option<RenderedTask>> = compiled.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|index| compiled.get_mut(index)?.take()).collect())
}

fn scopes(route: &str, job: &Job<'_>) -> Result<Vec<String>, RenderError> {
    let own = match job.event.kind {
        EventKind::PullRequest | EventKind::IssueComment => Some("pull-request".into()),
        EventKind::PullRequestUntrusted => Some("pull-request-untrusted".into()),
        EventKind::Push => {
            let reference = job.event.text("ref")?;
            let mut parts = reference.splitn(3, '/').skip(1);
            let is_tag = parts.next() == Some("tags");
            let name = parts.next().unwrap_or_default();
            Some(format!("{}:{name}", if is_tag { "tag" } else { "branch" }))
        }
        EventKind::Release => {
            let action = job.event.text("action").ok().filter(|action| !action.is_empty());
            Some(format!("release:{}", action.unwrap_or("published")))
        }
        EventKind::Cron | EventKind::Action => None,
    };
    Ok(own.map(|rest| job.repository_scope(&rest)).into_iter().chain(job.own_scopes(route)).collect())
}
