//! `tc completions`, and the answers that the shells ask for while a command line is typed.
//!
//! What a shell loads is a stub of a few lines. At a tab it runs `tc` with the words so far and
//! `TC_COMPLETE` set to the shell's name; the last word is the one to complete. The answer is one
//! candidate a line, with its help after a tab (after a colon for zsh), and exit status 1 where there is
//! none, so that the shell can offer files instead.

mod answer;
mod places;

/// What stands behind a shell's name in `TC_COMPLETE` when descriptions are not wanted.
const WORDS_ALONE: &str = "-words";

pub(crate) use answer::answer;
pub(crate) use places::TypedPath;

use std::io::Write as _;
use std::path::PathBuf;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Print what makes a shell complete tc's commands, services, methods and flags
///
/// For bash, put `source <(tc completions bash)` into ~/.bashrc; for zsh the same into ~/.zshrc;
/// for fish `tc completions fish | source` into config.fish; for PowerShell
/// `tc completions powershell | Out-String | Invoke-Expression` into $PROFILE; for elvish
/// `eval (tc completions elvish | slurp)` into rc.elv.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
    /// Write it to this file instead
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Offer words without their descriptions
    #[arg(long)]
    no_descriptions: bool,
}

/// A shell that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

impl Shell {
    /// What the shell is to load.
    pub(crate) fn stub(self) -> &'static str {
        match self {
            Shell::Bash => include_str!("../../../completions/tc.bash"),
            Shell::Zsh => include_str!("../../../completions/_tc"),
            Shell::Fish => include_str!("../../../completions/tc.fish"),
            Shell::Powershell => include_str!("../../../completions/tc.ps1"),
            Shell::Elvish => include_str!("../../../completions/tc.elv"),
        }
    }
}

/// The stub that asks for words alone. Bash and elvish never show descriptions.
fn without_descriptions(stub: &str) -> String {
    ["zsh", "fish", "powershell"].iter().fold(stub.to_owned(), |stub, shell| {
        let set = [format!("TC_COMPLETE={shell}"), format!("TC_COMPLETE = '{shell}'")];
        set.iter().fold(stub, |stub, set| stub.replace(set, &set.replace(shell, &format!("{shell}{WORDS_ALONE}"))))
    })
}

/// Prints the stub.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let stub =
        if args.no_descriptions { without_descriptions(args.shell.stub()) } else { args.shell.stub().to_owned() };
    match &args.file {
        Some(file) => std::fs::write(context.env.resolve(file), stub)
            .map_err(|source| Error::io("write", file.display(), source))?,
        None => write!(context.ui.out(), "{stub}")?,
    }
    Ok(Status::DONE)
}
