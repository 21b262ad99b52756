//! What running an action sends.

use serde_json::{Value, json};

use super::published::Published;
use super::subject::Subject;
use crate::client::{Client, Response};
use crate::definition::actions::{Action, ActionKind};
use crate::domain::slugid::is_slugid;
use crate::error::{Error, Kind, Result};

/// One call, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) call: ActionCall,
    /// The payload of the hook, or the definition of the task.
    pub(super) body: Value,
}

/// Which call.
#[derive(Debug, Clone)]
pub(super) enum ActionCall {
    /// `hooks.triggerHook`.
    Hook { group: String, id: String },
    /// `queue.createTask` with the scopes of the decision task at most.
    Task { id: String, scopes: Vec<String> },
}

impl Request {
    /// The call for an action whose body has been rendered.
    pub(super) async fn new(
        action: &Action,
        body: Value,
        own_task_id: String,
        published: &Published,
        client: &Client,
    ) -> Result<Self> {
        let call = match &action.kind {
            ActionKind::Hook { group, id, .. } => ActionCall::Hook { group: group.clone(), id: id.clone() },
            ActionKind::Task { .. } => ActionCall::Task { id: own_task_id, scopes: published.scopes(client).await? },
        };
        Ok(Self { call, body })
    }

    /// Whether another request triggers the same hook, or creates a task as this does.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (&self.call, &other.call) {
            (ActionCall::Hook { group, id }, ActionCall::Hook { group: other_group, id: other_id }) => {
                (group, id) == (other_group, other_id)
            }
            (ActionCall::Task { .. }, ActionCall::Task { .. }) => true,
            _ => false,
        }
    }

    /// What it does, for people.
    pub(super) fn label(&self) -> String {
        match &self.call {
            ActionCall::Hook { group, id } => format!("It triggers hook {group}/{id} with"),
            ActionCall::Task { id, scopes } => {
                let scopes = if scopes.is_empty() { "no scopes".to_owned() } else { scopes.join(", ") };
                format!("It creates task {id}, limited to the scopes of the decision task ({scopes}):")
            }
        }
    }

    /// All of it, for `--dry-run`.
    pub(super) fn plan(&self, name: &str, subject: &Subject) -> Value {
        let mut plan = json!({
            "action": name,
            "taskGroupId": subject.group,
            "taskId": subject.task.as_ref().map(|(id, _)| id),
        });
        let more = match &self.call {
            ActionCall::Hook { group, id } => {
                json!({"kind": "hook", "hookGroupId": group, "hookId": id, "hookPayload": self.body})
            }
            ActionCall::Task { id, scopes } => {
                json!({"kind": "task", "ownTaskId": id, "authorizedScopes": scopes, "task": self.body})
            }
        };
        if let (Some(plan), Value::Object(more)) = (plan.as_object_mut(), more) {
            plan.extend(more);
        }
        plan
    }

    /// Sends it: once, as nobody can tell whether a hook has fired whose answer was lost.
    ///
    /// # Errors
    /// Those of the call; when the answer names no task.
    pub(super) async fn send(&self, client: &Client) -> Result<(Response, Option<String>)> {
        match &self.call {
            ActionCall::Hook { group, id } => {
                let call = client.call("hooks", "triggerHook").arg(group.as_str()).arg(id.as_str()).json(&self.body);
                let answer = call.send().await.map_err(|error| match error.kind() {
                    Kind::Unavailable => {
                        error.hint(format!("`tc hook fires {group}/{id}` shows whether the hook has fired."))
                    }
                    _ => error,
                })?;
                let body: Value = answer.json()?;
                match (body.get("taskId").and_then(Value::as_str), &body) {
                    (Some(task), _) if is_slugid(task) => Ok((answer, Some(task.to_owned()))),
                    (None, Value::Object(members)) if members.is_empty() => Ok((answer, None)),
                    _ => Err(Error::failed("the hooks service answered without a task ID")),
                }
            }
            ActionCall::Task { id, scopes } => {
                let Some(credentials) = client.credentials().cloned() else {
                    return Err(Error::new(Kind::Auth, "cannot limit a call to the scopes of the decision task")
                        .hint("Use credentials of your own; the proxy of a task cannot limit its calls."));
                };
                let client = client.with_credentials(Some(credentials.with_authorized_scopes(scopes.clone())));
                let answer = client.call("queue", "createTask").arg(id.as_str()).json(&self.body).send().await?;
                let body: Value = answer.json()?;
                match body.pointer("/status/taskId").and_then(Value::as_str) {
                    Some(created) if created == id => Ok((answer, Some(id.clone()))),
                    _ => Err(Error::failed(format!("the queue sent something that is not the status of task {id}"))),
                }
            }
        }
    }
}
