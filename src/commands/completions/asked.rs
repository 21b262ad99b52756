//! What the deployment is asked for while a word is being typed: places in the index, artifacts, worker pools, hooks, and
//! the actions and kinds of a group.

use std::ffi::OsString;
use std::time::Duration;

use serde_json::Value;

use super::known::history;
use super::places::TypedPath;
use super::typed::Typed;
use crate::client::Client;
use crate::context::Context;
use crate::definition::actions::{ARTIFACT_NAME, Actions, MAX_FILE_BYTES};
use crate::domain::TaskRef;
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::transfer::{ContentSource, Options, to_buffer};

/// Nobody waits longer than this for a word to become longer.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);
/// More words than this are no choice.
const MAX_OFFERED: usize = 500;

/// A question to the deployment, and the word that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// A command line with the global options that were given.
    pub command: Vec<OsString>,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Path(TypedPath),
    Names { of: Names, attached: String, value: String },
}

/// Which names the value is one of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    /// The artifacts of the newest run of a task, by ID.
    Artifacts(String),
    Pools,
    HookGroups,
    /// Hooks, or hook groups as long as no group is named.
    Hooks,
    /// The actions of a group, by ID.
    Actions(String),
    /// The kinds of the tasks of a group, by ID.
    Kinds(String),
}

impl Question {
    /// What the last of these words makes worth asking; none where the deployment knows nothing of it.
    pub(crate) fn of(tree: &clap::Command, words: &[OsString], environment: &Environment) -> Option<Self> {
        if let Some(path) = TypedPath::of(words) {
            return Some(Self { command: path.command.clone(), what: What::Path(path) });
        }
        let typed = Typed::of(tree, words)?;
        let of = names(&typed, environment)?;
        let noun = typed.commands.first()?;
        let before = words.iter().take_while(|word| **word != **noun).cloned();
        let command = before.chain(["version".into()]).collect();
        Some(Self { command, what: What::Names { of, attached: typed.attached, value: typed.value } })
    }

    /// What the word can become; nothing where the deployment takes too long.
    pub(crate) async fn candidates(&self, context: &Context) -> Result<Vec<String>> {
        let credentials = context.identity()?.target.credentials;
        let client = context.client_to_ask_once(credentials)?;
        let limit = context.env.clock.sleep(ANSWER_LIMIT);
        match &self.what {
            What::Path(path) => within(limit, path.candidates(&client)).await,
            What::Names { of, attached, value } => {
                let all = within(limit, all(of, value, &client)).await?.into_iter();
                let fitting = all.filter(|name| name.starts_with(value.as_str()) && is_harmless(name));
                Ok(fitting.take(MAX_OFFERED).map(|name| format!("{attached}{name}")).collect())
            }
        }
    }
}

/// The names that are found before the limit has passed; none when it passes first.
async fn within(
    limit: impl Future<Output = ()>,
    names: impl Future<Output = Result<Vec<String>>>,
) -> Result<Vec<String>> {
    tokio::select! {
        found = names => found,
        () = limit => Ok(Vec::new()),
    }
}

fn names(typed: &Typed, environment: &Environment) -> Option<Names> {
    let commands: Vec<&str> = typed.commands.iter().map(String::as_str).collect();
    let (id, value_names) = (typed.argument.get_id().as_str(), typed.argument.get_value_names().unwrap_or_default());
    let value_name = value_names.first().map(|name| name.as_str());
    match (commands.as_slice(), id, value_name) {
        (["artifact", "cat" | "url"], "name", _) | (["artifact", "download"], "names", _) => {
            let task = TaskRef::parse_task(typed.before.first()?).ok()?;
            // The deployment of a page may be another one, whose credentials are not those in use.
            task.root.is_none().then_some(Names::Artifacts(task.id))
        }
        // The name comes before the group, so it is that of the group that was named last.
        (["action", "run" | "show"], "name", _) => newest_group(environment).map(Names::Actions),
        (["group", ..], "kind", _) => {
            let named = typed.before.first().and_then(|text| TaskRef::parse_group(text).ok());
            match named {
                Some(named) => named.root.is_none().then_some(Names::Kinds(named.id)),
                None => newest_group(environment).map(Names::Kinds),
            }
        }
        (_, _, Some("POOL")) => Some(Names::Pools),
        (["hook", "list"], _, Some("GROUP")) => Some(Names::HookGroups),
        (["hook", ..], _, Some("HOOK" | "HOOK|GROUP")) => Some(Names::Hooks),
        _ => None,
    }
}

