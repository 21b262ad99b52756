//! `tc signin` over real sockets, with the test in the browser's place.

use std::ffi::OsString;
use std::io::{self, Cursor, Read as _, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt as _};
use tc::clock::Clock;
use tc::env::Interrupt;
use tc::ui::Terminal;
use tc::{Environment, Streams};
use url::Url;

use crate::support::Tc;

const ROOT: &str = "https://tc.example.com";

/// Stands among the arguments where standard output is a terminal.
const TERMINAL: &str = "(terminal)";

/// Standard error that can be read while the program runs.
struct Pipe(Sender<Vec<u8>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        drop(self.0.send(bytes.to_vec()));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// It is noon of a certain day; waiting takes forever, but for a time limit of 77 s, which passes at once.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        "2026-03-04T12:00:00Z".parse().unwrap()
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration == Duration::from_secs(77) {
            futures::future::ready(()).boxed()
        } else {
            futures::future::pending().boxed()
        }
    }
}

/// A sign-in that waits for its answer.
pub(crate) struct SignIn {
    thread: JoinHandle<u8>,
    stdout: Kept,
    stderr: Receiver<Vec<u8>>,
    /// What standard error held up to the page's address.
    told: String,
    pub page: Url,
    callback: Url,
}

pub(crate) struct Ended {
    pub stdout: String,
    pub stderr: String,
    pub status: u8,
}

fn environment() -> Environment {
    Environment::empty(std::env::temp_dir()).with("TASKCLUSTER_ROOT_URL", ROOT).with_clock(Arc::new(Noon))
}

