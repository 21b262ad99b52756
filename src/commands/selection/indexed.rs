//! Tasks that are named by their places in the index.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use url::Url;

use super::named::task;
use crate::client::Client;
use crate::context::{Context, NamedTask};
use crate::domain::index_path::IndexPath;
use crate::error::{Error, Kind, Result};

/// Look-ups in the index at once.
const MAX_CONCURRENT_LOOKUPS: usize = 16;

/// The words, with the pages of tasks in place of pages of the index, and of index paths where these are asked for.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for what is no index path.
pub(crate) async fn resolve_index(words: Vec<String>, index: bool, context: &Context) -> Result<Vec<String>> {
    let found = words.iter().map(|word| index_path(word, index)).collect::<Result<Vec<_>>>()?;
    if found.iter().all(Option::is_none) {
        return Ok(words);
    }
    stream::iter(words.into_iter().zip(found))
        .map(|(word, found)| async move {
            let Some(IndexPath { root, path }) = found else { return Ok(word) };
            let client = context.client_for(&context.deployment_of(root.as_ref())?)?;
            let task = find(&client, &path).await?;
            // The page of the task carries the deployment on.
            Ok(root.map_or(task.clone(), |root| format!("{root}/tasks/{task}")))
        })
        .buffered(MAX_CONCURRENT_LOOKUPS)
        .try_collect()
        .await
}

/// The task that `text` names: by its ID, its page, the page of an index path, or, with `index`, by an index path.
pub(crate) async fn indexed_task(text: &str, index: bool, context: &Context) -> Result<NamedTask> {
    let words = resolve_index(vec![text.to_owned()], index, context).await?;
    task(words.first().map_or(text, String::as_str), context)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Indexed {
    task_id: String,
}

async fn find(client: &Client, path: &str) -> Result<String> {
    let answer = client.call("index", "findTask").arg(path).send().await.map_err(|error| match error.kind() {
        Kind::NotFound => error.hint(neighbours(path)),
        _ => error,
    })?;
    let Indexed { task_id } = answer.json()?;
    Ok(task_id)
}

/// The hint for a path of the index that has no task: the command that lists its namespace.
pub(crate) fn neighbours(path: &str) -> String {
    let namespace = path.rsplit_once('.').map_or("", |(namespace, _)| namespace);
    format!("`{}` shows what is there.", format!("tc index list {namespace}").trim_end())
}

/// The index path that a word is: that of a page of the index, or any word but a URL where index paths are asked for.
fn index_path(word: &str, asked_for: bool) -> Result<Option<IndexPath>> {
    if let Some(found) = IndexPath::of_page(word).filter(|found| !found.path.is_empty()) {
        return Ok(Some(found));
    }
    if !asked_for || Url::parse(word).is_ok() {
        return Ok(None);
    }
    IndexPath::parse(word).map(Some).map_err(|fault| Error::usage(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_are_paths_only_when_asked_for() {
        let path = |word: &str, asked_for| index_path(word, asked_for).unwrap();
        assert_eq!(path("a.b.c", false), None);
        assert_eq!(path("a.b.c", true), Some(IndexPath { root: None, path: "a.b.c".into() }));
        assert_eq!(path("https://tc.example.com/tasks/VESwp9JaRo-XkFN_bemBhw", true), None);
        assert_eq!(path("https://tc.example.com/tasks/index/", true), None);
        assert!(path("https://tc.example.com/tasks/index/a/b", false).is_some());
    }

    /// Verbs that take a task and no index path, and why.
    const WITHOUT_INDEX: [(&str, &str); 2] = [
        ("task create", "--dep stands in the definitions, which name tasks by their IDs"),
        ("task run", "--dependency stands in the definition, which names tasks by their IDs"),
    ];

    #[test]
    fn every_verb_that_takes_a_task_takes_an_index_path() {
        fn leaves(command: &clap::Command, name: &str, found: &mut Vec<(String, clap::Command)>) {
            for inner in command.get_subcommands() {
                let name = format!("{name} {}", inner.get_name()).trim().to_owned();
                found.push((name.clone(), inner.clone()));
                leaves(inner, &name, found);
            }
        }
        let mut all = Vec::new();
        leaves(&crate::commands::tree(), "", &mut all);
        let takes_task = |command: &clap::Command| {
            command.get_arguments().any(|argument| {
                let names = argument.get_value_names().unwrap_or_default();
                let is_named = names.iter().any(|name| name.split('|').any(|name| name == "TASK"));
                let is_task = argument.get_id() == "task" || argument.get_id() == "tasks";
                is_named || (argument.is_positional() && is_task)
            })
        };
        let mut count = 0;
        for (name, command) in all.iter().filter(|(_, command)| takes_task(command)) {
            count += 1;
            let has_index = command.get_arguments().any(|argument| argument.get_long() == Some("index"));
            let is_excused = WITHOUT_INDEX.iter().any(|(excused, _)| excused == name);
            assert!(has_index != is_excused, "`tc {name}` takes a task: does it take --index? {has_index}");
        }
        assert!(count > 30, "{count}");
    }

    #[test]
    fn a_path_with_an_empty_part_is_refused() {
        assert_eq!(
            index_path("a..b", true).unwrap_err().to_string(),
            "invalid index path `a..b`: it has an empty part"
        );
    }
}
