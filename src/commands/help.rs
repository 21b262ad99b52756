//! `tc help`

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::ErrorKind;
use clap_complete::{ArgValueCandidates, CompletionCandidate};

use super::programs;
use super::topics::{self, TOPICS};
use crate::config::Settings;
use crate::context::Context;
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::reference::suggest;
use crate::ui::one_line;

/// Explain a command or a topic: exit-codes, scripting, credentials..
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A topic, or the words of a command
    #[arg(value_name = "TOPIC|COMMAND")]
    words: Vec<String>,
}

/// Prints the topic, or what `--help` prints for the command.
///
/// # Errors
/// When there is neither such a topic nor such a command.
pub(crate) async fn run(
    args: &Args,
    context: &Context,
    tree_for: impl Fn(&[OsString]) -> clap::Command,
) -> Result<Status> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    if let [name] = words[..]
        && let Some(topic) = TOPICS.iter().find(|topic| topic.name == name)
    {
        let columns = context.ui.stdout_columns();
        write!(context.ui.out(), "{}", topic.text(columns))?;
        // A topic comes before the command of its name.
        if tree_for(&[]).find_subcommand(name).is_some() {
            writeln!(context.ui.out(), "\nThe command: `tc {name} --help`.")?;
        }
        return Ok(Status::DONE);
    }
    if let [name] = words[..]
        && tree_for(&[]).find_subcommand(name).is_none()
        && own_command(name, context)?
    {
        return Ok(Status::DONE);
    }
    // By the Go tool's name some options mean what they mean there.
    let program = if context.is_taskcluster() { "taskcluster" } else { "tc" };
    let line: Vec<OsString> =
        std::iter::once(program).chain(words.iter().copied()).chain(["--help"]).map(OsString::from).collect();
    let tree = tree_for(&line);
    match tree.clone().try_get_matches_from(&line) {
        Err(help) if help.kind() == ErrorKind::DisplayHelp => {
            let text = help.render();
            let text = if context.ui.color() { text.ansi().to_string() } else { text.to_string() };
            context.ui.out().write_all(text.as_bytes())?;
            Ok(Status::DONE)
        }
        _ => Err(unknown(&words, &tree)),
    }
}

/// Says what a command of the user's own is; false where there is none of this name.
fn own_command(name: &str, context: &Context) -> Result<bool> {
    let text = match (context.settings()?.contents().alias(name), programs::find(name, &context.env)) {
        (Some(line), _) => match line.trim_start().strip_prefix('!') {
            Some(line) => format!("`tc {name}` is an alias. The shell runs: {line}"),
            None => format!("`tc {name}` is an alias of `tc {line}`."),
        },
        (None, Some(program)) => format!("`tc {name}` runs the program {}.", program.display()),
        (None, None) => return Ok(false),
    };
    writeln!(context.ui.out(), "{}", context.ui.safe(&text))?;
    Ok(true)
}

/// The user's own commands, as the end of help lists them; nothing where there are none.
pub(super) fn own_commands(environment: &Environment, is_command: fn(&str) -> bool) -> String {
    // Help must not fail for a broken file.
    let aliases = Settings::contents_of(environment).unwrap_or_default().aliases();
    let aliases: Vec<String> = aliases.into_iter().map(|(name, _)| name).filter(|name| !is_command(name)).collect();
    let programs: Vec<String> = programs::all(environment).into_keys().filter(|name| !is_command(name)).collect();
    let mut text = String::new();
    for (names, what) in [(aliases, "Your aliases"), (programs, "Programs in PATH")] {
        if !names.is_empty() {
            text.push_str(&format!("\n{what}, see `tc help NAME`: {}", one_line(&names.join(", "))));
        }
    }
    text
}

fn unknown(words: &[&str], tree: &clap::Command) -> Error {
    let error = Error::usage(format!("unknown command or topic `{}`", words.join(" ")));
    let names = names(tree);
    match words.first().map(|word| suggest(word, names.iter().map(String::as_str))).unwrap_or_default().first() {
        Some(similar) if words.len() == 1 => error.hint(format!("Did you mean `{similar}`?")),
        _ => error.hint("`tc --help` lists all commands.").hint(format!("{}.", topics::listed())),
    }
}

/// Commands and topics.
pub(super) fn names(tree: &clap::Command) -> Vec<String> {
    let commands = tree.get_subcommands().map(clap::Command::get_name);
    // Some topics have the name of a command.
    let topics = TOPICS.iter().map(|topic| topic.name).filter(|name| tree.find_subcommand(name).is_none());
    commands.chain(topics).map(Into::into).collect()
}

/// The command of this file, whose words complete to these names.
pub(super) fn complete(command: clap::Command, names: Vec<String>) -> clap::Command {
    let candidate = |name: &String| {
        let topic = TOPICS.iter().find(|topic| topic.name == name);
        CompletionCandidate::new(name).help(topic.map(|topic| topic.about.into()))
    };
    let candidates = move || names.iter().map(candidate).collect();
    command.mut_arg("words", |words| words.add(ArgValueCandidates::new(candidates)))
}
