//! The command tree: global flags, the commands, and the API's methods as subcommands. Pure.

mod api;
mod globals;
pub mod topics;

pub use globals::Globals;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser};

use crate::commands::Command;
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
    Cli::command()
}

/// The command tree, as far as a command line of these words can reach into it.
///
/// What is left out cannot be named without a word that is not there, so parsing, help and
/// completion come out as with the whole tree, and nothing is parsed in vain.
pub fn command_for(words: &[OsString]) -> clap::Command {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let command = command();
    if !words.contains(&"api") {
        return command;
    }
    let options = words.iter().take_while(|word| **word != "--");
    let source = if options.clone().any(|word| *word == "--legacy") { Source::Legacy } else { Source::Current };
    let documented = options.clone().any(|word| matches!(*word, "-h" | "--help" | "help"));
    command.mut_subcommand("api", |api| api::add_services(api, Catalogue::embedded(source), &words, documented))
}
