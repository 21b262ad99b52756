//! What asks a process to end: Ctrl-C and signals, or a program that runs commands in its own process.

#[cfg(unix)]
use std::io;

/// A wish to stop, which can be waited for any number of times.
#[derive(Clone)]
pub struct Interrupt(InterruptSource);

#[derive(Clone)]
enum InterruptSource {
    Never,
    Signals,
    Channel(tokio::sync::watch::Receiver<bool>),
}

impl Interrupt {
    /// Never comes.
    pub fn never() -> Self {
        Self(InterruptSource::Never)
    }

    /// Comes with Ctrl-C, SIGTERM, or SIGHUP: the end of the terminal, unless `nohup` has this process outlive it.
    pub fn from_signals() -> Self {
        Self(InterruptSource::Signals)
    }

    /// An interrupt and the sender that triggers it with `true`.
    pub fn channel() -> (tokio::sync::watch::Sender<bool>, Self) {
        let (sender, receiver) = tokio::sync::watch::channel(false);
        (sender, Self(InterruptSource::Channel(receiver)))
    }

    /// All interrupts from now on, and one that has come by a channel already. Must run inside a tokio runtime.
    pub(crate) fn listen(&self) -> Interrupts {
        Interrupts(match &self.0 {
            InterruptSource::Never => Listening::Never,
            InterruptSource::Signals => Listening::Signals(Signals::new()),
            InterruptSource::Channel(receiver) => Listening::Channel { receiver: receiver.clone(), has_come: false },
        })
    }

    /// Waits for one more interrupt, after the one that has come. Must run inside a tokio runtime.
    pub async fn again(&self) {
        match &self.0 {
            InterruptSource::Channel(receiver) => {
                let mut receiver = receiver.clone();
                receiver.mark_unchanged();
                if receiver.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            InterruptSource::Never | InterruptSource::Signals => self.wait().await,
        }
    }

    /// Waits for the interrupt. Must run inside a tokio runtime.
    pub async fn wait(&self) {
        match &self.0 {
            InterruptSource::Never => std::future::pending().await,
            InterruptSource::Signals => signals().await,
            InterruptSource::Channel(receiver) => {
                let mut receiver = receiver.clone();
                if receiver.wait_for(|stop| *stop).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Interrupts one after the other; none that comes between two is lost.
pub(crate) struct Interrupts(Listening);

enum Listening {
    Never,
    Signals(Signals),
    Channel { receiver: tokio::sync::watch::Receiver<bool>, has_come: bool },
}

impl Interrupts {
    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Asked {
        let has_come = match &mut self.0 {
            Listening::Never => false,
            Listening::Signals(signals) => return signals.next().await,
            Listening::Channel { receiver, has_come } => {
                let came = if *has_come {
                    receiver.changed().await.is_ok()
                } else {
                    receiver.wait_for(|stop| *stop).await.is_ok()
                };
                receiver.mark_unchanged();
                *has_come = true;
                came
            }
        };
        if !has_come {
            std::future::pending::<()>().await;
        }
        Asked::ByProgram
    }
}

/// Who wants an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Ctrl-C at the terminal, which reaches every program that runs there, a pager too.
    ByKey,
    /// A signal that was sent to this process alone.
    ByProgram,
}

async fn signals() {
    Signals::new().next().await;
}

/// Ctrl-C, SIGTERM and SIGHUP.
#[cfg(unix)]
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    /// None once it has come: the system tells of the end of the terminal, and so does the shell, which is one wish.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok());
        Self { interrupt, terminate, hangup: hangup() }
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            () = next_of(&mut self.interrupt) => Asked::ByKey,
            () = next_of(&mut self.terminate) => Asked::ByProgram,
            () = next_of(&mut self.hangup) => {
                self.hangup = None;
                Asked::ByProgram
            }
        }
    }
}

/// SIGHUP; none where whoever started this process has it outlive the terminal, as `nohup` does.
#[cfg(unix)]
fn hangup() -> Option<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    if is_hangup_ignored() { None } else { signal(SignalKind::hangup()).ok() }
}

/// Whether SIGHUP does nothing to this process. Where the system does not tell, it is so for a process without a
/// terminal: `nohup` takes all streams away from it.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    use std::io::IsTerminal as _;
    let status = if cfg!(target_os = "linux") { std::fs::read_to_string("/proc/self/status").ok() } else { None };
    let is_on_terminal = || io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
    status.as_deref().and_then(ignores_hangup).unwrap_or_else(|| !is_on_terminal())
}

/// What Linux says of a process in `/proc/PID/status`, read for SIGHUP: `SigIgn` is a mask in hexadecimal digits, whose
/// lowest bit is signal 1 (proc_pid_status(5)).
#[cfg(unix)]
fn ignores_hangup(status: &str) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    Some(u64::from_str_radix(mask.trim(), 16).ok()? & 1 == 1)
}

/// Asks a process that this one has started to end, by SIGTERM. It may have ended already.
#[cfg(unix)]
pub(crate) fn terminate(process: u32) {
    if let Some(process) = process.try_into().ok().and_then(rustix::process::Pid::from_raw) {
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap_or_default();
    }
}

/// Does nothing where the system has no signals.
#[cfg(not(unix))]
pub(crate) fn terminate(_: u32) {}

/// SIGQUIT (Ctrl-\), which is no interrupt: it ends a process as it stands. Once listened to, it does not any more.
pub(crate) struct Quit {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Quit {
    /// Must run inside a tokio runtime.
    #[cfg(unix)]
    pub(crate) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { signal: signal(SignalKind::quit()).ok() }
    }

    /// Never comes.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> Self {
        Self {}
    }

    /// Waits for it.
    #[cfg(unix)]
    pub(crate) async fn wait(&mut self) {
        next_of(&mut self.signal).await;
    }

    /// Waits for ever.
    #[cfg(not(unix))]
    pub(crate) async fn wait(&mut self) {
        std::future::pending().await
    }
}

/// Waits for a signal; where the system refuses to tell of it, it never comes.
#[cfg(unix)]
async fn next_of(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) -> Asked {
        drop(tokio::signal::ctrl_c().await);
        Asked::ByKey
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn whether_the_end_of_the_terminal_is_ignored_is_read_from_the_mask_of_signals() {
        let status =
            |mask: &str| format!("Name:\ttc\nSigBlk:\t0000000000000001\nSigIgn:\t{mask}\nSigCgt:\t0000000000000001\n");
        assert_eq!(ignores_hangup(&status("0000000000000001")), Some(true), "as nohup starts it");
        assert_eq!(ignores_hangup(&status("0000000000001000")), Some(false), "only SIGPIPE, as Rust has it");
        assert_eq!(ignores_hangup(&status("0000000000000007")), Some(true));
        assert_eq!(ignores_hangup(&status("")), None);
        assert_eq!(ignores_hangup("Name:\ttc\n"), None);
    }
}
