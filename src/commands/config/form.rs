//! The forms in which the Go tool prints settings.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::context::Context;
use crate::error::{Error, Result};

/// In which form, and where to.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Form {
    /// Form of what is printed
    #[arg(short, long, value_enum, value_name = "FORM")]
    format: Option<Format>,
    /// Write it to this file (`-` for standard output)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Yaml,
    Json,
}

impl Form {
    /// Whether somebody asked for a form, or for a file.
    pub(super) fn is_given(&self) -> bool {
        self.format.is_some() || self.output.is_some()
    }

    /// Whether it goes where somebody may look on.
    pub(super) fn is_on_screen(&self, context: &Context) -> bool {
        self.file().is_none() && context.ui.terminal.stdout
    }

    /// The file to write to; none for standard output.
    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|file| file.as_os_str() != "-")
    }

    /// Prints a value: as YAML unless it is to be JSON.
    ///
    /// # Errors
    /// When the file or standard output cannot be written.
    pub(super) fn write(&self, value: &Value, context: &Context) -> Result<()> {
        let is_json = self.format == Some(Format::Json) || self.format.is_none() && context.wants_json();
        // The Go tool ends YAML with a line end, and JSON without one.
        let end = if context.is_taskcluster() { "" } else { "\n" };
        let text = if is_json { format!("{value:#}{end}") } else { yaml(value, 0) };
        match self.file() {
            Some(file) => std::fs::write(context.env.resolve(file), text)
                .map_err(|source| Error::io("write", file.display(), source)),
            None => Ok(write!(context.ui.out(), "{}", context.ui.safe(&text))?),
        }
    }
}

/// Members of objects in the order of their names, as the Go tool prints them.
fn yaml(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            names
                .into_iter()
                .map(|name| match &members[name] {
                    inner @ (Value::Object(_) | Value::Array(_)) => {
                        format!("{indent}{name}:\n{}", yaml(inner, depth + 1))
                    }
                    inner => format!("{indent}{name}: {}\n", scalar(inner)),
                })
                .collect()
        }
        Value::Array(items) => items.iter().map(|item| format!("{indent}- {}\n", scalar(item))).collect(),
        other => format!("{indent}{}\n", scalar(other)),
    }
}

/// A text stands as it is where no parser would take it for something else; JSON is YAML, too.
fn scalar(value: &Value) -> String {
    let is_plain = |text: &str| {
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
        starts
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./:@*+=,".contains(&byte))
            && !text.ends_with(':')
            && !words.contains(&text.to_ascii_lowercase().as_str())
    };
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::yaml::parse;

    #[test]
    fn settings_look_as_the_go_tool_prints_them() {
        let settings = json!({"config": {"rootUrl": "https://tc.example.com", "clientId": "", "authorizedScopes": ["a:b", "c*"], "certificate": null}});
        let expected = "config:\n  authorizedScopes:\n    - a:b\n    - c*\n  certificate: null\n  clientId: \"\"\n  rootUrl: https://tc.example.com\n";
        assert_eq!(yaml(&settings, 0), expected);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(text in "\\PC{0,12}") {
            prop_assert_eq!(parse(&yaml(&json!(text), 0)).unwrap(), json!(text));
        }
    }
}
