//! The tasks of a group, page by page.

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _, stream};

use crate::client::{Client, Pages};
use crate::context::Context;
use crate::domain::filter::TaskFilter;
use crate::domain::task::{TaskBrief, TaskItem};
use crate::error::{Error, Result};
use crate::ui::jq::{Output, Program};
use crate::ui::json_list;

/// The tasks of a group; the next page is fetched while one is being handled.
pub struct GroupTasks {
    pages: Pages,
}

/// One page of a group's tasks.
pub struct GroupPage(Bytes);

impl GroupTasks {
    /// The tasks of this group.
    ///
    /// # Errors
    /// When the call cannot be built.
    pub fn of(client: &Client, group: &str) -> Result<Self> {
        Ok(Self { pages: client.call("queue", "listTaskGroup").arg(group).pages()? })
    }

    /// The next page; none after the last.
    ///
    /// # Errors
    /// Those of [`Pages::next`].
    pub async fn next(&mut self) -> Result<Option<GroupPage>> {
        Ok(self.pages.next().await?.map(|response| GroupPage(response.body)))
    }

    /// What `make` makes of the tasks that are selected, as a stream.
    pub fn selected<'a, T: 'a>(
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
    /// The tasks as the server sent them.
    ///
    /// # Errors
    /// When it is not a page of a group.
    pub fn raw(&self) -> Result<impl Iterator<Item = &[u8]>> {
        let page = json_list::split(&self.0, Some("tasks")).map_err(broken)?;
        if page.list.is_none() {
            return Err(broken("it has no `tasks`"));
        }
        Ok(page.items.into_iter())
    }

    /// Hands each task to `visit`: as it was sent, and read.
    ///
    /// # Errors
    /// When it is not a page of a group, or `visit` fails.
    pub fn each(&self, mut visit: impl FnMut(&[u8], &TaskItem<'_>) -> Result<()>) -> Result<()> {
        for raw in self.raw()? {
            visit(raw, &TaskItem::parse(raw).map_err(broken)?)?;
        }
        Ok(())
    }

    /// Hands ID, name and state of each task to `visit`.
    ///
    /// # Errors
    /// Those of [`GroupPage::each`].
    pub fn each_brief(&self, mut visit: impl FnMut(&TaskBrief<'_>) -> Result<()>) -> Result<()> {
        for raw in self.raw()? {
            visit(&TaskBrief::parse(raw).map_err(broken)?)?;
        }
        Ok(())
    }
}

fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::failed("queue.listTaskGroup answered something that is not a page of tasks").caused_by(source)
}

/// Which tasks are meant: by filter, and by a jq program over the whole item.
#[derive(Default)]
pub struct Selection {
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
    pub fn new(filter: TaskFilter, context: &Context) -> Result<Self> {
        Ok(Self { filter, program: context.jq()? })
    }

    /// Whether a task is meant.
    ///
    /// # Errors
    /// When the jq program fails.
    pub fn takes(&self, raw: &[u8], item: &TaskItem<'_>) -> Result<bool> {
        if !self.filter.matches(item) {
            return Ok(false);
        }
        let Some(program) = &self.program else { return Ok(true) };
        let mut verdict = None;
        program.run(raw, |output| -> Result<()> {
            verdict.get_or_insert(!matches!(output, Output::Json(json) if json == b"false" || json == b"null"));
            Ok(())
        })?;
        Ok(verdict.unwrap_or(false))
    }
}
