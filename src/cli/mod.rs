//! The command tree: global flags, the commands, and the API's methods as subcommands. Pure.

mod api;
mod globals;
mod switches;
pub mod topics;
pub mod usage;

use api::Extent;
pub use globals::Globals;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::commands::{self, Command, group};
use crate::domain::slugid::is_slugid;
use crate::reference::{Catalogue, Source};

/// Talk to any Taskcluster deployment
#[derive(Debug, Parser)]
#[command(name = "tc", version, disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The root without any command.
#[derive(Debug, Parser)]
#[command(name = "tc", version, disable_help_subcommand = true, max_term_width = 100)]
struct Root {
    #[command(flatten)]
    _globals: Globals,
}

/// The command tree without the API's methods, for manuals.
pub fn command() -> clap::Command {
    Cli::command().mut_subcommand("group", group::adjust)
}

/// The command tree, as far as a command line of these words can reach into it.
///
/// What is left out cannot be named without a word that is not there, so parsing, help and
/// completion come out as with the whole tree, and nothing is parsed in vain.
pub fn command_for(words: &[OsString]) -> clap::Command {
    add_methods(command(), words, Extent::All)
}

/// Parses a command line.
///
/// A tree of only those commands whose names occur is tried first: it is built in a fraction of the
/// time and memory. Whatever it cannot parse is for the whole tree to answer, and so is help, but for
/// that of the API, which is the same in both.
///
/// # Errors
/// When it makes no sense, or asks for help.
pub fn parse(words: &[OsString]) -> Result<Cli, clap::Error> {
    let parse = |tree: clap::Command| {
        tree.try_get_matches_from(shield_ids(words)).and_then(|matches| Cli::from_arg_matches(&matches))
    };
    match narrow(words).map(parse) {
        Some(Ok(cli)) => Ok(cli),
        Some(Err(help)) if help.kind() == ErrorKind::DisplayHelp && words.get(1).is_some_and(|word| word == "api") => {
            Err(help)
        }
        Some(Err(_)) | None => parse(command_for(words)),
    }
}

/// The tree of those commands whose names occur; none when there is no such word.
fn narrow(words: &[OsString]) -> Option<clap::Command> {
    let mut root = Root::command().subcommand_required(true);
    let mut names: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    names.sort_unstable();
    names.dedup();
    for command in names.into_iter().filter_map(commands::named) {
        let command = if command.get_name() == "group" { group::adjust(command) } else { command };
        root = root.subcommand(command);
    }
    root.has_subcommands().then(|| add_methods(root, words, Extent::Named))
}

/// Adds the API's services and methods that the words name.
fn add_methods(command: clap::Command, words: &[OsString], extent: Extent) -> clap::Command {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let Some(name) = ["api", "url"].into_iter().find(|name| words.contains(name)) else { return command };
    let options = words.iter().take_while(|word| **word != "--");
    let source = if options.clone().any(|word| *word == "--legacy") { Source::Legacy } else { Source::Current };
    let documented = options.clone().any(|word| matches!(*word, "-h" | "--help" | "help"));
    command.mut_subcommand(name, |api| {
        let view = api::View { catalogue: Catalogue::embedded(source), words: &words, documented, extent };
        view.add_services(api)
    })
}

/// The same words, with IDs that start with a dash made safe from being taken for options.
///
/// Half of all IDs of tasks made elsewhere are not *nice* ones. The dash is percent-encoded, as it
/// may be in the address of a page, so what reads the ID needs to know nothing of this.
pub fn shield_ids(words: &[OsString]) -> Vec<OsString> {
    let takes_ids = words.iter().any(|word| ID_NOUNS.iter().any(|noun| word == noun))
        && !words.iter().any(|word| word == "api" || word == "slugid");
    let shield = |word: &OsString| match word.to_str() {
        Some(text) if takes_ids && text.starts_with('-') && is_slugid(text) => text.replacen('-', "%2D", 1).into(),
        _ => word.clone(),
    };
    words.iter().map(shield).collect()
}

