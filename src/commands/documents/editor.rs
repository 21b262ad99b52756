//! The user's editor.

use std::path::Path;

use tokio::process::Command;

use crate::context::Context;
use crate::env::{self, Quit};
use crate::error::{Error, Result};
use crate::exit::Status;

/// How an editor ends that Ctrl-C has ended.
const INTERRUPTED: Status = Status(130);

/// Opens a file in the editor of VISUAL or EDITOR, and waits until it is closed. Ctrl-C is for the editor.
///
/// # Errors
/// When the editor cannot be run, or fails; [`crate::error::Kind::Usage`] when none is set and there is no terminal;
/// [`crate::error::Kind::Interrupted`] when Ctrl-C ends the editor, or Ctrl-\ everything.
pub(crate) async fn edit(file: &Path, context: &Context) -> Result<()> {
    let fallback = if cfg!(windows) { "notepad" } else { "vi" };
    let named = context.env.get(env::VISUAL).or(context.env.get(env::EDITOR));
    if named.is_none() && !context.ui.terminal.stdin {
        // The usual one would wait for keys that nobody can press.
        return Err(Error::usage("no editor can be opened: standard input is not a terminal")
            .hint("Set VISUAL or EDITOR to a command that changes the file."));
    }
    let chosen = named.unwrap_or(fallback);
    // The variable holds a command, often with arguments.
    let words = shlex::split(chosen).filter(|words| !words.is_empty());
    let (program, args) = words
        .as_deref()
        .and_then(<[String]>::split_first)
        .ok_or_else(|| Error::usage(format!("invalid editor command `{chosen}`")).hint("Set VISUAL or EDITOR."))?;
    let mut command = Command::new(program);
    command.args(args).arg(file).current_dir(&context.env.directory).env_clear().envs(context.env.variables());
    let cannot = |source| {
        let message = format!("cannot run the editor `{chosen}`");
        Error::failed(message).caused_by(source).hint("Set VISUAL or EDITOR.")
    };
    let _lent = context.lend_terminal();
    let mut quit = Quit::listen();
    let mut editor = command.spawn().map_err(cannot)?;
    let ended = tokio::select! {
        ended = editor.wait() => ended.map_err(cannot)?,
        // SIGQUIT must not end this process here: the caller still has to remove the file.
        () = quit.wait() => return Err(Error::interrupted()),
    };
    match Status::of(ended) {
        Status::DONE => Ok(()),
        INTERRUPTED => Err(Error::interrupted()),
        _ => Err(Error::failed(format!("the editor `{chosen}` ended with {ended}"))),
    }
}
