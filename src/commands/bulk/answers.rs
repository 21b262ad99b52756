//! Whether the queue's answer says that something was done: what is not in it is not known to have happened.

use serde::Deserialize as _;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::client::Response;
use crate::domain::TaskState;
use crate::domain::task::Status;
use crate::error::{Error, Result};

/// The status of the task `id` in the answer to a call that changes it, if its state is one that the call leads to.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when the answer has no status, or that of another task, or another state.
pub(crate) fn status_after<'a>(
    response: &'a Response,
    id: &str,
    is_expected: impl Fn(TaskState) -> bool,
) -> Result<Status<'a>> {
    let status = status_of(response, id)?;
    if is_expected(status.state) {
        return Ok(status);
    }
    Err(Error::failed(format!("{} answered that the task is {}", response.what, status.state)))
}

/// The status of the task `id` in an answer that has one.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when the answer has no status, or that of another task.
pub(crate) fn status_of<'a>(response: &'a Response, id: &str) -> Result<Status<'a>> {
    let what = &response.what;
    let answer = members(response)?;
    let status = answer.get("status").and_then(Value::as_object).ok_or_else(|| lacks(response, "status"))?;
    for name in ["taskId", "state"] {
        if !status.get(name).is_some_and(Value::is_string) {
            return Err(lacks(response, &format!("status.{name}")));
        }
    }
    let raw = raw_status(response)?;
    let status = Status::deserialize(&mut serde_json::Deserializer::from_str(raw)).map_err(|source| {
        Error::failed(format!("{what} sent something that is not a task's status")).caused_by(source.to_string())
    })?;
    if status.task_id == id {
        return Ok(status);
    }
    Err(Error::failed(format!("{what} answered with the status of task {}", status.task_id)))
}

/// What to say of a task that a cancellation found resolved.
pub(crate) fn resolved_before(status: &Status<'_>) -> Option<String> {
    let (id, state) = (&status.task_id, status.state);
    (state != TaskState::Exception).then(|| format!("Task {id} was resolved before: it stays {state}."))
}

/// The status in an answer, as it was sent.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when there is none.
pub(crate) fn raw_status(response: &Response) -> Result<&str> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        status: &'a RawValue,
    }
    serde_json::from_slice(&response.body)
        .map(|Answer { status }| status.get())
        .map_err(|source| lacks(response, "status").caused_by(source))
}

/// The members of the answer to a call on the whole group `group`.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when it is not about this group.
pub(crate) fn about_group(response: &Response, group: &str) -> Result<Map<String, Value>> {
    let answer = members(response)?;
    match answer.get("taskGroupId").and_then(Value::as_str) {
        Some(id) if id == group => Ok(answer),
        Some(id) => Err(Error::failed(format!("{} answered about group {id}", response.what))),
        None => Err(lacks(response, "taskGroupId")),
    }
}

/// The error for an answer that does not say what it should.
pub(crate) fn lacks(response: &Response, member: &str) -> Error {
    Error::failed(format!("{} answered without `{member}`", response.what))
}

fn members(response: &Response) -> Result<Map<String, Value>> {
    match response.json()? {
        Value::Object(members) => Ok(members),
        _ => Err(Error::failed(format!("{} answered JSON that is not an object", response.what))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &str) -> Response {
        Response {
            what: "queue.cancelTask".into(),
            status: 200,
            headers: reqwest::header::HeaderMap::new(),
            body: body.to_owned().into(),
            url: url::Url::parse("http://localhost/").unwrap(),
        }
    }

    fn state(body: &str) -> Result<String, String> {
        let response = response(body);
        let outcome = status_after(&response, "a", TaskState::is_resolved);
        outcome.map(|status| status.state.to_string()).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn an_answer_that_says_less_is_a_failure_that_names_what_it_lacks() {
        for (body, fault) in [
            ("{}", "answered without `status`"),
            ("[]", "answered JSON that is not an object"),
            (r#"[{"taskId": "a", "state": "exception"}]"#, "answered JSON that is not an object"),
            (r#"{"status": null}"#, "answered without `status`"),
            (r#"{"status": ["a", "exception"]}"#, "answered without `status`"),
            (r#"{"status": {"state": "exception"}}"#, "answered without `status.taskId`"),
            (r#"{"status": {"taskId": "a", "state": 5}}"#, "answered without `status.state`"),
            (r#"{"status": {"taskId": "b", "state": "exception"}}"#, "answered with the status of task b"),
            (r#"{"status": {"taskId": "a", "state": "pending"}}"#, "answered that the task is pending"),
            (r#"{"status": {"taskId": "a", "state": "lost"}}"#, "answered that the task is lost"),
            (
                r#"{"status": {"taskId": "a", "state": "exception", "runs": 1}}"#,
                "sent something that is not a task's status",
            ),
        ] {
            assert_eq!(state(body), Err(format!("queue.cancelTask {fault}")), "{body}");
        }
        assert_eq!(state(r#"{"status": {"taskId": "a", "state": "exception"}}"#).unwrap(), "exception");
    }

    #[test]
    fn an_answer_about_another_group_is_none() {
        let fault = |body: &str| about_group(&response(body), "g").unwrap_err().message().to_owned();
        assert_eq!(fault("{}"), "queue.cancelTask answered without `taskGroupId`");
        assert_eq!(fault(r#"{"taskGroupId": "h"}"#), "queue.cancelTask answered about group h");
        assert!(about_group(&response(r#"{"taskGroupId": "g"}"#), "g").is_ok());
    }
}
