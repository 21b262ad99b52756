//! `tc api`, in process: against the sandbox, and against a scripted server where the wire matters.

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

const GROUP: &str = "VESwp9JaRo-XkFN_bemBhw";

/// The call of a page of the group.
fn page(token: Option<&str>) -> String {
    let query = token.map_or_else(String::new, |token| format!("?continuationToken={token}"));
    format!("GET /api/queue/v1/task-group/{GROUP}/list{query}")
}

/// An absolute path behind an option was taken for a path of the API.
#[test]
fn a_file_may_be_named_before_the_service() {
    let server = FakeServer::start();
    server.expect(PING, Answer::json(200, "{}"));
    let tc = Tc::new().at(server.url());
    let file = tc.directory().join("answer").display().to_string();
    tc.run(&["api", "-o", &file, "queue", "ping"]).stdout("").stderr("").status(0);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "{}");
}

/// A server with three pages, of which the second is empty.
fn pages() -> FakeServer {
    let server = FakeServer::start();
    server
        .expect(
            &page(None),
            Answer::json(200, r#"{"taskGroupId":"g","tasks":[{"n":1.0},{"n":1e400}],"continuationToken":"a/b"}"#),
        )
        .expect(&page(Some("a%2Fb")), Answer::json(200, r#"{"taskGroupId":"g","tasks":[],"continuationToken":"c"}"#))
        .expect(
            &page(Some("c")),
            Answer::json(200, r#"{"taskGroupId":"g","tasks":[{"n":9223372036854775808}],"sealed":"s"}"#),
        );
    server
}

const PING: &str = "GET /api/queue/v1/ping";

#[test]
fn on_a_terminal_json_is_indented_and_otherwise_untouched() {
    let server = FakeServer::start();
    server.expect(PING, Answer::json(200, r#"{"b":1.0,"a":[9223372036854775808,1e400,-0],"e":{},"t":"é\u00e9"}"#));
    let expected = "{\n  \"b\": 1.0,\n  \"a\": [\n    9223372036854775808,\n    1e400,\n    -0\n  ],\n  \"e\": {},\n  \
                    \"t\": \"é\\u00e9\"\n}\n";
    let tc = Tc::new().at(server.url()).terminal().env("NO_COLOR", "1");
    tc.run(&["api", "queue", "ping"]).stdout(expected).stderr("").status(0);
}

#[test]
fn in_a_pipe_and_in_a_file_stand_the_bytes_of_the_server() {
    let body = " {\"b\" : 1.0,\r\n\t\"b\":[ 1e400,-0]}";
    let server = FakeServer::start();
    server.expect_times(5, PING, Answer::json(200, body));
    let tc = Tc::new().at(server.url());
    for more in [&[][..], &["--json"], &["-o", "-"]] {
        let ran = tc.run(&[&["api", "queue", "ping"], more].concat());
        ran.stdout(&format!("{body}\n")).stderr("").status(0);
    }
    tc.run(&["api", "queue", "ping", "-o", "answer"]).stdout("").stderr("").status(0);
    assert_eq!(std::fs::read_to_string(tc.directory().join("answer")).unwrap(), body, "a file gets no line end");
    let indented = "{\n  \"b\": 1.0,\n  \"b\": [\n    1e400,\n    -0\n  ]\n}\n";
    // By the Go tool's name there is no line end, as there.
    tc.called("/usr/bin/taskcluster").run(&["api", "queue", "ping"]).stdout(indented.trim_end()).status(0);
    server.expect(PING, Answer::json(200, "{}\n\n"));
    Tc::new().at(server.url()).run(&["api", "queue", "ping"]).stdout("{}\n\n").status(0);
}

#[test]
fn json_is_coloured_on_a_terminal_only() {
    let server = FakeServer::start();
    server.expect_times(3, "GET /api/queue/v1/ping", Answer::json(200, r#"{"a":"b"}"#));
    let colored = "{\n  \u{1b}[1m\u{1b}[34m\"a\"\u{1b}[0m: \u{1b}[32m\"b\"\u{1b}[0m\n}\n";
    let plain = "{\n  \"a\": \"b\"\n}\n";
    let tc = || Tc::new().at(server.url());
    tc().terminal().run(&["api", "queue", "ping"]).stdout(colored).status(0);
    tc().terminal().env("NO_COLOR", "1").run(&["api", "queue", "ping"]).stdout(plain).status(0);
    tc().run(&["api", "queue", "ping", "--color", "always"]).stdout(colored).status(0);
}

#[test]
fn jq_filters_and_prints_strings_bare() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/ping", Answer::json(200, r#"{"a":["x y",{"b":1.0}]}"#));
    Tc::new().at(server.url()).run(&["api", "queue", "ping", "--jq", ".a[]"]).stdout("x y\n{\"b\":1.0}\n").status(0);
}

#[test]
fn a_path_calls_the_method_that_it_leads_to() {
    let server = FakeServer::start();
    server.expect(
        "GET /api/queue/v1/task-group/VESwp9JaRo-XkFN_bemBhw/list?limit=5",
        Answer::json(200, r#"{"tasks": []}"#),
    );
    let tc = Tc::new().at(server.url());
    tc.run(&["api", "/queue/v1/task-group/VESwp9JaRo-XkFN_bemBhw/list?limit=5", "--jq", ".tasks"])
        .stdout("[]\n")
        .stderr("")
        .status(0);
}

#[test]
fn pages_are_merged_into_one_document() {
    let server = pages();
    let args = ["api", "queue", "listTaskGroup", GROUP, "--paginate"];
    // In a pipe and in a file as the services write; on a terminal laid out.
    let plain = "{\"taskGroupId\":\"g\",\"tasks\":[{\"n\":1.0},{\"n\":1e400},{\"n\":9223372036854775808}]}\n";
    Tc::new().at(server.url()).run(&args).stdout(plain).stderr("").status(0);
    let (server, tc) = (pages(), Tc::new());
    let tc = tc.at(server.url());
    tc.run(&[&args[..], &["-o", "out.json"]].concat()).stdout("").status(0);
    assert_eq!(std::fs::read_to_string(tc.directory().join("out.json")).unwrap(), plain.trim_end());
    let laid_out = "{\n  \"taskGroupId\": \"g\",\n  \"tasks\": [\n    {\n      \"n\": 1.0\n    },\n    {\n      \
                    \"n\": 1e400\n    },\n    {\n      \"n\": 9223372036854775808\n    }\n  ]\n}\n";
    let server = pages();
    let ran = Tc::new().at(server.url()).terminal().run(&[&args[..], &["--color", "never"]].concat());
    ran.stdout(laid_out).status(0);
}

#[test]
fn jq_sees_the_merged_document_or_each_line() {
    let tc = |server: &FakeServer| Tc::new().at(server.url());
    let server = pages();
    let args = ["api", "queue", "listTaskGroup", GROUP, "--paginate", "--jq", ".tasks | length"];
    tc(&server).run(&args).stdout("3\n").status(0);
    let server = pages();
    let args = ["api", "queue", "listTaskGroup", GROUP, "--jsonl", "--jq", ".n"];
    tc(&server).run(&args).stdout("1.0\n1e400\n9223372036854775808\n").status(0);
}

#[test]
fn each_item_comes_on_a_line() {
    let server = pages();
    let ran = Tc::new().at(server.url()).run(&["api", "queue", "listTaskGroup", GROUP, "--jsonl"]);
    ran.stdout("{\"n\":1.0}\n{\"n\":1e400}\n{\"n\":9223372036854775808}\n").stderr("").status(0);
}

/// A server whose second page fails for good.
fn broken_pages() -> FakeServer {
    let server = FakeServer::start();
    server
        .expect(&page(None), Answer::json(200, r#"{"tasks":[{"n":1}],"continuationToken":"a"}"#))
        .expect(&page(Some("a")), Answer::json(500, r#"{"code":"InternalServerError","message":"oops"}"#));
    server
}

#[test]
fn a_failure_on_a_later_page_leaves_whole_lines() {
    let server = broken_pages();
    let ran = Tc::new().at(server.url()).run(&["api", "queue", "listTaskGroup", GROUP, "--jsonl", "--retries", "0"]);
    ran.stdout("{\"n\":1}\n").status(7);
    assert!(ran.stderr.starts_with("error: queue.listTaskGroup failed"), "{ran}");
}

#[test]
fn a_failure_on_a_later_page_leaves_no_half_document() {
    let server = broken_pages();
    let ran = Tc::new().at(server.url()).run(&["api", "queue", "listTaskGroup", GROUP, "--paginate", "--retries", "0"]);
    ran.stdout("").status(7);
    let server = broken_pages();
    let tc = Tc::new().at(server.url());
    let args = ["api", "queue", "listTaskGroup", GROUP, "--paginate", "--retries", "0", "-o", "out.json"];
    tc.run(&args).stdout("").status(7);
    assert_eq!(std::fs::read_dir(tc.directory()).unwrap().count(), 0, "no file is left");
}

#[test]
fn a_repeated_token_is_an_error() {
    let server = FakeServer::start();
    let answer = Answer::json(200, r#"{"tasks":[],"continuationToken":"a"}"#);
    server.expect(&page(None), answer.clone()).expect(&page(Some("a")), answer);
    let ran = Tc::new().at(server.url()).run(&["api", "queue", "listTaskGroup", GROUP, "--paginate"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("continuationToken"), "{ran}");
}

#[test]
fn the_answer_goes_to_a_file() {
    let server = FakeServer::start();
    server.expect(PING, Answer::json(200, r#"{"a":1}"#));
    let tc = Tc::new().at(server.url());
    tc.run(&["api", "-o", "out.json", "queue", "ping"]).stdout("").stderr("").status(0);
    assert_eq!(std::fs::read_to_string(tc.directory().join("out.json")).unwrap(), r#"{"a":1}"#);
}

#[test]
fn status_and_headers_come_before_the_body() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/ping", Answer::json(200, "{}").header("X-Two", "b"));
    let expected = "HTTP 200\ncontent-type: application/json; charset=utf-8\nx-two: b\ncontent-length: 2\n\n{}\n";
    Tc::new().at(server.url()).run(&["api", "queue", "ping", "-i"]).stdout(expected).status(0);
}

#[test]
fn binary_data_is_not_for_a_terminal() {
    let server = FakeServer::start();
    let call = "GET /api/github/v1/repository/o/r/b/badge.svg";
    server.expect_times(2, call, Answer::new(200, b"\x00\xff\x1b[31m".as_slice()));
    let args = ["api", "github", "badge", "o", "r", "b"];
    let ran = Tc::new().at(server.url()).terminal().run(&args);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("-o FILE"), "{ran}");
    let tc = Tc::new().at(server.url());
    tc.run(&[&args[..], &["-o", "x.bin"]].concat()).status(0);
    assert_eq!(std::fs::read(tc.directory().join("x.bin")).unwrap(), b"\x00\xff\x1b[31m");
}

const SECRET: &str = r#"{"secret": {"b": 1.0, "a": 1e400}, "expires": "2030-01-01T00:00:00.000Z"}"#;
const SET: &str = "PUT /api/secrets/v1/secret/a%2Fb";

/// The body that arrives for these arguments and this standard input.
fn body_sent(stdin: &str, more: &[&str], files: &[(&str, &str)]) -> String {
    let server = FakeServer::start();
    server.expect(SET, Answer::json(200, "{}"));
    let tc = Tc::new().at(server.url()).stdin(stdin);
    for (name, text) in files {
        std::fs::write(tc.directory().join(name), text).unwrap();
    }
    tc.run(&[&["api", "secrets", "set", "a/b"], more].concat()).stdout("{}\n").stderr("").status(0);
    String::from_utf8(server.requests()[0].body.clone()).unwrap()
}

#[test]
fn a_body_comes_from_many_places() {
    let yaml = "secret:\n  b: 1\nexpires: 2030-01-01T00:00:00.000Z\n";
    let from_yaml = r#"{"secret":{"b":1},"expires":"2030-01-01T00:00:00.000Z"}"#;
    assert_eq!(body_sent("", &["-d", SECRET], &[]), SECRET);
    assert_eq!(body_sent(SECRET, &["-d", "-"], &[]), SECRET);
    assert_eq!(body_sent(SECRET, &[], &[]), SECRET);
    assert_eq!(body_sent("", &["-d", "@s.json"], &[("s.json", SECRET)]), SECRET);
    assert_eq!(body_sent("", &["-d", "@s.yml"], &[("s.yml", yaml)]), from_yaml);
    assert_eq!(body_sent(yaml, &[], &[]), from_yaml);
    let fields = ["-f", "secret.name=x=y", "-F", "secret.list[1]={\"n\": 1.0}", "-f", "expires=2030-01-01T00:00:00Z"];
    let built = r#"{"secret":{"name":"x=y","list":[null,{"n":1.0}]},"expires":"2030-01-01T00:00:00Z"}"#;
    assert_eq!(body_sent("", &fields, &[]), built);
    let changed = r#"{"secret":{"b":1.0,"a":"t"},"expires":"2030-01-01T00:00:00.000Z"}"#;
    assert_eq!(body_sent("", &["-d", SECRET, "-f", "secret.a=t"], &[]), changed);
}

#[test]
fn a_body_that_does_not_fit_is_not_sent() {
    let server = FakeServer::start();
    let tc = Tc::new().at(server.url());
    let args = ["api", "secrets", "set", "a", "-d", r#"{"secret": 1, "expires": "soon", "x": 2}"#];
    let expected = "error: the body is not one that secrets.set takes:\n  body must NOT have additional properties\n  \
                    /secret must be object\n  /expires must match format \"date-time\"\n\
                    hint: `tc api secrets set --help` lists the fields; --no-validate sends it as it is.\n";
    tc.run(&args).stdout("").stderr(expected).status(2);
    server.expect("PUT /api/secrets/v1/secret/a", Answer::json(200, "{}"));
    tc.run(&[&args[..], &["--no-validate"]].concat()).stdout("{}\n").status(0);
}

#[test]
fn a_dry_run_sends_nothing() {
    let server = FakeServer::start();
    let tc = Tc::new().at(server.url());
    let expected = format!(
        "PUT {}/api/secrets/v1/secret/a%2Fb\nContent-Type: application/json\n\n{{\n  \"secret\": {{\n    \"b\": 1.0,\n    \
         \"a\": 1e400\n  }},\n  \"expires\": \"2030-01-01T00:00:00.000Z\"\n}}\n",
        server.url()
    );
    tc.run(&["api", "secrets", "set", "a/b", "-d", SECRET, "--dry-run"]).stdout(&expected).stderr("").status(0);
}

#[test]
fn a_curl_command_hides_secrets_unless_asked() {
    let server = FakeServer::start();
    let tc = Tc::new().at(server.url()).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "hunter2");
    let ran = tc.run(&["api", "queue", "listTaskGroup", GROUP, "--limit", "2", "--curl"]);
    let url = format!("{}/api/queue/v1/task-group/{GROUP}/list?limit=2", server.url());
    ran.stdout(&format!("curl --globoff '{url}'\n")).status(0);
    assert!(ran.stderr.contains("--show-secrets"), "{ran}");
    let ran = tc.run(&["api", "queue", "ping", "--curl", "--show-secrets"]);
    assert!(ran.stdout.contains("-H 'Authorization: Hawk id=\"me\""), "{ran}");
    assert!(!ran.stdout.contains("hunter2"), "{ran}");
    for more in [&["--curl"][..], &["--curl", "--show-secrets"], &["--dry-run"], &["--dry-run", "--show-secrets"]] {
        let ran = tc.run(&[&["api", "secrets", "set", "a/b", "-d", SECRET], more].concat());
        for header in ["Content-Type: ", "Authorization: "] {
            let expected = usize::from(header.starts_with('C') || more.len() > 1);
            assert_eq!(ran.stdout.matches(header).count(), expected, "{header} in {ran}");
        }
    }
}

#[test]
fn scopes_are_filled_in() {
    let tc = Tc::new();
    let ran = tc.run(&["api", "secrets", "get", "a/b", "--scopes"]);
    ran.stdout("\"secrets:get:a/b\"\n").stderr("").status(0);
    let ran = tc.run(&["api", "queue", "ping", "--scopes"]);
    ran.stdout("{\n  \"AllOf\": []\n}\n").status(0);
    let ran = tc.run(&["api", "queue", "rerunTask", "--scopes", "--jq", ".AnyOf[0]"]);
    ran.stdout("queue:rerun-task:<schedulerId>/<taskGroupId>/<taskId>\n").status(0);
    let ran = Tc::new().terminal().env("NO_COLOR", "1").run(&["api", "queue", "rerunTask", GROUP, "--scopes"]);
    let tree = format!(
        "any of\n  queue:rerun-task:<schedulerId>/<taskGroupId>/{GROUP}\n  queue:rerun-task-in-project:<projectId>\n  \
         all of\n    queue:rerun-task\n    assume:scheduler-id:<schedulerId>/<taskGroupId>\n"
    );
    ran.stdout(&tree).status(0);
}

#[test]
fn a_template_is_a_body_to_fill_in() {
    let ran = Tc::new().run(&["api", "auth", "createClient", "--template"]);
    ran.stderr("").status(0);
    assert!(ran.json()["description"].is_string() && ran.json()["expires"].is_string(), "{ran}");
    // The queue refuses a task without one, though its schema does not ask for it.
    let ran = Tc::new().run(&["api", "queue", "createTask", "--template"]);
    assert!(ran.json()["taskQueueId"].as_str().is_some_and(|queue| queue.contains('/')), "{ran}");
}

#[test]
fn names_are_found_in_any_spelling() {
    let server = FakeServer::start();
    server.expect("GET /api/worker-manager/v1/ping", Answer::json(200, "{}"));
    Tc::new().at(server.url()).run(&["api", "WorkerManager", "PING"]).stdout("{}\n").status(0);
}

#[test]
fn query_arguments_have_two_spellings() {
    let server = FakeServer::start();
    server.expect_times(2, "GET /api/auth/v1/clients/?continuationToken=-a%26b", Answer::json(200, "{}"));
    let tc = Tc::new().at(server.url());
    tc.run(&["api", "auth", "listClients", "--continuationToken", "-a&b"]).status(0);
    tc.run(&["api", "auth", "listClients", "--continuation-token=-a&b"]).status(0);
}

#[test]
fn an_id_that_starts_with_a_dash_is_an_argument() {
    let server = FakeServer::start();
    let id = "-ESwp9JaRo-XkFN_bemBhw";
    server.expect_times(3, &format!("GET /api/queue/v1/task/{id}/status"), Answer::json(200, "{}"));
    let tc = Tc::new().at(server.url());
    tc.run(&["api", "queue", "status", id]).status(0);
    tc.run(&["api", "queue", "status", "--", id]).status(0);
    tc.run(&["api", "queue", "status", id, "--jq", "."]).status(0);
}

#[test]
fn services_of_2018_are_callable() {
    let server = FakeServer::start();
    server.expect("GET /api/aws-provisioner/v1/list-worker-types", Answer::json(200, "[]"));
    let args = ["api", "--legacy", "aws-provisioner", "listWorkerTypes"];
    Tc::new().at(server.url()).run(&args).stdout("[]\n").status(0);
    let ran = Tc::new().run(&[
        "api",
        "--legacy",
        "login",
        "oidcCredentials",
        "p",
        "--dry-run",
        "-R",
        "https://taskcluster.net",
    ]);
    ran.stdout("GET https://login.taskcluster.net/v1/oidc-credentials/p\n").status(0);
    Tc::new().run(&["api", "aws-provisioner"]).stdout("").status(2);
}

#[test]
fn a_refusal_says_what_is_missing_and_how_to_get_it() {
    let sandbox = tc::sandbox::Sandbox::start(tc::sandbox::Options::default()).unwrap();
    let ran = Tc::new().at(sandbox.root_url()).run(&["api", "secrets", "get", "a b"]);
    ran.stdout("").status(4);
    assert!(ran.stderr.contains("hint: Missing: secrets:get:a b\n"), "{ran}");
    assert!(ran.stderr.contains("tc signin -s 'secrets:get:a b'\n"), "{ran}");
}

#[test]
fn the_sandbox_answers_signed_calls() {
    let sandbox = tc::sandbox::Sandbox::start(tc::sandbox::Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    tc.run(&["api", "auth", "currentScopes"]).stdout("{\n  \"scopes\": [\n    \"*\"\n  ]\n}\n").stderr("").status(0);
    let args = ["--authorized-scope", "a:*", "api", "auth", "currentScopes", "--jq", ".scopes[0]"];
    tc.run(&args).stdout("a:*\n").status(0);
    let body = ["-f", "description=d", "-F", "scopes=[]", "-f", "expires=2030-01-01T00:00:00Z"];
    tc.run(&[&["api", "auth", "createClient", "a/b!@:.+|_-"][..], &body].concat()).status(0);
    tc.run(&["api", "auth", "client", "a/b!@:.+|_-", "--jq", ".clientId"]).stdout("a/b!@:.+|_-\n").status(0);
}

#[test]
fn a_wrong_clock_is_named_and_corrected() {
    let server = FakeServer::start();
    let stale = Answer::json(401, r#"{"code":"AuthenticationFailed","message":"Unauthorized: Stale timestamp"}"#);
    server.expect("GET /api/auth/v1/scopes/current", stale.header("Date", "Sun, 22 Nov 2026 13:00:00 GMT"));
    server.expect("GET /api/auth/v1/scopes/current", Answer::json(200, "{}"));
    let clock = crate::support::fake_clock::FakeClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(server.url()).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "x");
    let ran = tc.environment(|environment| environment.with_clock(clock)).run(&["api", "auth", "currentScopes"]);
    ran.stdout("{}\n").status(0);
    assert!(ran.stderr.starts_with("warning: ") && ran.stderr.contains("clock"), "{ran}");
    let second = server.requests()[1].header("authorization").unwrap().to_owned();
    assert!(second.contains("ts=\"1795352400\""), "{second}");
}

#[test]
fn the_variable_of_the_python_client_counts_as_one_v() {
    let said = |variables: &[(&str, &str)]| {
        let server = FakeServer::start();
        server.expect(PING, Answer::json(200, "{}"));
        let tc = variables.iter().fold(Tc::new().at(server.url()), |tc, (name, value)| tc.env(name, value));
        tc.run(&["api", "queue", "ping"]).status(0).stderr.clone()
    };
    let debugged = said(&[("DEBUG_TASKCLUSTER_CLIENT", "1")]);
    assert!(debugged.contains("DEBUG") && debugged.contains("/api/queue/v1/ping"), "{debugged}");
    assert_eq!(said(&[("DEBUG_TASKCLUSTER_CLIENT", "")]), "");
    assert_eq!(said(&[("DEBUG_TASKCLUSTER_CLIENT", "1"), ("TC_LOG", "warn")]), "");
}
