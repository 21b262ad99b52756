//! Whether the task that is said to have created a task lists it.
//!
//! A decision task, or an action's task, keeps what it created in `public/task-graph.json`, by task ID. A copy that
//! somebody else made has all of the definition, and is in no such list: scriptworker's `verify_cot` refuses it.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::client::Client;
use crate::domain::slugid::is_slugid;
use crate::error::{Kind, Result};
use crate::transfer::{self, ContentSource, Options};

const GRAPH: &str = "public/task-graph.json";
/// That of a push of thirty thousand tasks is a third of it.
const MAXIMUM_GRAPH_BYTES: usize = 256 << 20;

/// What the parent says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parent {
    /// The task is at the root: nobody created it but who pushed.
    Root,
    /// It lists the task.
    Lists(String),
    /// It lists others only.
    Lacks(String),
    /// It has no list, or none that the caller may see.
    Silent(String),
}

/// The lists that were read, by task.
#[derive(Debug, Default)]
pub(super) struct Graphs(BTreeMap<String, Option<HashSet<String>>>);

impl Graphs {
    /// What the parent of `id` says of it.
    ///
    /// # Errors
    /// Those of the calls, but for a list that does not exist or may not be read.
    pub(super) async fn ask(&mut self, client: &Client, id: &str, definition: &Value) -> Result<Parent> {
        let Some(parent) = parent_of(id, definition) else { return Ok(Parent::Root) };
        if !self.0.contains_key(parent) {
            let tasks = fetch(client, parent).await?;
            self.0.insert(parent.to_owned(), tasks);
        }
        Ok(match self.0.get(parent).and_then(Option::as_ref) {
            Some(tasks) if tasks.contains(id) => Parent::Lists(parent.into()),
            Some(_) => Parent::Lacks(parent.into()),
            None => Parent::Silent(parent.into()),
        })
    }
}

/// Who created the task: `extra.parent`, else the task that its group is named for.
fn parent_of<'a>(id: &str, definition: &'a Value) -> Option<&'a str> {
    let parent = definition["extra"]["parent"].as_str().or_else(|| definition["taskGroupId"].as_str());
    parent.filter(|parent| *parent != id && is_slugid(parent))
}

async fn fetch(client: &Client, parent: &str) -> Result<Option<HashSet<String>>> {
    let source = ContentSource::Artifact { task: parent.into(), run: None, name: GRAPH.into() };
    match transfer::to_buffer(client, &source, MAXIMUM_GRAPH_BYTES, &Options::default()).await {
        Ok(bytes) => Ok(task_ids(&bytes)),
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Auth) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names of the members, without a look at what is in them; nothing when it is no object.
fn task_ids(graph: &[u8]) -> Option<HashSet<String>> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = HashSet<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("tasks by ID")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
            let mut names = HashSet::new();
            while let Some((name, IgnoredAny)) = map.next_entry()? {
                names.insert(name);
            }
            Ok(names)
        }
    }
    serde_json::Deserializer::from_slice(graph).deserialize_map(Names).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
    const GROUP: &str = "fN1SbArXTPSVFNUvaOlinQ";
    const ACTION: &str = "UEhafWNcTcKnk3Jnb8WZRw";

    #[test]
    fn an_action_that_created_a_task_is_its_parent_and_not_the_group() {
        assert_eq!(parent_of(ID, &json!({"taskGroupId": GROUP})), Some(GROUP));
        assert_eq!(parent_of(ID, &json!({"taskGroupId": GROUP, "extra": {"parent": ACTION}})), Some(ACTION));
        assert_eq!(parent_of(ID, &json!({"taskGroupId": ID})), None, "a decision task");
        assert_eq!(parent_of(ID, &json!({"taskGroupId": "../x"})), None);
    }

    #[test]
    fn a_graph_is_read_by_its_names() {
        let graph = json!({ID: {"label": "a", "task": {}}, ACTION: 5}).to_string();
        assert_eq!(task_ids(graph.as_bytes()), Some(HashSet::from([ID.to_owned(), ACTION.to_owned()])));
        assert_eq!(task_ids(b"{}"), Some(HashSet::new()));
        for broken in ["", "[]", "{\"a\"", "null"] {
            assert_eq!(task_ids(broken.as_bytes()), None, "{broken}");
        }
    }
}
