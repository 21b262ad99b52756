//! The tasks that a command line names: IDs, pages, index paths.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::Url;

use crate::client::Client;
use crate::commands::selection::{self, NamedTasks};
use crate::context::Context;
use crate::domain::RootUrl;
use crate::error::Result;

/// Look-ups in the index at once.
const MAX_CONCURRENT_LOOKUPS: usize = 16;

/// Which tasks are meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct IdArgs {
    /// IDs of tasks, or addresses of their pages; `-` reads more from standard input: the first word of each line
    #[arg(value_name = "TASK", required = true)]
    pub tasks: Vec<String>,
    /// Take what is given for index paths: `project.branch.latest.build`
    #[arg(long)]
    pub index: bool,
    /// Leave out, with a warning, what names no task
    #[arg(long)]
    pub skip_invalid: bool,
}

impl IdArgs {
    /// Reads the tasks, and looks index paths up.
    ///
    /// # Errors
    /// Those of [`selection::tasks`], and those of the look-ups.
    pub(super) async fn read(&self, context: &Context) -> Result<NamedTasks> {
        let is_single = self.tasks.len() == 1 && self.tasks.iter().all(|word| word != "-");
        let words = if self.index { paths(&self.tasks, context).await? } else { self.tasks.clone() };
        let words = resolve(words, self.index, context).await?;
        let named = selection::tasks(&words, self.skip_invalid, context).await?;
        // Index paths on standard input have taken the place of `-`.
        Ok(NamedTasks { is_single, ..named })
    }
}

/// The words, with those on standard input in place of `-`.
async fn paths(words: &[String], context: &Context) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for word in words {
        if word == "-" {
            let bytes = context.read_stdin().await?;
            let text = String::from_utf8_lossy(&bytes);
            all.extend(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned));
        } else {
            all.push(word.clone());
        }
    }
    Ok(all)
}

/// The words, with the pages of tasks in place of index paths and of pages of the index.
async fn resolve(words: Vec<String>, index: bool, context: &Context) -> Result<Vec<String>> {
    let found: Vec<Option<IndexPath>> = words.iter().map(|word| IndexPath::parse(word, index)).collect();
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Indexed {
    task_id: String,
}

async fn find(client: &Client, path: &str) -> Result<String> {
    let Indexed { task_id } = client.call("index", "findTask").arg(path).send().await?.json()?;
    Ok(task_id)
}

/// A place in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IndexPath {
    /// The deployment, where the page of the index was given.
    root: Option<RootUrl>,
    path: String,
}

impl IndexPath {
    /// The index path that a word is: the page `<root>/tasks/index/<namespace>/<name>`, or any word
    /// but a URL where index paths are asked for.
    fn parse(word: &str, asked_for: bool) -> Option<Self> {
        let Ok(url) = Url::parse(word) else {
            return asked_for.then(|| Self { root: None, path: word.to_owned() });
        };
        let rest = url.path().strip_prefix("/tasks/index/")?.trim_end_matches('/');
        let path = percent_decode_str(&rest.replace('/', ".")).decode_utf8().ok()?.into_owned();
        let root = RootUrl::parse(&url.origin().ascii_serialization()).ok()?;
        (!path.is_empty()).then_some(Self { root: Some(root), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_index_is_a_path_in_it() {
        let page = "https://tc.example.com/tasks/index/gecko.v2.try%2Ex/latest";
        let found = IndexPath::parse(page, false).unwrap();
        assert_eq!(found.root.as_ref().map(RootUrl::as_str), Some("https://tc.example.com"));
        assert_eq!(found.path, "gecko.v2.try.x.latest");
    }

    #[test]
    fn other_words_are_paths_only_when_asked_for() {
        assert_eq!(IndexPath::parse("a.b.c", false), None);
        assert_eq!(IndexPath::parse("a.b.c", true), Some(IndexPath { root: None, path: "a.b.c".into() }));
        assert_eq!(IndexPath::parse("https://tc.example.com/tasks/VESwp9JaRo-XkFN_bemBhw", true), None);
        assert_eq!(IndexPath::parse("https://tc.example.com/tasks/index/", true), None);
    }
}
