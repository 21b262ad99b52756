//! Version 0: `{{ event.head.sha }}` in texts, and tasks that say which events they are for.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{Job, RenderError, Rendered, RenderedTask, check_branch};
use crate::definition::json_e::from_now;
use crate::domain::time::to_iso;

pub(super) fn render(file: Map<String, Value>, job: &Job<'_>) -> Result<Rendered, RenderError> {
    let mut details = job.event.details();
    let kind = details.get("event.type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let branch = details.get("event.base.repo.branch").and_then(Value::as_str).map(String::from);
    check_branch(branch.as_deref())?;
    check_branch(details.get("event.head.repo.branch").and_then(Value::as_str))?;
    let policy = file.get("allowPullRequests").and_then(Value::as_str).map(String::from);
    for (name, value) in [
        ("organization", json!(job.event.repository.organization)),
        ("repository", json!(job.event.repository.name)),
        ("timestamp", json!(job.now.timestamp_millis())),
        ("taskcluster.docker.provisionerId", json!(job.deployment.provisioner_id)),
        ("taskcluster.docker.workerType", json!(job.deployment.worker_type)),
    ] {
        details.insert(name.into(), value);
    }
    let tasks = match substitute(file.get("tasks").unwrap_or(&Value::Null), &details, job.now) {
        Value::Array(tasks) => tasks,
        _ => Vec::new(),
    };
    let mut chosen = Vec::new();
    for task in tasks {
        let Value::Object(mut task) = task else { return Err(RenderError::Tasks) };
        Job::add_route(&mut task, &job.deployment.statuses_route);
        if is_for(&task, &kind, branch.as_deref())? {
            chosen.push(((job.new_id)(), task));
        }
    }
    let group = chosen.first().map(|(id, _)| id.clone());
    let tasks = chosen.into_iter().map(|(task_id, mut task)| {
        if task.get("extra").is_some_and(|extra| extra["github"]["env"] == true) {
            add_variables(&mut task, &details);
        }
        task.insert("taskGroupId".into(), group.clone().into());
        task.insert("schedulerId".into(), job.deployment.scheduler_id.clone().into());
        RenderedTask { task_id, task: Value::Object(task) }
    });
    let tasks = tasks.collect();
    let tag = details.get("event.head.tag").and_then(Value::as_str).unwrap_or_default();
    let own = match kind.as_str() {
        kind if kind.starts_with("pull_request") => {
            let is_untrusted = job.event.kind == super::EventKind::PullRequestUntrusted;
            Some(if is_untrusted { "pull-request-untrusted".into() } else { "pull-request".to_owned() })
        }
        "push" => Some(format!("branch:{}", branch.unwrap_or_default())),
        "release" => Some("release:published".into()),
        "tag" => Some(format!("tag:{tag}")),
        _ => None,
    };
    let scopes = own.map(|rest| job.repository_scope(&rest)).into_iter();
    let scopes = scopes.chain(job.own_scopes(&job.deployment.statuses_route)).collect();
    Ok(Rendered { tasks, scopes, cancels_previous_checks: false, pull_request_policy: policy })
}

/// Whether a task wants the event: one of its `events` begins the event's name, and of a push the branch fits.
fn is_for(task: &Map<String, Value>, kind: &str, branch: Option<&str>) -> Result<bool, RenderError> {
    let Some(github) = task.get("extra").and_then(|extra| extra.get("github")).and_then(Value::as_object) else {
        return Ok(false);
    };
    let (included, excluded) = (github.get("branches"), github.get("excludeBranches"));
    if included.is_some() && excluded.is_some() {
        return Err(RenderError::BothBranches);
    }
    let names = |list: &Value| list.as_array().is_some_and(|list| list.iter().any(|name| name.as_str() == branch));
    let events = github.get("events").and_then(Value::as_array);
    let is_wanted = events
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .any(|event| kind.starts_with(event.trim_end_matches('*')));
    Ok(is_wanted && (kind != "push" || included.is_none_or(names) && !excluded.is_some_and(names)))
}

/// Replaces `{{ name }}`, `{{ 'text' | $fromNow }}` and `{{ $fromNow }}` in texts and keys. Unknown names stay.
fn substitute(value: &Value, details: &Map<String, Value>, now: DateTime<Utc>) -> Value {
    match value {
        Value::String(text) => substitute_text(text, details, now).into(),
        Value::Array(items) => items.iter().map(|item| substitute(item, details, now)).collect::<Vec<_>>().into(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| (substitute_text(key, details, now), substitute(value, details, now)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn substitute_text(text: &str, details: &Map<String, Value>, now: DateTime<Utc>) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inner, behind)) = after.split_once("}}") else { break };
        made.push_str(before);
        match parameter(inner.trim(), details, now) {
            Some(value) => made.push_str(&value),
            None => made.extend(["{{", inner, "}}"]),
        }
        rest = behind;
    }
    made.push_str(rest);
    made
}

fn parameter(inner: &str, details: &Map<String, Value>, now: DateTime<Utc>) -> Option<String> {
    let (name, function) = match inner.split_once('|') {
        Some((name, function)) => (name.trim(), Some(function.trim())),
        None if inner == "$fromNow" => ("''", Some(inner)),
        None => (inner, None),
    };
    let quoted = ['\'', '"'].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote));
    let value = match quoted {
        Some(text) => text.to_owned(),
        None => match details.get(name)? {
            Value::String(text) => text.clone(),
            Value::Null => return None,
            other => other.to_string(),
        },
    };
    match function {
        None => Some(value),
        Some("$fromNow") => from_now(&value, now).map(to_iso),
        Some(_) => None,
    }
}

/// The variables that `extra.github.env` asks for.
fn add_variables(task: &mut Map<String, Value>, details: &Map<String, Value>) {
    const VARIABLES: [(&str, &str); 18] = [
        ("GITHUB_EVENT", "event.type"),
        ("GITHUB_BRANCH", "event.base.repo.branch"),
        ("GITHUB_PULL_REQUEST", "event.pullNumber"),
        ("GITHUB_PULL_TITLE", "event.title"),
        ("GITHUB_BASE_REPO_NAME", "event.base.repo.name"),
        ("GITHUB_BASE_REPO_URL", "event.base.repo.url"),
        ("GITHUB_BASE_USER", "event.base.user.login"),
        ("GITHUB_BASE_SHA", "event.base.sha"),
        ("GITHUB_BASE_BRANCH", "event.base.repo.branch"),
        ("GITHUB_BASE_REF", "event.base.ref"),
        ("GITHUB_HEAD_REPO_NAME", "event.head.repo.name"),
        ("GITHUB_HEAD_REPO_URL", "event.head.repo.url"),
        ("GITHUB_HEAD_USER", "event.head.user.login"),
        ("GITHUB_HEAD_SHA", "event.head.sha"),
        ("GITHUB_HEAD_BRANCH", "event.head.repo.branch"),
        ("GITHUB_HEAD_TAG", "event.head.tag"),
        ("GITHUB_HEAD_REF", "event.head.ref"),
        ("GITHUB_HEAD_USER_EMAIL", "event.head.user.email"),
    ];
    let Some(payload) = task.entry("payload").or_insert_with(|| json!({})).as_object_mut() else { return };
    let Some(env) = payload.entry("env").or_insert_with(|| json!({})).as_object_mut() else { return };
    for (name, detail) in VARIABLES {
        match details.get(detail) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => drop(env.insert(name.into(), text.clone().into())),
            Some(other) => drop(env.insert(name.into(), other.to_string().into())),
        }
    }
}
