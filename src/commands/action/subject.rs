//! What actions are run on: task groups, and tasks in them.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use crate::commands::selection;
use crate::context::{Context, Deployment};
use crate::definition::actions::Target;
use crate::domain::TaskRef;
use crate::domain::task_ref::RefKind;
use crate::error::{Error, Kind, Result};

/// Look-ups at once.
const MAX_CONCURRENT_LOOKUPS: usize = 16;

/// How to read what is named.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SubjectArgs {
    /// Read an ID that is both a task's and its group's as the task's
    #[arg(long)]
    task: bool,
    /// Read the arguments as index paths: `project.branch.latest.build`
    #[arg(long)]
    index: bool,
    /// The task that publishes the actions; by default the one with the ID of the group
    #[arg(long, value_name = "TASK")]
    decision_task: Option<String>,
}

/// A task group, or a task.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Where it is.
    pub(super) deployment: Deployment,
    /// The group.
    pub(super) group: String,
    /// ID and definition of the task; none for the group as a whole.
    pub(super) task: Option<(String, Value)>,
    /// The task that publishes the actions.
    pub(super) decision: String,
}

impl Subject {
    /// The ID of the task, or else of the group.
    pub(super) fn id(&self) -> &str {
        self.task.as_ref().map_or(&self.group, |(id, _)| id)
    }

    /// The name of the task; empty for a group.
    pub(super) fn name(&self) -> &str {
        let name = self.task.as_ref().and_then(|(_, definition)| definition.pointer("/metadata/name"));
        name.and_then(Value::as_str).unwrap_or_default()
    }

    /// `task <ID>` or `task group <ID>`.
    pub(super) fn label(&self) -> String {
        format!("{} {}", if self.task.is_some() { "task" } else { "task group" }, self.id())
    }

    /// As templates and tags see it.
    pub(super) fn target(&self) -> Target<'_> {
        let task = self.task.as_ref().map(|(id, definition)| (id.as_str(), definition));
        Target { group: &self.group, task }
    }
}

impl SubjectArgs {
    /// What one word names.
    ///
    /// # Errors
    /// [`Kind::Usage`] when it names nothing.
    pub(super) async fn one(&self, word: &str, context: &Context) -> Result<Subject> {
        let words = selection::resolve_index(vec![word.to_owned()], self.index, context).await?;
        self.subject(words.first().map_or(word, String::as_str), context).await
    }

    /// What all words name, each once; `-` reads more from standard input, the first word of each line.
    ///
    /// # Errors
    /// As [`SubjectArgs::one`].
    pub(super) async fn all(&self, words: &[String], context: &Context) -> Result<Vec<Subject>> {
        let mut named: Vec<String> = Vec::new();
        for word in words {
            if word == "-" {
                let bytes = context.read_stdin().await?;
                let text = String::from_utf8_lossy(&bytes);
                named.extend(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned));
            } else {
                named.push(word.clone());
            }
        }
        if named.is_empty() {
            return Err(Error::usage("no task is named")
                .hint("Give IDs or addresses of task pages; `-` reads them from standard input."));
        }
        let named = selection::resolve_index(named, self.index, context).await?;
        let mut subjects: Vec<Subject> = stream::iter(&named)
            .map(|word| self.subject(word, context))
            .buffered(MAX_CONCURRENT_LOOKUPS)
            .try_collect()
            .await?;
        let mut seen = std::collections::HashSet::new();
        subjects.retain(|subject| seen.insert((subject.deployment.clone(), subject.id().to_owned())));
        Ok(subjects)
    }

    async fn subject(&self, word: &str, context: &Context) -> Result<Subject> {
        let found = TaskRef::parse(word).map_err(|fault| Error::usage(fault.to_string()))?;
        let deployment = context.deployment_of(found.root.as_ref())?;
        let decision = |group: &str| -> Result<String> {
            match &self.decision_task {
                Some(text) => Ok(selection::task(text, context)?.id),
                None => Ok(group.to_owned()),
            }
        };
        if found.kind == RefKind::Group {
            if self.task {
                return Err(Error::usage(format!("`{word}` is the page of a task group, and --task asks for a task")));
            }
            let decision = decision(&found.id)?;
            return Ok(Subject { deployment, group: found.id, task: None, decision });
        }
        let client = deployment.client(context)?;
        let answer = client.call("queue", "task").arg(found.id.as_str()).send().await;
        let definition: Value = match answer {
            Ok(answer) => answer.json()?,
            Err(error) if error.kind() == Kind::NotFound && self.decision_task.is_some() && !self.task => {
                // A group need not have a task of its ID, where the actions come from elsewhere.
                return Ok(Subject { deployment, decision: decision(&found.id)?, group: found.id, task: None });
            }
            Err(error) if error.kind() == Kind::NotFound => {
                return Err(Error::unknown_name(format_args!("task {}", found.id))
                    .hint("A group without a decision task has no actions, unless --decision-task names another."));
            }
            Err(error) => return Err(error),
        };
        let group = definition.get("taskGroupId").and_then(Value::as_str).map(str::to_owned);
        let group = group.ok_or_else(|| Error::failed(format!("task {} has no task group", found.id)))?;
        let decision = decision(&group)?;
        let is_group = found.kind == RefKind::Id && group == found.id && !self.task;
        let task = (!is_group).then_some((found.id, definition));
        Ok(Subject { deployment, group, task, decision })
    }
}
