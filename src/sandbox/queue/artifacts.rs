//! Artifacts that the queue keeps itself: references, links and errors (spec, section 9).
//!
//! Stored ones (`s3`, `object`) need a storage to upload to; without one they have no behaviour here.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::QueueState;
use super::id::TaskId;
use super::task::State;
use crate::sandbox::wire::{Name, Object, Page, parse_time, stamp};
use crate::sandbox::{Answer, Call, Fault, Outcome};

/// Artifacts by task and run, then by name.
pub(super) type Artifacts = HashMap<(TaskId, usize), BTreeMap<Name, Artifact>>;

/// How long after an exception artifacts may still be added, to save logs.
const GRACE: TimeDelta = TimeDelta::minutes(25);

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artifact {
    content_type: String,
    expires: DateTime<Utc>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Reference(String),
    Link(String),
    Error { reason: String, message: String },
}

impl Content {
    /// None for types that are stored elsewhere.
    fn read(body: &Value) -> Option<Self> {
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        Some(match body["storageType"].as_str()? {
            "reference" => Content::Reference(text("url")),
            "link" => Content::Link(text("artifact")),
            "error" => Content::Error { reason: text("reason"), message: text("message") },
            _ => return None,
        })
    }

    fn storage_type(&self) -> &'static str {
        match self {
            Content::Reference(_) => "reference",
            Content::Link(_) => "link",
            Content::Error { .. } => "error",
        }
    }
}

impl Artifact {
    /// Whether creating `new` over this one is the same call again, or one of the changes that are allowed: a later
    /// expiry, another URL for a reference, a link in place of a reference.
    fn may_become(&self, new: &Artifact) -> bool {
        let content = match (&self.content, &new.content) {
            (Content::Reference(_), Content::Reference(_) | Content::Link(_)) => true,
            (old, new) => old == new,
        };
        let content_type = matches!(new.content, Content::Link(_)) || self.content_type == new.content_type;
        content && content_type && self.expires <= new.expires
    }

    fn info(&self, name: &str) -> Value {
        json!({
            "storageType": self.content.storage_type(),
            "name": name,
            "expires": stamp(self.expires),
            "contentType": self.content_type,
        })
    }
}

pub(super) fn create_artifact(state: &mut QueueState, call: &Call<'_>) -> Option<Outcome> {
    let content = Content::read(&call.body)?;
    Some(create(state, call, content))
}

fn create(state: &mut QueueState, call: &Call<'_>, content: Content) -> Outcome {
    let text = call.body["expires"].as_str().unwrap_or_default();
    let expires = parse_time(text).ok_or_else(|| Fault::input(format!("`expires` is not a time: {text}")))?;
    if expires < call.now - TimeDelta::minutes(15) {
        return Err(Fault::input("Expires must be in the future"));
    }
    let (id, run_id) = check_run(state, call, expires)?;
    let content_type = call.body["contentType"].as_str().unwrap_or("application/binary").to_owned();
    let new = Artifact { content_type, expires, content };
    let storage_type = new.content.storage_type();
    let artifacts = state.artifacts.entry((id, run_id)).or_default();
    let name = Name::new(call.param("name"));
    if let Some(old) = artifacts.get(&name).filter(|old| !old.may_become(&new)) {
        let shown = json!({
            "storageType": old.content.storage_type(),
            "contentType": old.content_type,
            "expires": stamp(old.expires),
        });
        return Err(Fault::conflict(format!(
            "Artifact already exists with different properties, and none of the allowed exceptions apply: {shown:#}"
        )));
    }
    artifacts.insert(name, new);
    Ok(Answer::Json(json!({ "storageType": storage_type })))
}

/// The run that an artifact with this expiry may be added to.
fn check_run(state: &QueueState, call: &Call<'_>, expires: DateTime<Utc>) -> Result<(TaskId, usize), Fault> {
    let id = TaskId::parse(call.param("taskId"));
    let (id, task) =
        id.and_then(|id| Some((id, state.tasks.get(&id)?))).ok_or_else(|| Fault::input("Task not found"))?;
    let run_id = call.param("runId").parse::<usize>().ok();
    let (run_id, run) = run_id
        .and_then(|run_id| Some((run_id, task.runs.get(run_id)?)))
        .ok_or_else(|| Fault::input("Run not found"))?;
    if run.worker.is_none() {
        return Err(Fault::input("Run was not claimed by a worker and so no artifacts can exist"));
    }
    if expires > task.expires {
        return Err(Fault::input(format!(
            "Artifact expires ({}) after the task expiration {} (task.expires < expires) - this is not allowed, \
             artifacts may not expire after the task they belong to expires",
            stamp(expires),
            stamp(task.expires)
        )));
    }
    let is_late = run.resolved.is_none_or(|resolved| resolved <= call.now - GRACE);
    if run.state != State::Running && (run.state != State::Exception || is_late) {
        let mut status = String::new();
        task.write_status(&mut status, id);
        let status: Value = serde_json::from_str(&status).unwrap_or_default();
        return Err(Fault::conflict(format!(
            "Artifacts cannot be created for a task after it is resolved, unless it is resolved 'exception', and even \
             in this case only up to 25 min past resolution.This to ensure that artifacts have been uploaded before a \
             task is 'completed' and output is consumed by a dependent task\n\nTask status: {status:#}"
        )));
    }
    Ok((id, run_id))
}

