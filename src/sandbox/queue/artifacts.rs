//! Artifacts: references, links and errors, which the queue keeps itself, and stored ones, for which it makes URLs and
//! credentials.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::QueueState;
use super::artifact::{Artifact, Artifacts, Content};
use super::id::TaskId;
use super::publish::Change;
use super::task::{Run, State};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::storage::{DOWNLOAD, Place, UPLOAD};
use crate::sandbox::wire::{Page, parse_time, stamp};

/// How long after an exception artifacts may still be added, to save logs.
const ARTIFACTS_AFTER_EXCEPTION: TimeDelta = TimeDelta::minutes(25);

/// How long an expired artifact is still listed: the services remove those once a day.
const EXPIRED_KEPT_FOR: TimeDelta = TimeDelta::days(1);

pub(super) fn create_artifact(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let content = Content::read(&call.body, &mut state.texts)?;
    let text = call.body["expires"].as_str().unwrap_or_default();
    let expires = parse_time(text).ok_or_else(|| Fault::input(format!("`expires` is not a time: {text}")))?;
    if expires < call.now - TimeDelta::minutes(15) {
        return Err(Fault::input("Expires must be in the future"));
    }
    let key = check_run(state, call, expires)?;
    let content_type = state.texts.name(call.body["contentType"].as_str().unwrap_or("application/binary"));
    let is_s3 = content == Content::S3;
    let content_length = call.body["contentLength"].as_u64().filter(|_| is_s3);
    let mut new = Artifact { content_type, expires, content_length, content };
    let name = state.texts.name(call.param("name"));
    let old = state.run(key).and_then(|run| run.artifacts.get(&name));
    if let Some(old) = old.filter(|old| !old.may_become(&new)) {
        let shown = json!({
            "storageType": old.content.storage_type(),
            "contentType": &*old.content_type,
            "expires": stamp(old.expires),
        });
        return Err(Fault::conflict(format!(
            "Artifact already exists with different properties, and none of the allowed exceptions apply: {shown:#}"
        )));
    }
    if let (Some(old), Content::Link(_)) = (old, &new.content) {
        new.content_type = Arc::clone(&old.content_type);
    }
    if let Content::Object { upload_id, .. } = &new.content {
        let project = state.tasks.get(&key.0).map_or("none", |task| &task.project);
        // As on the services, the same call once more begins another upload, which the object service refuses.
        if !state.objects.reserve(&object_name(key.0, key.1, call.param("name")), project, upload_id, expires) {
            return Err(Fault::internal("the object service has an object of this name already"));
        }
    }
    let shown = new.info(&name);
    if let Some(run) = state.run_mut(key) {
        run.artifacts.insert(name, new.clone());
    }
    // What lives as long as its task goes with it.
    if state.tasks.get(&key.0).is_some_and(|task| expires + EXPIRED_KEPT_FOR < task.expires) {
        state.artifact_expiries.insert((expires + EXPIRED_KEPT_FOR, key.0, key.1));
    }
    // The message's schema knows no artifacts of type `s3`.
    if new.content != Content::S3 {
        let (id, run_id) = key;
        state.publish(id, &Change::Artifact { run_id, artifact: shown });
    }
    Ok(Answer::Json(created(state, call, key, &new)))
}

/// What the caller needs in order to upload.
fn created(state: &QueueState, call: &Call<'_>, (id, run_id): (TaskId, usize), artifact: &Artifact) -> Value {
    let name = call.param("name");
    match &artifact.content {
        Content::S3 => json!({
            "storageType": "s3",
            "contentType": &*artifact.content_type,
            "expires": stamp(call.now + UPLOAD),
            "putUrl": state.storage.put_url(&Place::of_artifact(id.as_str(), run_id, name), call.now),
        }),
        Content::Object { upload_id, .. } => {
            let task = state.tasks.get(&id);
            let project = task.map_or("none", |task| &task.project);
            let worker = task.and_then(|task| task.runs.get(run_id)?.worker.as_ref());
            let (group, worker) = worker.map_or(("", ""), |worker| (&*worker.group, &*worker.id));
            let object = object_name(id, run_id, name);
            let client = format!("artifact-upload/{id}/{run_id}/on/{group}/{worker}");
            let scopes = [format!("object:upload:{project}:{object}")];
            let good_until = artifact.expires.min(call.now + TimeDelta::days(1));
            json!({
                "storageType": "object",
                "name": object,
                "projectId": project,
                "uploadId": upload_id,
                "expires": stamp(artifact.expires),
                "credentials": state.issuer.credentials(&client, &scopes, call.now, good_until),
            })
        }
        content => json!({"storageType": content.storage_type()}),
    }
}

