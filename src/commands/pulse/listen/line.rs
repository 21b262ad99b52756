//! A message as a line: JSON for programs, words for people. Pure.

use chrono::{DateTime, Local, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::pulse::{Message, describe_by, names};
use crate::reference::Catalogue;
use crate::ui::json::Layout;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    exchange: &'a str,
    routing_key: &'a str,
    routes: &'a [String],
    redelivered: bool,
    time: String,
    payload: &'a RawValue,
}

/// One line of JSON, without its end. A payload that is no JSON is a string there.
pub(super) fn json(message: &Message) -> serde_json::Result<Vec<u8>> {
    let text;
    let payload = match message.payload() {
        Ok(payload) => payload,
        Err(_) => {
            text = serde_json::value::to_raw_value(&String::from_utf8_lossy(message.body()))?;
            &*text
        }
    };
    let line = Line {
        exchange: &message.exchange,
        routing_key: &message.routing_key,
        routes: &message.routes,
        redelivered: message.redelivered,
        time: message.time.to_rfc3339_opts(SecondsFormat::Millis, true),
        payload,
    };
    let line = serde_json::to_vec(&line)?;
    if memchr::memchr2(b'\n', b'\r', &line).is_none() {
        return Ok(line);
    }
    let mut compact = Vec::with_capacity(line.len());
    // Writing to memory cannot fail.
    drop(Layout::COMPACT.write(&line, &mut compact));
    Ok(compact)
}

/// One line for people: time, exchange, what it is about, and in which state that is.
pub(super) fn text(message: &Message, catalogue: &Catalogue) -> String {
    let payload: Value = serde_json::from_slice(message.body()).unwrap_or_default();
    let (name, about) = match describe_by(&message.exchange, catalogue) {
        None => (message.exchange.clone(), message.routing_key.clone()),
        Some((service, exchange)) => {
            let words = names(exchange, &message.routing_key);
            (format!("{}.{}", service.service_name, exchange.name), about(&words, &payload))
        }
    };
    let again = if message.redelivered { "(redelivered)" } else { "" };
    let parts = [clock(message.time), name, about, state(&payload), again.to_owned()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

/// The time of the day where the person is.
fn clock(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%H:%M:%S").to_string()
}

/// What the message is about: the task and its run, else all words, else what the payload is called by.
fn about(words: &[(&str, &str)], payload: &Value) -> String {
    let word = |name: &str| words.iter().find(|(word, _)| *word == name).map(|(_, value)| *value);
    if let Some(task) = word("taskId") {
        let mut parts = vec![task.to_owned()];
        parts.extend(word("runId").map(|run| format!("run {run}")));
        if let (Some(provisioner), Some(worker)) = (word("provisionerId"), word("workerType")) {
            parts.push(format!("{provisioner}/{worker}"));
        }
        parts.extend(payload.pointer("/artifact/name").and_then(Value::as_str).map(Into::into));
        return parts.join(" ");
    }
    if !words.is_empty() {
        return words.iter().map(|(_, value)| *value).collect::<Vec<_>>().join(" ");
    }
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    match (text("hookGroupId"), text("hookId")) {
        (Some(group), Some(hook)) => format!("{group}/{hook}"),
        _ => ["clientId", "roleId", "workerPoolId"].into_iter().find_map(text).unwrap_or_default().to_owned(),
    }
}

/// The state of the task, with the reason where that says more.
fn state(payload: &Value) -> String {
    let Some(state) = payload.pointer("/status/state").and_then(Value::as_str) else { return String::new() };
    let run = payload.get("runId").and_then(Value::as_u64).and_then(|run| usize::try_from(run).ok());
    let runs = payload.pointer("/status/runs").and_then(Value::as_array);
    let run = runs.and_then(|runs| run.map_or_else(|| runs.last(), |run| runs.get(run)));
    let reason = run.and_then(|run| run.get("reasonResolved")).and_then(Value::as_str);
    match reason.filter(|reason| *reason != state) {
        Some(reason) => format!("{state} ({reason})"),
        None => state.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tasks_are_told_by_run_and_place() {
        let words =
            [("taskId", "a"), ("runId", "0"), ("provisionerId", "p"), ("workerType", "w"), ("taskGroupId", "g")];
        assert_eq!(about(&words, &Value::Null), "a run 0 p/w");
        assert_eq!(about(&words[..1], &json!({"artifact": {"name": "public/x"}})), "a public/x");
    }

    #[test]
    fn what_is_no_task_is_told_by_its_words_or_its_name() {
        assert_eq!(about(&[("organization", "mozilla"), ("repository", "gecko")], &Value::Null), "mozilla gecko");
        assert_eq!(about(&[], &json!({"clientId": "c"})), "c");
        assert_eq!(about(&[], &json!({"hookGroupId": "g", "hookId": "h"})), "g/h");
        assert_eq!(about(&[], &json!([])), "");
    }

    #[test]
    fn a_state_comes_with_the_reason_of_its_run() {
        let run = |reason: &str| json!({"reasonResolved": reason});
        let status = |state: &str, runs: Vec<Value>| json!({"status": {"state": state, "runs": runs}});
        assert_eq!(state(&status("completed", vec![run("completed")])), "completed");
        assert_eq!(state(&status("exception", vec![run("failed"), run("canceled")])), "exception (canceled)");
        assert_eq!(state(&status("unscheduled", vec![])), "unscheduled");
        let mut of_first_run = status("pending", vec![run("worker-shutdown"), json!({})]);
        of_first_run["runId"] = json!(0);
        assert_eq!(state(&of_first_run), "pending (worker-shutdown)");
        assert_eq!(state(&json!({})), "");
    }
}
