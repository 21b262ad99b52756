//! Whom the routes of a task notify of its changes: `notify.email.me@example.com.on-failed`, as the notify service
//! reads them.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::QueueState;
use super::create::NOTIFY_ROUTE;
use super::task::Task;
use crate::definition::json_e::{self, Context};
use crate::sandbox::wire::parse_time;

/// There is no notification of a task that ended for these reasons.
const UNTOLD_REASONS: [&str; 2] = ["canceled", "deadline-exceeded"];

/// The most that the template of a message may make, in bytes of values: the queue waits meanwhile.
const MAX_TEMPLATE_BYTES: usize = 1 << 20;

/// A route that is meant for the notify service.
#[derive(Debug, PartialEq, Eq)]
struct Route<'a> {
    /// `email`, `pulse`, `matrix-room` or `slack-channel`.
    recipient: &'a str,
    /// Address, routing key, room or channel.
    to: &'a str,
    /// When: `failed` of `on-failed`.
    on: &'a str,
}

impl<'a> Route<'a> {
    fn parse(route: &'a str) -> Option<Self> {
        let (recipient, rest) = route.strip_prefix(NOTIFY_ROUTE)?.split_once('.')?;
        let (to, on) = rest.rsplit_once('.')?;
        Some(Self { recipient, to, on: on.strip_prefix("on-")? })
    }

    /// Whether a message of this exchange about a task in this state is one to tell of.
    fn is_about(&self, exchange: &str, state: &str) -> bool {
        let is_resolved = matches!(state, "completed" | "failed" | "exception");
        match self.on {
            "transition" => true,
            "any" | "resolved" => is_resolved,
            "defined" => exchange == "taskDefined",
            on => on == state && exchange != "taskDefined",
        }
    }
}

/// What is known of a task when a message is written.
struct About<'a> {
    definition: &'a Value,
    status: &'a Value,
    state: &'a str,
    task_id: &'a str,
    root_url: &'a str,
    now: DateTime<Utc>,
}

impl QueueState {
    /// Writes to those whom the routes of a task name for the messages of an exchange.
    pub(super) fn notify(&self, task: &Task, exchange: &str, status: &Value) {
        if !exchange.starts_with("task") || exchange == "taskPriorityChanged" {
            return;
        }
        let definition = json!(task.definition());
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let (state, task_id) = (text(status, "state"), text(status, "taskId"));
        let last = task.runs.last();
        if last.and_then(|run| run.reason_resolved).is_some_and(|reason| UNTOLD_REASONS.contains(&reason)) {
            return;
        }
        let created = definition["created"].as_str().and_then(parse_time);
        let now = last.map(|run| run.resolved.or(run.started).unwrap_or(run.scheduled)).or(created).unwrap_or_default();
        let root_url = self.outbox.root_url();
        let about = About { definition: &definition, status, state: &state, task_id: &task_id, root_url, now };
        for route in definition["routes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Some(route) = Route::parse(route).filter(|route| route.is_about(exchange, &state))
                && let Some(body) = about.message(&route)
            {
                self.outbox.send_for_a_task(route.recipient, &body, now);
            }
        }
    }
}

impl About<'_> {
    /// The body of the call that sends the message; none where there is no such way.
    fn message(&self, route: &Route<'_>) -> Option<Value> {
        let name = self.definition["metadata"]["name"].as_str().unwrap_or_default();
        let (state, task_id) = (self.state, self.task_id);
        let page = format!("{}/tasks/{task_id}", self.root_url);
        let line = format!("{name} is {state}: {page}");
        Some(match route.recipient {
            "pulse" => json!({"routingKey": route.to, "message": self.status}),
            "email" => {
                let runs = self.status["runs"].as_array().map_or(0, Vec::len);
                let email = |part: &str| self.own(&["email", part]);
                json!({
                    "address": route.to,
                    "subject": email("subject").unwrap_or_else(|| format!("Task {state}: {name} - {task_id}").into()),
                    "content": email("content")
                        .unwrap_or_else(|| format!("Task [{task_id}]({page}) ({name}) is {state}, after {runs} runs.").into()),
                    "link": email("link").unwrap_or_else(|| json!({"text": "Inspect Task", "href": page})),
                    "template": email("template").unwrap_or_else(|| "simple".into()),
                })
            }
            "matrix-room" => {
                let mut body = json!({
                    "roomId": route.to,
                    "body": self.own(&["matrixBody"]).unwrap_or_else(|| line.into()),
                    "msgtype": self.own(&["matrixMsgtype"]).unwrap_or_else(|| "m.notice".into()),
                });
                let more = [("format", "matrixFormat"), ("formattedBody", "matrixFormattedBody")];
                for (member, name) in more {
                    if let (Some(value), Some(members)) = (self.own(&[name]), body.as_object_mut()) {
                        members.insert(member.to_owned(), value);
                    }
                }
                body
            }
            "slack-channel" => {
                let mut body = json!({
                    "channelId": route.to,
                    "text": self.own(&["slackText"]).unwrap_or_else(|| line.into()),
                });
                for (member, name) in [("blocks", "slackBlocks"), ("attachments", "slackAttachments")] {
                    if let (Some(value), Some(members)) = (self.own(&[name]), body.as_object_mut()) {
                        members.insert(member.to_owned(), value);
                    }
                }
                body
            }
            _ => return None,
        })
    }

    /// What the task itself has for a part of the message, under `extra.notify`: a JSON-e template.
    fn own(&self, path: &[&str]) -> Option<Value> {
        let template = path.iter().try_fold(&self.definition["extra"]["notify"], |value, name| value.get(*name))?;
        let mut values = Map::new();
        values.insert("task".into(), self.definition.clone());
        values.insert("status".into(), self.status.clone());
        values.insert("taskId".into(), self.task_id.into());
        values.insert("rootUrl".into(), self.root_url.into());
        let rendered =
            json_e::render_at_most(MAX_TEMPLATE_BYTES, template, &Context { values, functions: Vec::new() }, self.now);
        Some(rendered.unwrap_or_else(|error| format!("The template of the message has a fault: {error}").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read_from_both_ends() {
        let route = |recipient, to, on| Some(Route { recipient, to, on });
        assert_eq!(Route::parse("notify.email.a.b@example.com.on-failed"), route("email", "a.b@example.com", "failed"));
        assert_eq!(Route::parse("notify.pulse.a.b.c.on-any"), route("pulse", "a.b.c", "any"));
        assert_eq!(Route::parse("notify.matrix-room.!x:example.com.on-x"), route("matrix-room", "!x:example.com", "x"));
        for other in ["index.a.b", "notify.email", "notify.email.a@example.com", "notify.email.a.when"] {
            assert_eq!(Route::parse(other), None, "{other}");
        }
    }

    #[test]
    fn each_word_is_about_its_own_messages() {
        let is_about = |on, exchange, state| Route { recipient: "email", to: "x", on }.is_about(exchange, state);
        assert!(is_about("defined", "taskDefined", "unscheduled") && !is_about("defined", "taskPending", "pending"));
        assert!(is_about("failed", "taskFailed", "failed") && !is_about("completed", "taskFailed", "failed"));
        for state in ["completed", "failed", "exception"] {
            assert!(is_about("any", "taskX", state) && is_about("resolved", "taskX", state));
        }
        assert!(!is_about("any", "taskRunning", "running"));
        assert!(
            is_about("transition", "taskRunning", "running") && is_about("transition", "taskDefined", "unscheduled")
        );
        // A run that ended and is tried again has left the task pending.
        assert!(!is_about("exception", "taskException", "pending"));
    }
}
