//! The user's editor.

use std::path::Path;

use tokio::process::Command;

use crate::context::Context;
use crate::env;
use crate::error::{Error, Result};

/// Opens a file in the editor of VISUAL or EDITOR, and waits until it is closed.
///
/// # Errors
/// When there is no such program, or it fails; [`crate::error::Kind::Usage`] when none is set and there is no terminal.
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
    let status = Command::new(program)
        .args(args)
        .arg(file)
        .current_dir(&context.env.directory)
        .env_clear()
        .envs(context.env.variables())
        .status()
        .await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Error::failed(format!("the editor `{chosen}` ended with {status}"))),
        Err(source) => Err(Error::failed(format!("cannot run the editor `{chosen}`"))
            .caused_by(source)
            .hint("Set VISUAL or EDITOR.")),
    }
}
