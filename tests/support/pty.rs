//! The real binary on a pseudo-terminal, and what a person sees on its screen.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use vt100::{Parser, Screen};

use super::group::Group;

/// Longest wait for the screen to show something; no test waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

pub const CTRL_C: &str = "\x03";
pub const CTRL_D: &str = "\x04";

/// A terminal on which `tc` is about to be run.
pub struct Terminal {
    lines: u16,
    columns: u16,
    variables: Vec<(String, String)>,
    settings: Option<&'static str>,
    pipe: bool,
}

/// A run of `tc` on a terminal.
pub struct Session {
    child: Child,
    pty: Arc<Pty>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    /// Home, and where temporary files go.
    _directories: [tempfile::TempDir; 2],
}

/// What is left when a run is over.
pub struct Left {
    /// The exit status; none after a signal.
    pub status: Option<i32>,
    /// What stands on the screen, without blanks at the ends of lines.
    pub screen: String,
    /// All that was sent to the terminal.
    pub sent: String,
    /// What went into a pipe in place of the terminal.
    pub piped: String,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: Parser,
    sent: Vec<u8>,
    is_over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Terminal {
    /// 24 lines of 100 columns.
    pub fn new() -> Self {
        Self { lines: 24, columns: 100, variables: Vec::new(), settings: None, pipe: false }
            .env("TERM", "xterm-256color")
            // A pager waits for its keys; tests of it choose one.
            .env("TC_PAGER", "")
    }

    /// One on which the group's sandbox is in use, by the client that may do anything.
    pub fn on(group: &Group) -> Self {
        Self::new()
            .env("TASKCLUSTER_ROOT_URL", group.sandbox.root_url())
            .env("TASKCLUSTER_CLIENT_ID", group.sandbox.client_id())
            .env("TASKCLUSTER_ACCESS_TOKEN", group.sandbox.access_token().reveal())
    }

    /// One on which this deployment is in use, without credentials.
    pub fn at(root_url: &str) -> Self {
        Self::new().env("TASKCLUSTER_ROOT_URL", root_url)
    }

    /// Sets a variable; nothing else is set but HOME, TMPDIR and TERM.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// So many lines and columns.
    pub fn size(mut self, lines: u16, columns: u16) -> Self {
        (self.lines, self.columns) = (lines, columns);
        self
    }

    /// With this settings file.
    pub fn settings(mut self, text: &'static str) -> Self {
        self.settings = Some(text);
        self
    }

    /// Standard output goes into a pipe.
    pub fn into_pipe(mut self) -> Self {
        self.pipe = true;
        self
    }

    /// Runs `tc` with these arguments.
    pub fn run(self, args: &[&str]) -> Session {
        let command = Command::new(env!("CARGO_BIN_EXE_tc")).arg0(super::program());
        self.start(command, args)
    }

    /// Runs another program with these arguments.
    pub fn run_program(self, program: &std::path::Path, args: &[&str]) -> Session {
        self.start(Command::new(program), args)
    }

    fn start(self, command: Command, args: &[&str]) -> Session {
        let [home, temporary] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        if let Some(settings) = self.settings {
            let directory = home.path().join(".config/tc");
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(directory.join("config.toml"), settings).unwrap();
        }
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(self.lines, self.columns)).unwrap();
        keep_output(&pty);
        let command = command.args(args).env_clear().env("HOME", home.path()).env("TMPDIR", temporary.path());
        let mut command = command.envs(self.variables).current_dir(home.path());
        if self.pipe {
            command = command.stdout(Stdio::piped());
        }
        let child = command.spawn(pts).unwrap();
        let parser = Parser::new(count(self.lines), count(self.columns), 1000);
        let state = Mutex::new(State { parser, sent: Vec::new(), is_over: false });
        let (pty, shared) = (Arc::new(pty), Arc::new(Shared { state, changed: Condvar::new() }));
        let (from, to) = (Arc::clone(&pty), Arc::clone(&shared));
        let reader = Some(thread::spawn(move || read(&from, &to)));
        Session { child, pty, shared, reader, _directories: [home, temporary] }
    }
}

/// The key for an interrupt would throw away what has been written and not been read yet, for which a
/// person is too slow, and a test is not.
fn keep_output(pty: &Pty) {
    let mut modes = tcgetattr(pty).unwrap();
    modes.local_modes |= LocalModes::NOFLSH;
    tcsetattr(pty, OptionalActions::Now, &modes).unwrap();
}