/// Commands whose IDs are read as [`crate::domain::TaskRef`].
const ID_NOUNS: [&str; 4] = ["artifact", "download", "group", "task"];

#[cfg(test)]
mod tests {
    use super::*;

    /// What a command can take, by name, at every depth.
    fn shape(command: &clap::Command) -> Vec<String> {
        let mut shape: Vec<String> = command
            .get_arguments()
            .map(|argument| {
                let (long, short) = (argument.get_long(), argument.get_short());
                format!("{} {long:?} {short:?} {}", argument.get_id(), argument.is_required_set())
            })
            .collect();
        for subcommand in command.get_subcommands() {
            shape.extend(shape_of(subcommand));
        }
        shape.sort();
        shape
    }

    fn shape_of(command: &clap::Command) -> impl Iterator<Item = String> {
        let name = command.get_name().to_owned();
        shape(command).into_iter().chain([String::new()]).map(move |line| format!("{name} {line}"))
    }

    #[test]
    fn a_command_by_itself_is_the_one_in_the_tree() {
        for command in command().get_subcommands() {
            let name = command.get_name();
            let words = ["tc".into(), OsString::from(name)];
            let narrowed = narrow(&words).unwrap_or_else(|| panic!("`commands::named` lacks {name}"));
            let alone = narrowed.find_subcommand(name).unwrap();
            let whole = command_for(&words);
            assert_eq!(shape(alone), shape(whole.find_subcommand(name).unwrap()), "{name}");
        }
    }

    #[test]
    fn the_help_of_the_api_is_the_same_without_the_other_commands() {
        for words in
            ["api -h", "api --help", "api queue --help", "api queue createTask -h", "api auth createclient --help"]
        {
            let words: Vec<OsString> = ["tc"].into_iter().chain(words.split(' ')).map(OsString::from).collect();
            let help = |tree: clap::Command| tree.try_get_matches_from(&words).unwrap_err().render().to_string();
            assert_eq!(help(narrow(&words).unwrap()), help(command_for(&words)), "{words:?}");
        }
    }

    #[test]
    fn a_call_is_read_the_same_without_the_other_methods() {
        for words in [
            "api queue task VESwp9JaRo-XkFN_bemBhw",
            "api queue LISTtaskgroup --limit 5 -fN1SbArXTPSVFNUvaOlinQ --jsonl",
            "--json api workerManager workerPool a/b",
            "api --legacy queue status VESwp9JaRo-XkFN_bemBhw",
            "api queue --scopes cancelTask",
            "api queue nosuch task",
            "api search queue task",
            "api queue",
            "url queue task VESwp9JaRo-XkFN_bemBhw",
        ] {
            let words: Vec<OsString> = ["tc"].into_iter().chain(words.split(' ')).map(OsString::from).collect();
            let read = |tree: clap::Command| {
                let matches = tree.try_get_matches_from(&words).unwrap();
                format!("{:?}", Cli::from_arg_matches(&matches).unwrap())
            };
            assert_eq!(read(narrow(&words).unwrap()), read(command_for(&words)), "{words:?}");
        }
    }

    #[test]
    fn an_id_with_a_dash_is_no_option() {
        let shielded = |words: &[&str]| -> Vec<String> {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            shield_ids(&words).into_iter().map(|word| word.into_string().unwrap()).collect()
        };
        let id = "-8-U5J46TnidyFvAZAaJLg";
        assert_eq!(
            shielded(&["tc", "group", "list", id, "-f"]),
            ["tc", "group", "list", "%2D8-U5J46TnidyFvAZAaJLg", "-f"]
        );
        assert_eq!(shielded(&["tc", "api", "queue", "task", id]), ["tc", "api", "queue", "task", id]);
        assert_eq!(shielded(&["tc", "slugid", "decode", id]), ["tc", "slugid", "decode", id]);
    }
}
