//! Actions of a task group: what people can have done to it or to its tasks, as its decision task publishes it.
//!
//! The form is that of `public/actions.json`, version 1, in Taskcluster's documentation. The file comes from whoever
//! wrote the decision task, so nothing in it is believed, and its size is bounded.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use thiserror::Error;

use super::json_e::{self, Context, JsonEError};
use crate::domain::hook_ref::HookRef;
use crate::schema::{Defaults, SchemaError};

/// The artifact of a decision task that holds its actions.
pub(crate) const ARTIFACT_NAME: &str = "public/actions.json";
/// A longer file is refused; those of the largest projects have some hundred kilobytes.
pub(crate) const MAX_FILE_BYTES: usize = 8 << 20;
/// More actions than this are refused.
const MAX_ACTIONS: usize = 1000;
/// What a template makes is sent as a body, and the services take no larger ones.
const MAX_RENDERED_BYTES: usize = 10 << 20;
/// Defaults that a schema may fill into an input.
const MAX_DEFAULTS: usize = 10_000;
/// What a decision task's scopes must cover for its hooks to be triggered, before `<hookGroupId>/<hookId>`.
const HOOK_ACTION_SCOPE: &str = "in-tree:hook-action:";

/// Why a file has no actions, or an action cannot be run.
#[derive(Debug, Clone, PartialEq, Error)]
pub(crate) enum ActionsError {
    /// Not JSON, or not an object with a list.
    #[error("{ARTIFACT_NAME} is not a file of actions: {0}")]
    Malformed(String),
    /// Another version of the form.
    #[error("{ARTIFACT_NAME} has version {0}, and only version 1 is known")]
    Version(String),
    /// Longer than anybody needs.
    #[error("{ARTIFACT_NAME} has {0} actions, and more than {MAX_ACTIONS} are refused")]
    TooMany(usize),
    /// There is an input, and no schema for one.
    #[error("the action `{0}` takes no input")]
    TakesNoInput(String),
    /// The template cannot be rendered.
    #[error("the template of the action `{name}` cannot be rendered")]
    Template {
        /// The action.
        name: String,
        /// What is wrong.
        #[source]
        source: JsonEError,
    },
    /// The template makes something that cannot be sent.
    #[error("the template of the action `{name}` makes {what}")]
    Rendered {
        /// The action.
        name: String,
        /// What it makes.
        what: String,
    },
}

/// What an action does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ActionKind {
    /// It triggers a hook.
    Hook {
        /// The group of the hook.
        group: String,
        /// Its ID.
        id: String,
        /// The template of the payload.
        payload: Value,
    },
    /// It creates a task.
    Task {
        /// The template of the definition.
        task: Value,
    },
}

impl ActionKind {
    /// `hook` or `task`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Hook { .. } => "hook",
            Self::Task { .. } => "task",
        }
    }

    /// What the caller needs to run it; none for a task, whose template decides that.
    pub(crate) fn caller_scope(&self) -> Option<String> {
        match self {
            Self::Hook { group, id, .. } => Some(format!("hooks:trigger-hook:{group}/{id}")),
            Self::Task { .. } => None,
        }
    }

    /// What the decision task must have for it to be run.
    pub(crate) fn decision_scope(&self) -> Option<String> {
        match self {
            Self::Hook { group, id, .. } => Some(format!("{HOOK_ACTION_SCOPE}{group}/{id}")),
            Self::Task { .. } => None,
        }
    }
}

/// One action.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Action {
    /// Its name; several can share one.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// What it does, for people.
    pub description: String,
    /// Sets of tags; it fits a task that has all tags of one of them.
    pub context: Vec<Map<String, Value>>,
    /// The schema of its input; none where it takes none.
    pub schema: Option<Value>,
    /// What it does.
    pub kind: ActionKind,
}

/// What an action is run on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The task group.
    pub group: &'a str,
    /// ID and definition of the task; none for the group as a whole.
    pub task: Option<(&'a str, &'a Value)>,
}

/// All actions of a task group.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Actions {
    /// Those that can be run, in the order of the file.
    pub actions: Vec<Action>,
    /// Values that all templates share.
    pub variables: Map<String, Value>,
    /// How many are left out: of an unknown kind, or malformed.
    pub left_out: usize,
}

