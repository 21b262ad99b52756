//! Runs one command of a task to its end.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;

use super::abort::{Abort, Abortion};
use super::log::TaskLog;
use super::process::{Exit, Process, Processes};
use super::trouble::{Reason, Trouble};

/// The most that is taken out of a pipe at once, in bytes.
const CHUNK_BYTES: usize = 64 << 10;
/// The column that the names of figures end in.
const NAME_WIDTH: usize = 32;

/// What all commands of a task have in common.
pub(super) struct Setting<'a> {
    pub processes: &'a Arc<Processes>,
    pub log: &'a Arc<TaskLog>,
    pub folder: &'a Path,
    pub variables: &'a BTreeMap<OsString, OsString>,
    pub abort: &'a Abort,
}

/// A command that was run. What it has started may go on until this is dropped.
pub(super) struct Ran {
    pub exit: Exit,
    pub process: Process,
    /// What comes out of its pipe after its end.
    pub output: Receiver,
}

impl Setting<'_> {
    /// Runs a command until its process ends; its output is in the log then.
    ///
    /// # Errors
    /// When it cannot be started, or the run is aborted before it ends.
    pub(super) async fn run(&self, index: usize, words: &[String]) -> Result<Ran, Trouble> {
        let shown = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| format!("{words:?}"));
        self.log.info(format_args!("Executing command {index}: {shown}"));
        let started = Instant::now();
        let (process, output) = self.start(words).await.map_err(|error| cannot_start(words, &error))?;
        let internal = |error: io::Error| Trouble::io("cannot follow the command", &error);
        let mut output = Receiver::from_owned_fd(output.into()).map_err(internal)?;
        let exit = self.follow(&process, &mut output).await?.map_err(internal)?;
        self.report(exit, started.elapsed());
        Ok(Ran { exit, process, output })
    }

    async fn start(&self, words: &[String]) -> io::Result<(Process, io::PipeReader)> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        // Where a relative program is looked for differs between systems, but for this.
        let mut command = match program.contains('/') {
            true => Command::new(self.folder.join(program)),
            false => Command::new(program),
        };
        command.args(arguments).current_dir(self.folder).env_clear().envs(self.variables);
        let processes = Arc::clone(self.processes);
        tokio::task::spawn_blocking(move || processes.start(command)).await.map_err(io::Error::other)?
    }

    /// Writes into the log what the command prints, until it has ended.
    async fn follow(&self, process: &Process, output: &mut Receiver) -> Result<io::Result<Exit>, Trouble> {
        let mut buffer = Vec::with_capacity(CHUNK_BYTES);
        let mut exited = std::pin::pin!(process.exited());
        let mut open = true;
        let exit = loop {
            tokio::select! {
                biased;
                abortion = self.abort.wait() => {
                    process.kill();
                    return Err(abortion.trouble());
                }
                read = output.read_buf(&mut buffer), if open => {
                    open = read.is_ok_and(|count| count > 0);
                    self.print(&mut buffer);
                }
                exit = exited.as_mut() => break exit,
            }
        };
        // All that the process itself has printed is in the pipe now.
        while open && rustix::io::ioctl_fionread(&*output).is_ok_and(|count| count > 0) {
            open = output.read_buf(&mut buffer).await.is_ok_and(|count| count > 0);
            self.print(&mut buffer);
        }
        Ok(exit)
    }

    fn print(&self, buffer: &mut Vec<u8>) {
        if !self.log.print(buffer) {
            self.abort.set(Abortion::LogFull);
        }
        buffer.clear();
    }

    /// How the command ended, in the lines that readers of logs look for.
    fn report(&self, exit: Exit, wall: Duration) {
        let line = |name: &str, value: String| self.log.info(format_args!("{name:>NAME_WIDTH$}: {value}"));
        line("Exit Code", exit.code.unwrap_or(-1).to_string());
        if let Some((user, kernel)) = exit.times {
            line("User Time", shown(user));
            line("Kernel Time", shown(kernel));
        }
        line("Wall Time", shown(wall));
        line("Result", if exit.code == Some(0) { "SUCCEEDED" } else { "FAILED" }.to_owned());
    }
}

/// A length of time as workers write it: `1.5s`, `22.107236ms`, `0s`.
pub(super) fn shown(time: Duration) -> String {
    if time.is_zero() { "0s".to_owned() } else { format!("{time:?}") }
}

/// Goes on writing into the log what comes out of a pipe, until nobody holds its other end any more.
pub(super) async fn drain(mut output: Receiver, log: Arc<TaskLog>, abort: Abort) {
    let mut buffer = Vec::with_capacity(CHUNK_BYTES);
    while output.read_buf(&mut buffer).await.is_ok_and(|count| count > 0) {
        if !log.print(&buffer) {
            abort.set(Abortion::LogFull);
        }
        buffer.clear();
    }
}

fn cannot_start(words: &[String], error: &io::Error) -> Trouble {
    let program = words.first().map_or("", String::as_str);
    let message = format!("cannot start `{program}`: {error}");
    match error.kind() {
        io::ErrorKind::OutOfMemory | io::ErrorKind::WouldBlock => {
            Trouble::Exception(Reason::ResourceUnavailable, message)
        }
        _ => Trouble::Failed(message),
    }
}
