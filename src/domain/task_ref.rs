//! What a user may give where a task or a task group is asked for: an ID, or the address of its web page.

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

use super::RootUrl;
use super::slugid::is_slugid;

/// Where the web pages of the 2018 deployment are.
const LEGACY_TOOLS: &str = "tools.taskcluster.net";
const LEGACY_ROOT: &str = "https://taskcluster.net";

/// A task or a task group, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskRef {
    /// The ID: a slugid.
    pub id: String,
    /// What the text says it is.
    pub kind: RefKind,
    /// The deployment whose page was given; none for a bare ID.
    pub root: Option<RootUrl>,
    /// The run that the page shows.
    pub run: Option<u32>,
    /// The artifact that the page shows.
    pub artifact: Option<String>,
    /// The group that the page names besides the task.
    pub group: Option<String>,
}

/// What a reference stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefKind {
    /// A bare ID, which can be that of a task or of a group.
    Id,
    /// A task's page.
    Task,
    /// A group's page.
    Group,
}

/// Why a text refers to no task and no group.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum TaskRefError {
    /// Neither an ID nor a URL.
    #[error("invalid task ID `{0}`; an ID looks like VESwp9JaRo-XkFN_bemBhw")]
    NoId(String),
    /// Neither an ID nor a URL, where a group is asked for.
    #[error("invalid task group ID `{0}`; an ID looks like VESwp9JaRo-XkFN_bemBhw")]
    NoGroupId(String),
    /// The URL of something else.
    #[error("`{0}` is not the page of a task or of a task group")]
    OtherPage(String),
    /// The page of a task where a group is asked for.
    #[error("`{0}` is the page of a task, and a task group is asked for")]
    NotAGroup(String),
    /// The page of a group where a task is asked for.
    #[error("`{0}` is the page of a task group, and a task is asked for")]
    NotATask(String),
}

/// Most characters of what is no ID that a message shows.
const MAX_SHOWN_CHARACTERS: usize = 200;

/// The word as messages show it: what comes by a pipe may be a whole file.
fn shown(word: &str) -> String {
    match word.char_indices().nth(MAX_SHOWN_CHARACTERS) {
        Some((end, _)) => word.get(..end).unwrap_or(word).to_owned() + "..",
        None => word.to_owned(),
    }
}

impl TaskRef {
    /// Reads an ID or the address of a page: of a task, of one of its runs or artifacts, or of a group.
    ///
    /// # Errors
    /// [`TaskRefError::NoId`] and [`TaskRefError::OtherPage`].
    pub(crate) fn parse(text: &str) -> Result<Self, TaskRefError> {
        let text = text.trim();
        if let Some(id) = slugid(text) {
            return Ok(Self::new(id, RefKind::Id));
        }
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| TaskRefError::NoId(shown(text)))?;
        let other = || TaskRefError::OtherPage(shown(text));
        let mut found = page(&url).ok_or_else(other)?;
        found.root = Some(root_of(&url).ok_or_else(other)?);
        Ok(found)
    }

    /// Reads what stands where a group is asked for.
    ///
    /// # Errors
    /// Those of [`TaskRef::parse`], and [`TaskRefError::NotAGroup`].
    pub(crate) fn parse_group(text: &str) -> Result<Self, TaskRefError> {
        let mut found = Self::parse(text).map_err(|error| match error {
            TaskRefError::NoId(text) => TaskRefError::NoGroupId(text),
            other => other,
        })?;
        match (found.kind, found.group.take()) {
            (RefKind::Task, None) => Err(TaskRefError::NotAGroup(text.to_owned())),
            (RefKind::Task, Some(group)) => Ok(Self { id: group, kind: RefKind::Group, run: None, ..found }),
            (RefKind::Id | RefKind::Group, _) => Ok(found),
        }
    }

    /// Reads what stands where a task is asked for.
    ///
    /// # Errors
    /// Those of [`TaskRef::parse`], and [`TaskRefError::NotATask`].
    pub(crate) fn parse_task(text: &str) -> Result<Self, TaskRefError> {
        let found = Self::parse(text)?;
        match found.kind {
            RefKind::Group => Err(TaskRefError::NotATask(text.to_owned())),
            RefKind::Id | RefKind::Task => Ok(found),
        }
    }

    fn new(id: String, kind: RefKind) -> Self {
        Self { id, kind, root: None, run: None, artifact: None, group: None }
    }
}