impl Actions {
    /// Reads `public/actions.json`.
    ///
    /// # Errors
    /// [`ActionsError`] when it is not one, or of another version.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ActionsError> {
        let malformed = |what: &str| ActionsError::Malformed(what.to_owned());
        let file: Value = serde_json::from_slice(bytes).map_err(|source| malformed(&source.to_string()))?;
        let Value::Object(mut file) = file else { return Err(malformed("it is not an object")) };
        match file.get("version") {
            Some(version) if version.as_u64() == Some(1) => {}
            Some(version) => return Err(ActionsError::Version(shortened(&version.to_string()))),
            None => return Err(malformed("it has no version")),
        }
        let Some(Value::Array(listed)) = file.remove("actions") else {
            return Err(malformed("it has no list of actions"));
        };
        if listed.len() > MAX_ACTIONS {
            return Err(ActionsError::TooMany(listed.len()));
        }
        let variables = match file.remove("variables") {
            None => Map::new(),
            Some(Value::Object(variables)) => variables,
            Some(_) => return Err(malformed("its variables are not an object")),
        };
        let count = listed.len();
        let actions: Vec<Action> = listed.into_iter().filter_map(action).collect();
        let left_out = count - actions.len();
        Ok(Self { actions, variables, left_out })
    }

    /// Those that fit, in the order of the file, each with whether it is the first of its name, and so the one that the
    /// name means.
    pub(crate) fn fitting(&self, target: Target<'_>) -> Vec<(&Action, bool)> {
        let mut fitting: Vec<(&Action, bool)> = Vec::new();
        for action in self.actions.iter().filter(|action| action.fits(target)) {
            let is_first = !fitting.iter().any(|(before, _)| before.name == action.name);
            fitting.push((action, is_first));
        }
        fitting
    }

    /// The one that a name means.
    pub(crate) fn find(&self, name: &str, target: Target<'_>) -> Option<&Action> {
        self.actions.iter().find(|action| action.name == name && action.fits(target))
    }

    /// Renders what running an action sends: the payload of the hook, or the definition of the task `own_task_id`.
    ///
    /// # Errors
    /// [`ActionsError::Template`] and [`ActionsError::Rendered`].
    pub(crate) fn render(
        &self,
        action: &Action,
        input: Value,
        target: Target<'_>,
        own_task_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Value, ActionsError> {
        let mut values = self.variables.clone();
        values.insert("taskGroupId".into(), target.group.into());
        values.insert("taskId".into(), target.task.map_or(Value::Null, |(id, _)| id.into()));
        values.insert("input".into(), input);
        let template = match &action.kind {
            ActionKind::Hook { payload, .. } => payload,
            ActionKind::Task { task } => {
                values.insert("task".into(), target.task.map_or(Value::Null, |(_, definition)| definition.clone()));
                values.insert("ownTaskId".into(), own_task_id.into());
                task
            }
        };
        let rendered = json_e::render(template, &Context { values, functions: Vec::new() }, now)
            .map_err(|source| ActionsError::Template { name: action.name.clone(), source })?;
        let what = match &rendered {
            Value::Object(_) if rendered.to_string().len() <= MAX_RENDERED_BYTES => return Ok(rendered),
            Value::Object(_) => format!("more than {} MiB", MAX_RENDERED_BYTES >> 20),
            _ => "something that is not an object".to_owned(),
        };
        Err(ActionsError::Rendered { name: action.name.clone(), what })
    }
}

impl Action {
    /// Whether it can be run on this: on a task that has all tags of one of its sets, or on the group when it has no
    /// set at all.
    pub(crate) fn fits(&self, target: Target<'_>) -> bool {
        let Some((_, definition)) = target.task else { return self.context.is_empty() };
        let tag = |name: &str| definition.get("tags").and_then(|tags| tags.get(name));
        self.context.iter().any(|tags| tags.iter().all(|(name, value)| tag(name) == Some(value)))
    }

    /// The input with the defaults of the schema; `null` for an action that takes none.
    ///
    /// # Errors
    /// [`ActionsError::TakesNoInput`] when there is one all the same; the [`SchemaError`] of an invalid schema.
    pub(crate) fn input(&self, given: Option<Value>) -> Result<Result<Value, ActionsError>, SchemaError> {
        let Some(schema) = &self.schema else {
            return Ok(match given {
                None => Ok(Value::Null),
                Some(_) => Err(ActionsError::TakesNoInput(self.name.clone())),
            });
        };
        let empty = || schema.get("default").cloned().unwrap_or_else(|| Value::Object(Map::new()));
        let mut input = given.unwrap_or_else(empty);
        Defaults::of(schema)?.fill_at_most(MAX_DEFAULTS, &mut input)?;
        Ok(Ok(input))
    }
}

/// Reads one action; none for a kind that is not known, and for what lacks something.
fn action(value: Value) -> Option<Action> {
    let Value::Object(mut members) = value else { return None };
    let mut text = |name: &str| match members.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (kind, name) = (text("kind")?, text("name")?);
    let (title, description) = (text("title"), text("description"));
    let kind = match kind.as_str() {
        "hook" => {
            let (group, id) = (text("hookGroupId")?, text("hookId")?);
            // Anything else could lead to another route of the service.
            let hook = HookRef::parse(&format!("{group}/{id}")).ok()?;
            if hook.group != group || hook.id != id {
                return None;
            }
            ActionKind::Hook { group, id, payload: members.remove("hookPayload")? }
        }
        "task" => ActionKind::Task { task: members.remove("task")? },
        _ => return None,
    };
    let context = match members.remove("context") {
        None => Vec::new(),
        Some(Value::Array(sets)) => sets
            .into_iter()
            .map(|set| match set {
                Value::Object(tags) => Some(tags),
                _ => None,
            })
            .collect::<Option<_>>()?,
        Some(_) => return None,
    };
    let title = title.unwrap_or_else(|| name.clone());
    Some(Action {
        name,
        title,
        description: description.unwrap_or_default(),
        context,
        schema: members.remove("schema"),
        kind,
    })
}

fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    match text.char_indices().nth(MAX_CHARS) {
        Some((cut, _)) => format!("{}..", &text[..cut]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "actions_tests.rs"]
mod tests;
