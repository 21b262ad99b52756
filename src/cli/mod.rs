//! The command tree: global flags, the commands, and the API's methods as subcommands. Pure.

mod globals;

pub use globals::Globals;

use clap::{CommandFactory as _, Parser};

use crate::commands::Command;

/// Talk to any Taskcluster deployment.
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

/// The whole command tree.
pub fn command() -> clap::Command {
    Cli::command()
}
