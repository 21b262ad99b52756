//! The hooks that a command line names, and what the service says of them.

use std::fmt;

use serde_json::Value;

use crate::client::{Call, Client, in_one_line};
use crate::commands::selection::first_words;
use crate::context::{Context, Deployment};
use crate::domain::hook_ref::{HookGroupRef, HookRef, HookRefError};
use crate::error::{Error, Kind, Result};
use crate::reference::suggest;

/// A hook that a command line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedHook {
    pub(super) deployment: Deployment,
    pub(super) group: String,
    pub(super) id: String,
}

impl fmt::Display for NamedHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.group, self.id)
    }
}

fn refused(error: &HookRefError) -> Error {
    Error::usage(error.to_string())
}

impl NamedHook {
    /// The hook that `text` names.
    ///
    /// # Errors
    /// [`Kind::Usage`] when it names none, or one on another deployment than the one that was chosen.
    pub(super) fn parse(text: &str, context: &Context) -> Result<Self> {
        let HookRef { group, id, root } = HookRef::parse(text).map_err(|error| refused(&error))?;
        Ok(Self { deployment: context.deployment_of(root.as_ref())?, group, id })
    }

    /// A call about this hook.
    pub(super) fn call<'c>(&self, client: &'c Client, method: &str) -> Call<'c> {
        client.call("hooks", method).arg(self.group.as_str()).arg(self.id.as_str())
    }

    /// Its definition.
    ///
    /// # Errors
    /// Those of the call; [`Kind::NotFound`] when there is no such hook.
    pub(super) async fn definition(&self, client: &Client) -> Result<Value> {
        let definition: Value = match self.call(client, "hook").send().await {
            Ok(answer) => answer.json()?,
            Err(error) if error.kind() == Kind::NotFound => return Err(self.missing(error, client).await),
            Err(error) => return Err(error),
        };
        if definition.is_object() {
            Ok(definition)
        } else {
            Err(Error::failed(format!("the hooks service sent something that is not the definition of {self}")))
        }
    }
}

impl NamedHook {
    /// The error for a hook that does not exist, with the name that was probably meant.
    async fn missing(&self, error: Error, client: &Client) -> Error {
        let group = &self.group;
        let Ok(hooks) = hooks_of(client, group).await else {
            return error.hint("`tc hook list` lists the hook groups.");
        };
        match suggest(&self.id, hooks.iter().map(|hook| text(hook, "/hookId"))).first() {
            Some(similar) => error.hint(format!("Did you mean `{group}/{similar}`?")),
            None => error.hint(format!("`tc hook list {group}` lists its hooks.")),
        }
    }
}

/// The hooks that `words` name; `-` reads more from standard input, the first word of each line.
///
/// # Errors
/// Those of [`NamedHook::parse`]; [`Kind::Usage`] when there are none.
pub(super) async fn hooks(words: &[String], context: &Context) -> Result<Vec<NamedHook>> {
    let mut found: Vec<NamedHook> = Vec::new();
    for word in first_words(words, context).await? {
        let hook = NamedHook::parse(&word, context)?;
        if !found.contains(&hook) {
            found.push(hook);
        }
    }
    if found.is_empty() {
        return Err(
            Error::usage("no hook is named").hint("Name hooks as GROUP/HOOK; `-` reads them from standard input.")
        );
    }
    Ok(found)
}

/// The group of hooks that `text` names, and where it is.
///
/// # Errors
/// [`Kind::Usage`] when it names none, or one on another deployment than the one that was chosen.
pub(super) fn group(text: &str, context: &Context) -> Result<(Deployment, String)> {
    let HookGroupRef { group, root } = HookGroupRef::parse(text).map_err(|error| refused(&error))?;
    Ok((context.deployment_of(root.as_ref())?, group))
}

/// The hooks of a group, as they were sent.
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] when the group has none.
pub(super) async fn hooks_of(client: &Client, group: &str) -> Result<Vec<Value>> {
    let answer: Value = client.call("hooks", "listHooks").arg(group).send().await?.json()?;
    match answer {
        Value::Object(mut members) => match members.remove("hooks") {
            Some(Value::Array(hooks)) => Ok(hooks),
            _ => Err(unexpected()),
        },
        _ => Err(unexpected()),
    }
}

fn unexpected() -> Error {
    Error::failed("the hooks service sent something that is not a list of hooks")
}

/// A text in a definition; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Why a fire created no task, in one line. A list of fires has the reason as JSON in a text, the status of a hook as
/// an object.
pub(super) fn failure(reason: &Value) -> String {
    let parsed = reason.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let reason = parsed.as_ref().unwrap_or(reason);
    match (reason.get("message").and_then(Value::as_str), reason.as_str()) {
        (Some(message), _) => in_one_line(message),
        (None, Some(text)) => in_one_line(text),
        (None, None) if reason.is_null() => String::new(),
        (None, None) => reason.to_string(),
    }
}

/// `GROUP/HOOK` of a definition.
pub(super) fn name_of(definition: &Value) -> String {
    format!("{}/{}", text(definition, "/hookGroupId"), text(definition, "/hookId"))
}

/// The times at which a hook fires, as its definition has them.
pub(super) fn schedule(definition: &Value) -> Vec<&str> {
    let times = definition.get("schedule").and_then(Value::as_array);
    times.into_iter().flatten().filter_map(Value::as_str).collect()
}
