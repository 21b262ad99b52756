//! `tc signin` from end to end against the sandbox's page: by plain HTTP, and in a browser.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tc::Environment;
use tc::sandbox::{Options, Sandbox, SignIn as User};
use url::{Position, Url};

use crate::support::Tc;
use crate::support::sign_in::SignIn;

fn sandbox(auto_approve: bool, scopes: &[&str]) -> Sandbox {
    let scopes = scopes.iter().map(ToString::to_string).collect();
    Sandbox::start(Options::default().sign_in(User { auto_approve, scopes })).unwrap()
}

fn environment(sandbox: &Sandbox) -> Environment {
    Environment::empty(std::env::temp_dir()).with("TASKCLUSTER_ROOT_URL", sandbox.root_url())
}

/// One request as a browser makes it; the status, the `Location` and the body.
fn request(verb: &str, url: &Url, headers: &str) -> (u16, Option<Url>, String) {
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let mut stream = TcpStream::connect((host, port)).unwrap();
    write!(stream, "{verb} {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let location = head.lines().find_map(|line| line.strip_prefix("location: ")).map(|url| Url::parse(url).unwrap());
    (status, location, body.to_owned())
}

/// The credentials that a sign-in printed, in the environment of the next command.
fn signed_in(sandbox: &Sandbox, stdout: &str) -> Tc {
    let credentials: Value = serde_json::from_str(stdout).unwrap();
    assert_eq!(credentials["rootUrl"], sandbox.root_url());
    Tc::new()
        .env("TASKCLUSTER_ROOT_URL", sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", credentials["clientId"].as_str().unwrap())
        .env("TASKCLUSTER_ACCESS_TOKEN", credentials["accessToken"].as_str().unwrap())
}

#[test]
fn a_page_that_confirms_by_itself_signs_in_at_once() {
    let sandbox = sandbox(true, &["queue:*", "auth:current-scopes"]);
    let arguments = ["--for", "task.rerun", "-s", "secrets:get:x", "--json", "--no-browser", "--quiet"];
    let signin = SignIn::start_in(environment(&sandbox), &arguments);
    let (status, location, _) = request("GET", &signin.page, "");
    assert_eq!(status, 303);
    let (status, _, page) = request("GET", &location.unwrap(), "");
    assert!(status == 200 && page.contains("You can close this window"), "{page}");
    let ended = signin.end();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let tc = signed_in(&sandbox, &ended.stdout);
    let checked = tc.run(&["signin", "--check", "--json"]);
    checked.status(0);
    assert!(checked.json()["clientId"].as_str().unwrap().starts_with("sandbox-user/tc-"), "{checked}");
    assert!(checked.json()["expires"].is_string(), "{checked}");
    // What the person does not have the client does not get either.
    tc.run(&["scope", "check", "secrets.get", "x"]).status(4);
    tc.run(&["scope", "check", "queue.rerunTask", "VESwp9JaRo-XkFN_bemBhw"]).status(0);
}

#[test]
fn the_page_asks_before_it_makes_a_client() {
    let sandbox = sandbox(false, &["*"]);
    let signin = SignIn::start_in(environment(&sandbox), &["-s", "a:<b>", "--json", "--no-browser", "--quiet"]);
    let (status, location, page) = request("GET", &signin.page, "");
    assert_eq!((status, location), (200, None));
    assert!(page.contains("<code>a:&lt;b&gt;</code>") && page.contains("sandbox-user/tc-"), "{page}");
    let (status, ..) = request("POST", &signin.page, "Origin: https://evil.example\r\nContent-Length: 0\r\n");
    assert_eq!(status, 403);
    let (status, location, _) = request("POST", &signin.page, "Content-Length: 0\r\n");
    assert_eq!(status, 303);
    let callback = location.unwrap();
    // The name is taken now.
    assert_eq!(request("POST", &signin.page, "Content-Length: 0\r\n").0, 409);
    assert_eq!(request("GET", &callback, "").0, 200);
    signed_in(&sandbox, &signin.end().stdout).run(&["signin", "--check"]).status(0);
}

#[test]
fn a_callback_elsewhere_is_refused() {
    let sandbox = sandbox(true, &["*"]);
    for callback in ["http://127.0.0.1:1/x", "http://evil.example/", ""] {
        let url = format!("{}/auth/clients/create?name=a&callback_url={callback}", sandbox.root_url());
        let (status, location, page) = request("GET", &Url::parse(&url).unwrap(), "");
        assert_eq!((status, location), (400, None), "{page}");
    }
}

/// Chromium, driven through a pair of pipes.
struct Chromium {
    child: Child,
    commands: File,
    events: Receiver<Value>,
    last: u64,
    session: Option<String>,
    _profile: tempfile::TempDir,
}

/// Where a browser is installed; says on standard error that a test is skipped where none is.
fn find_chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        // The harness hides what is printed, but not what is written.
        let mut stderr = std::io::stderr();
        writeln!(stderr, "SKIPPED: there is no chromium to sign in with (Debian's package `chromium`)").unwrap();
    }
    found
}

