//! The tasks of a group, page by page.

use std::borrow::Cow;
use std::io::Write;
use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _, stream};
use serde::Deserialize;

use super::listed::Listed;
use crate::client::{Client, Page, Pages};
use crate::context::Context;
use crate::domain::TaskState;
use crate::domain::filter::TaskFilter;
use crate::domain::task::TaskItem;
use crate::error::{Error, Result};
use crate::ui::jq::{Output, Program};
use crate::ui::json::Layout;

/// The tasks of a group; the next page is fetched while one is being handled.
pub(crate) struct GroupTasks {
    pages: Pages,
    listed: Listed,
}

/// One page of a group's tasks.
pub(crate) struct GroupPage {
    body: Bytes,
    /// Where the tasks stand in the body.
    tasks: Vec<Range<usize>>,
}

/// What a line of a list says of a task.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TaskBrief<'a> {
    /// The ID.
    pub id: Cow<'a, str>,
    /// The name, as it stands in the definition: it may hold any character.
    pub name: Cow<'a, str>,
    /// The state.
    pub state: TaskState,
}

/// The member of a page that is the list.
const TASKS: &str = "tasks";

impl GroupTasks {
    /// The tasks of this group.
    ///
    /// # Errors
    /// When the call cannot be built.
    pub(crate) fn of(client: &Client, group: &str) -> Result<Self> {
        let pages = client.call("queue", "listTaskGroup").arg(group).pages()?;
        Ok(Self { pages, listed: Listed::default() })
    }

    /// The same, fetching no page that nobody has asked for: for groups that may not be read to their end.
    #[must_use]
    pub(crate) fn one_by_one(self) -> Self {
        Self { pages: self.pages.one_by_one(), ..self }
    }

    /// The next page, in which what was listed before is left out; none after the last.
    ///
    /// # Errors
    /// Those of [`Pages::next`], and when it is not a page of a group.
    pub(crate) async fn next(&mut self) -> Result<Option<GroupPage>> {
        let Some(page) = self.pages.next().await? else { return Ok(None) };
        GroupPage::parse(page.body, &mut self.listed).map(Some)
    }

    /// What `make` makes of the tasks that are selected, as a stream.
    pub(crate) fn selected<'a, T: 'a>(
        self,
        selection: &'a Selection,
        make: impl Fn(&TaskItem<'_>) -> T + 'a,
    ) -> impl Stream<Item = Result<T>> + 'a {
        stream::try_unfold(self, |mut tasks| async move { Ok(tasks.next().await?.map(|page| (page, tasks))) })
            .and_then(move |page: GroupPage| {
                let mut found = Vec::new();
                let outcome = page.each(|raw, item| {
                    if selection.takes(raw, item)? {
                        found.push(make(item));
                    }
                    Ok(())
                });
                std::future::ready(outcome.map(|()| stream::iter(found.into_iter().map(Ok))))
            })
            .try_flatten()
    }
}

impl GroupPage {
    /// The page without the tasks that were listed before.
    ///
    /// # Errors
    /// When it is not a page of a group.
    fn parse(body: Bytes, listed: &mut Listed) -> Result<Self> {
        let tasks = listed.fresh(&Page::parse(&body, Some(TASKS)).map_err(broken)?, &body);
        Ok(Self { body, tasks })
    }

    /// The tasks as the server sent them.
    fn raw(&self) -> impl Iterator<Item = &[u8]> {
        self.tasks.iter().filter_map(|place| self.body.get(place.clone()))
    }

    /// Hands each task to `visit`: as it was sent, and read.
    ///
    /// # Errors
    /// When an item is not a task, or `visit` fails.
    pub(crate) fn each(&self, mut visit: impl FnMut(&[u8], &TaskItem<'_>) -> Result<()>) -> Result<()> {
        for raw in self.raw() {
            visit(raw, &TaskItem::parse(raw).map_err(broken)?)?;
        }
        Ok(())
    }

    /// Hands ID, name and state of each task to `visit`.
    pub(crate) fn each_brief(&self, mut visit: impl FnMut(&TaskBrief<'_>) -> Result<()>) -> Result<()> {
        for raw in self.raw() {
            visit(&TaskBrief::parse(raw).map_err(broken)?)?;
        }
        Ok(())
    }

    /// Writes each task on a line, as it was sent but for line breaks.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub(crate) fn write_lines(&self, out: &mut dyn Write) -> Result<()> {
        for raw in self.raw() {
            Layout::write_line(raw, out)?;
        }
        Ok(())
    }
}

impl<'a> TaskBrief<'a> {
    fn parse(raw: &'a [u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow)]
            status: Status<'a>,
            #[serde(borrow)]
            task: Definition<'a>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status<'a> {
            #[serde(borrow)]
            task_id: Cow<'a, str>,
            state: TaskState,
        }
        #[derive(Deserialize)]
        struct Definition<'a> {
            #[serde(borrow, default)]
            metadata: Metadata<'a>,
        }
        #[derive(Deserialize, Default)]
        struct Metadata<'a> {
            #[serde(borrow, default)]
            name: Cow<'a, str>,
        }
        let Item { status, task } = serde_json::from_slice(raw)?;
        Ok(Self { id: status.task_id, name: task.metadata.name, state: status.state })
    }
}

fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::failed("queue.listTaskGroup sent something that is not a page of tasks").caused_by(source)
}

/// Which tasks are meant: by filter, and by a jq program over the whole item.
#[derive(Default)]
pub(crate) struct Selection {
    /// The filter.
    pub filter: TaskFilter,
    /// A program whose first result says yes with anything but `false` and `null`.
    pub program: Option<Program>,
}

impl Selection {
    /// By a filter, and by the program of `--jq`, if there is one.
    ///
    /// # Errors
    /// When the program does not compile.
    pub(crate) fn new(filter: TaskFilter, context: &Context) -> Result<Self> {
        Ok(Self { filter, program: context.jq()? })
    }

    /// Whether a task is meant.
    ///
    /// # Errors
    /// When the jq program fails.
    pub(crate) fn takes(&self, raw: &[u8], item: &TaskItem<'_>) -> Result<bool> {
        if !self.filter.matches(item) {
            return Ok(false);
        }
        let Some(program) = &self.program else { return Ok(true) };
        let mut verdict = None;
        program.run(raw, |output| -> Result<()> {
            if !matches!(output, Output::Message(_)) {
                verdict.get_or_insert(output.is_true());
            }
            Ok(())
        })?;
        Ok(verdict.unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(body: &str) -> Result<GroupPage> {
        GroupPage::parse(Bytes::copy_from_slice(body.as_bytes()), &mut Listed::default())
    }

    fn lines(page: &str) -> String {
        let mut out = Vec::new();
        page_of(page).unwrap().write_lines(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_task_is_one_line() {
        let expected = "{\"a\":[1,2]}\n{\"b\":\"],\"}\n";
        assert_eq!(lines(r#"{"x":1,"tasks":[{"a":[1,2]},{"b":"],"}],"y":[2]}"#), expected);
        assert_eq!(lines(r#"{"tasks": [{"a":[1,2]}, {"b":"],"} ]}"#), expected);
        assert_eq!(lines("{\"tasks\":[{\"a\":\n[1, 2]},{\"b\":\"],\"}]}"), expected);
        assert_eq!(lines(r#"{"tasks":[]}"#), "");
        assert!(page_of("{}").is_err());
    }

    #[test]
    fn a_brief_says_the_same_as_the_whole_task() {
        let raw = r#"{"status": {"taskId": "x", "state": "running", "runs": [{"runId": 0, "state": "failed"}]},
            "task": {"payload": {"name": "p"}, "metadata": {"owner": "o", "name": "a \"b\""}}}"#
            .to_owned();
        let other = r#"{"status": {"taskId": "x", "state": "new one"}, "task": {}}"#;
        let page = page_of(&format!(r#"{{"tasks":[{raw},{other}]}}"#)).unwrap();
        let (item, mut briefs) = (TaskItem::parse(raw.as_bytes()).unwrap(), Vec::new());
        let mut note = |task: &TaskBrief<'_>| briefs.push((task.id.to_string(), task.name.to_string(), task.state));
        page.each_brief(|task| {
            note(task);
            Ok(())
        })
        .unwrap();
        let whole = (item.id().to_owned(), item.name().to_owned(), item.status.state);
        assert_eq!(briefs, [whole, ("x".into(), String::new(), TaskState::Other("new one"))]);
        for bad in [r#"{"tasks":[{"status": {"taskId": "x"}, "task": {}}]}"#, r#"{"tasks":[1]}"#, r#"{"x":[]}"#] {
            assert!(page_of(bad).and_then(|page| page.each_brief(|_| Ok(()))).is_err(), "{bad}");
        }
    }
}
