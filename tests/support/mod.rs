//! What the tests share: `tc` run in process, with a scrubbed environment and exact expectations.

pub mod artifacts;
pub mod bulk;
pub mod events;
#[cfg(unix)]
pub mod execute;
pub mod fake_clock;
pub mod fake_server;
pub mod group;
pub mod hand_clock;
mod home;
#[cfg(unix)]
pub mod pty;
pub mod public_items;
pub mod publisher;
#[cfg(unix)]
pub mod pulse;
#[cfg(unix)]
pub mod rabbit;
pub mod recorded;
pub mod sign_in;
pub mod source_graph;
pub mod storage;
pub mod task;
pub mod wire;

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use tc::Terminal;
use tc::{Environment, Streams};

thread_local! {
    /// The name by which the program is called where a test names none.
    static CALLED: Cell<&'static str> = const { Cell::new("tc") };
}

/// Runs a test in which the program is called by this name, wherever the test itself names none.
pub fn called_as(program: &'static str, test: fn()) {
    CALLED.set(program);
    test();
    CALLED.set("tc");
}

/// The name by which the program is called in this test.
pub fn program() -> &'static str {
    CALLED.get()
}

/// One run of `tc` in this process, being prepared.
pub struct Tc {
    environment: Environment,
    home: tempfile::TempDir,
    /// Where its temporary files go.
    _temporary: tempfile::TempDir,
    stdin: Vec<u8>,
    terminal: Terminal,
    program: String,
}

/// What a run left behind.
pub struct Ran {
    pub args: Vec<String>,
    pub stdout: String,
    pub stderr: String,
    pub status: u8,
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Tc {
    /// Nothing set but HOME and TMPDIR, no terminal anywhere, empty standard input.
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let temporary = tempfile::tempdir().unwrap();
        let environment = Environment::empty(home.path()).with("HOME", home.path()).with("TMPDIR", temporary.path());
        Self {
            environment,
            home,
            _temporary: temporary,
            stdin: Vec::new(),
            terminal: Terminal::default(),
            program: program().to_owned(),
        }
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment = self.environment.with(name, value);
        self
    }

    /// Talks to the deployment at this root URL, without credentials.
    pub fn at(self, root_url: &str) -> Self {
        self.env("TASKCLUSTER_ROOT_URL", root_url)
    }

    /// Talks to this sandbox with all scopes.
    pub fn signed_in(self, sandbox: &tc::sandbox::Sandbox) -> Self {
        self.at(sandbox.root_url())
            .env("TASKCLUSTER_CLIENT_ID", sandbox.client_id())
            .env("TASKCLUSTER_ACCESS_TOKEN", sandbox.access_token().reveal())
    }

    /// Changes the environment in other ways: its clock, its interrupt.
    pub fn environment(mut self, change: impl FnOnce(Environment) -> Environment) -> Self {
        self.environment = change(self.environment);
        self
    }

    /// Text on standard input.
    pub fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = text.as_ref().to_vec();
        self
    }

    /// Called by this name.
    pub fn called(mut self, program: &str) -> Self {
        self.program = program.to_owned();
        self
    }

    /// All three streams are a terminal of 100 columns.
    pub fn terminal(mut self) -> Self {
        self.terminal = Terminal { stdin: true, stdout: true, stderr: true, width: Some(100), ..Terminal::default() };
        self
    }

    /// The working directory, which is also HOME.
    pub fn directory(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Runs `tc` with these arguments.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_as(&self.program, args)
    }

    /// Runs it by another name.
    pub fn run_as(&self, name: &str, args: &[&str]) -> Ran {
        let (stdout, stderr) = (Sink::default(), Sink::default());
        let streams = Streams {
            stdin: Box::new(Cursor::new(self.stdin.clone())),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: self.terminal,
        };
        let words = std::iter::once(name).chain(args.iter().copied()).map(OsString::from);
        let status = tc::run(words, &self.environment, streams);
        Ran {
            args: args.iter().map(ToString::to_string).collect(),
            stdout: stdout.text(),
            stderr: stderr.text(),
            status,
        }
    }
}

impl Ran {
    /// Standard output is exactly this.
    #[track_caller]
    pub fn stdout(&self, expected: &str) -> &Self {
        assert_eq!(self.stdout, expected, "standard output of {self}");
        self
    }

    /// Standard error is exactly this.
    #[track_caller]
    pub fn stderr(&self, expected: &str) -> &Self {
        assert_eq!(self.stderr, expected, "standard error of {self}");
        self
    }

    /// Standard error starts with this.
    #[track_caller]
    pub fn stderr_starts(&self, expected: &str) -> &Self {
        assert!(self.stderr.starts_with(expected), "standard error of {self}");
        self
    }

    /// The exit status is this.
    #[track_caller]
    pub fn status(&self, expected: u8) -> &Self {
        assert_eq!(self.status, expected, "exit status of {self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in the output of {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "tc {:?}\nstatus {}\n--- stdout\n{}\n--- stderr\n{}",
            self.args, self.status, self.stdout, self.stderr
        )
    }
}

/// The same, compressed.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Whether it is the ID of a task: a slugid, which is a v4 UUID in URL-safe base64.
pub fn is_slugid(text: &str) -> bool {
    let pattern = "^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$";
    regex::Regex::new(pattern).unwrap().is_match(text)
}
