//! Lists of artifacts, and which of them are meant.

use std::collections::HashSet;

use glob::{MatchOptions, Pattern};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::Client;
use crate::error::{Error, Kind, Result};

/// An artifact as the queue lists it.
#[derive(Debug, Clone)]
pub(crate) struct ListedArtifact {
    /// Its name.
    pub name: String,
    /// `s3`, `object`, `reference`, `link` or `error`.
    pub storage_type: String,
    /// When it goes away.
    pub expires: String,
    /// Its content type.
    pub content_type: String,
    /// Its length, where the queue knows it.
    pub length: Option<u64>,
    /// All of it, as it was sent.
    pub raw: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    name: String,
    #[serde(default)]
    storage_type: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    content_type: String,
    content_length: Option<u64>,
}

#[derive(Deserialize)]
struct Body {
    artifacts: Vec<Box<RawValue>>,
}

impl ListedArtifact {
    /// Reads an item of a list.
    ///
    /// # Errors
    /// When it is no artifact.
    pub(crate) fn read(raw: Box<RawValue>) -> Result<Self> {
        let Fields { name, storage_type, expires, content_type, content_length } = serde_json::from_str(raw.get())
            .map_err(|source| Error::failed("the queue listed an invalid artifact").caused_by(source))?;
        Ok(Self { name, storage_type, expires, content_type, length: content_length, raw })
    }

    /// Whether it stands for an artifact that could not be made or stored.
    pub(crate) fn is_error(&self) -> bool {
        self.storage_type == "error"
    }
}

/// All artifacts of a run; of the newest one when none is named.
pub(crate) async fn list(client: &Client, task: &str, run: Option<u32>) -> Result<Vec<ListedArtifact>> {
    list_some(client, task, run, usize::MAX).await
}

/// The same, up to so many; no page is asked for once there are enough.
pub(crate) async fn list_some(
    client: &Client,
    task: &str,
    run: Option<u32>,
    enough: usize,
) -> Result<Vec<ListedArtifact>> {
    let call = match run {
        Some(run) => client.call("queue", "listArtifacts").arg(task).arg(run.to_string()),
        None => client.call("queue", "listLatestArtifacts").arg(task),
    };
    let pages = call.pages()?;
    let mut pages = if enough == usize::MAX { pages } else { pages.one_by_one() };
    let mut all = Vec::new();
    while all.len() < enough
        && let Some(page) = pages.next().await?
    {
        let body: Body = page.json()?;
        for raw in body.artifacts {
            all.push(ListedArtifact::read(raw)?);
        }
    }
    all.truncate(enough);
    Ok(all)
}

/// The number of a task's newest run.
///
/// # Errors
/// [`Kind::NotFound`] when it has none.
pub(crate) async fn newest_run(client: &Client, task: &str) -> Result<u32> {
    let answer = client.call("queue", "status").arg(task).send().await?;
    let body: serde_json::Value = answer.json()?;
    let runs = body.pointer("/status/runs").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    let newest = runs.checked_sub(1).and_then(|run| u32::try_from(run).ok());
    newest.ok_or_else(|| Error::new(Kind::NotFound, format!("task {task} has no runs yet, so it has no artifacts")))
}

/// Names and patterns of names, as a shell has them: `*` stays within a folder, `**` does not.
///
/// A text that is a name on the list is that artifact, whatever characters it has; only another one is a pattern.
#[derive(Debug, Clone)]
pub(crate) struct NamePatterns(Vec<NamePattern>);

#[derive(Debug, Clone)]
struct NamePattern {
    text: String,
    /// None where the text is no valid pattern, and can only be a name.
    pattern: Option<Pattern>,
}

impl NamePatterns {
    /// Reads them.
    pub(crate) fn new(texts: &[String]) -> Self {
        let read = |text: &String| NamePattern { text: text.clone(), pattern: Pattern::new(text).ok() };
        Self(texts.iter().map(read).collect())
    }

