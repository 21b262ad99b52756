//! Examples of every verb, kept as data: help and manual pages show them, tests parse and run them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

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
pub(crate) fn all() -> impl Iterator<Item = Example> {
    TABLE.lines().filter_map(|row| {
        let (line, meaning) = row.split_once(" ## ")?;
        Some(Example {
            line: line.trim_start_matches("! ").replace("{task}", TASK_ID).replace("{group}", TASK_GROUP_ID),
            meaning,
        })
    })
}

/// The examples by the first word of their commands: help of the whole tree asks for those of each command.
static BY_NOUN: LazyLock<BTreeMap<&'static str, Vec<Example>>> = LazyLock::new(|| {
    let mut by_noun: BTreeMap<&'static str, Vec<Example>> = BTreeMap::new();
    for (row, example) in TABLE.lines().filter(|row| row.contains(" ## ")).zip(all()) {
        let noun = row.split_once("tc ").and_then(|(_, rest)| rest.split_whitespace().next());
        by_noun.entry(noun.unwrap_or_default()).or_default().push(example);
    }
    by_noun
});

/// The examples of `command`, which is called by the words of `line`; those of its subcommands are theirs.
pub(crate) fn of(line: &str, command: &clap::Command) -> Vec<Example> {
    let belongs = |example: &&Example| {
        // Something else can stand before the command: a variable, another program.
        let Some((_, rest)) = example.line.split_once(line) else { return false };
        let is_whole = rest.is_empty() || rest.starts_with(' ');
        let next = rest.split_whitespace().next().unwrap_or_default();
        is_whole && command.find_subcommand(next).is_none()
    };
    match line.split_whitespace().nth(1) {
        Some(noun) => BY_NOUN.get(noun).into_iter().flatten().filter(belongs).cloned().collect(),
        None => all().filter(|example| belongs(&example)).collect(),
    }
}

/// The same as lines of help: the meaning as a comment of the shell, then the command.
pub(crate) fn lines(line: &str, command: &clap::Command) -> Vec<String> {
    of(line, command).iter().map(|example| format!("  # {}\n  {}", example.meaning, example.line)).collect()
}

#[cfg(test)]
mod tests;
