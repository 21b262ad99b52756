//! Wrong input and a wrong world: each has a clear message, the right exit status, and loses nothing.

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

/// What goes wrong, how, and what is said.
struct Case {
    name: &'static str,
    root_url: &'static str,
    args: &'static [&'static str],
    stdin: &'static str,
    terminal: bool,
    stderr: &'static [&'static str],
    status: u8,
}

const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
const NOWHERE: &str = "http://localhost:1";

const fn case(name: &'static str, args: &'static [&'static str], stderr: &'static [&'static str], status: u8) -> Case {
    Case { name, root_url: NOWHERE, args, stdin: "", terminal: false, stderr, status }
}

const CASES: &[Case] = &[
    Case {
        root_url: "",
        ..case("no deployment", &["api", "queue", "ping"], &["no deployment selected", "TASKCLUSTER_ROOT_URL"], 2)
    },
    Case {
        root_url: "https://tc.example.com/api",
        ..case("a root URL with a path", &["api", "queue", "ping"], &["without a path", "TASKCLUSTER_ROOT_URL"], 2)
    },
    case(
        "a root URL without a scheme",
        &["-R", "tc.example.com", "api", "queue", "ping"],
        &["is not a URL", "--root-url"],
        2,
    ),
    case("an unknown command", &["apo"], &["unknown command `apo`", "`api`"], 2),
    case("an unknown service", &["api", "quue", "ping"], &["unknown service `quue`", "`queue`"], 2),
    case(
        "an unknown method",
        &["api", "queue", "rerun-task"],
        &["`queue.rerun-task` is not in the references of Taskcluster", "`rerunTask`"],
        2,
    ),
    case("a method of another service", &["api", "queue", "currentScopes"], &["`auth currentScopes`"], 2),
    case("an unknown query argument", &["api", "queue", "ping", "--limit", "1"], &["unknown option `--limit`"], 2),
    case("too few arguments", &["api", "queue", "status"], &["<taskId>"], 2),
    case("too many arguments", &["api", "queue", "status", ID, "more"], &["unexpected argument `more`"], 2),
    case("a malformed slugid", &["api", "queue", "status", "nope"], &["invalid <taskId> `nope`", "looks like"], 2),
    case("a misspelled option as an argument", &["api", "queue", "status", "--jsno"], &["--jsno"], 2),
    case(
        "a misspelled option as a name",
        &["api", "secrets", "get", "--jsno"],
        &["unknown option `--jsno`", "`--`"],
        2,
    ),
    case("invalid JSON", &["api", "auth", "expandScopes", "-d", "{\"scopes\": [\"a\",\n ]}x"], &["line 2 column"], 2),
    Case {
        stdin: "nope",
        ..case(
            "invalid JSON on standard input",
            &["api", "auth", "expandScopes"],
            &["standard input is a single value"],
            2,
        )
    },
    case("a body on a method without one", &["api", "queue", "ping", "-d", "{}"], &["queue.ping takes no body"], 2),
    case("no body in a pipe", &["api", "auth", "expandScopes"], &["takes a body, and there is none", "-d JSON"], 2),
    Case {
        terminal: true,
        ..case(
            "no body on a terminal",
            &["api", "auth", "expandScopes"],
            &["takes a body, and there is none", "-d JSON"],
            2,
        )
    },
    case(
        "an unreadable file",
        &["api", "auth", "expandScopes", "-d", "@none.json"],
        &["`none.json`", "No such file"],
        1,
    ),
    case(
        "a field without a value",
        &["api", "auth", "expandScopes", "-f", "scopes"],
        &["-f takes KEY=TEXT", "`scopes`"],
        2,
    ),
    case(
        "a field that is not JSON",
        &["api", "auth", "expandScopes", "-F", "scopes=a"],
        &["-F `scopes` is not JSON", "-f scopes=a"],
        2,
    ),
    case("a wrong jq program", &["api", "--jq", "[", "--json"], &["the jq program does not compile"], 2),
    case("no pages to merge", &["api", "queue", "ping", "--paginate"], &["does not answer in pages"], 2),
    case("a template of nothing", &["api", "queue", "ping", "--template"], &["queue.ping takes no body"], 2),
    case(
        "an unknown log level",
        &["api", "queue", "ping", "--timeout", "soon"],
        &["invalid duration `soon`", "30s"],
        2,
    ),
    case("an unreadable CA file", &["api", "queue", "ping", "--cacert", "none.pem"], &["none.pem"], 1),
    case("a server that is gone", &["api", "queue", "ping", "--retries", "0"], &["cannot connect to localhost:1"], 7),
    case("an argument that a URL cannot carry", &["api", "secrets", "get", ".."], &["`..`"], 2),
];

#[test]
fn each_wrong_input_is_told_and_nothing_is_printed() {
    for case in CASES {
        let mut tc = Tc::new().env("TASKCLUSTER_ROOT_URL", case.root_url).stdin(case.stdin);
        if case.terminal {
            tc = tc.terminal().env("NO_COLOR", "1");
        }
        let ran = tc.run(case.args);
        assert_eq!((ran.status, ran.stdout.as_str()), (case.status, ""), "{}: {ran}", case.name);
        for part in case.stderr {
            assert!(ran.stderr.contains(part), "{}: {part:?} is not said by {ran}", case.name);
        }
        assert!(ran.stderr.to_lowercase().starts_with("error: "), "{}: {ran}", case.name);
    }
}

#[test]
fn a_directory_for_temporary_files_that_is_not_there_is_named() {
    const GROUP: &str = "VESwp9JaRo-XkFN_bemBhw";
    let server = FakeServer::start();
    let page = format!(r#"{{"taskGroupId": "{GROUP}", "tasks": ["{}"]}}"#, "x".repeat(2 << 20));
    server.expect(&format!("GET /api/queue/v1/task-group/{GROUP}/list"), Answer::json(200, page));
    let tc = Tc::new().at(server.url());
    let gone = tc.directory().join("gone").display().to_string();
    let ran = tc.env("TMPDIR", &gone).run(&["api", "queue", "listTaskGroup", GROUP, "--paginate"]);
    ran.status(1).stdout("").stderr(&format!(
        "error: cannot keep the pages in a temporary file in {gone}\n  caused by: No such file or directory (os error 2)\n\
         hint: Set TMPDIR to a directory with room for it.\n"
    ));
}

/// Its last line begins with `error:`.
#[test]
fn a_cause_of_several_lines_is_no_second_error() {
    let ran = Tc::new().at(NOWHERE).run(&["group", "list", "VESwp9JaRo-XkFN_bemBhw", "--name", "*x"]);
    ran.status(2).stdout("").stderr(
        "error: --name `*x` is not a regular expression\n  caused by: regex parse error:\n        *x\n        ^\n    \
         error: repetition operator missing expression\n",
    );
}

#[test]
fn input_without_end_is_refused_before_the_memory_is_full() {
    use tc::{Streams, Terminal};
    for verb in [&["task", "status", "-"][..], &["secret", "set", "a", "-"], &["api", "auth", "expandScopes"]] {
        let words = ["tc"].iter().chain(verb).map(Into::into);
        let (mut stderr, written) = std::io::pipe().unwrap();
        let streams = Streams {
            stdin: Box::new(std::io::repeat(b'y')),
            stdout: Box::new(std::io::sink()),
            stderr: Box::new(written),
            terminal: Terminal::default(),
        };
        let environment = tc::Environment::empty("/").with("TASKCLUSTER_ROOT_URL", NOWHERE);
        let status = tc::run(words, &environment, streams);
        let mut said = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
        assert_eq!((status, said.as_str()), (2, "error: standard input is larger than 64 MiB\n"), "{verb:?}");
    }
}

#[test]
fn half_set_credentials_matter_only_where_credentials_do() {
    let tc = || Tc::new().at(NOWHERE).env("TASKCLUSTER_CLIENT_ID", "me");
    let ran = tc().run(&["api", "queue", "ping"]);
    ran.stdout("").status(4);
    assert!(ran.stderr.contains("TASKCLUSTER_CLIENT_ID is set but TASKCLUSTER_ACCESS_TOKEN is not"), "{ran}");
    tc().run(&["version"]).stderr("").status(0);
    tc().run(&["api", "queue"]).stderr("").status(0);
    tc().run(&["api", "queue", "rerunTask", "--scopes"]).stderr("").status(0);
}

#[test]
fn a_web_page_in_place_of_json_is_named() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/ping", Answer::html(200, "<!DOCTYPE html>\n<title>Taskcluster</title>"));
    let ran = Tc::new().at(server.url()).run(&["api", "queue", "ping"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("HTML") && ran.stderr.contains("200"), "{ran}");
}

#[test]
fn a_service_that_is_down_is_told_with_the_number_of_tries() {
    let server = FakeServer::start();
    server.expect_times(3, "GET /api/queue/v1/ping", Answer::html(502, "<html><h1>Bad Gateway</h1></html>"));
    let clock = crate::support::fake_clock::FakeClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(server.url()).environment(|environment| environment.with_clock(clock));
    let ran = tc.run(&["api", "queue", "ping", "--retries", "2"]);
    ran.stdout("").status(7);
    assert!(ran.stderr.contains("after 3 tries") && ran.stderr.contains("502"), "{ran}");
}

#[test]
fn a_redirect_loop_ends() {
    let server = FakeServer::start();
    let call = format!("GET /api/queue/v1/task/{ID}/artifacts/x");
    server.expect(&call, Answer::redirect(303, "/loop"));
    server.expect("GET /loop", Answer::redirect(303, "/loop"));
    let ran = Tc::new().at(server.url()).run(&["api", "queue", "getLatestArtifact", ID, "x", "--follow"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("redirect") && ran.stderr.contains("/loop"), "{ran}");
}

#[test]
fn a_server_that_hangs_is_left_after_the_time_limit() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/ping", Answer::hang());
    let ran = Tc::new().at(server.url()).run(&["api", "queue", "ping", "--timeout", "200ms", "--retries", "0"]);
    ran.stdout("").status(7);
    assert!(ran.stderr.contains("200 ms") || ran.stderr.contains("no answer"), "{ran}");
}

#[test]
fn an_interrupt_ends_a_call() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/ping", Answer::hang());
    let (sender, interrupt) = tc::Interrupt::channel();
    let tc = Tc::new().at(server.url()).environment(|mut environment| {
        environment.interrupt = interrupt;
        environment
    });
    std::thread::scope(|scope| {
        let run = scope.spawn(|| tc.run(&["api", "queue", "ping"]));
        server.wait_for_requests(1);
        sender.send(true).unwrap();
        run.join().unwrap().stdout("").stderr("error: interrupted\n").status(130);
    });
}

#[cfg(unix)]
#[test]
fn an_output_file_in_a_missing_directory_is_named() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/ping", Answer::json(200, "{}"));
    let ran = Tc::new().at(server.url()).run(&["api", "queue", "ping", "-o", "no/such/dir/x.json"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("no/such/dir/x.json"), "{ran}");
}

/// `-1 hour` is a time relative to now, and not an option.
#[test]
fn a_time_that_starts_with_a_dash_is_the_value_of_its_option() {
    let task = "VESwp9JaRo-XkFN_bemBhw";
    for (words, status, told) in [
        (&["index", "list", "--since", "-1 hour"][..], 2, "invalid duration `-1 hour` for --since"),
        (&["worker", "errors", "p/w", "--since", "-1 hour"], 2, "invalid duration `-1 hour` for --since"),
        (&["worker", "quarantine", "p/w/g/w", "--reason", "r", "--until", "-1 hour"], 2, "--until is in the past"),
        (&["client", "create", "c", "--expires", "-1 hour"], 2, "--expires is in the past"),
        (&["client", "update", "c", "--expires", "-1 hour"], 2, "--expires is in the past"),
        (&["secret", "set", "a", "-f", "b=c", "--expires", "-1 hour"], 2, "--expires is in the past"),
        // These ask the deployment before they look at it, or leave it to the service.
        (&["artifact", "upload", "--task", task, "x", "--expires", "-1 hour"], 7, "queue.status failed"),
        (&["index", "insert", "a.b", task, "--expires", "-1 hour"], 7, "index.insertTask failed"),
    ] {
        let ran = Tc::new().at("http://127.0.0.1:9").run(&[words, &["--retries", "0"]].concat());
        ran.status(status).stdout("");
        assert!(ran.stderr.starts_with(&format!("error: {told}")), "{ran}");
    }
}
