//! Putting completions where a shell finds them by itself, or into the file that it reads at its start.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Shell;
use crate::context::Context;
use crate::env::{self, Environment};
use crate::error::{Error, Result};
use crate::ui::Sink;

/// One thing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A file of ours, replaced as a whole.
    File(PathBuf),
    /// A line at the end of a file of the user, unless it is there.
    Line(PathBuf, String),
}

/// What to write for a shell that is to complete `program`. Pure.
///
/// # Errors
/// When no home directory is known.
pub(super) fn step(shell: Shell, program: &str, environment: &Environment) -> Result<Step> {
    let home = environment.get(env::HOME).map(PathBuf::from).or_else(|| environment.directories.home.clone());
    let home = home.filter(|home| home.is_absolute()).ok_or_else(|| {
        Error::failed("no home directory is known, so there is no place for completions").hint("Set HOME.")
    })?;
    let base = |variable, default: &str| {
        let given = environment.get(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        given.unwrap_or_else(|| home.join(default))
    };
    let config = || base(env::XDG_CONFIG_HOME, ".config");
    Ok(match shell {
        // The user's own directory comes before the system's, where iproute2 has a file for its `tc`.
        Shell::Bash => {
            Step::File(base(env::XDG_DATA_HOME, ".local/share").join("bash-completion/completions").join(program))
        }
        Shell::Fish => Step::File(config().join("fish/completions").join(format!("{program}.fish"))),
        Shell::Zsh => {
            let line = format!(
                "(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit }}; source <({program} completions zsh)"
            );
            Step::Line(base(env::ZDOTDIR, "").join(".zshrc"), line)
        }
        Shell::Powershell => {
            let profile = if cfg!(windows) { home.join("Documents/PowerShell") } else { config().join("powershell") };
            let line = format!("{program} completions powershell | Out-String | Invoke-Expression");
            Step::Line(profile.join("profile.ps1"), line)
        }
        Shell::Elvish => {
            Step::Line(config().join("elvish/rc.elv"), format!("eval ({program} completions elvish | slurp)"))
        }
    })
}

/// Does it, and says what was written.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn install(step: &Step, stub: &str, context: &Context) -> Result<()> {
    match step {
        Step::File(path) => {
            make_directory(path)?;
            replace(path, stub).map_err(|source| Error::io("write", path.display(), source))?;
            context.ui.note(format_args!("Wrote {}.", path.display()));
        }
        Step::Line(path, line) => {
            let before = match fs::read(path) {
                // What is a comment in another encoding than UTF-8 does not matter here.
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => String::new(),
                Err(source) => return Err(Error::io("read", path.display(), source)),
            };
            if before.lines().any(|known| known.trim() == line) {
                context.ui.note(format_args!("{} has the line already; nothing was written.", path.display()));
                return Ok(());
            }
            make_directory(path)?;
            append(path, &before, line).map_err(|source| Error::io("write", path.display(), source))?;
            context.ui.note(format_args!("Added this line to {}:\n  {line}", path.display()));
        }
    }
    context.ui.note("Start a new shell to use the completions.");
    Ok(())
}

/// Every new shell reads the file: half of it must never be there.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut sink = Sink::file(path)?;
    sink.write_all(text.as_bytes())?;
    sink.finish()
}

/// Adds a line at the end of a file, whose owner, mode and links stay as they are; the file is as before where the disk
/// has no room for all of the line.
fn append(path: &Path, before: &str, line: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path)?;
    let length = file.metadata()?.len();
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let written = file.write_all(format!("{gap}{line}\n").as_bytes());
    written.or_else(|fault| file.set_len(length).and(Err(fault)))
}

fn make_directory(path: &Path) -> Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(|source| Error::io("create the directory", directory.display(), source))
}

/// The shell of the user.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when `SHELL` does not name one that can complete.
pub(super) fn own_shell(environment: &Environment) -> Result<Shell> {
    let name = environment.get(env::SHELL).map(Path::new).and_then(Path::file_stem).and_then(|name| name.to_str());
    let shell = name.and_then(|name| <Shell as clap::ValueEnum>::from_str(name, false).ok());
    shell.ok_or_else(|| {
        Error::usage("cannot tell the shell: SHELL names none that is supported")
            .hint("Name it: `tc completions bash --install`.")
    })
}
