//! `tc completions`, and the answers that the shells ask for while a command line is typed.
//!
//! What a shell loads is a stub of a few lines. At a tab it runs `tc` with the words so far and
//! `TC_COMPLETE` set to the shell's name; the last word is the one to complete. The answer is one
//! candidate a line, with its help after a tab (after a colon for zsh), and exit status 1 where there is
//! none, so that the shell can offer files instead.

mod answer;
mod asked;
mod install;
mod known;
mod places;
mod typed;

/// What stands behind a shell's name in `TC_COMPLETE` when descriptions are not wanted.
const WORDS_ALONE: &str = "-words";

pub(crate) use answer::answer;
pub(crate) use asked::Question;
pub(crate) use known::known;

use std::io::Write as _;
use std::path::PathBuf;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Print or install the shell completions of tc's commands, services, methods and flags
///
/// For bash, put `source <(tc completions bash)` into ~/.bashrc; for zsh the same into ~/.zshrc;
/// for fish `tc completions fish | source` into config.fish; for PowerShell
/// `tc completions powershell | Out-String | Invoke-Expression` into $PROFILE; for elvish
/// `eval (tc completions elvish | slurp)` into rc.elv. `tc completions --install` does it for the shell in use, and says
/// what it writes; for bash that works with the package bash-completion.
///
/// Called as `taskcluster`, the completions are of that name, and `completions` writes to a file such as
/// `bash_completion.sh` where none is named; `completion` prints.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Shell; with --install the one in SHELL by default
    #[arg(required_unless_present = "install")]
    shell: Option<Shell>,
    /// Write it to this file instead
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Offer words without their descriptions
    #[arg(long)]
    no_descriptions: bool,
    /// Put it where the shell finds it, and say where that is
    #[arg(long, conflicts_with = "file")]
    install: bool,
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

/// The stub that completes a program of another name.
fn named(stub: &str, program: &str) -> String {
    let places = [
        "#compdef tc\n",
        "_taskcluster_tc tc\n",
        "_taskcluster_tc tc ",
        "== _tc ]",
        "arg-completer[tc]",
        "--command tc ",
        "-CommandName tc ",
    ];
    places.iter().fold(stub.to_owned(), |stub, place| {
        let at = place.rfind("tc").unwrap_or_default();
        let (before, after) = place.split_at(at);
        stub.replace(place, &format!("{before}{program}{}", after.trim_start_matches("tc")))
    })
}

/// The file that the Go tool's `completions` writes where none is named; its `completion` prints.
fn go_tool_file(shell: Shell, context: &Context) -> Option<PathBuf> {
    use clap::ValueEnum as _;
    let is_written = context.is_taskcluster() && context.words.iter().any(|word| word == "completions");
    let name = shell.to_possible_value().filter(|_| is_written)?;
    Some(format!("{}_completion.sh", name.get_name()).into())
}

/// Prints the stub, or writes it to a file.
///
/// # Errors
/// When the shell is not known, or standard output or a file cannot be written.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let shell = match args.shell {
        Some(shell) => shell,
        None => install::own_shell(&context.env)?,
    };
    let program = if context.is_taskcluster() { "taskcluster" } else { "tc" };
    let stub = named(shell.stub(), program);
    let stub = if args.no_descriptions { without_descriptions(&stub) } else { stub };
    if args.install {
        install::install(&install::step(shell, program, &context.env)?, &stub, context)?;
        return Ok(Status::DONE);
    }
    let file = args.file.clone().or_else(|| go_tool_file(shell, context));
    match &file {
        Some(file) => std::fs::write(context.env.resolve(file), stub)
            .map_err(|source| Error::io("write", file.display(), source))?,
        None => write!(context.ui.out(), "{stub}")?,
    }
    Ok(Status::DONE)
}