impl Chromium {
    fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let [into, out] = ["in", "out"].map(|name| profile.path().join(name));
        assert!(Command::new("mkfifo").args([&into, &out]).status().unwrap().success());
        // Chromium reads commands from descriptor 3 and writes to 4; a shell can arrange that.
        let child = Command::new("/bin/sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$FIFO_IN\" 4>\"$FIFO_OUT\""])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-pipe", "--window-size=900,700"])
            .arg(format!("--user-data-dir={}", profile.path().join("data").display()))
            .env("FIFO_IN", &into)
            .env("FIFO_OUT", &out)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = OpenOptions::new().write(true).open(&into).unwrap();
        let output = BufReader::new(File::open(&out).unwrap());
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for message in output.split(0) {
                let Ok(message) = message else { break };
                let Ok(message) = serde_json::from_slice(&message) else { break };
                drop(sender.send(message));
            }
        });
        Self { child, commands, events, last: 0, session: None, _profile: profile }
    }

    /// Opens a page in a tab of its own and attaches to it.
    fn open(&mut self, url: &Url) {
        let target = self.call("Target.createTarget", json!({"url": url.as_str()}))["targetId"].clone();
        let attached = self.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        self.session = attached["sessionId"].as_str().map(Into::into);
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        let answer = self.try_call(method, parameters);
        assert_eq!(answer.get("error"), None, "{method}");
        answer["result"].clone()
    }

    fn try_call(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut command = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let message = self.events.recv_timeout(Duration::from_secs(60)).expect("chromium answers");
            if message["id"] == self.last {
                return message;
            }
        }
    }

    /// Evaluates until the value is true: pages load in their own time, and end what is under way on those before.
    fn wait_for(&mut self, condition: &str) {
        for _ in 0..2000 {
            let expression = format!("new Promise(done => setTimeout(() => done(Boolean({condition})), 10))");
            let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
            if self.try_call("Runtime.evaluate", parameters)["result"]["result"]["value"] == true {
                return;
            }
        }
        panic!("it never came to {condition}");
    }

    /// Keeps a picture of the page where `TC_SCREENSHOTS` says, for people to look at.
    fn screenshot(&mut self, name: &str) {
        let Some(directory) = std::env::var_os("TC_SCREENSHOTS") else { return };
        let picture = self.call("Page.captureScreenshot", json!({}));
        let picture = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(Path::new(&directory).join(name), picture).unwrap();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_person_signs_in_with_a_browser() {
    let Some(program) = find_chromium() else { return };
    let sandbox = sandbox(false, &["queue:*", "auth:*"]);
    let arguments = ["--for", "group.cancel", "-s", "secrets:get:x", "--json", "--no-browser", "--quiet"];
    let signin = SignIn::start_in(environment(&sandbox), &arguments);
    let mut chromium = Chromium::start(&program);
    chromium.open(&signin.page);
    chromium.wait_for("document.querySelector('#confirm')");
    chromium.screenshot("page.png");
    chromium.call("Runtime.evaluate", json!({"expression": "document.querySelector('#confirm').click()"}));
    chromium.wait_for("document.body && document.body.innerText.includes('You can close this window')");
    // The address bar no longer shows the token.
    chromium.wait_for("location.href.endsWith('/') && !location.search");
    chromium.screenshot("signed-in.png");
    let ended = signin.end();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let tc = signed_in(&sandbox, &ended.stdout);
    tc.run(&["scope", "check", "queue.cancelTask", "VESwp9JaRo-XkFN_bemBhw"]).status(0);
    tc.run(&["scope", "check", "secrets.get", "x"]).status(4);
}
