//! Help on what belongs to no single command: `tc help exit-codes`, and the same in the manual.

mod prose;

use crate::cli::Globals;
use crate::config::KEYS;
use crate::env;
use crate::error::Kind;
use crate::ui::wrap;

/// A topic of help.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Topic {
    /// `exit-codes`.
    pub name: &'static str,
    /// What it tells, in one line.
    pub about: &'static str,
    /// The section of the manual that has its page.
    pub section: &'static str,
    /// What goes before the entries.
    pub introduction: &'static str,
    /// Terms with their meaning.
    pub entries: fn() -> Vec<(String, String)>,
}

/// All topics, in the order in which help lists them.
pub(crate) static TOPICS: [Topic; 12] = [
    Topic {
        name: "exit-codes",
        about: "What the exit status says",
        section: "7",
        introduction: "tc ends with one of these exit statuses:",
        entries: exit_codes,
    },
    Topic {
        name: "environment",
        about: "The environment variables that tc reads",
        section: "7",
        introduction: "tc reads these environment variables. One that is set to nothing counts as unset.",
        entries: environment,
    },
    Topic {
        name: "options",
        about: "The options that every command takes",
        section: "7",
        introduction: "Every command takes these options, before or after its name:",
        entries: options,
    },
    Topic { name: "config", about: "The settings and their file", section: "5", introduction: CONFIG, entries: config },
    Topic {
        name: "jq",
        about: "The language of --jq, and where it differs from jq",
        section: "7",
        introduction: JQ,
        entries: jq,
    },
    prose::JSON,
    prose::CREDENTIALS,
    prose::SCOPES,
    prose::SANDBOX,
    prose::SCRIPTING,
    prose::RELEASE_DUTY,
    prose::PULSE,
];

const CONFIG: &str = "Settings are in one TOML file, whose place `tc config path` prints. A profile is a table
`[profiles.NAME]` with settings for one deployment. What is given by a flag counts first, then the
environment variable, then the profile in use, then the top of the file. `tc config set KEY VALUE`
writes the file, `tc config list` shows the effective values and their sources. The settings:";

const JQ: &str =
    "--jq EXPR runs a jq program over the JSON document that --json would print, and --jsonl --jq EXPR over
each item. Strings at the top are printed bare; everything else is JSON, on one line in a pipe.
The language is jq 1.8, by the interpreter jaq with definitions of tc's own for what that lacks.
87 % of the cases of jq's own test suite agree. What differs, by kind:";

impl Topic {
    /// The whole topic as plain text, for a terminal of so many columns.
    pub(crate) fn text(&self, columns: Option<usize>) -> String {
        let entries = (self.entries)();
        let width = entries.iter().map(|(term, _)| term.len()).max().unwrap_or_default();
        // Where the terms leave no room beside them, the meanings stand below.
        let words = entries.iter().flat_map(|(_, meaning)| meaning.split_whitespace());
        let longest = words.map(|word| word.chars().count() + 4).max().unwrap_or_default();
        let is_below = columns.is_some_and(|columns| width + longest.max(MIN_MEANING_COLUMNS) > columns);
        let lines = entries.iter().map(|(term, meaning)| {
            if is_below {
                let meaning = wrap(&format!("      {meaning}"), columns, "");
                return format!("  {term}\n{meaning}\n");
            }
            let indent = " ".repeat(width + 2);
            wrap(&format!("  {term:width$}  {meaning}"), columns, &indent) + "\n"
        });
        let introduction = match columns {
            Some(_) => wrap(&self.introduction.replace('\n', " "), columns, ""),
            None => self.introduction.to_owned(),
        };
        format!("{introduction}\n\n{}", lines.collect::<String>())
    }
}

/// Columns that the meaning of a term needs beside it, with the spaces before it.
const MIN_MEANING_COLUMNS: usize = 28;

fn exit_codes() -> Vec<(String, String)> {
    let done = ("0".into(), "done".into());
    let failures = Kind::ALL.iter().map(|kind| (kind.exit_code().to_string(), kind.meaning().to_owned()));
    std::iter::once(done).chain(failures).collect()
}

