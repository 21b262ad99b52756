//! `tc alias set`

use std::ffi::OsString;

use crate::cli::{Resolved, command_place, resolve};
use crate::commands::programs;
use crate::config::{Contents, SettingsFile, Slot, Value};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Define an alias, or replace one
///
/// What it stands for must start with a command, one other alias, or a program `tc-NAME`; or with `!` for a line that
/// the shell runs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name: letters, digits, - and _
    #[arg(value_name = "ALIAS")]
    name: String,
    /// What it stands for, as one word: 'group rerun --state failed', 'group list $1 --name $2', '!tc task log "$1" | less'
    #[arg(value_name = "COMMAND", allow_hyphen_values = true)]
    expansion: String,
}

/// Sets it in the user's file.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for a name that cannot be one, and for what an alias cannot stand for.
pub(super) async fn run(args: &Args, context: &Context, is_command: fn(&str) -> bool) -> Result<Status> {
    let (name, expansion) = (&args.name, args.expansion.trim());
    let invalid = || {
        Error::usage(format!("`{name}` cannot be the name of an alias"))
            .hint("A name has letters, digits, - and _, and starts with a letter or digit.")
    };
    let slot = Slot::parse(&format!("aliases.{name}")).map_err(|_| invalid())?;
    if is_command(name) {
        return Err(Error::usage(format!("`{name}` is a command of tc, which an alias cannot replace"))
            .hint("Choose another name."));
    }
    let value = slot.kind().parse(&[expansion.to_owned()]).ok_or_else(|| {
        Error::usage(format!("an alias cannot stand for `{expansion}`")).hint("Give the words of a command.")
    })?;
    check(name, expansion, context.settings()?.contents(), is_command, context)?;
    let before = context.settings()?.contents().alias(name).map(str::to_owned);
    SettingsFile::of(&context.env)?.change(|document| document.with(&slot, &value))?;
    match before {
        Some(before) if Value::Text(before.clone()) != value => {
            context.ui.note(format_args!("`tc {name}` is `tc {expansion}` now; it was `tc {before}`."));
        }
        _ => {}
    }
    Ok(Status::DONE)
}

/// Checks that the alias leads to something that can be run.
fn check(
    name: &str,
    expansion: &str,
    contents: &Contents,
    is_command: fn(&str) -> bool,
    context: &Context,
) -> Result<()> {
    let alias = |wanted: &str| {
        let own = (wanted == name).then(|| expansion.to_owned());
        Ok(own.or_else(|| contents.alias(wanted).map(str::to_owned)))
    };
    // As many arguments as placeholders can name, so that none is missing, and none that could be a command.
    let words = ["tc", name].into_iter().chain(["--"; 9]).map(OsString::from).collect();
    match resolve(words, is_command, alias)? {
        Resolved::Own(words) if command_place(&words).is_some() => Ok(()),
        Resolved::Own(_) => {
            Err(Error::usage(format!("there is no command in `{expansion}`")).hint("Start it with a command of tc."))
        }
        Resolved::Shell { line, .. } if line.trim().is_empty() => {
            Err(Error::usage("there is nothing for the shell to run after `!`"))
        }
        Resolved::Shell { .. } => Ok(()),
        Resolved::Unknown(words, place) => {
            let word = words.get(place).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
            if programs::find(&word, &context.env).is_some() {
                return Ok(());
            }
            Err(Error::usage(format!("unknown command `{word}` in the alias"))
                .hint("Start it with `!` to have the shell run it."))
        }
    }
}
