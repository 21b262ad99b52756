//! Help on what belongs to no single command: `tc help exit-codes`, and the same in the manual.

use crate::env;
use crate::error::Kind;

/// A topic of help.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// `exit-codes`.
    pub name: &'static str,
    /// What it tells, in one line.
    pub about: &'static str,
    /// What goes before the entries.
    pub introduction: &'static str,
    /// Terms with their meaning.
    pub entries: fn() -> Vec<(String, String)>,
}

/// All topics, in the order in which help lists them.
pub const TOPICS: [Topic; 2] = [
    Topic {
        name: "exit-codes",
        about: "What the exit status says",
        introduction: "tc ends with one of these exit statuses:",
        entries: exit_codes,
    },
    Topic {
        name: "environment",
        about: "The environment variables that tc reads",
        introduction: "tc reads these environment variables. One that is set to nothing counts as unset.",
        entries: environment,
    },
];

impl Topic {
    /// The whole topic as plain text.
    pub fn text(&self) -> String {
        let entries = (self.entries)();
        let width = entries.iter().map(|(term, _)| term.len()).max().unwrap_or_default();
        let lines = entries.iter().map(|(term, meaning)| format!("  {term:width$}  {meaning}\n"));
        format!("{}\n\n{}", self.introduction, lines.collect::<String>())
    }
}

fn exit_codes() -> Vec<(String, String)> {
    let done = ("0".into(), "done".into());
    let failures = Kind::ALL.iter().map(|kind| (kind.exit_code().to_string(), kind.meaning().to_owned()));
    std::iter::once(done).chain(failures).collect()
}

fn environment() -> Vec<(String, String)> {
    env::ALL.iter().map(|variable| (variable.name.to_owned(), variable.meaning.to_owned())).collect()
}
