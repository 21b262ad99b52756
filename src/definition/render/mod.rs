//! `.taskcluster.yml`: what the github service makes of a file for an event. Versions 0 and 1.
//!
//! The rules are those of <https://docs.taskcluster.net/docs/reference/integrations/github>. Everything comes from
//! outside: the parsed file, the event, the time, and new IDs.

mod events;
mod version_0;
mod version_1;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use thiserror::Error;

use super::json_e::JsonEError;
use crate::reference::{Catalogue, Source};
use crate::schema::{Defaults, Fault, SchemaError, Validator};

pub(crate) use events::{Event, EventError, EventKind, Repository};

/// What a deployment's github service is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deployment {
    /// `https://firefox-ci-tc.services.mozilla.com`, which templates see as `taskcluster_root_url`.
    pub root_url: String,
    /// The scheduler ID of the tasks.
    pub scheduler_id: String,
    /// The route that has a task shown as a check.
    pub checks_route: String,
    /// The route that has a task shown as a commit status.
    pub statuses_route: String,
    /// What version 0 calls `taskcluster.docker.provisionerId`.
    pub provisioner_id: String,
    /// What version 0 calls `taskcluster.docker.workerType`.
    pub worker_type: String,
}

impl Deployment {
    /// The usual names at `root_url`.
    pub(crate) fn at(root_url: impl Into<String>) -> Self {
        Self {
            root_url: root_url.into(),
            scheduler_id: "taskcluster-github".into(),
            checks_route: "checks".into(),
            statuses_route: "statuses".into(),
            provisioner_id: "unknown".into(),
            worker_type: "unknown".into(),
        }
    }
}

/// Why a file cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum RenderError {
    /// Neither 0 nor 1.
    #[error("unknown version `{0}` of .taskcluster.yml: 0 and 1 are known")]
    Version(String),
    /// The file is not an object.
    #[error(".taskcluster.yml is not an object")]
    NotAnObject,
    /// The file is not valid.
    #[error(".taskcluster.yml is not valid")]
    Faults {
        /// `v1/taskcluster-github-config.v1.json`, of the github service.
        schema: &'static str,
        /// What is wrong.
        faults: Vec<Fault>,
    },
    /// The template cannot be rendered.
    #[error(transparent)]
    Template(#[from] JsonEError),
    /// `tasks` became something else.
    #[error("`tasks` is not a list of objects after rendering")]
    Tasks,
    /// Scopes cannot hold the branch.
    #[error("Must have only ascii-printable chars in branch names!")]
    Branch,
    /// A task of version 0 names both.
    #[error("Cannot specify both `branches` and `excludeBranches` in the same task!")]
    BothBranches,
    /// Tasks that depend on each other, first and last the same.
    #[error("tasks depend on each other in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    /// The event lacks something that is needed.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A schema of the references is broken.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

/// A task that would be created.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RenderedTask {
    /// Its ID.
    pub task_id: String,
    /// Its definition.
    pub task: Value,
}

/// What a file makes of an event.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Rendered {
    /// The tasks, those that others depend on first.
    pub tasks: Vec<RenderedTask>,
    /// The scopes that the tasks are created with.
    pub scopes: Vec<String>,
    /// Whether older builds of the same branch would be cancelled.
    pub cancels_previous_checks: bool,
    /// `policy.pullRequests`, or what stands for it in version 0.
    pub pull_request_policy: Option<String>,
}

impl Rendered {
    /// As `github.renderTaskclusterYml` answers.
    pub(crate) fn to_answer(&self) -> Value {
        let tasks: Vec<Value> =
            self.tasks.iter().map(|task| serde_json::json!({"taskId": task.task_id, "task": task.task})).collect();
        serde_json::json!({"tasks": tasks, "scopes": self.scopes})
    }
}

/// Renders `file` for `event`.
///
/// # Errors
/// [`RenderError`].
pub(crate) fn render(
    file: &Value,
    event: &Event,
    deployment: &Deployment,
    now: DateTime<Utc>,
    new_id: &dyn Fn() -> String,
) -> Result<Rendered, RenderError> {
    let members = file.as_object().ok_or(RenderError::NotAnObject)?;
    let version = members.get("version").cloned().unwrap_or(Value::Null);
    let schema = match version.as_f64() {
        Some(0.0) => "v1/taskcluster-github-config.json",
        Some(1.0) => "v1/taskcluster-github-config.v1.json",
        _ => return Err(RenderError::Version(version.to_string())),
    };
    let github = Catalogue::embedded(Source::Current).service("github").map_err(|_| RenderError::NotAnObject)?;
    let mut file = file.clone();
    Defaults::new(github, schema)?.fill(&mut file);
    let faults = Validator::new(github, schema)?.faults(&file);
    if !faults.is_empty() {
        return Err(RenderError::Faults { schema, faults });
    }
    let Value::Object(mut file) = file else { return Err(RenderError::NotAnObject) };
    file.shift_remove("version");
    let job = Job { event, deployment, now, new_id };
    if version.as_f64() == Some(0.0) { version_0::render(file, &job) } else { version_1::render(file, &job) }
}

/// What both versions work with.
struct Job<'a> {
    event: &'a Event,
    deployment: &'a Deployment,
    now: DateTime<Utc>,
    new_id: &'a dyn Fn() -> String,
}

impl Job<'_> {
    /// Adds `route` to a task's own, once.
    fn add_route(task: &mut Map<String, Value>, route: &str) {
        let mut routes: Vec<Value> = task.get("routes").and_then(Value::as_array).cloned().unwrap_or_default();
        routes.push(route.into());
        let mut known: Vec<Value> = Vec::new();
        for route in routes {
            if !known.contains(&route) {
                known.push(route);
            }
        }
        task.insert("routes".into(), known.into());
    }

    fn repository_scope(&self, rest: &str) -> String {
        let Repository { organization, name } = &self.event.repository;
        format!("assume:repo:github.com/{organization}/{name}:{rest}")
    }

    /// The scopes that every task of the service is created with.
    fn own_scopes(&self, route: &str) -> [String; 2] {
        [format!("queue:route:{route}"), format!("queue:scheduler-id:{}", self.deployment.scheduler_id)]
    }
}

/// A role's name must be printable ASCII, and the branch becomes part of one.
fn check_branch(branch: Option<&str>) -> Result<(), RenderError> {
    let is_printable = branch.unwrap_or_default().bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_printable { Ok(()) } else { Err(RenderError::Branch) }
}

#[cfg(test)]
mod tests;