    /// Whether a text may be a pattern, and is not surely a plain name.
    pub(crate) fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// Those of the listed artifacts that are meant, in the order of the list, and the texts that mean none of them.
    pub(crate) fn choose<'a, 't>(&'t self, listed: &'a [ListedArtifact]) -> (Vec<&'a ListedArtifact>, Vec<&'t str>) {
        let on_list: HashSet<&str> = listed.iter().map(|artifact| artifact.name.as_str()).collect();
        let (names, patterns): (Vec<_>, Vec<_>) = self.0.iter().partition(|one| on_list.contains(one.text.as_str()));
        let names: HashSet<&str> = names.into_iter().map(|one| one.text.as_str()).collect();
        let mut is_used = vec![false; patterns.len()];
        let is_meant = |artifact: &&ListedArtifact| {
            let mut meant = names.contains(artifact.name.as_str());
            for (one, used) in patterns.iter().zip(&mut is_used) {
                let matches = one.matches(&artifact.name);
                *used |= matches;
                meant |= matches;
            }
            meant
        };
        let meant = listed.iter().filter(is_meant).collect();
        let unused = patterns.iter().zip(is_used).filter(|(_, used)| !used).map(|(one, _)| one.text.as_str());
        (meant, unused.collect())
    }
}

impl NamePattern {
    fn matches(&self, name: &str) -> bool {
        let options =
            MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };
        self.pattern.as_ref().is_some_and(|pattern| pattern.matches_with(name, options))
    }
}

/// What is wrong with a text that names no artifact: nothing is called so, or it is no valid pattern either.
pub(crate) fn unmatched(text: &str, task: &str, run: u32) -> Error {
    match Pattern::new(text) {
        Err(source) => Error::usage(format!(
            "no artifact of task {task}, run {run}, is called `{text}`, and it is not a valid pattern"
        ))
        .caused_by(source),
        Ok(_) => Error::new(Kind::NotFound, format!("no artifact of task {task}, run {run}, is `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str]) -> Vec<ListedArtifact> {
        let artifact = |name: &&str| {
            let raw = RawValue::from_string(serde_json::json!({"name": name, "storageType": "s3"}).to_string());
            ListedArtifact::read(raw.unwrap()).unwrap()
        };
        names.iter().map(artifact).collect()
    }

    fn chosen(texts: &[&str], names: &[&str]) -> (Vec<String>, Vec<String>) {
        let patterns = NamePatterns::new(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        let listed = listed(names);
        let (meant, unused) = patterns.choose(&listed);
        let owned = unused.into_iter().map(str::to_owned).collect();
        (meant.into_iter().map(|artifact| artifact.name.clone()).collect(), owned)
    }

    #[test]
    fn patterns_are_those_of_a_shell() {
        let texts = ["public/*.zip", "public/logs/**", "x[1]"];
        let meant = ["public/a.zip", "public/logs/live.log", "public/logs/a/b", "x1"];
        let others = ["public/b/a.zip", "public/a.zip.asc", "x2"];
        assert_eq!(chosen(&texts, &[meant.as_slice(), &others].concat()), (meant.map(str::to_owned).to_vec(), vec![]));
        assert_eq!(chosen(&texts, &["public/a.zip", "x1"]).1, ["public/logs/**"]);
        assert!(NamePatterns::is_pattern("a?") && !NamePatterns::is_pattern("public/a.zip"));
    }

    #[test]
    fn a_name_on_the_list_is_no_pattern() {
        let names = ["t[1].log", "t1.log", "open[.log", "*", "a"];
        assert_eq!(chosen(&["t[1].log"], &names).0, ["t[1].log"]);
        assert_eq!(chosen(&["t[1].log"], &names[1..]).0, ["t1.log"]);
        assert_eq!(chosen(&["open[.log", "*"], &names).0, ["open[.log", "*"]);
        assert_eq!(chosen(&["open[.log"], &["a"]), (vec![], vec!["open[.log".to_owned()]));
        assert_eq!(unmatched("open[.log", "T", 0).kind(), Kind::Usage);
        assert_eq!(unmatched("open", "T", 0).kind(), Kind::NotFound);
    }
}
