//! Examples of every verb, kept as data: help and manual pages show them, tests parse and run them.

use memchr::memmem;

/// One line an example: the command line, `##`, what it does. An exclamation mark says that it can be run against a
/// sandbox as it stands, which `tests/examples.rs` does.
const TABLE: &str = include_str!("examples.txt");

/// The task of the examples.
const TASK_ID: &str = "VESwp9JaRo-XkFN_bemBhw";
/// The task group of the examples.
const TASK_GROUP_ID: &str = "fN1SbArXTPSVFNUvaOlinQ";

/// What a command line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Example {
    /// As it is typed in a shell.
    pub line: String,
    /// What it does, in some words.
    pub meaning: &'static str,
}

/// All examples, in the order of the table.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = Example> {
    TABLE.lines().filter_map(|row| row.split_once(" ## ")).map(example)
}

/// The example of a row of the table.
fn example((line, meaning): (&str, &'static str)) -> Example {
    let line = line.trim_start_matches("! ").replace("{task}", TASK_ID).replace("{group}", TASK_GROUP_ID);
    Example { line, meaning }
}

/// The examples of `command`, which is called by the words of `line`; those of its subcommands are theirs.
pub(crate) fn of(line: &str, command: &clap::Command) -> Vec<Example> {
    let called = memmem::Finder::new(line);
    let own = |row: &'static str| {
        // Something else can stand before the command: a variable, another program.
        let rest = called.find(row.as_bytes()).and_then(|place| row.get(place + line.len()..))?;
        let (rest, _) = rest.split_once(" ## ")?;
        let next = rest.split_whitespace().next().unwrap_or_default();
        let is_whole = rest.is_empty() || rest.starts_with(' ');
        (is_whole && command.find_subcommand(next).is_none()).then(|| row.split_once(" ## ").map(example)).flatten()
    };
    TABLE.lines().filter_map(own).collect()
}

/// The same as lines of help: the meaning as a comment of the shell, then the command.
pub(crate) fn lines(line: &str, command: &clap::Command) -> Vec<String> {
    of(line, command).iter().map(|example| format!("  # {}\n  {}", example.meaning, example.line)).collect()
}

#[cfg(test)]
mod tests;