fn newest_group(environment: &Environment) -> Option<String> {
    history(environment).into_iter().find(|one| one.is_group).map(|one| one.id)
}

async fn all(of: &Names, value: &str, client: &Client) -> Result<Vec<String>> {
    match of {
        Names::Artifacts(task) => members(client, "queue", "listLatestArtifacts", &[task], "artifacts", "name").await,
        Names::Pools => members(client, "worker-manager", "listWorkerPools", &[], "workerPools", "workerPoolId").await,
        Names::HookGroups => groups(client).await,
        Names::Actions(group) => actions(client, group).await,
        Names::Kinds(group) => kinds(client, group).await,
        Names::Hooks => match value.rsplit_once('/') {
            Some((group, _)) => {
                let hooks = members(client, "hooks", "listHooks", &[group], "hooks", "hookId").await?;
                Ok(hooks.into_iter().map(|hook| format!("{group}/{hook}")).collect())
            }
            None => Ok(groups(client).await?.into_iter().map(|group| format!("{group}/")).collect()),
        },
    }
}

/// The member `name` of each item in the list `list` of the first page.
async fn members(
    client: &Client,
    service: &str,
    method: &str,
    arguments: &[&str],
    list: &str,
    name: &str,
) -> Result<Vec<String>> {
    let call = arguments.iter().fold(client.call(service, method), |call, argument| call.arg(*argument));
    let page: Value = call.send().await?.json()?;
    let items = page.get(list).and_then(Value::as_array).into_iter().flatten();
    Ok(items.filter_map(|item| Some(item.get(name)?.as_str()?.to_owned())).collect())
}

async fn groups(client: &Client) -> Result<Vec<String>> {
    let page: Value = client.call("hooks", "listHookGroups").send().await?.json()?;
    let groups = page.get("groups").and_then(Value::as_array).into_iter().flatten();
    Ok(groups.filter_map(|group| Some(group.as_str()?.to_owned())).collect())
}

/// The names of a group's actions, in their order, each once.
async fn actions(client: &Client, group: &str) -> Result<Vec<String>> {
    let source = ContentSource::Artifact { task: group.to_owned(), run: None, name: ARTIFACT_NAME.to_owned() };
    let bytes = to_buffer(client, &source, MAX_FILE_BYTES, &Options::default()).await?;
    let published = Actions::parse(&bytes).map_err(|source| Error::failed(source.to_string()))?;
    let mut found: Vec<String> = Vec::new();
    for action in published.actions {
        if !found.contains(&action.name) {
            found.push(action.name);
        }
    }
    Ok(found)
}

/// The kinds on the first page of a group, sorted.
async fn kinds(client: &Client, group: &str) -> Result<Vec<String>> {
    let page: Value = client.call("queue", "listTaskGroup").arg(group).send().await?.json()?;
    let tasks = page.get("tasks").and_then(Value::as_array).into_iter().flatten();
    let kinds = tasks.filter_map(|task| Some(task.pointer("/task/tags/kind")?.as_str()?.to_owned()));
    let kinds: std::collections::BTreeSet<String> = kinds.collect();
    Ok(kinds.into_iter().collect())
}

/// Whether a shell takes a name as it stands: it comes from a deployment, and is put on a command line.
fn is_harmless(name: &str) -> bool {
    !name.starts_with('-') && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@+,%=".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_run_is_not_offered() {
        assert!(is_harmless("public/logs/live.log") && is_harmless("a-1/b.c_2:x@3"));
        for name in ["$(reboot)", "a b", "a;b", "`x`", "a\nb", "a'b", "-rf", "~", "*"] {
            assert!(!is_harmless(name), "{name}");
        }
    }
}