/// The ID in a text that may be percent-encoded: a leading dash can be hidden from a shell that way.
fn slugid(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    is_slugid(&decoded).then(|| decoded.into_owned())
}

fn root_of(url: &Url) -> Option<RootUrl> {
    if url.host_str() == Some(LEGACY_TOOLS) {
        return RootUrl::parse(LEGACY_ROOT).ok();
    }
    RootUrl::parse(&url.origin().ascii_serialization()).ok()
}

/// What the path of a page says.
fn page(url: &Url) -> Option<TaskRef> {
    let mut segments: Vec<&str> = url.path_segments()?.collect();
    while segments.last().is_some_and(|last| last.is_empty()) {
        segments.pop();
    }
    // The pages of 2018 kept their state behind a `#`.
    if let ["task-inspector" | "task-group-inspector", ..] = segments.as_slice() {
        return inspector(url, segments.first()?);
    }
    match segments.as_slice() {
        ["tasks", "groups", group, rest @ ..] => group_page(group, rest),
        ["groups", group, rest @ ..] => group_page(group, rest),
        ["tasks", task, rest @ ..] => task_page(task, rest),
        ["api", "queue", _, "task", task, rest @ ..] => task_page(task, rest),
        ["api", "queue", _, "task-group", group, ..] => group_page(group, &[]),
        _ => None,
    }
}

fn group_page(group: &str, rest: &[&str]) -> Option<TaskRef> {
    let group = slugid(group)?;
    match rest {
        ["tasks", task, rest @ ..] => {
            let mut found = task_page(task, rest)?;
            found.group = Some(group);
            Some(found)
        }
        _ => Some(TaskRef::new(group, RefKind::Group)),
    }
}

fn task_page(task: &str, rest: &[&str]) -> Option<TaskRef> {
    let mut found = TaskRef::new(slugid(task)?, RefKind::Task);
    if let ["runs", run, rest @ ..] = rest {
        found.run = Some(run.parse().ok()?);
        found.artifact = artifact(rest);
    }
    Some(found)
}

/// The artifact behind `/runs/<n>/`; a log's page has `logs/`, and `live/` while it is being written.
fn artifact(rest: &[&str]) -> Option<String> {
    let name = match rest {
        ["logs", "live", name @ ..] | ["logs", name @ ..] | ["artifacts", name @ ..] => name,
        name => name,
    };
    let name = percent_decode_str(&name.join("/")).decode_utf8().ok()?.into_owned();
    (!name.is_empty()).then_some(name)
}

