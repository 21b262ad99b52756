//! The command tree: global flags, the commands, and the API's methods as subcommands. Pure.

mod api;
mod globals;
pub mod topics;

pub use globals::Globals;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser};

use crate::commands::{Command, group};
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

/// The command tree without the API's methods, for manuals.
pub fn command() -> clap::Command {
    Cli::command().mut_subcommand("group", group::adjust)
}

/// The command tree, as far as a command line of these words can reach into it.
///
/// What is left out cannot be named without a word that is not there, so parsing, help and
/// completion come out as with the whole tree, and nothing is parsed in vain.
pub fn command_for(words: &[OsString]) -> clap::Command {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let command = command();
    let Some(name) = ["api", "url"].into_iter().find(|name| words.contains(name)) else { return command };
    let options = words.iter().take_while(|word| **word != "--");
    let source = if options.clone().any(|word| *word == "--legacy") { Source::Legacy } else { Source::Current };
    let documented = options.clone().any(|word| matches!(*word, "-h" | "--help" | "help"));
    command.mut_subcommand(name, |api| api::add_services(api, Catalogue::embedded(source), &words, documented))
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
