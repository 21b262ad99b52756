//! Programs in the place of commands: `tc-NAME` in PATH, and aliases that are lines for the shell.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use clap::{Args as _, FromArgMatches as _};

use crate::cli::{self, Globals, Resolved};
use crate::commands::{self, programs};
use crate::config::Settings;
use crate::context::given;
use crate::env::{self, Environment};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::Streams;

/// What a command line is for.
pub(super) enum Subject {
    /// A command of this program.
    Own(Vec<OsString>),
    /// A program that runs in its place.
    External(Box<External>),
}

/// A program that runs in the place of a command.
pub(super) struct External {
    /// What it is called in messages.
    what: String,
    command: Command,
}

/// The command line with its alias expanded, or the program that is to run instead.
///
/// # Errors
/// When an alias is broken, or the settings are in which one might be.
pub(super) fn resolve(words: Vec<OsString>, environment: &Environment) -> Result<Subject> {
    if cli::is_taskcluster(&words) {
        return Ok(Subject::Own(words));
    }
    let contents = || Settings::contents_of(environment);
    let alias = |name: &str| Ok(contents()?.alias(name).map(str::to_owned));
    match cli::resolve(words, commands::is_command, alias)? {
        Resolved::Own(words) => Ok(Subject::Own(words)),
        Resolved::Shell { name, line, arguments, before } => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(line).arg(&name).args(arguments);
            prepare(&mut shell, &before, environment)?;
            Ok(Subject::External(Box::new(External { what: format!("the alias `{name}`"), command: shell })))
        }
        Resolved::Unknown(words, place) => {
            let name = words.get(place).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
            let Some(program) = programs::find(&name, environment) else { return Ok(Subject::Own(words)) };
            let mut command = Command::new(&program);
            command.args(words.get(place + 1..).unwrap_or_default());
            prepare(&mut command, words.get(..place).unwrap_or_default(), environment)?;
            Ok(Subject::External(Box::new(External { what: format!("`{}`", program.display()), command })))
        }
    }
}

/// Gives a program its environment: ours, and by which program and for which deployment it runs.
fn prepare(command: &mut Command, before: &[OsString], environment: &Environment) -> Result<()> {
    command.current_dir(&environment.directory).env_clear().envs(environment.variables());
    let name = before.first().map_or(OsStr::new("tc"), OsString::as_os_str);
    command.env(env::TC.name, environment.program().map_or(name, |program| program.as_os_str()));
    let tree = cli::lenient(Globals::augment_args(clap::Command::new("tc")));
    let globals = tree.try_get_matches_from(before).and_then(|matches| Globals::from_arg_matches(&matches));
    let globals = globals.map_err(|fault| Error::usage(fault.kind().to_string()))?;
    if let Some((root, _)) = Settings::load(environment, given(&globals))?.root_url()? {
        command.env(env::ROOT_URL.name, root.as_str());
    }
    Ok(())
}

impl External {
    /// Runs the program, and ends as it ends. This process becomes it where the streams are its own.
    ///
    /// # Errors
    /// When it cannot be started, or its output not be written.
    pub(super) fn run(mut self, streams: &mut Streams) -> Result<u8> {
        let cannot = |what: &str, source: io::Error| Error::failed(format!("cannot run {what}")).caused_by(source);
        if streams.terminal.is_own {
            return become_program(&mut self.command).map_err(|source| cannot(&self.what, source));
        }
        let output = self.command.stdin(Stdio::null()).output().map_err(|source| cannot(&self.what, source))?;
        streams.stdout.write_all(&output.stdout)?;
        streams.stderr.write_all(&output.stderr)?;
        streams.stdout.flush()?;
        Ok(Status::of(output.status).0)
    }
}

/// Only a failure comes back.
#[cfg(unix)]
fn become_program(command: &mut Command) -> io::Result<u8> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> io::Result<u8> {
    command.status().map(|ended| Status::of(ended).0)
}
