//! The web server's two methods: tasks and logs as profiles for the Firefox Profiler, in its processed format.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;
use serde_json::{Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::queue::{QueueState, TaskTimes};
use super::wire::parse_time;

/// Versions of the format: of what Firefox writes, and of what the profiler makes of it.
const VERSIONS: (u32, u32) = (30, 54);

/// Answers a call of the web server; none for methods without behaviour.
pub(super) fn handle(queue: &QueueState, call: &Call<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "taskProfile" => of_task(queue, call.param("taskId"), call.now),
        "taskGroupProfile" => of_group(queue, call.param("taskGroupId"), call.now),
        _ => return None,
    })
}

/// Something that lasted from one time to another.
#[derive(Debug, Clone, PartialEq)]
struct Span {
    name: String,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    /// What the profiler shows of it.
    data: Value,
}

fn of_task(queue: &QueueState, id: &str, now: DateTime<Utc>) -> Outcome {
    let task = queue.times_of_task(id).ok_or_else(|| Fault::not_found("Task not found"))?;
    let lines = spans_of_log(&queue.log_of(id).unwrap_or_default());
    let threads = [(task.name.clone(), spans_of_runs(&task, now)), ("log".to_owned(), lines)];
    Ok(Answer::Json(profile(&task.name, task.created, threads)))
}

fn of_group(queue: &QueueState, id: &str, now: DateTime<Utc>) -> Outcome {
    let tasks = queue.times_of_group(id).ok_or_else(|| Fault::not_found("Task group not found"))?;
    let mut threads: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for task in &tasks {
        threads.entry(task.queue.to_string()).or_default().extend(spans_of_runs(task, now));
    }
    let start = tasks.iter().map(|task| task.created).min().unwrap_or(now);
    Ok(Answer::Json(profile(&format!("Task group {id}"), start, threads)))
}

/// The runs of a task: how long each waited, and how long it ran.
fn spans_of_runs(task: &TaskTimes, now: DateTime<Utc>) -> Vec<Span> {
    let mut spans = Vec::new();
    for (run_id, run) in task.runs.iter().enumerate() {
        let end = run.resolved.unwrap_or(now);
        let data = |phase: &str| json!({"type": "Task", "taskId": task.task_id, "runId": run_id, "phase": phase, "state": run.state});
        let waited = Span {
            name: task.name.clone(),
            start: run.scheduled,
            end: run.started.unwrap_or(end),
            data: data("pending"),
        };
        spans.push(waited);
        spans.extend(run.started.map(|start| Span { name: task.name.clone(), start, end, data: data("running") }));
    }
    spans
}

/// The lines of a log from the first with a time on; each lasts until the next one with a time.
fn spans_of_log(log: &str) -> Vec<Span> {
    static TIME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^\[[a-z]+[ :]+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\] ?").ok());
    let Some(pattern) = &*TIME else { return Vec::new() };
    let mut spans: Vec<Span> = Vec::new();
    let (mut at, mut untimed) = (None, 0);
    for line in log.lines() {
        let found = pattern.captures(line).and_then(|found| Some((parse_time(found.get(1)?.as_str())?, found)));
        let text = match &found {
            Some((time, found)) => {
                // The lines since the last time end here.
                let open = spans.len() - untimed;
                spans.iter_mut().skip(open).for_each(|span| span.end = *time);
                (at, untimed) = (Some(*time), 0);
                found.get(0).and_then(|prefix| line.get(prefix.end()..)).unwrap_or(line)
            }
            None => line,
        };
        if let Some(time) = at {
            spans.push(Span {
                name: "line".into(),
                start: time,
                end: time,
                data: json!({"type": "Log", "line": text}),
            });
            untimed += 1;
        }
    }
    spans
}

/// A profile whose times are counted from `start`.
fn profile(title: &str, start: DateTime<Utc>, threads: impl IntoIterator<Item = (String, Vec<Span>)>) -> Value {
    let threads: Vec<Value> =
        threads.into_iter().enumerate().map(|(number, (name, spans))| thread(number, &name, start, &spans)).collect();
    json!({
        "meta": {
            "interval": 1, "startTime": start.timestamp_millis(), "processType": 0, "stackwalk": 0, "debug": false,
            "product": title, "version": VERSIONS.0, "preprocessedProfileVersion": VERSIONS.1, "symbolicated": true,
            "extensions": {"id": [], "name": [], "baseURL": [], "length": 0},
            "categories": [{"name": "Other", "color": "grey", "subcategories": ["Other"]}],
            "markerSchema": [schema("Task", &["taskId", "runId", "phase", "state"]), schema("Log", &["line"])],
        },
        "libs": [],
        "threads": threads,
    })
}

fn schema(name: &str, keys: &[&str]) -> Value {
    let label = keys.first().copied().unwrap_or_default();
    let label = if name == "Log" { format!("{{marker.data.{label}}}") } else { "{marker.name}".to_owned() };
    let fields: Vec<Value> =
        keys.iter().map(|key| json!({"key": key, "label": key, "format": "string", "searchable": true})).collect();
    json!({
        "name": name, "display": ["marker-chart", "marker-table", "timeline-overview"], "chartLabel": label,
        "tableLabel": label, "tooltipLabel": label, "data": fields,
    })
}

