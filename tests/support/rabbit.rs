//! A RabbitMQ broker of a test's own: free ports, a data folder of its own, gone with the test.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a broker may take until it listens: two cores are shared by all tests.
const START: Duration = Duration::from_secs(300);

/// Tests that need a broker are skipped without the program, unless this variable is `1`.
const REQUIRED: &str = "TC_TEST_REQUIRE_RABBITMQ";

/// The user of a fresh broker, who may do anything in the virtual host `/`.
pub const USER: &str = "tester";
/// That user's password.
pub const PASSWORD: &str = "not-a-secret";

/// One broker. It ends when it is dropped, and when the test's process ends in any way.
pub struct Rabbit {
    data: tempfile::TempDir,
    /// Where it speaks AMQP.
    pub port: u16,
    distribution_port: u16,
    names_port: u16,
    names: Option<Group>,
    broker: Option<Group>,
}

/// A program with all processes that it starts.
struct Group(Child);

impl Group {
    /// Starts it in a process group of its own, which ends when our end of a pipe is closed.
    fn start(mut command: Command) -> Self {
        // The shell outlives the program, and takes the rest of the group with it.
        let words = [command.get_program().to_owned()].into_iter().chain(command.get_args().map(ToOwned::to_owned));
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' TERM; (trap - TERM; exec \"$@\") </dev/null & cat >/dev/null; kill -KILL 0", "sh"]);
        shell.args(words.collect::<Vec<_>>());
        for (name, value) in command.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        command = shell;
        Self(command.stdin(Stdio::piped()).process_group(0).spawn().unwrap())
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.0.id());
        Command::new("kill").args(["-s", signal, "--", &group]).stderr(Stdio::null()).status().unwrap();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal("KILL");
        self.0.wait().unwrap();
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The broker's own directory of programs: what is on the PATH insists on the system's user.
fn programs() -> Option<PathBuf> {
    let known = ["/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = known.iter().map(PathBuf::from).chain(std::env::split_paths(&path));
    found.into_iter().find(|directory| directory.join("rabbitmq-server").is_file())
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// A port that nobody listens on, below those that the system hands out: a broker listens only after a while, and by then
/// another test would have been given one of these.
fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(10_000..32_000)).take(1000).find(is_free).expect("a free port")
}

fn connects(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Whether a broker answers: one that is about to start resets connections which it has already taken.
fn answers(port: u16) -> bool {
    let speak = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        let mut kind = [0];
        stream.read_exact(&mut kind).map(|()| kind)
    };
    // A frame with a method; anything else comes from somebody else.
    speak().is_ok_and(|kind| kind == [1])
}

/// Waits until it is so on a port; false when it is not in time.
fn comes_true(holds: fn(u16) -> bool, port: u16, until: Instant) -> bool {
    while Instant::now() < until {
        if holds(port) {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

impl Rabbit {
    /// Starts a broker and waits until it listens.
    ///
    /// None, with a printed reason, when it is not installed; that is a failure where `TC_TEST_REQUIRE_RABBITMQ` is `1`.
    pub fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// The same, with these definitions of users, permissions and exchanges in place of the usual user: much quicker than
    /// `rabbitmqctl`.
    pub fn start_with(definitions: Option<&serde_json::Value>) -> Option<Self> {
        if programs().is_none() || find_program("epmd").is_none() {
            let required = std::env::var(REQUIRED).is_ok_and(|value| value == "1");
            assert!(!required, "{REQUIRED} is 1, and rabbitmq-server is not installed");
            println!("skipped: rabbitmq-server is not installed");
            return None;
        }
        let data = tempfile::tempdir().unwrap();
        let (port, distribution_port, names_port) = (free_port(), free_port(), free_port());
        let mut rabbit = Self { data, port, distribution_port, names_port, names: None, broker: None };
        rabbit.configure(definitions);
        rabbit.start_names();
        rabbit.launch();
        Some(rabbit)
    }

    fn configure(&self, definitions: Option<&serde_json::Value>) {
        let mut config = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\nloopback_users = none\ndefault_user = {USER}\ndefault_pass = {PASSWORD}\n\
             vm_memory_high_watermark.absolute = 512MiB\ndisk_free_limit.absolute = 1MB\nlog.console = false\n",
            self.port
        );
        if let Some(definitions) = definitions {
            let file = self.data.path().join("definitions.json");
            fs::write(&file, definitions.to_string()).unwrap();
            config.push_str(&format!("load_definitions = {}\n", file.display()));
        }
        fs::write(self.data.path().join("rabbitmq.conf"), config).unwrap();
        fs::write(self.data.path().join("enabled_plugins"), "[].\n").unwrap();
    }

    /// The names of Erlang nodes are kept by a program that would go on for ever if the broker started it.
    fn start_names(&mut self) {
        let mut command = Command::new(find_program("epmd").unwrap());
        command.args(["-port", &self.names_port.to_string(), "-address", "127.0.0.1"]);
        self.names = Some(Group::start(command));
        assert!(comes_true(connects, self.names_port, Instant::now() + START), "epmd does not listen");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(programs().unwrap().join(program));
        let data = self.data.path();
        let at = |name: &str| data.join(name);
        command
            .env("HOME", data)
            .env("ERL_EPMD_PORT", self.names_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("tc-{}@localhost", self.port))
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", at("advanced.config"))
            .env("RABBITMQ_CONF_ENV_FILE", at("rabbitmq-env.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins"))
            .env("RABBITMQ_MNESIA_BASE", at("mnesia"))
            .env("RABBITMQ_LOG_BASE", at("log"))
            .env("RABBITMQ_PID_FILE", at("pid"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none")
            .env("LANG", "C.UTF-8");
        command
    }

    /// Starts the broker, after [`Rabbit::kill`] or [`Rabbit::stop`] with all that it kept on disk.
    pub fn launch(&mut self) {
        let output = self.data.path().join("output");
        let mut command = Command::new("sh");
        let server = self.command("rabbitmq-server");
        command.args(["-c", "exec \"$0\" >>\"$1\" 2>&1"]).arg(server.get_program()).arg(&output);
        for (name, value) in server.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        self.broker = Some(Group::start(command));
        assert!(
            comes_true(answers, self.port, Instant::now() + START),
            "the broker does not listen: {}",
            self.output()
        );
    }

    /// Ends the broker as a power failure would.
    pub fn kill(&mut self) {
        self.broker = None;
        self.wait_until_ended();
    }

    /// Its nodes' port is the last that a broker closes: what is on its way to the disk is there by then.
    fn wait_until_ended(&self) {
        let until = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", self.distribution_port)).is_ok() {
            assert!(Instant::now() < until, "the broker does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks the broker to end, and waits until it has.
    pub fn stop(&mut self) {
        let Some(broker) = &self.broker else { return };
        broker.signal("TERM");
        self.wait_until_ended();
        self.broker = None;
    }

    /// Ends the broker as a power failure would, and starts it again.
    pub fn restart(&mut self) {
        self.kill();
        self.launch();
    }

    /// Where it is reached by the user of the tests: `amqp://tester:..@127.0.0.1:1234/%2f`.
    pub fn url(&self) -> String {
        format!("amqp://{USER}:{PASSWORD}@127.0.0.1:{}/%2f", self.port)
    }

    /// Runs `rabbitmqctl`, which takes some seconds, and returns what it printed.
    pub fn control(&self, args: &[&str]) -> String {
        let mut command = self.command("rabbitmqctl");
        let Output { status, stdout, stderr } = command.arg("--quiet").args(args).output().unwrap();
        assert!(status.success(), "rabbitmqctl {args:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// Where the broker keeps its data.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// What the broker has said.
    fn output(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = fs::File::open(self.data.path().join("output")) {
            file.read_to_string(&mut text).unwrap_or_default();
        }
        text
    }
}

#[test]
fn a_broker_comes_and_goes_with_its_data() {
    let Some(mut rabbit) = Rabbit::start() else { return };
    rabbit.control(&["add_user", "somebody", "password"]);
    rabbit.restart();
    assert!(rabbit.control(&["list_users"]).contains("somebody"));
    rabbit.stop();
    assert!(TcpStream::connect(("127.0.0.1", rabbit.port)).is_err());
    rabbit.launch();
    assert!(rabbit.url().contains(&rabbit.port.to_string()));
    let data = rabbit.data().to_owned();
    drop(rabbit);
    assert!(!data.exists());
}
