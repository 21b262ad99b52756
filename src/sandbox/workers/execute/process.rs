//! Processes of tasks, each leader of a group of its own, which end with their task and with the sandbox.

use std::collections::BTreeSet;
use std::io::{self, PipeReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// All processes that tasks run at the moment, by the number of their group.
#[derive(Default)]
pub(super) struct Processes {
    held: Mutex<ProcessGroups>,
}

#[derive(Default)]
struct ProcessGroups {
    /// Nothing is started any more.
    stopped: bool,
    groups: BTreeSet<i32>,
}

/// A process that was started, with the group that it leads. Both end when this is dropped.
///
/// Its number stays taken until then, even when it has ended, so that a signal never reaches a stranger.
pub(super) struct Process {
    processes: Arc<Processes>,
    child: Child,
    group: Pid,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exit {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// How long it and what it waited for have computed, in user and in kernel mode, where the system tells.
    pub times: Option<(Duration, Duration)>,
}

impl Processes {
    fn held(&self) -> MutexGuard<'_, ProcessGroups> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a command as the leader of a new group, without standard input. What it prints comes out of the pipe.
    ///
    /// # Errors
    /// When it cannot be started, or everything is to stop.
    pub(super) fn start(self: &Arc<Self>, mut command: Command) -> io::Result<(Process, PipeReader)> {
        let (output, input) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(input.try_clone()?).stderr(input).process_group(0);
        // One that starts while all are stopped would be missed.
        let mut held = self.held();
        if held.stopped {
            return Err(io::Error::other("the sandbox is stopping"));
        }
        let child = command.spawn()?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::Unsupported)?;
        held.groups.insert(group.as_raw_pid());
        drop(held);
        Ok((Process { processes: Arc::clone(self), child, group }, output))
    }

    /// Ends all groups, and lets no other one start.
    pub(super) fn stop(&self) {
        let mut held = self.held();
        held.stopped = true;
        for group in held.groups.iter().filter_map(|group| Pid::from_raw(*group)) {
            kill(group);
        }
    }
}

impl Process {
    /// Ends the whole group at once.
    pub(super) fn kill(&self) {
        kill(self.group);
    }

    /// Waits until the leader has ended; others of its group may go on.
    ///
    /// # Errors
    /// When the system does not know the process.
    pub(super) async fn exited(&self) -> io::Result<Exit> {
        let pid = self.group;
        tokio::task::spawn_blocking(move || wait(pid)).await.map_err(io::Error::other)?
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill(self.group);
        let mut held = self.processes.held();
        held.groups.remove(&self.group.as_raw_pid());
        // It was killed, so this only takes away what the system keeps of it.
        if let Err(error) = self.child.wait() {
            tracing::warn!("cannot wait for process {}: {error}", self.group.as_raw_pid());
        }
    }
}

fn kill(group: Pid) {
    // A group that is empty already is what was wanted.
    if let Err(error) = kill_process_group(group, Signal::KILL)
        && error != Errno::SRCH
    {
        tracing::warn!("cannot end process group {}: {error}", group.as_raw_pid());
    }
}

/// Waits for the end of a process and leaves it to be waited for once more.
fn wait(pid: Pid) -> io::Result<Exit> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let status = loop {
        match waitid(WaitId::Pid(pid), options) {
            Ok(Some(status)) => break status,
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    Ok(Exit { code: status.exit_status(), signal: status.terminating_signal(), times: times(pid) })
}

/// User and kernel time of a process that has ended but was not waited for, with those of its own children.
fn times(pid: Pid) -> Option<(Duration, Duration)> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
    let ticks = rustix::param::clock_ticks_per_second();
    let (user, kernel) = ticks_of(&stat)?;
    let time = |count: u64| Duration::from_millis(count.saturating_mul(1000) / ticks.max(1));
    Some((time(user), time(kernel)))
}

/// User and kernel time in `/proc/PID/stat` (proc(5), fields 14 to 17).
fn ticks_of(stat: &str) -> Option<(u64, u64)> {
    // The name in brackets may hold anything, brackets as well.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some((number(11)? + number(13)?, number(12)? + number(14)?))
}

/// Ends processes that a task has left behind outside of its groups: those that were started with a `TASK_WORKDIR` in
/// this folder, or that are in it. Only Linux tells of them; elsewhere they are left.
#[cfg(target_os = "linux")]
pub(super) fn end_leftovers(folder: &Path) {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

    // What is ended may have started another one meanwhile.
    const ROUNDS: usize = 20;
    let own = std::process::id().to_string();
    for _ in 0..ROUNDS {
        let mut found = false;
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let Some(pid) = name.to_str().filter(|name| *name != own).and_then(|name| name.parse().ok()) else {
                continue;
            };
            // The handle comes first, so that what is looked at is what is ended.
            let handle = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
            if let Some(handle) = handle
                && belongs_to(&path, folder)
            {
                found |= pidfd_send_signal(handle, Signal::KILL).is_ok();
            }
        }
        if !found {
            return;
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn end_leftovers(_folder: &Path) {}

/// Whether a process, by its directory in `/proc`, is one of a task in this folder.
#[cfg(target_os = "linux")]
fn belongs_to(process: &Path, folder: &Path) -> bool {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    // One that has ended has neither; those of others cannot be read.
    let environment = std::fs::read(process.join("environ")).unwrap_or_default();
    let works_in = environment.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(b"TASK_WORKDIR="));
    let inside = || std::fs::read_link(process.join("cwd")).is_ok_and(|directory| directory.starts_with(folder));
    // Somebody at a terminal may have gone there to look.
    let watched = || !std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| !has_terminal(&stat));
    works_in.is_some_and(|directory| Path::new(OsStr::from_bytes(directory)).starts_with(folder))
        || inside() && !watched()
}

/// Whether a process has a terminal, by its `/proc/PID/stat` (proc(5), field 7).
#[cfg(target_os = "linux")]
fn has_terminal(stat: &str) -> bool {
    stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(4)).is_none_or(|number| number != "0")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn exit_codes_and_signals_are_told_apart() {
        let processes = Arc::new(Processes::default());
        for (script, code, signal) in [("exit 3", Some(3), None), ("kill -9 $$", None, Some(9)), (":", Some(0), None)] {
            let (process, _output) = processes.start(shell(script)).unwrap();
            let exit = process.exited().await.unwrap();
            assert_eq!((exit.code, exit.signal), (code, signal), "{script}");
            // It can be asked again, as it is still there.
            assert_eq!(process.exited().await.unwrap().code, code);
        }
        assert!(processes.held().groups.is_empty());
    }

    #[tokio::test]
    async fn a_group_ends_with_its_leader_dropped_and_nothing_starts_after_a_stop() {
        let processes = Arc::new(Processes::default());
        let (process, mut output) = processes.start(shell("sleep 1000 & echo started; exit 0")).unwrap();
        assert_eq!(process.exited().await.unwrap().code, Some(0));
        drop(process);
        let mut text = String::new();
        // The pipe ends only when the one in the background has ended as well.
        output.read_to_string(&mut text).unwrap();
        assert_eq!(text, "started\n");
        let (process, mut output) = processes.start(shell("sleep 1000")).unwrap();
        processes.stop();
        output.read_to_string(&mut text).unwrap();
        assert_eq!(process.exited().await.unwrap().signal, Some(9));
        assert!(processes.start(shell(":")).is_err());
    }

    #[test]
    fn times_stand_behind_a_name_that_may_hold_anything() {
        let stat = "12 (a) b (c)) Z 1 12 12 0 -1 4 5 6 7 8 100 20 3 4 20 0 1";
        assert_eq!(ticks_of(stat), Some((103, 24)));
        assert_eq!(ticks_of("12 (a"), None);
        assert_eq!(ticks_of("12 (a) Z 1"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_has_left_its_group_is_found_by_its_variables_or_by_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        // A session of its own has no terminal.
        let start = |directory: &Path, variable: &str| {
            let mut command = Command::new("setsid");
            command.args(["sleep", "1000"]).current_dir(directory).env(variable, folder.path().join("task"));
            command.spawn().unwrap()
        };
        let mut children = [start(Path::new("/"), "TASK_WORKDIR"), start(folder.path(), "OTHER")];
        end_leftovers(folder.path());
        for child in &mut children {
            assert!(!child.wait().unwrap().success());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_has_a_terminal_or_none() {
        assert!(has_terminal("12 (sh) S 1 12 12 34816 -1 4"));
        assert!(!has_terminal("12 (a) b) S 1 12 12 0 -1 4"));
        assert!(has_terminal("12 (sh"));
    }
}
