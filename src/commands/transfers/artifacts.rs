//! Lists of artifacts, and which of them are meant.

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

/// All artifacts of a run; of the newest one when none is named.
///
/// # Errors
/// Those of the calls.
pub(crate) async fn list(client: &Client, task: &str, run: Option<u32>) -> Result<Vec<ListedArtifact>> {
    let call = match run {
        Some(run) => client.call("queue", "listArtifacts").arg(task).arg(run.to_string()),
        None => client.call("queue", "listLatestArtifacts").arg(task),
    };
    let mut pages = call.pages()?;
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        let body: Body = page.json()?;
        for raw in body.artifacts {
            let Fields { name, storage_type, expires, content_type, content_length } = serde_json::from_str(raw.get())
                .map_err(|source| Error::failed("the queue listed an invalid artifact").caused_by(source))?;
            all.push(ListedArtifact { name, storage_type, expires, content_type, length: content_length, raw });
        }
    }
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
#[derive(Debug, Clone)]
pub(crate) struct NamePatterns(Vec<(String, Pattern)>);

impl NamePatterns {
    /// Reads them.
    ///
    /// # Errors
    /// [`Kind::Usage`] for what is no pattern.
    pub(crate) fn new(texts: &[String]) -> Result<Self> {
        let read = |text: &String| {
            let pattern = Pattern::new(text)
                .map_err(|source| Error::usage(format!("invalid pattern `{text}`")).caused_by(source))?;
            Ok((text.clone(), pattern))
        };
        texts.iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// Whether a text is a pattern, and not a plain name.
    pub(crate) fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// Whether one of them means this name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.0.iter().any(|one| Self::one(one, name))
    }

    /// Those that mean none of these names.
    pub(crate) fn unmatched<'a>(&'a self, names: &[&str]) -> Vec<&'a str> {
        let unmatched = |one: &&(String, Pattern)| !names.iter().any(|name| Self::one(one, name));
        self.0.iter().filter(unmatched).map(|(text, _)| text.as_str()).collect()
    }

    fn one((text, pattern): &(String, Pattern), name: &str) -> bool {
        let options =
            MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };
        text == name || pattern.matches_with(name, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        let patterns =
            |texts: &[&str]| NamePatterns::new(&texts.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        let some = patterns(&["public/*.zip", "public/logs/**", "x[1]"]);
        for name in ["public/a.zip", "public/logs/live.log", "public/logs/a/b", "x1", "x[1]"] {
            assert!(some.matches(name), "{name}");
        }
        for name in ["public/b/a.zip", "public/a.zip.asc", "x2"] {
            assert!(!some.matches(name), "{name}");
        }
        assert_eq!(some.unmatched(&["public/a.zip", "x1"]), ["public/logs/**"]);
        assert!(NamePatterns::new(&["a[".into()]).is_err());
        assert!(NamePatterns::is_pattern("a?") && !NamePatterns::is_pattern("public/a.zip"));
    }
}