/// What the object service calls an artifact.
fn object_name(id: TaskId, run_id: usize, name: &str) -> String {
    format!("t/{id}/{run_id}/{name}")
}

impl QueueState {
    fn run(&self, (id, run_id): (TaskId, usize)) -> Option<&Run> {
        self.tasks.get(&id)?.runs.get(run_id)
    }

    fn run_mut(&mut self, (id, run_id): (TaskId, usize)) -> Option<&mut Run> {
        self.tasks.get_mut(&id)?.runs.get_mut(run_id)
    }

    /// Drops the artifacts of a run that expired a while before `at`, and what is stored of them.
    pub(super) fn forget_expired_artifacts(&mut self, key: (TaskId, usize), at: DateTime<Utc>) {
        let Some(run) = self.run_mut(key) else { return };
        let expired = run.artifacts.take(|artifact| artifact.expires + EXPIRED_KEPT_FOR <= at);
        self.forget_stored(key, expired);
    }

    /// Drops what is stored of artifacts that are forgotten.
    pub(super) fn forget_stored(&mut self, (id, run_id): (TaskId, usize), artifacts: Artifacts) {
        for (name, artifact) in artifacts {
            self.artifact_expiries.remove(&(artifact.expires + EXPIRED_KEPT_FOR, id, run_id));
            match artifact.content {
                Content::S3 => self.storage.remove(&Place::of_artifact(id.as_str(), run_id, &name)),
                Content::Object { .. } => self.objects.remove(&object_name(id, run_id, &name)),
                Content::Reference(_) | Content::Link(_) | Content::Error(_) => {}
            }
        }
    }
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
    let is_late = run.resolved.is_none_or(|resolved| resolved <= call.now - ARTIFACTS_AFTER_EXCEPTION);
    if run.state != State::Running && (run.state != State::Exception || is_late) {
        let status = json!(task.status(id));
        return Err(Fault::conflict(format!(
            "Artifacts cannot be created for a task after it is resolved, unless it is resolved 'exception', and even \
             in this case only up to 25 min past resolution.This to ensure that artifacts have been uploaded before a \
             task is 'completed' and output is consumed by a dependent task\n\nTask status: {status:#}"
        )));
    }
    Ok((id, run_id))
}

/// Only `object` artifacts are finished by a call of their own.
pub(super) fn finish_artifact(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, run, name) = (call.param("taskId"), call.param("runId"), call.param("name"));
    let objects = Arc::clone(&state.objects);
    let artifact = TaskId::parse(id)
        .zip(run.parse().ok())
        .and_then(|key| state.run_mut(key)?.artifacts.get_mut(name))
        .ok_or_else(|| {
            Fault::not_found(format!("Artifact with taskId `{id}`, runId {run}, name `{name}` not found"))
        })?;
    let Content::Object { upload_id, present } = &mut artifact.content else {
        return Err(Fault::input("Only object artifacts can be finished"));
    };
    if call.body["uploadId"] != **upload_id {
        return Err(Fault::input("Invalid uploadId"));
    }
    let is_finished = TaskId::parse(id)
        .zip(run.parse().ok())
        .is_some_and(|(id, run_id)| objects.is_finished(&object_name(id, run_id, name)));
    if !is_finished {
        return Err(Fault::input(format!("The object of artifact `{name}` has not been uploaded")));
    }
    *present = true;
    Ok(Answer::NoContent)
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
    let found = state.run(key).and_then(|run| run.artifacts.get(name));
    let artifact = found.ok_or_else(|| Fault::not_found("Artifact not found"))?;
    if artifact.expires < call.now {
        return Err(Fault::new(410, "ResourceExpired", "Artifact expired"));
    }
    Ok(artifact)
}

