//! `--jq`, wherever JSON is printed.

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

const PING: &str = "GET /api/auth/v1/ping";

/// A run of `tc api auth ping --jq PROGRAM` on this answer.
fn filtered(answer: &str, program: &str) -> crate::support::Ran {
    let server = FakeServer::start();
    server.expect(PING, Answer::json(200, answer));
    Tc::new().at(server.url()).run(&["api", "auth", "ping", "--jq", program])
}

#[test]
fn halt_error_prints_its_text_and_sets_the_status() {
    filtered(r#"{"state": "busy"}"#, ".state, (.state | halt_error(3)), 1").stdout("busy\n").stderr("busy").status(3);
    filtered(r#"{"state": "busy"}"#, "halt_error").stdout("").stderr("{\"state\":\"busy\"}\n").status(5);
    filtered("{}", "1, halt, 2").stdout("1\n").stderr("").status(0);
}

#[test]
fn debug_goes_to_standard_error() {
    filtered(r#"{"a": 1}"#, ".a | debug").stdout("1\n").stderr("[\"DEBUG:\",1]\n").status(0);
}

#[test]
fn an_error_is_one_line() {
    let long = format!(r#"{{"a": "{}"}}"#, "line\\n".repeat(200));
    let ran = filtered(&long, ".a | error({b: .})");
    ran.stdout("").stderr("error: the jq program failed: object ({\"b\":\"line\\nline\\nline\\nl...})\n").status(1);
}

#[test]
fn what_nests_too_deeply_is_an_error_and_no_abort() {
    let nested = ["[".repeat(20_000), "]".repeat(20_000)].concat();
    for program in [".", "length"] {
        let ran = filtered(&nested, program);
        ran.stdout("").status(1);
        assert!(ran.stderr.contains("nested deeper than 10000 levels"), "{ran}");
    }
    let ran = filtered("{}", "def f: f + 1; f");
    ran.stdout("").stderr("error: the jq program failed: its calls are nested too deeply\n").status(1);
    let ran = Tc::new().run(&["api", "--json", "--jq", &"(".repeat(5_000)]);
    ran.stdout("").stderr("error: the jq program does not compile: it is nested deeper than 1000 levels\n").status(2);
}

#[test]
fn the_environment_is_that_of_the_command() {
    let server = FakeServer::start();
    server.expect(PING, Answer::json(200, "{}"));
    let tc = Tc::new().at(server.url()).env("MINE", "value");
    tc.run(&["api", "auth", "ping", "--jq", "$ENV.MINE, env.MINE, $ENV.PATH"]).stdout("value\nvalue\nnull\n").status(0);
}

#[test]
fn a_program_is_refused_where_there_is_no_json() {
    let ran = Tc::new().at("http://localhost:1").run(&["artifact", "cat", "x", "y", "--jq", "."]);
    ran.stdout("").stderr("error: an artifact is not JSON, so --jq cannot filter it\n").status(2);
}

#[test]
fn the_url_of_an_artifact_is_json_when_asked_for() {
    let tc = Tc::new().at("https://tc.example.com");
    let task = "RfxZjnB-QpG49NdLRR6MIA";
    let url = format!("https://tc.example.com/api/queue/v1/task/{task}/artifacts/public%2Fx");
    tc.run(&["artifact", "url", task, "public/x"]).stdout(&format!("{url}\n")).status(0);
    tc.run(&["artifact", "url", task, "public/x", "--json"]).stdout(&format!("\"{url}\"\n")).status(0);
    tc.run(&["artifact", "url", task, "public/x", "--jq", "length"]).stdout(&format!("{}\n", url.len())).status(0);
}

#[test]
fn help_names_the_dialect() {
    let ran = Tc::new().run(&["help", "jq"]);
    ran.stderr("").status(0);
    assert!(ran.stdout.contains("jq 1.8") && ran.stdout.contains("jaq"), "{ran}");
}

#[test]
fn an_object_of_another_shape_is_an_error() {
    for answer in ["[1]", "\"x\"", "5", "true"] {
        let server = FakeServer::start();
        server.expect("PUT /api/object/v1/start-download/a", Answer::json(200, answer));
        let tc = Tc::new().at(server.url());
        let ran = tc.run(&["object", "download", "a", "-o", "out", "--retries", "0"]);
        ran.stdout("").status(1);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("object"), "{ran}");
    }
}