/// `/task-inspector/#<task>/<run>` and `/task-group-inspector/#/<group>[/<task>]`.
fn inspector(url: &Url, which: &str) -> Option<TaskRef> {
    let mut parts = url.fragment()?.split('/').filter(|part| !part.is_empty());
    let first = slugid(parts.next()?)?;
    if which == "task-inspector" {
        let run = parts.next().and_then(|run| run.parse().ok());
        return Some(TaskRef { run, ..TaskRef::new(first, RefKind::Task) });
    }
    Some(TaskRef::new(first, RefKind::Group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_place_of_an_id_is_not_shown_as_a_whole() {
        let said = TaskRef::parse(&"漢".repeat(1 << 20)).unwrap_err().to_string();
        assert!(said.starts_with("invalid task ID `漢漢") && said.contains("漢..`; an ID looks like"), "{said}");
        assert!(said.chars().count() < 300, "{said}");
    }

    const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
    const DASHED: &str = "-8-U5J46TnidyFvAZAaJLg";

    fn shown(text: &str) -> String {
        match TaskRef::parse(text) {
            Ok(TaskRef { id, kind, root, run, artifact, group }) => {
                let root = root.map(|root| root.to_string()).unwrap_or_default();
                let run = run.map(|run| run.to_string()).unwrap_or_default();
                let rest = [root, run, artifact.unwrap_or_default(), group.unwrap_or_default()].join(" ");
                format!("{kind:?} {id} {}", rest.trim_end())
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_id_may_start_with_a_dash() {
        assert_eq!(shown(ID), format!("Id {ID} "));
        assert_eq!(shown(DASHED), format!("Id {DASHED} "));
        assert_eq!(shown(&DASHED.replacen('-', "%2D", 1)), format!("Id {DASHED} "));
    }

    #[test]
    fn every_page_of_a_task_or_group_will_do() {
        let root = "https://tc.example.com";
        for (path, expected) in [
            (format!("/tasks/{ID}"), format!("Task {ID} {root}")),
            (format!("/tasks/{ID}/"), format!("Task {ID} {root}")),
            (format!("/tasks/{DASHED}/definition?x#y"), format!("Task {DASHED} {root}")),
            (format!("/tasks/{ID}/runs/2"), format!("Task {ID} {root} 2")),
            (format!("/tasks/{ID}/runs/0/public%2Fa%20b"), format!("Task {ID} {root} 0 public/a b")),
            (
                format!("/tasks/{ID}/runs/0/logs/public/logs/live.log"),
                format!("Task {ID} {root} 0 public/logs/live.log"),
            ),
            (format!("/tasks/{ID}/runs/0/logs/live/public%2Fx.log"), format!("Task {ID} {root} 0 public/x.log")),
            (format!("/tasks/groups/{ID}"), format!("Group {ID} {root}")),
            (format!("/tasks/groups/{ID}/"), format!("Group {ID} {root}")),
            (format!("/tasks/groups/{ID}/tasks/{DASHED}/runs/1"), format!("Task {DASHED} {root} 1  {ID}")),
            (format!("/groups/{ID}/tasks/{DASHED}/runs/1"), format!("Task {DASHED} {root} 1  {ID}")),
            (format!("/api/queue/v1/task/{ID}/status"), format!("Task {ID} {root}")),
            (format!("/api/queue/v1/task-group/{ID}/list?limit=1"), format!("Group {ID} {root}")),
        ] {
            assert_eq!(shown(&format!("{root}{path}")), expected, "{path}");
        }
        assert_eq!(shown(&format!("http://localhost:8080/tasks/{ID}")), format!("Task {ID} http://localhost:8080"));
    }

    #[test]
    fn the_pages_of_2018_mean_the_legacy_deployment() {
        let tools = "https://tools.taskcluster.net";
        let root = "https://taskcluster.net";
        for (path, expected) in [
            (format!("/groups/{ID}"), format!("Group {ID} {root}")),
            (format!("/groups/{ID}/tasks/{DASHED}/details"), format!("Task {DASHED} {root}   {ID}")),
            (format!("/task-inspector/#{ID}/1"), format!("Task {ID} {root} 1")),
            (format!("/task-group-inspector/#/{ID}/{DASHED}"), format!("Group {ID} {root}")),
        ] {
            assert_eq!(shown(&format!("{tools}{path}")), expected, "{path}");
        }
    }

    #[test]
    fn other_things_are_refused() {
        for text in ["", "x", "VESwp9JaRo-XkFN_bemBhx", "tc.example.com/tasks/VESwp9JaRo-XkFN_bemBhw"] {
            assert_eq!(TaskRef::parse(text), Err(TaskRefError::NoId(text.into())));
        }
        for path in
            ["", "/tasks", "/tasks/create", "/tasks/index/a/b", "/hooks/a/b", "/tasks/VESwp9JaRo-XkFN_bemBhw/runs/x"]
        {
            let text = format!("https://tc.example.com{path}");
            assert_eq!(TaskRef::parse(&text), Err(TaskRefError::OtherPage(text.clone())));
        }
        let task = format!("https://tc.example.com/tasks/{ID}");
        assert_eq!(TaskRef::parse_group(&task), Err(TaskRefError::NotAGroup(task.clone())));
        let group = format!("https://tc.example.com/tasks/groups/{ID}");
        assert_eq!(TaskRef::parse_task(&group), Err(TaskRefError::NotATask(group.clone())));
        let both = format!("https://tc.example.com/groups/{DASHED}/tasks/{ID}");
        assert_eq!(TaskRef::parse_group(&both).unwrap().id, DASHED);
        assert_eq!(TaskRef::parse_task(&both).unwrap().id, ID);
    }
}
