//! What people read when a call fails: message, cause, hints and exit status, to the letter.

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};

const TASK: &str = "VESwp9JaRo-XkFN_bemBhw";
const STATUS: &str = "GET /api/queue/v1/task/VESwp9JaRo-XkFN_bemBhw/status";

fn tc(server: &FakeServer) -> Tc {
    Tc::new()
        .env("TASKCLUSTER_ROOT_URL", server.url())
        .environment(|environment| environment.with_clock(FakeClock::at("2026-11-22T12:00:00Z")))
}

fn signed(server: &FakeServer) -> Tc {
    tc(server).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "hunter2")
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, serde_json::json!({"code": code, "message": message}).to_string())
}

/// What stands between message and hints: what was asked, and what answered.
fn cause(server: &FakeServer, status: u16) -> String {
    format!("  caused by: GET {}/api/queue/v1/task/{TASK}/status answered {status}\n", server.url())
}

/// Which of two answers comes first is chance; what is advised must not be.
#[test]
fn of_two_calls_at_once_that_are_refused_the_first_one_is_told_though_it_is_answered_last() {
    let server = FakeServer::start();
    // Only the second try is refused, and by then the other call was.
    server
        .expect(STATUS, refusal(503, "Busy", "later"))
        .expect(STATUS, refusal(403, "InsufficientScopes", "no status"));
    server.expect(&format!("GET /api/queue/v1/task/{TASK}"), refusal(403, "InsufficientScopes", "no task"));
    let ran = signed(&server).run(&["task", "rerun", TASK]);
    ran.stdout("").status(4);
    assert!(
        ran.stderr.starts_with("error: queue.status failed after 2 tries: InsufficientScopes: no status\n"),
        "{ran}"
    );
}

#[test]
fn a_task_that_is_not_there() {
    let server = FakeServer::start();
    server.expect(STATUS, refusal(404, "ResourceNotFound", "No such task.\nAre you sure?\n\n---\n\n* method: status"));
    let ran = tc(&server).run(&["api", "queue", "status", TASK]);
    let cause = cause(&server, 404);
    ran.stdout("").stderr(&format!("error: queue.status failed: ResourceNotFound: No such task.\n{cause}")).status(5);
}

#[test]
fn a_compressed_answer_that_is_damaged() {
    let server = FakeServer::start();
    let damaged = || Answer::json(200, "{}").header("Content-Encoding", "gzip");
    server.expect_times(3, STATUS, damaged());
    let ran = tc(&server).run(&["api", "queue", "status", TASK, "--retries", "2"]);
    ran.stdout("").status(7).stderr(&format!(
        "error: queue.status failed after 3 tries: the answer of {} is compressed, and damaged\n  \
         caused by: incomplete deflate stream\n",
        server.host()
    ));
    // The next try may bring it whole.
    server.expect(STATUS, damaged()).expect(STATUS, Answer::json(200, "{}").gzip());
    tc(&server).run(&["api", "queue", "status", TASK]).stdout("{}\n").status(0);
    // What a server says of an error is read, too.
    server.expect(STATUS, refusal(404, "ResourceNotFound", "No such task.").gzip());
    let ran = tc(&server).run(&["api", "queue", "status", TASK]);
    ran.status(5)
        .stderr(&format!("error: queue.status failed: ResourceNotFound: No such task.\n{}", cause(&server, 404)));
}

#[test]
fn scopes_that_are_missing() {
    let message = "Client ID me does not have sufficient scopes and is missing the following scopes:\n\n\
        ```\n{\n  \"AnyOf\": [\n    \"a:b\",\n    \"c\"\n  ]\n}\n```\n\nThis request requires";
    let server = FakeServer::start();
    server.expect(STATUS, refusal(403, "InsufficientScopes", message));
    let ran = signed(&server).run(&["api", "queue", "status", TASK]);
    ran.stdout("").status(4).stderr(&format!(
        "error: queue.status failed: InsufficientScopes: Client ID me does not have sufficient scopes and is missing \
         the following scopes\n{}hint: Missing: a:b or c\nhint: To get what is missing: tc signin -s a:b\n",
        cause(&server, 403)
    ));

    server.expect(STATUS, refusal(403, "InsufficientScopes", "needs:\n```\na:b\n```\n"));
    let ran = signed(&server).run(&["api", "queue", "status", TASK, "--authorized-scope", "c"]);
    ran.stdout("").status(4).stderr(&format!(
        "error: queue.status failed: InsufficientScopes: needs\n{}hint: Missing: a:b\n\
         hint: The call was limited to its authorized scopes, whatever the credentials have.\n",
        cause(&server, 403)
    ));
}