fn environment() -> Vec<(String, String)> {
    env::ALL.iter().map(|variable| (variable.name.to_owned(), variable.meaning.to_owned())).collect()
}

fn options() -> Vec<(String, String)> {
    let command = <Globals as clap::Args>::augment_args(clap::Command::new("tc"));
    let entry = |arg: &clap::Arg| {
        let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
        let takes_value = matches!(arg.get_action(), clap::ArgAction::Set | clap::ArgAction::Append);
        let value = arg.get_value_names().and_then(|names| names.first()).filter(|_| takes_value);
        let value = value.map(|name| format!(" <{name}>")).unwrap_or_default();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        Some((format!("{short}--{}{value}", arg.get_long()?), help))
    };
    command.get_arguments().filter_map(entry).collect()
}

fn config() -> Vec<(String, String)> {
    let entries = KEYS.iter().map(|key| {
        let mut meaning = key.meaning.to_owned();
        if let Some(default) = key.default {
            meaning += &format!(" Default: {default}.");
        }
        let overriders = key.flag.into_iter().chain(key.variable.map(|variable| variable.name));
        let overriders: Vec<&str> = overriders.collect();
        if !overriders.is_empty() {
            meaning += &format!(" Overridden by {}.", overriders.join(" and "));
        }
        (format!("{} = {}", key.name, key.example), meaning)
    });
    entries.collect()
}

/// The names of all topics, as the end of help lists them.
pub(crate) fn listed() -> String {
    let names: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    format!("Topics, for `tc help TOPIC`: {}", names.join(", "))
}

fn jq() -> Vec<(String, String)> {
    let entries = [
        ("integers", "are exact at any size when computed with; jq rounds beyond 2^53"),
        ("modules", "`import`, `include` and `modulemeta` are not there; nor is `builtins`"),
        ("patterns", "no alternatives (`?//`), no `{$name: pattern}`"),
        ("reduce, foreach", "what comes before `as` needs parentheses where it has an operator"),
        (
            "|= empty",
            "at several indexes given one by one removes them one after the other; `del(..)` removes what was there",
        ),
        ("times", "arrays of broken-down times must be complete; formats are those of strftime in POSIX"),
        ("regular expressions", "have no look-around and no back-references, and take time in proportion to the text"),
        ("input, inputs", "there is one input: `input` fails and `inputs` is empty"),
        ("messages", "of errors differ from jq's in their words for paths, times and invalid JSON"),
        ("try", "cannot catch calls or values that are nested too deeply"),
        ("limits", "32 KiB and 1,000 brackets for a program, 10,000 levels for JSON, 256 MiB for a string"),
        ("halt_error", "ends tc with its status, and prints its text on standard error"),
        ("$ENV, env", "show the environment of tc, credentials included"),
    ];
    entries.iter().map(|(term, meaning)| ((*term).to_owned(), (*meaning).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_wraps_at_words_and_loses_none() {
        for topic in &TOPICS {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let whole = topic.text(None);
            for columns in [56, 80, 100] {
                let text = topic.text(Some(columns));
                assert_eq!(words(&text), words(&whole), "{} at {columns}", topic.name);
                let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
                assert!(longest <= columns, "{} at {columns}: {longest} columns\n{text}", topic.name);
            }
        }
    }

    #[test]
    fn meanings_stand_beside_their_terms_where_there_is_room() {
        let topic = Topic {
            name: "x",
            about: "x",
            section: "7",
            introduction: "one\ntwo",
            entries: || vec![("TERM".to_owned(), "a meaning of some words, which go on for two lines".to_owned())],
        };
        assert_eq!(
            topic.text(Some(40)),
            "one two\n\n  TERM  a meaning of some words, which\n        go on for two lines\n"
        );
        assert_eq!(
            topic.text(Some(30)),
            "one two\n\n  TERM\n      a meaning of some words,\n      which go on for two\n      lines\n"
        );
    }
}