fn thread(number: usize, name: &str, start: DateTime<Utc>, spans: &[Span]) -> Value {
    let mut strings: Vec<&str> = Vec::new();
    let names: Vec<usize> = spans
        .iter()
        .map(|span| {
            strings.iter().position(|known| *known == span.name).unwrap_or_else(|| {
                strings.push(&span.name);
                strings.len() - 1
            })
        })
        .collect();
    let since = |time: DateTime<Utc>| (time - start).num_milliseconds();
    let column = |of: fn(&Span) -> DateTime<Utc>| spans.iter().map(|span| since(of(span))).collect::<Vec<_>>();
    let empty = |columns: &[&str]| {
        let mut table: Value = columns.iter().map(|name| ((*name).to_owned(), json!([]))).collect();
        table["length"] = json!(0);
        table
    };
    json!({
        "name": name, "processType": "default", "processName": "Taskcluster", "isMainThread": true,
        "pid": number.to_string(), "tid": number, "registerTime": 0, "unregisterTime": null, "processStartupTime": 0,
        "processShutdownTime": null, "pausedRanges": [],
        "markers": {
            "name": names, "startTime": column(|span| span.start), "endTime": column(|span| span.end),
            // An interval.
            "phase": vec![1; spans.len()], "category": vec![0; spans.len()],
            "data": spans.iter().map(|span| &span.data).collect::<Vec<_>>(), "length": spans.len(),
        },
        "samples": empty(&["stack", "time", "weight"]),
        "stackTable": empty(&["frame", "prefix"]),
        "frameTable": empty(&[
            "address", "inlineDepth", "category", "subcategory", "func", "nativeSymbol", "innerWindowID", "line", "column",
        ]),
        "funcTable": empty(&["isJS", "relevantForJS", "name", "resource", "source", "lineNumber", "columnNumber"]),
        "resourceTable": empty(&["lib", "name", "host", "type"]),
        "nativeSymbols": empty(&["libIndex", "address", "name", "functionSize"]),
        "stringArray": strings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rig::{Request, Rig, read, slug};

    fn profile_of(rig: &Rig, method: &str, param: &str, id: &str) -> (u16, Value) {
        let request = Request::new("web-server", method).param(param, id);
        read(request.send(rig.now, |call| handle(&rig.queue, call)).unwrap())
    }

    #[test]
    fn a_group_has_a_thread_for_each_task_queue_and_two_markers_for_each_run() {
        let mut rig = Rig::new();
        rig.create(&slug(1), &slug(0), json!({}));
        rig.create(&slug(2), &slug(0), json!({"taskQueueId": "proj/mac"}));
        rig.pass(chrono::TimeDelta::seconds(3));
        rig.on("claimTask", &slug(1), Some(0), json!({"workerGroup": "g", "workerId": "w"}));
        rig.pass(chrono::TimeDelta::seconds(4));
        rig.on("reportFailed", &slug(1), Some(0), Value::Null);
        let (status, found) = profile_of(&rig, "taskGroupProfile", "taskGroupId", &slug(0));
        assert_eq!(status, 200);
        let threads = found["threads"].as_array().unwrap();
        assert_eq!(
            (threads.len(), &threads[0]["name"], &threads[1]["name"]),
            (2, &json!("proj/linux"), &json!("proj/mac"))
        );
        let markers = &threads[0]["markers"];
        assert_eq!((&markers["startTime"], &markers["endTime"]), (&json!([0, 3000]), &json!([3000, 7000])));
        assert_eq!((&markers["length"], &markers["data"][1]["phase"]), (&json!(2), &json!("running")));
        assert_eq!(threads[1]["markers"]["endTime"], json!([7000]), "what still waits lasts until now");
        assert_eq!(found["meta"]["startTime"], rig.now.timestamp_millis() - 7000);
    }

    #[test]
    fn a_profile_of_what_is_not_there_is_refused() {
        let rig = Rig::new();
        for (method, param, message) in
            [("taskProfile", "taskId", "Task not found"), ("taskGroupProfile", "taskGroupId", "Task group not found")]
        {
            let (status, answer) = profile_of(&rig, method, param, &slug(1));
            assert_eq!((status, &answer["message"]), (404, &json!(message)));
        }
    }

    #[test]
    fn lines_without_a_time_have_that_of_the_line_before() {
        let log = "before\n[taskcluster 2026-11-22T12:00:00.000Z] a\nb\n[vcs 2026-11-22T12:00:05Z] c\n";
        let spans = spans_of_log(log);
        let time = |text: &str| parse_time(text).unwrap();
        let (first, second) = (time("2026-11-22T12:00:00Z"), time("2026-11-22T12:00:05Z"));
        let shown: Vec<_> =
            spans.iter().map(|span| (span.data["line"].as_str().unwrap(), span.start, span.end)).collect();
        assert_eq!(shown, [("a", first, second), ("b", first, second), ("c", second, second)]);
    }
}
