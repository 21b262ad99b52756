//! `tc url`

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use tc::sandbox::{Options, Sandbox};
use url::{Position, Url};

use crate::support::Tc;

const TASK: &str = "VESwp9JaRo-XkFN_bemBhw";

fn tc() -> Tc {
    Tc::new().env("TASKCLUSTER_ROOT_URL", "https://tc.example.com")
}

#[test]
fn a_method_has_a_url() {
    for (arguments, path) in [
        (&["queue", "status", TASK][..], "/api/queue/v1/task/VESwp9JaRo-XkFN_bemBhw/status"),
        (&["Queue", "STATUS", TASK], "/api/queue/v1/task/VESwp9JaRo-XkFN_bemBhw/status"),
        (&["secrets", "get", "a/b c"], "/api/secrets/v1/secret/a%2Fb%20c"),
        (&["queue", "status", "-ESwp9JaRo-XkFN_bemBhw"], "/api/queue/v1/task/-ESwp9JaRo-XkFN_bemBhw/status"),
        (&["queue", "task", "-ESwp9JaRo-XkFN_bemBhw"], "/api/queue/v1/task/-ESwp9JaRo-XkFN_bemBhw"),
        (
            &["queue", "listTaskGroup", TASK, "--limit", "5", "--continuation-token", "a+b"],
            "/api/queue/v1/task-group/VESwp9JaRo-XkFN_bemBhw/list?limit=5&continuationToken=a%2Bb",
        ),
    ] {
        let ran = tc().run(&[&["url"], arguments].concat());
        ran.stdout(&format!("https://tc.example.com{path}\n")).stderr("").status(0);
    }
    tc().run(&["url", "queue", "ping", "--json"]).stdout("\"https://tc.example.com/api/queue/v1/ping\"\n");
}

#[test]
fn a_url_needs_no_credentials() {
    tc().env("TASKCLUSTER_CLIENT_ID", "half").run(&["url", "queue", "ping"]).status(0);
    tc().run(&["url", "queue", "ping", "--signed"]).stdout("").status(4);
}

#[test]
fn people_open_another_page() {
    tc().run(&["url", "queue", "status", TASK, "--web"]).stdout(&format!("https://tc.example.com/tasks/{TASK}\n"));
    tc().run(&["url", "--web", "hooks", "hook", "g", "h/i"]).stdout("https://tc.example.com/hooks/g/h%2Fi\n");
    tc().run(&["url", "queue", "ping", "--web"]).stdout("").status(2);
    tc().run(&["url", "queue", "ping", "--web", "--signed"]).stdout("").status(2);
}

#[test]
fn what_is_wrong_is_said() {
    for (arguments, message) in [
        (&["queue", "status", "x"][..], "error: invalid <taskId> `x`"),
        (&["queue"], "error: no method given"),
        (&["queue", "ping", "--signed", "--expires", "-1h"], "error: --expires -1h is over before it starts"),
        (&["queue", "status"], "error: "),
        (&["queue", "nonsense"], "error: `queue.nonsense` is not in the references of Taskcluster 106.0.0"),
    ] {
        let ran = tc().env("TASKCLUSTER_CLIENT_ID", "a").env("TASKCLUSTER_ACCESS_TOKEN", "b");
        let ran = ran.run(&[&["url"], arguments].concat());
        ran.stdout("").status(2);
        assert!(ran.stderr.starts_with(message), "{ran}");
    }
    let tc = tc().env("TASKCLUSTER_CLIENT_ID", "a").env("TASKCLUSTER_ACCESS_TOKEN", "b");
    let ran = tc.run(&["url", "queue", "rerunTask", TASK, "--signed"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("only GET can be signed into a URL"), "{ran}");
}

/// What anyone gets who has the URL.
fn get(url: &str) -> String {
    let url = Url::parse(url.trim()).unwrap();
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect((host, port)).unwrap();
    let target = &url[Position::BeforePath..];
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_signed_url_opens_what_it_is_for_and_nothing_else() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new()
        .env("TASKCLUSTER_ROOT_URL", sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", sandbox.client_id())
        .env("TASKCLUSTER_ACCESS_TOKEN", sandbox.access_token().reveal());
    tc.run(&["api", "secrets", "set", "a/b", "-d", r#"{"secret": {"x": 1}, "expires": "2100-01-01T00:00:00.000Z"}"#])
        .status(0);
    let signed = tc.run(&["url", "secrets", "get", "a/b", "--signed", "--expires", "15m"]);
    assert!(get(&signed.stdout).starts_with("HTTP/1.1 200 "), "{}", get(&signed.stdout));
    let other = signed.stdout.replace("a%2Fb", "a%2Fc");
    assert!(get(&other).starts_with("HTTP/1.1 401 "), "{}", get(&other));
    // Scopes that the credentials are limited to limit the URL as well.
    let limited = tc.run(&["url", "secrets", "get", "a/b", "--signed", "--authorized-scope", "secrets:get:other"]);
    assert!(get(&limited.stdout).starts_with("HTTP/1.1 403 "), "{}", get(&limited.stdout));
}