fn count(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

/// Shows what comes until nobody has the terminal open any more.
fn read(pty: &Pty, shared: &Shared) {
    let mut bytes = [0; 4096];
    loop {
        // A pseudo-terminal that nobody has open answers with an error in place of an end.
        let read = (&mut &*pty).read(&mut bytes).unwrap_or(0);
        let mut state = shared.lock();
        state.parser.process(&bytes[..read]);
        state.sent.extend_from_slice(&bytes[..read]);
        state.is_over = read == 0;
        drop(state);
        shared.changed.notify_all();
        if read == 0 {
            return;
        }
    }
}

impl Session {
    /// Types this.
    pub fn press(&self, keys: &str) {
        (&mut &*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Sends a signal to `tc` alone.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether the terminal shows what is typed.
    pub fn echoes(&self) -> bool {
        tcgetattr(&*self.pty).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits until the terminal shows what is typed, or no more: nothing on the screen tells of it.
    #[track_caller]
    pub fn wait_for_echo(&self, echo: bool) {
        let start = std::time::Instant::now();
        while self.echoes() != echo {
            assert!(start.elapsed() < PATIENCE, "the echo never was {echo}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The window changes its size.
    pub fn resize(&self, lines: u16, columns: u16) {
        self.shared.lock().parser.set_size(count(lines), count(columns));
        self.pty.resize(Size::new(lines, columns)).unwrap();
    }

    /// Waits until this stands on the screen, and returns all that does.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?}"), |screen| contents(screen).contains(text))
    }

    /// Waits until the screen is as it should be, and returns what stands on it.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Screen) -> bool) -> String {
        let state = self.shared.lock();
        let waits = |state: &mut State| !state.is_over && !is_so(state.parser.screen());
        let (state, _) = self.shared.changed.wait_timeout_while(state, PATIENCE, waits).unwrap();
        let screen = contents(state.parser.screen());
        let ended = if state.is_over { " before it ended" } else { "" };
        assert!(is_so(state.parser.screen()), "the screen never showed {what}{ended}:\n{screen}");
        screen
    }

    /// Looks at the screen as it is.
    pub fn look<T>(&self, at: impl FnOnce(&Screen) -> T) -> T {
        at(self.shared.lock().parser.screen())
    }

    /// Waits for the end of the run.
    #[track_caller]
    pub fn end(mut self) -> Left {
        let mut piped = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut piped).unwrap();
        }
        let state = self.shared.lock();
        let (state, waited) = self.shared.changed.wait_timeout_while(state, PATIENCE, |state| !state.is_over).unwrap();
        let (screen, sent) = (contents(state.parser.screen()), String::from_utf8_lossy(&state.sent).into_owned());
        drop(state);
        assert!(!waited.timed_out(), "it does not end:\n{screen}");
        let status = self.child.wait().unwrap().code();
        self.reader.take().unwrap().join().unwrap();
        Left { status, screen, sent, piped }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Only a test that fails leaves a run behind; it may have ended by itself meanwhile.
        if self.reader.is_some() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// What stands on the screen, without blanks at the ends of lines.
pub fn contents(screen: &Screen) -> String {
    // Line by line: what was written to the end of one and went on in the next would be joined otherwise.
    let lines: Vec<String> = screen.rows(0, screen.size().1.get()).map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Where a text begins on the screen: line and column.
#[track_caller]
pub fn place(screen: &Screen, text: &str) -> (u16, u16) {
    let (_, columns) = screen.size();
    for (line, row) in screen.rows(0, columns.get()).enumerate() {
        if let Some(at) = row.find(text) {
            return (u16::try_from(line).unwrap(), u16::try_from(row[..at].chars().count()).unwrap());
        }
    }
    panic!("{text:?} is not on the screen:\n{}", screen.contents());
}

/// The colour that a text begins with on the screen.
#[track_caller]
pub fn color(screen: &Screen, text: &str) -> vt100::Color {
    let (line, column) = place(screen, text);
    screen.cell(line, column).unwrap().fgcolor()
}

/// Whether some line of the screen goes on in the next one.
pub fn wraps(screen: &Screen) -> bool {
    (0..screen.size().0.get()).any(|line| screen.row_wrapped(line))
}