/// Only `object` artifacts are finished by a call of their own, and there are none of them here.
pub(super) fn finish_artifact(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, run, name) = (call.param("taskId"), call.param("runId"), call.param("name"));
    let found =
        TaskId::parse(id).zip(run.parse().ok()).and_then(|key| state.artifacts.get(&key)?.get(&Name::new(name)));
    if found.is_some() {
        return Err(Fault::input("Only object artifacts can be finished"));
    }
    Err(Fault::not_found(format!("Artifact with taskId `{id}`, runId {run}, name `{name}` not found")))
}

fn latest_run(state: &QueueState, call: &Call<'_>) -> Result<(TaskId, usize), Fault> {
    let (id, task) = state.find(call, |_| "Task not found".to_owned())?;
    let last = task.runs.len().checked_sub(1);
    last.map(|run_id| (id, run_id)).ok_or_else(|| Fault::not_found("Task doesn't have any runs"))
}

/// The run that the route names, or the latest one when it names none.
fn run_of(state: &QueueState, call: &Call<'_>) -> Result<(TaskId, usize), Fault> {
    if !call.params.contains_key("runId") {
        return latest_run(state, call);
    }
    let key = TaskId::parse(call.param("taskId")).zip(call.param("runId").parse().ok());
    key.ok_or_else(|| Fault::not_found("Artifact not found"))
}

fn find<'s>(state: &'s QueueState, call: &Call<'_>, key: (TaskId, usize), name: &str) -> Result<&'s Artifact, Fault> {
    let found = state.artifacts.get(&key).and_then(|artifacts| artifacts.get(&Name::new(name)));
    let artifact = found.ok_or_else(|| Fault::not_found("Artifact not found"))?;
    if artifact.expires < call.now {
        return Err(Fault::new(410, "ResourceExpired", "Artifact expired"));
    }
    Ok(artifact)
}

/// The artifact that a name leads to. Each name on the way needs its scope before anything is said about it.
fn follow<'s>(state: &'s QueueState, call: &Call<'_>) -> Result<&'s Artifact, Fault> {
    let mut names = vec![call.param("name").to_owned()];
    call.authorize(&[("names", json!(names))])?;
    let key = run_of(state, call)?;
    loop {
        let artifact = find(state, call, key, names.last().map_or("", String::as_str))?;
        let Content::Link(target) = &artifact.content else { return Ok(artifact) };
        if names.contains(target) {
            return Err(Fault::input("Artifact leads to a link cycle"));
        }
        names.push(target.clone());
        call.authorize(&[("names", json!(names))])?;
    }
}

/// `artifact` and `latestArtifact`: where the content is.
pub(super) fn content(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    Ok(Answer::Json(match &follow(state, call)?.content {
        Content::Error { reason, message } => json!({"storageType": "error", "reason": reason, "message": message}),
        content @ (Content::Reference(url) | Content::Link(url)) => {
            json!({"storageType": content.storage_type(), "url": url})
        }
    }))
}

/// `getArtifact` and `getLatestArtifact`: a redirect to the content.
pub(super) fn redirect(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let content = &follow(state, call)?.content;
    let storage_type = content.storage_type();
    let answer = match content {
        Content::Error { reason, message } => Answer::Status(424, json!({"reason": reason, "message": message})),
        Content::Reference(url) | Content::Link(url) => {
            Answer::Redirect(url.clone(), json!({"storageType": storage_type, "url": url}))
        }
    };
    let headers = vec![("x-taskcluster-artifact-storage-type", storage_type.to_owned())];
    Ok(Answer::WithHeaders(headers, Box::new(answer)))
}

/// `artifactInfo` and `latestArtifactInfo`.
pub(super) fn info(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let name = call.param("name");
    Ok(Answer::Json(find(state, call, run_of(state, call)?, name)?.info(name)))
}

/// `listArtifacts` and `listLatestArtifacts`.
pub(super) fn list(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, latest) = latest_run(state, call)?;
    let run_id = match call.params.get("runId") {
        None => latest,
        Some(text) => text
            .parse()
            .ok()
            .filter(|run_id| *run_id <= latest)
            .ok_or_else(|| Fault::not_found(format!("Task with taskId: `{id}` has no run with runId: {text}")))?,
    };
    let artifacts = state.artifacts.get(&(id, run_id)).into_iter().flatten();
    let shown = artifacts.filter(|(_, artifact)| artifact.expires >= call.now);
    let paged = Page::of(call)?.slice(shown);
    let mut out = String::new();
    let mut object = Object::open(&mut out);
    object.list("artifacts", paged.items, |out, (name, artifact)| out.push_str(&artifact.info(&name.0).to_string()));
    object.add_some("continuationToken", paged.token);
    object.close();
    Ok(Answer::Raw(out))
}
