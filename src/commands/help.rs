//! `tc help`

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::ErrorKind;
use clap_complete::{ArgValueCandidates, CompletionCandidate};

use crate::cli::{self, topics::TOPICS};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::reference::suggest;

/// Explain a command or a topic: exit-codes, environment
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A topic (exit-codes, environment), or the words of a command
    #[arg(value_name = "TOPIC|COMMAND", add = ArgValueCandidates::new(candidates))]
    words: Vec<String>,
}

/// Prints the topic, or what `--help` prints for the command.
///
/// # Errors
/// When there is neither such a topic nor such a command.
pub async fn run(args: &Args, context: &Context) -> Result<Status> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    if let [name] = words[..]
        && let Some(topic) = TOPICS.iter().find(|topic| topic.name == name)
    {
        write!(context.ui.out(), "{}", topic.text())?;
        return Ok(Status::DONE);
    }
    let line: Vec<OsString> =
        std::iter::once("tc").chain(words.iter().copied()).chain(["--help"]).map(OsString::from).collect();
    match cli::command_for(&line).try_get_matches_from(&line) {
        Err(help) if help.kind() == ErrorKind::DisplayHelp => {
            let text = help.render();
            let text = if context.ui.color() { text.ansi().to_string() } else { text.to_string() };
            context.ui.out().write_all(text.as_bytes())?;
            Ok(Status::DONE)
        }
        _ => Err(unknown(&words)),
    }
}

fn unknown(words: &[&str]) -> Error {
    let error = Error::usage(format!("there is no command or topic `{}`", words.join(" ")));
    let names = names();
    match words.first().map(|word| suggest(word, names.iter().map(String::as_str))).unwrap_or_default().first() {
        Some(similar) if words.len() == 1 => error.hint(format!("Did you mean `{similar}`?")),
        _ => error.hint("`tc --help` lists all commands, `tc help exit-codes` and `tc help environment` are topics."),
    }
}

/// Commands and topics.
fn names() -> Vec<String> {
    let tree = cli::command();
    let commands = tree.get_subcommands().map(clap::Command::get_name);
    commands.chain(TOPICS.iter().map(|topic| topic.name)).map(Into::into).collect()
}

fn candidates() -> Vec<CompletionCandidate> {
    names().into_iter().map(CompletionCandidate::new).collect()
}