#[test]
fn credentials_that_were_turned_off_or_are_another_deployments() {
    let server = FakeServer::start();
    let unauthorized = refusal(401, "AuthenticationFailed", "Unauthorized: Bad mac");
    server.expect_times(2, STATUS, unauthorized);
    let error =
        format!("error: queue.status failed: AuthenticationFailed: Unauthorized: Bad mac\n{}", cause(&server, 401));
    let ran = signed(&server).run(&["api", "queue", "status", TASK, "--no-credentials"]);
    ran.stderr(&format!("{error}hint: The call was not signed: credentials were turned off.\n")).status(4);

    let elsewhere = signed(&server).env("TASKCLUSTER_ROOT_URL", "https://tc.example.com");
    let ran = elsewhere.run(&["api", "queue", "status", TASK, "-R", server.url()]);
    ran.status(4).stderr(&format!(
        "{error}hint: The call was not signed: the credentials in the environment are those of https://tc.example.com. \
         Sign in to {} to get others, or set TASKCLUSTER_ROOT_URL to it when they are good there, too.\n",
        server.url()
    ));
    assert!(server.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn a_server_that_is_down() {
    let server = FakeServer::start();
    server.expect_times(3, STATUS, Answer::html(502, "<html>\n<h1>Bad Gateway</h1>"));
    let ran = tc(&server).run(&["api", "queue", "status", TASK, "--retries", "2"]);
    ran.stdout("").status(7).stderr(&format!(
        "error: queue.status failed after 3 tries: the server answered 502: a web page instead of JSON: <html>\n{}",
        cause(&server, 502)
    ));
}

#[test]
fn a_server_that_hangs() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::hang());
    let ran = tc(&server).run(&["api", "queue", "status", TASK, "--retries", "0", "--timeout", "60ms"]);
    ran.stdout("").status(7).stderr(&format!(
        "error: queue.status failed: no answer from {} within 60 ms\n  caused by: operation timed out\n\
         hint: Allow more time with --timeout.\n",
        server.host()
    ));
}

#[test]
fn a_web_site_that_is_no_taskcluster() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::html(200, "<!doctype html>\n<p>Welcome"));
    let ran = tc(&server).run(&["api", "queue", "status", TASK]);
    ran.stdout("").status(1).stderr(
        "error: queue.status answered 200 with HTML that is not JSON: <!doctype html>\n\
         hint: The deployment may lack this service, or the root URL may belong to another web site.\n",
    );
}

#[test]
fn a_clock_that_is_off_is_said_and_corrected() {
    let server = FakeServer::start();
    let stale = refusal(401, "AuthenticationFailed", "Unauthorized: Stale timestamp");
    server.expect(STATUS, stale.header("Date", "Sun, 22 Nov 2026 12:20:00 GMT"));
    server.expect(STATUS, Answer::json(200, r#"{"status": {}}"#));
    let ran = signed(&server).run(&["api", "queue", "status", TASK]);
    assert!(ran.stdout.contains("status"), "{ran}");
    ran.status(0);
}

#[test]
fn half_set_credentials() {
    let server = FakeServer::start();
    let ran = tc(&server).env("TASKCLUSTER_CLIENT_ID", "me").run(&["api", "queue", "status", TASK]);
    ran.stdout("").status(4).stderr(
        "error: TASKCLUSTER_CLIENT_ID is set but TASKCLUSTER_ACCESS_TOKEN is not\n\
         hint: Set both, or neither to call without credentials.\n",
    );
}

#[test]
fn files_and_limits_that_make_no_sense() {
    let server = FakeServer::start();
    let ran = tc(&server).run(&["api", "queue", "ping", "--timeout", "soon"]);
    ran.stdout("")
        .stderr("error: invalid duration `soon`\nhint: Give a number and a unit, such as 30s, 2m or 500ms.\n")
        .status(2);
    let tc = tc(&server);
    let missing = tc.directory().join("missing.pem");
    let ran = tc.run(&["api", "queue", "ping", "--cacert", "missing.pem"]);
    let cause = "No such file or directory (os error 2)";
    let message = format!("error: cannot read CA certificates from {}\n  caused by: {cause}\n", missing.display());
    ran.stdout("").stderr(&message).status(1);
}

#[test]
fn ctrl_c_ends_a_call_that_hangs() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::hang());
    let (interrupt, waiting) = tc::Interrupt::channel();
    let tc = tc(&server).environment(|mut environment| {
        environment.interrupt = waiting;
        environment
    });
    std::thread::scope(|scope| {
        scope.spawn(|| {
            server.wait_for_requests(1);
            interrupt.send(true).unwrap();
        });
        tc.run(&["api", "queue", "status", TASK]).stdout("").stderr("error: interrupted\n").status(130);
    });
}