/// The artifact that a name leads to, with its own name. Each name on the way needs its scope before anything is said
/// about it.
fn follow<'s>(state: &'s QueueState, call: &Call<'_>) -> Result<((TaskId, usize), String, &'s Artifact), Fault> {
    let mut names = vec![call.param("name").to_owned()];
    call.authorize(&[("names", json!(names))])?;
    let key = run_of(state, call)?;
    loop {
        let name = names.last().cloned().unwrap_or_default();
        let artifact = find(state, call, key, &name)?;
        let target = match &artifact.content {
            Content::Link(target) => target,
            Content::Object { present: false, .. } => return Err(Fault::not_found("Artifact not found")),
            _ => return Ok((key, name, artifact)),
        };
        if names.iter().any(|name| **name == **target) {
            return Err(Fault::input("Artifact leads to a link cycle"));
        }
        names.push(target.to_string());
        call.authorize(&[("names", json!(names))])?;
    }
}

/// Where an `s3` artifact is read: private ones by a URL that is valid for a time.
fn s3_url(state: &QueueState, call: &Call<'_>, (id, run_id): (TaskId, usize), name: &str) -> String {
    let place = Place::of_artifact(id.as_str(), run_id, name);
    if place.bucket == Place::PUBLIC {
        return state.storage.public_url(&place);
    }
    state.storage.get_url(&place, call.now, DOWNLOAD)
}

/// `artifact` and `latestArtifact`: where the content is.
pub(super) fn content(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (key, name, artifact) = follow(state, call)?;
    Ok(Answer::Json(match &artifact.content {
        Content::Error(failure) => {
            json!({"storageType": "error", "reason": failure.reason, "message": failure.message})
        }
        Content::Reference(url) => json!({"storageType": "reference", "url": url}),
        Content::Link(url) => json!({"storageType": "link", "url": &**url}),
        Content::S3 => json!({"storageType": "s3", "url": s3_url(state, call, key, &name)}),
        Content::Object { .. } => {
            let (id, run_id) = key;
            let object = object_name(id, run_id, &name);
            let client = format!("artifact-download/{id}/{run_id}/{name}");
            let scopes = [format!("object:download:{object}")];
            let credentials = state.issuer.credentials(&client, &scopes, call.now, call.now + TimeDelta::hours(1));
            json!({"storageType": "object", "name": object, "credentials": credentials})
        }
    }))
}

/// `getArtifact` and `getLatestArtifact`: a redirect to the content.
pub(super) fn redirect(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (key, name, artifact) = follow(state, call)?;
    let storage_type = artifact.content.storage_type();
    let url = match &artifact.content {
        Content::Error(failure) => {
            let answer = Answer::Status(424, json!({"reason": failure.reason, "message": failure.message}));
            return Ok(typed(storage_type, answer));
        }
        Content::Reference(url) => url.to_string(),
        Content::Link(url) => url.to_string(),
        Content::S3 => s3_url(state, call, key, &name),
        Content::Object { .. } => state
            .objects
            .url(&object_name(key.0, key.1, &name), call.now)
            .ok_or_else(|| Fault::not_found("Artifact not found"))?,
    };
    let body = json!({"storageType": storage_type, "url": url});
    Ok(typed(storage_type, Answer::Redirect(url, body)))
}

fn typed(storage_type: &str, answer: Answer) -> Answer {
    Answer::WithHeaders(vec![("x-taskcluster-artifact-storage-type", storage_type.to_owned())], Box::new(answer))
}

/// `artifactInfo` and `latestArtifactInfo`.
pub(super) fn info(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let name = call.param("name");
    let artifact = find(state, call, run_of(state, call)?, name)?;
    if matches!(artifact.content, Content::Object { present: false, .. }) {
        return Err(Fault::not_found("Artifact not found"));
    }
    Ok(Answer::Json(artifact.info(name)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactPage {
    artifacts: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
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
    let artifacts = state.run((id, run_id)).into_iter().flat_map(|run| run.artifacts.iter());
    let paged = Page::lenient(call)?.slice(artifacts);
    let artifacts = paged.items.into_iter().map(|(name, artifact)| artifact.info(name)).collect();
    Answer::of(&ArtifactPage { artifacts, continuation_token: paged.token })
}