impl SignIn {
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(environment(), &[arguments, &["--no-browser", "--quiet"]].concat())
    }

    pub(crate) fn start_in(environment: Environment, arguments: &[&str]) -> Self {
        let root = environment.get(tc::env::ROOT_URL).unwrap().to_owned();
        let (sender, stderr) = channel();
        let stdout = Kept::default();
        let streams = Streams {
            stdin: Box::new(Cursor::new(Vec::new())),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(Pipe(sender)),
            terminal: Terminal { stdout: arguments.contains(&TERMINAL), ..Terminal::default() },
        };
        let arguments = arguments.iter().filter(|argument| **argument != TERMINAL);
        let words: Vec<OsString> = ["tc", "signin"].iter().chain(arguments).map(OsString::from).collect();
        let thread = std::thread::spawn(move || tc::run(words, &environment, streams));
        let mut told = String::new();
        while !told.contains(&format!("  {root}")) {
            match stderr.recv() {
                Ok(piece) => told.push_str(std::str::from_utf8(&piece).unwrap()),
                Err(_) => panic!("it ended with {}: {told}", thread.join().unwrap()),
            }
        }
        let page = told.lines().find_map(|line| line.trim().strip_prefix(&root)).unwrap();
        let page = Url::parse(&format!("{root}{page}")).unwrap();
        let callback = page.query_pairs().find(|(name, _)| name == "callback_url").unwrap().1;
        let callback = Url::parse(&callback).unwrap();
        Self { thread, stdout, stderr, told, page, callback }
    }

    fn query(&self, wanted: &str) -> Vec<String> {
        let pairs = self.page.query_pairs();
        pairs.filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).collect()
    }

    fn port(&self) -> u16 {
        self.callback.port().unwrap()
    }

    fn connect(&self, address: &str) -> TcpStream {
        TcpStream::connect((address, self.port())).unwrap()
    }

    /// The request that the page makes the browser send.
    fn answer(&self, query: &str) -> String {
        format!("GET {}?{query} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.callback.path(), self.port())
    }

    /// Sends bytes and reads all that comes back.
    fn send(&self, address: &str, bytes: &[u8]) -> String {
        let mut stream = self.connect(address);
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    pub(crate) fn end(self) -> Ended {
        let status = self.thread.join().unwrap();
        let stderr = self.told + &self.stderr.iter().map(|piece| String::from_utf8(piece).unwrap()).collect::<String>();
        let stdout = String::from_utf8(self.stdout.0.lock().unwrap().clone()).unwrap();
        Ended { stdout, stderr, status }
    }

    /// Answers as the page does, and ends.
    fn finish(self) -> Ended {
        let page = self.send("127.0.0.1", self.answer("clientId=me/tc&accessToken=s3cret").as_bytes());
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        assert!(!page.contains("me/tc") && !page.contains("s3cret"), "{page}");
        self.end()
    }
}

#[test]
fn a_pipe_gets_assignments_and_nothing_else() {
    let signin = SignIn::start(&["-s", "queue:rerun-task:*\nqueue:cancel-task:*", "--expires", "15m", "-n", "duty"]);
    assert_eq!(signin.page.path(), "/auth/clients/create");
    assert_eq!(signin.query("scope"), ["queue:cancel-task:*", "queue:rerun-task:*"]);
    assert_eq!(signin.query("expires"), ["15 minutes"]);
    let name = signin.query("name").remove(0);
    assert!(name.starts_with("duty-") && name.len() == 11, "{name}");
    assert_eq!(signin.callback.host_str(), Some("localhost"));
    assert!(signin.callback.path().len() > 20 && signin.callback.query().is_none());
    let page = signin.page.to_string();
    let ended = signin.finish();
    assert_eq!(
        ended.stdout,
        "export TASKCLUSTER_ROOT_URL='https://tc.example.com';\nexport TASKCLUSTER_CLIENT_ID='me/tc';\n\
         export TASKCLUSTER_ACCESS_TOKEN='s3cret';\n"
    );
    assert_eq!(ended.stderr, format!("To sign in, open this page in your browser:\n\n  {page}\n\n"));
    assert_eq!(ended.status, 0);
}

#[test]
fn the_answer_is_taken_over_either_address_as_it_stands() {
    for address in ["127.0.0.1", "::1"] {
        if TcpStream::connect((address, 9)).is_err_and(|error| error.kind() == io::ErrorKind::AddrNotAvailable) {
            continue;
        }
        let signin = SignIn::start(&["-s", "a", "--json"]);
        signin.send(address, signin.answer("clientId=ad|Mozilla-LDAP|x+y/tc&accessToken=a-_b=").as_bytes());
        let json: serde_json::Value = serde_json::from_str(&signin.end().stdout).unwrap();
        let expected = serde_json::json!({"rootUrl": ROOT, "clientId": "ad|Mozilla-LDAP|x+y/tc", "accessToken": "a-_b=",
            "expires": "2026-03-05T12:00:00.000Z"});
        assert_eq!(json, expected);
    }
}

/// What else can arrive at the port, and what it is answered. `PATH` and `PORT` stand for ours.
const HOSTILE: [(&str, &str, &str); 26] = [
    ("favicon", "GET /favicon.ico HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    (
        "favicon with fields",
        "GET /favicon.ico?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "404",
    ),
    ("no path", "GET /?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    ("another path", "GET /callback?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    ("below our path", "GET PATH/x?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    ("half of our path", "GET /../PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "404"),
    (
        "whole address",
        "GET http://localhost:PORTPATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
        "404",
    ),
    ("rebound name", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: evil.example:PORT\r\n\r\n", "421"),
    ("address for name", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", "421"),
    ("no port in the name", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost\r\n\r\n", "421"),
    ("no name", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\n\r\n", "421"),
    ("two names", "GET PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\nHost: evil\r\n\r\n", "421"),
    ("POST", "POST PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 0\r\n\r\n", "405"),
    ("HEAD", "HEAD PATH?clientId=x&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "405"),
    ("preflight", "OPTIONS PATH HTTP/1.1\r\nHost: localhost:PORT\r\nOrigin: https://evil.example\r\n\r\n", "405"),
    ("no fields", "GET PATH HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("no token", "GET PATH?clientId=x HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("no client", "GET PATH?accessToken=x HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("empty client", "GET PATH?clientId=&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("empty token", "GET PATH?clientId=x&accessToken= HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("two clients", "GET PATH?clientId=x&clientId=z&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("line break", "GET PATH?clientId=x%0aexport&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("not UTF-8", "GET PATH?clientId=%ff&accessToken=y HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "400"),
    ("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", "400"),
    ("another protocol", "SSH-2.0-OpenSSH_9.9\r\n\r\n", "400"),
    ("nothing", "", ""),
];

#[test]
fn hostile_callbacks_are_refused_and_the_wait_goes_on() {
    let signin = SignIn::start(&["-s", "a"]);
    let (path, port) = (signin.callback.path().to_owned(), signin.port().to_string());
    for (what, request, status) in HOSTILE {
        let request = request.replace("PATH", &path).replace("PORT", &port);
        let answer = signin.send("127.0.0.1", request.as_bytes());
        assert_eq!(answer.split(' ').nth(1).unwrap_or_default(), status, "{what}: {answer}");
        assert!(!answer.contains("clientId=x"), "{what}: {answer}");
    }
    let oversize = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX: {}\r\n\r\n", "x".repeat(17_000));
    assert!(signin.send("127.0.0.1", oversize.as_bytes()).starts_with("HTTP/1.1 431 "));
    let many = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{}\r\n", "X: y\r\n".repeat(150));
    assert!(signin.send("127.0.0.1", many.as_bytes()).starts_with("HTTP/1.1 431 "));
    let ended = signin.finish();
    assert!(ended.stdout.contains("TASKCLUSTER_CLIENT_ID='me/tc'"), "{}", ended.stdout);
    assert_eq!(ended.status, 0);
}

#[test]
fn connections_that_say_nothing_do_not_stop_the_answer() {
    let signin = SignIn::start(&["-s", "a"]);
    let mut silent: Vec<TcpStream> = (0..20).map(|_| signin.connect("127.0.0.1")).collect();
    silent[3].write_all(b"GET /fav").unwrap();
    assert_eq!(signin.finish().status, 0);
}

#[test]
fn a_request_in_pieces_is_one_request() {
    let signin = SignIn::start(&["-s", "a"]);
    let mut stream = signin.connect("127.0.0.1");
    stream.set_nodelay(true).unwrap();
    for byte in signin.answer("clientId=me&accessToken=tok").as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    drop(stream);
    assert_eq!(signin.end().status, 0);
}

#[test]
fn a_second_answer_changes_nothing() {
    let signin = SignIn::start(&["-s", "a"]);
    let mut first = signin.connect("127.0.0.1");
    first.write_all(signin.answer("clientId=first&accessToken=tok").as_bytes()).unwrap();
    let mut page = [0; 15];
    first.read_exact(&mut page).unwrap();
    assert_eq!(&page, b"HTTP/1.1 200 OK");
    // The first connection is still open, and so is the server.
    let second = signin.send("127.0.0.1", signin.answer("clientId=second&accessToken=tok").as_bytes());
    assert!(second.starts_with("HTTP/1.1 410 Gone"), "{second}");
    drop(first);
    let ended = signin.end();
    assert!(ended.stdout.contains("'first'") && !ended.stdout.contains("second"), "{}", ended.stdout);
}

#[test]
fn ctrl_c_ends_it_with_nothing_printed() {
    let (interrupt, environment) = {
        let (sender, interrupt) = Interrupt::channel();
        let mut environment = environment();
        environment.interrupt = interrupt;
        (sender, environment)
    };
    let signin = SignIn::start_in(environment, &["-s", "a", "--no-browser"]);
    let port = signin.port();
    interrupt.send(true).unwrap();
    let ended = signin.end();
    assert_eq!((ended.stdout.as_str(), ended.status), ("", 130));
    assert!(ended.stderr.ends_with("Error: interrupted\n"), "{}", ended.stderr);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn the_time_limit_ends_it_with_nothing_printed() {
    let ran = Tc::new()
        .env("TASKCLUSTER_ROOT_URL", ROOT)
        .environment(|environment| environment.with_clock(Arc::new(Noon)))
        .run(&["signin", "-s", "a", "--no-browser", "--timeout", "77s"]);
    ran.stdout("").status(8);
    assert!(ran.stderr.contains("Error: nobody signed in within the time limit\n"), "{ran}");
}

#[test]
fn a_port_in_use_is_never_shared() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ran = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT).run(&["signin", "-s", "a", "-p", &port.to_string()]);
    ran.stdout("").status(6).stderr(&format!(
        "Error: cannot wait for the sign-in: port {port} of localhost is in use\n\
         Hint: Choose another --port, or none to take one that is free.\n"
    ));
    // The browser asks ::1 first, so nobody else may have that either.
    if let Ok(taken) = std::net::TcpListener::bind("[::1]:0") {
        let port = taken.local_addr().unwrap().port().to_string();
        Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT).run(&["signin", "-s", "a", "-p", &port]).stdout("").status(6);
    }
}

#[test]
fn each_shell_gets_its_own_assignments() {
    for (flag, line) in [
        ("--csh", "setenv TASKCLUSTER_CLIENT_ID 'me/tc';"),
        ("--fish", "set -gx TASKCLUSTER_CLIENT_ID 'me/tc';"),
        ("--powershell", "$env:TASKCLUSTER_CLIENT_ID = 'me/tc';"),
    ] {
        let ended = SignIn::start(&["-s", "a", flag]).finish();
        assert_eq!(ended.stdout.lines().nth(1), Some(line));
        assert_eq!(ended.stdout.lines().count(), 3);
    }
}

#[test]
fn a_certificate_of_earlier_credentials_is_removed() {
    let environment = environment().with("TASKCLUSTER_CERTIFICATE", "{}");
    let ended = SignIn::start_in(environment, &["-s", "a", "--no-browser"]).finish();
    assert!(ended.stdout.ends_with("unset TASKCLUSTER_CERTIFICATE;\n"), "{}", ended.stdout);
}

#[test]
fn what_it_is_for_decides_what_is_asked_for() {
    let asked = |arguments: &[&str]| {
        let signin = SignIn::start(arguments);
        let scopes = signin.query("scope");
        signin.finish();
        scopes
    };
    assert_eq!(asked(&["--for", "task.rerun", "--for", "group.cancel"]), ["queue:cancel-task:*", "queue:rerun-task:*"]);
    assert_eq!(asked(&["--for", "queue.rerunTask"]), ["queue:rerun-task:*"]);
    assert_eq!(
        asked(&["--for", "task.rerun", "--scheduler-id", "gecko-level-1", "--task-group", "-aBc", "-s", "x"]),
        ["queue:rerun-task:gecko-level-1/-aBc/*", "x"]
    );
    assert_eq!(asked(&[]), ["*"]);
}

#[test]
fn without_a_wish_it_tells_how_to_ask_for_less() {
    let ended = SignIn::start_in(environment(), &["--no-browser", "--expires", "2 days"]).finish();
    assert!(
        ended.stderr.starts_with(
            "Warning: the credentials will be good for 2 days; whoever gets hold of them has as long. Sign in for less \
         with --expires 1d.\nAsking for all scopes that you have (`*`). Ask for less: --for task.rerun, -s SCOPE, or \
         --preset NAME.\n"
        ),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.ends_with("Signed in to https://tc.example.com as me/tc until 2026-03-06 12:00 UTC.\n"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("s3cret"));
}

#[test]
fn wishes_that_make_no_sense_are_refused_before_anything_listens() {
    for (arguments, message) in [
        (&["--expires", "soon"][..], "--expires cannot be `soon`"),
        (&["--expires", "-1h"], "--expires -1h is over before it starts"),
        (&["-s", "é"], "\"é\" is not a scope"),
        (&["--for", "task.rerum"], "`task.rerum` is neither a verb nor a method"),
        (&["--for", "queue.rerunTsk"], "the queue service has no method `rerunTsk`"),
        (&["--scheduler-id", "x"], "there is nothing to narrow: --scheduler-id and the like go with --for"),
        (&["--for", "task.rerun", "--param", "x"], "`--param x` is not NAME=VALUE"),
    ] {
        let ran = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT).run(&[&["signin"], arguments].concat());
        ran.stdout("").status(2);
        assert!(ran.stderr.starts_with(&format!("Error: {message}\n")), "{ran}");
    }
    Tc::new().run(&["signin"]).stdout("").status(2);
}

#[test]
#[cfg(unix)]
fn browser_is_told_the_address() {
    let home = tempfile::tempdir().unwrap();
    let opened = home.path().join("opened");
    // The name of a file stands in for the window; the shell that writes it needs no PATH.
    let browser = format!("/bin/sh -c 'printf %s $0 >{}; echo noise' %s", opened.display());
    let browser = browser.replace("printf %s", "printf \"\"; echo");
    let environment = environment().with("BROWSER", browser);
    let signin = SignIn::start_in(environment, &["-s", "a"]);
    let page = signin.page.to_string();
    let written = loop {
        match std::fs::read_to_string(&opened) {
            Ok(text) if text.ends_with('\n') => break text,
            _ => std::thread::yield_now(),
        }
    };
    assert_eq!(written.trim_end(), page);
    let ended = signin.finish();
    assert!(!ended.stdout.contains("noise") && !ended.stderr.contains("noise"));
    assert!(!ended.stderr.contains("No browser"), "{}", ended.stderr);
}

#[test]
fn a_browser_that_does_not_open_is_no_failure() {
    let environment = environment().with("BROWSER", "/nonexistent/browser:/nonexistent/other");
    let signin = SignIn::start_in(environment, &["-s", "a"]);
    let mut told = String::new();
    while !told.contains("No browser could be opened; open the page yourself.\n") {
        told.push_str(std::str::from_utf8(&signin.stderr.recv().unwrap()).unwrap());
    }
    assert_eq!(signin.finish().status, 0);
}

#[test]
fn the_last_address_can_be_pasted() {
    let tc = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT);
    let path_of = |stderr: &str| {
        let encoded = stderr.split("callback_url=http%3A%2F%2Flocalhost%3A9999%2F").nth(1).unwrap();
        encoded.split('&').next().unwrap().to_owned()
    };
    let ran = tc.run(&["signin", "-s", "a", "--paste", "--port", "9999"]);
    ran.stdout("").status(1);
    assert!(
        ran.stderr.ends_with(
            "Error: what was pasted is not the page's answer: it is not an address that starts with http://\n\
         Hint: Sign in again and paste the whole address at which the browser ends up.\n"
        ),
        "{ran}"
    );
    // Every sign-in has a path of its own, so the answer of another one is refused.
    let stale = format!("http://localhost:9999/{}?clientId=me&accessToken=s3cret\n", path_of(&ran.stderr));
    let ran = tc.stdin(stale).run(&["signin", "-s", "a", "--paste", "--port", "9999"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("it came to another path") && !ran.stderr.contains("s3cret"), "{ran}");
}

#[test]
fn at_a_terminal_it_is_stored_and_found_again() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let ended =
        SignIn::start_in(environment.clone(), &["-s", "a", "--expires", "15m", "--no-browser", TERMINAL]).finish();
    assert_eq!((ended.stdout.as_str(), ended.status), ("", 0), "{}", ended.stderr);
    let path = ended.stderr.trim_end().rsplit_once("Stored in ").unwrap().1.trim_end_matches('.').to_owned();
    assert!(
        ended.stderr.ends_with(&format!(
            "Signed in to https://tc.example.com as me/tc until 2026-03-04 12:15 UTC. Stored in {path}.\n"
        )),
        "{}",
        ended.stderr
    );
    assert!(std::fs::read_to_string(&path).unwrap().contains("s3cret"));
    let tc = Tc::new().environment(|_| environment.clone());
    tc.run(&["creds", "env", "--json"]).status(0).stdout(
        "{\n  \"rootUrl\": \"https://tc.example.com\",\n  \"clientId\": \"me/tc\",\n  \"accessToken\": \"s3cret\",\n  \
         \"expires\": \"2026-03-04T12:15:00.000Z\"\n}\n",
    );
    tc.run(&["signout"]).status(0);
    tc.run(&["creds", "env"]).status(4).stdout("");
}

#[test]
fn flags_decide_between_storing_and_printing() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let stored = || {
        Tc::new().environment(|_| environment.clone()).run(&["signout"]).stderr.contains("me/tc")
            || !Tc::new().environment(|_| environment.clone()).run(&["creds", "env"]).stdout.is_empty()
    };
    for (arguments, prints, stores) in [
        (&["--no-store", TERMINAL][..], true, false),
        (&["--fish", TERMINAL], true, false),
        (&["--json", TERMINAL], true, false),
        (&[], true, false),
        (&["--store"], false, true),
        (&["--store", "--json"], true, true),
    ] {
        let arguments = [&["-s", "a", "--no-browser"], arguments].concat();
        let ended = SignIn::start_in(environment.clone(), &arguments).finish();
        assert_eq!(!ended.stdout.is_empty(), prints, "{arguments:?}");
        assert_eq!(ended.stderr.contains(" Stored in "), stores, "{arguments:?}");
        assert!(stores || !stored(), "{arguments:?}");
    }
}

#[test]
fn variables_that_hide_what_is_stored_are_named() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment()
        .with("HOME", home.path())
        .with("TASKCLUSTER_CLIENT_ID", "other")
        .with("TASKCLUSTER_ACCESS_TOKEN", "other");
    let ended = SignIn::start_in(environment, &["-s", "a", "--store", "--no-browser"]).finish();
    assert!(ended.stderr.contains("Warning: TASKCLUSTER_CLIENT_ID is set, and what the environment says goes before"));
}

#[test]
#[cfg(unix)]
fn a_store_that_is_refused_is_found_out_before_a_client_is_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let ended = SignIn::start_in(environment.clone(), &["-s", "a", "--no-browser", "--store"]).finish();
    let path = ended.stderr.trim_end().rsplit_once("Stored in ").unwrap().1.trim_end_matches('.').to_owned();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = Tc::new().environment(|_| environment).run(&["signin", "-s", "a", "--no-browser", "--store"]);
    ran.stdout("").status(1);
    assert!(!ran.stderr.contains("/auth/clients/create"), "{ran}");
}

#[test]
fn a_preset_is_a_set_of_scopes() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let tc = Tc::new().environment(|_| environment.clone());
    tc.run(&["config", "set", "presets.relduty", "queue:rerun-task:*", "b"]).status(0);
    let signin = SignIn::start_in(environment.clone(), &["--preset", "relduty", "--no-browser", "--quiet"]);
    assert_eq!(signin.query("scope"), ["b", "queue:rerun-task:*"]);
    signin.finish();
    let ran = tc.run(&["signin", "--preset", "reldut"]);
    ran.stdout("")
        .status(2)
        .stderr("Error: there is no preset `reldut` in the settings\nHint: Did you mean `relduty`?\n");
}

#[test]
fn check_tells_when_nobody_is_signed_in() {
    let ran = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT).run(&["signin", "--check"]);
    ran.stdout("").status(4).stderr("Error: not signed in to https://tc.example.com\nHint: To sign in: tc signin\n");
}
