//! Places in the index, for a path that is being typed: the deployment knows them.

use std::ffi::OsString;

use serde_json::Value;

use crate::client::Client;
use crate::error::Result;

/// More words than this are no choice.
const MAX_OFFERED: usize = 500;

/// Nouns whose verbs take index paths with `--index`.
const TASK_NOUNS: [&str; 3] = ["action", "artifact", "task"];

/// A path in the index that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypedPath {
    /// A command line with the global options that were given.
    pub(super) command: Vec<OsString>,
    /// The path so far.
    path: String,
    /// Only namespaces are wanted.
    is_namespace: bool,
}

impl TypedPath {
    /// The path that the last of these words is; none where it is something else.
    pub(super) fn of(words: &[OsString]) -> Option<Self> {
        let (last, before) = words.split_last()?;
        let path = last.to_str().filter(|path| !path.starts_with('-') && !path.contains("://"))?;
        if let Some(at) = before.iter().position(|word| word == "--index") {
            return Self::after_flag(before, at, path);
        }
        let noun = before.iter().position(|word| word == "index")?;
        let verb = before.get(noun + 1)?.to_str()?;
        let rest = before.get(noun + 2..).unwrap_or_default();
        let has_path = rest.iter().any(|word| !word.as_encoded_bytes().starts_with(b"-"));
        // An option of these verbs that takes a value is taken for one that does not: the path comes first.
        let is_place = match verb {
            "list" | "download" | "insert" => !has_path,
            "find" | "rm" => true,
            _ => false,
        };
        is_place.then(|| Self::new(before, noun, path, verb == "list"))?
    }

    /// The path of a verb with `--index` at this place: right behind it, or wherever the verb takes tasks.
    fn after_flag(before: &[OsString], flag: usize, path: &str) -> Option<Self> {
        let noun = before.iter().position(|word| TASK_NOUNS.iter().any(|noun| word == noun))?;
        let takes_many = before.get(noun).is_some_and(|noun| noun == "task");
        let is_next = flag + 1 == before.len();
        (is_next || takes_many).then(|| Self::new(before, noun, path, false))?
    }

    fn new(before: &[OsString], noun: usize, path: &str, is_namespace: bool) -> Option<Self> {
        let command = before.get(..noun)?.iter().cloned().chain(["index".into(), "list".into()]).collect();
        Some(Self { command, path: path.to_owned(), is_namespace })
    }

    /// The namespace that the path is in.
    fn namespace(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(namespace, _)| namespace)
    }

    /// What the path can become: namespaces end with a dot, as they can go on.
    pub(super) async fn candidates(&self, client: &Client) -> Result<Vec<String>> {
        let asking = async {
            let namespaces = entries(client, "listNamespaces", "namespaces", self.namespace());
            let tasks = async {
                if self.is_namespace {
                    Ok(Vec::new())
                } else {
                    entries(client, "listTasks", "tasks", self.namespace()).await
                }
            };
            futures::future::try_join(namespaces, tasks).await
        };
        let (namespaces, tasks) = asking.await?;
        let all = namespaces.into_iter().map(|path| format!("{path}.")).chain(tasks);
        // Nothing else can be in the index, and no other text must reach a shell.
        let is_path = |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || "_!~*'()%-.".contains(c));
        Ok(all.filter(|path| path.starts_with(&self.path) && is_path(path)).take(MAX_OFFERED).collect())
    }
}

/// The first page of what is in a namespace.
async fn entries(client: &Client, method: &str, key: &str, namespace: &str) -> Result<Vec<String>> {
    let page: Value = client.call("index", method).arg(namespace).send().await?.json()?;
    let entries = page.get(key).and_then(Value::as_array).into_iter().flatten();
    Ok(entries.filter_map(|entry| Some(entry.get("namespace")?.as_str()?.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Option<(String, String, bool)> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let found = TypedPath::of(&words)?;
        let command: Vec<String> = found.command.into_iter().map(|word| word.into_string().unwrap()).collect();
        Some((command.join(" "), found.path, found.is_namespace))
    }

    #[test]
    fn the_path_of_a_verb_of_the_index_is_one() {
        let (list, find) = (["tc", "index", "list", "a.b"], ["tc", "-R", "x", "index", "find", "a", "b.c"]);
        assert_eq!(typed(&list), Some(("tc index list".into(), "a.b".into(), true)));
        assert_eq!(typed(&find), Some(("tc -R x index list".into(), "b.c".into(), false)));
        for words in [
            ["tc", "task", "status", "--index", "x"].as_slice(),
            &["tc", "task", "status", "--index", "y", "x"],
            &["tc", "artifact", "download", "--index", "x"],
        ] {
            assert_eq!(typed(words), Some(("tc index list".into(), "x".into(), false)), "{words:?}");
        }
        assert_eq!(typed(&["tc", "index", "download", "-o", ""]).map(|found| found.1), Some(String::new()));
    }

    #[test]
    fn other_words_are_not() {
        for words in [
            ["tc", "index", "list", "-"].as_slice(),
            &["tc", "index", "li"],
            &["tc", "index", "list", "a", "b"],
            &["tc", "index", "download", "a.b", "public/"],
            &["tc", "task", "status", "a"],
            &["tc", "artifact", "cat", "--index", "a.b", "public/"],
            &["tc", "group", "list", "--index", "a.b"],
            &["tc", "index"],
            &[],
        ] {
            assert_eq!(typed(words), None, "{words:?}");
        }
    }
}
