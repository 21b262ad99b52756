//! The sandbox from outside: what is not one service's behaviour.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tc::Clock as _;
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;
use crate::support::wire::{Reply, Wire};

fn start() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

fn get(sandbox: &Sandbox, target: &str) -> Reply {
    Wire::new(sandbox, "GET", target).send()
}

fn put(sandbox: &Sandbox, target: &str, body: &Value) -> Reply {
    Wire::new(sandbox, "PUT", target).json(body).send()
}

fn in_hours(hours: i64) -> String {
    (Utc::now() + TimeDelta::hours(hours)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Makes a client and returns its token.
fn client(sandbox: &Sandbox, id: &str, expires_in_hours: i64, scopes: &[&str]) -> String {
    let body = json!({"description": "", "expires": in_hours(expires_in_hours), "scopes": scopes});
    let reply = put(sandbox, &format!("/api/auth/v1/clients/{}", id.replace('/', "%2F")), &body);
    reply.is(200, "").value()["accessToken"].as_str().unwrap().to_owned()
}

const CURRENT: &str = "/api/auth/v1/scopes/current";

#[test]
fn what_is_not_there_answers_as_a_deployment_does() {
    let sandbox = start();
    for (target, status, kind, start) in [
        ("//api/queue/v1/ping", 404, "application/json; charset=utf-8", "{\n  \"error\": \"Not found\"\n}"),
        ("/api/queue/v1/nope", 404, "application/json; charset=utf-8", "{\n  \"error\": \"Not found\"\n}"),
        ("/api/queue/v2/ping", 404, "application/json; charset=utf-8", "{\n  \"error\": \"Not found\"\n}"),
        ("/api/quoue/v1/ping", 200, "text/html; charset=utf-8", "<!doctype html>"),
        ("/tasks/x", 200, "text/html; charset=utf-8", "<!doctype html>"),
        ("/references/nope/v1/api.json", 404, "application/json; charset=utf-8", "{\n  \"error\": \"Not found\"\n}"),
        ("/schemas/queue/v1/nope.json", 404, "application/json; charset=utf-8", "{\n  \"error\": \"Not found\"\n}"),
    ] {
        let reply = get(&sandbox, target);
        assert_eq!((reply.status, reply.header("content-type")), (status, Some(kind)), "{target}");
        assert!(reply.text().starts_with(start), "{target}: {}", reply.text());
    }
}

#[test]
fn references_and_schemas_are_served_and_distil_into_what_they_came_from() {
    let sandbox = start();
    let manifest = get(&sandbox, "/references/manifest.json").value();
    let files = manifest["references"].as_array().unwrap();
    assert!(files.contains(&json!("/references/queue/v1/exchanges.json")), "{manifest}");
    for file in files {
        get(&sandbox, file.as_str().unwrap()).is(200, "");
    }
    get(&sandbox, "/schemas/queue/v1/create-task-request.json").is(200, "");
    let roll_up = get(&sandbox, "/references/references.json").text();
    let tc = Tc::new();
    std::fs::write(tc.directory().join("roll-up.json"), roll_up).unwrap();
    tc.run(&["references", "distill", "roll-up.json", "-o", "out"]).status(0);
    for service in ["auth", "queue", "worker-manager"] {
        let name = format!("{service}.json");
        let made = std::fs::read_to_string(tc.directory().join("out").join(&name)).unwrap();
        let ours = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("references").join(&name);
        assert!(made == std::fs::read_to_string(ours).unwrap(), "{name} differs from what the sandbox serves");
    }
}

#[test]
fn bad_input_is_refused_as_a_service_does() {
    let sandbox = start();
    let task = "/api/queue/v1/task/VESwp9JaRo-XkFN_bemBhw";
    let secret = "/api/secrets/v1/secret/x";
    get(&sandbox, &format!("{task}?x=1")).is(400, "InvalidRequestArguments");
    get(&sandbox, "/api/queue/v1/task/bad").is(400, "InvalidRequestArguments");
    get(&sandbox, "/api/auth/v1/clients/?limit=x").is(400, "InvalidRequestArguments");
    get(&sandbox, "/api/auth/v1/clients/?limit=0").is(500, "InternalServerError");
    let put = |content_type: &str, body: &str| Wire::new(&sandbox, "PUT", secret).body(content_type, body).send();
    put("", "{}").is(400, "MalformedPayload");
    put("text/plain", "{}").is(401, "AuthenticationFailed");
    assert!(put("text/plain", "{}").message().starts_with("Invalid payload hash: "));
    put("application/json", "{nope").is(400, "MalformedPayload");
    put("application/json", "[]").is(400, "InputValidationError");
    put("application/json", "").is(400, "MalformedPayload");
    put("application/json", &"x".repeat(11 << 20)).is(500, "InternalServerError");
    let faults = put("application/json", r#"{"secret": 1, "more": 2}"#).message();
    assert_eq!(
        faults,
        format!(
            "\nSchema Validation Failed!\nRejecting Schema: {}/schemas/secrets/v1/secret.json#\nErrors:\n  \
             * data must have required property 'expires'\n  * data must NOT have additional properties: \"more\"\n  \
             * data/secret must be object",
            sandbox.root_url()
        )
    );
}

#[test]
fn a_refusal_does_not_repeat_a_secret() {
    let sandbox = start();
    let body = json!({"secret": {"k": "hunter2"}, "expires": in_hours(1)});
    let reply = Wire::new(&sandbox, "PUT", "/api/secrets/v1/secret/x").anonymous().json(&body).send();
    reply.is(403, "InsufficientScopes");
    let wrong = json!({"secret": {"k": "hunter2"}, "expires": "never"});
    let malformed = put(&sandbox, "/api/secrets/v1/secret/x", &wrong);
    malformed.is(400, "InputValidationError");
    let broken = Wire::new(&sandbox, "PUT", "/api/secrets/v1/secret/x").body("application/json", "{hunter2");
    for reply in [reply, malformed, broken.send()] {
        assert!(!reply.text().contains("hunter2"), "{}", reply.text());
    }
}

#[test]
fn methods_without_behaviour_are_checked_and_then_named() {
    let sandbox = start();
    let sentry = "/api/auth/v1/sentry/x/dsn";
    Wire::new(&sandbox, "GET", sentry).anonymous().send().is(403, "InsufficientScopes");
    get(&sandbox, &format!("{sentry}?x=1")).is(400, "InvalidRequestArguments");
    let reply = get(&sandbox, sentry);
    reply.is(501, "NotImplemented");
    assert!(reply.message().contains("auth sentryDSN"), "{}", reply.message());
}

#[test]
fn a_caller_that_cannot_be_told_is_refused_with_the_reason() {
    let sandbox = start();
    let disabled = client(&sandbox, "a/disabled", 1, &[]);
    Wire::new(&sandbox, "POST", "/api/auth/v1/clients/a%2Fdisabled/disable").send().is(200, "");
    let expired = client(&sandbox, "a/expired", -1, &[]);
    let wire = || Wire::new(&sandbox, "GET", CURRENT);
    for (wire, reason) in [
        (wire().signed_by(sandbox.client_id(), "wrong"), "Unauthorized: Bad mac"),
        (wire().at(Utc::now() - TimeDelta::minutes(16)), "Unauthorized: Stale timestamp"),
        (wire().at(Utc::now() + TimeDelta::minutes(16)), "Unauthorized: Stale timestamp"),
        (wire().signed_by("no/such", "x"), "Client with clientId 'no/such' not found"),
        (wire().signed_by("a/disabled", &disabled), "Client with clientId 'a/disabled' is disabled"),
        (wire().signed_by("a/expired", &expired), "Client with clientId 'a/expired' has expired"),
        (wire().anonymous().header("Authorization", "Basic abc"), "Unauthorized: Unauthorized"),
        (wire().bewit(60).header("Authorization", "Hawk x"), "Cannot use two authentication schemes at once "),
        (wire().bewit(-60), "Unauthorized: Access expired"),
        (wire().ext(json!({"authorizedScopes": "a"})), "ext.authorizedScopes must be an array"),
        (wire().ext(json!({"certificate": "x"})), "ext.certificate must be a JSON object"),
    ] {
        let reply = wire.send();
        reply.is(401, "AuthenticationFailed");
        assert!(reply.message().starts_with(reason), "{} in place of {reason}", reply.message());
        assert_eq!(reply.header("www-authenticate"), Some("hawk"));
    }
    let signed_post = Wire::new(&sandbox, "POST", "/api/auth/v1/clients/a%2Fdisabled/enable").bewit(60).send();
    signed_post.is(401, "AuthenticationFailed");
    assert_eq!(signed_post.message(), "Unauthorized: Invalid method");
    wire().at(Utc::now() - TimeDelta::minutes(14)).send().is(200, "");
    wire().bewit(60).send().is(200, "");
}

#[test]
fn methods_that_need_no_scopes_do_not_ask_who_calls() {
    let sandbox = start();
    Wire::new(&sandbox, "GET", "/api/queue/v1/ping").signed_by("no/such", "x").send().is(200, "");
}

#[test]
fn authorized_scopes_limit_and_must_be_had() {
    let sandbox = start();
    let token = client(&sandbox, "a/b", 1, &["queue:*"]);
    let limited = |scopes: Value| {
        let wire = Wire::new(&sandbox, "GET", CURRENT).signed_by("a/b", &token);
        wire.ext(json!({"authorizedScopes": scopes})).send()
    };
    let scopes = limited(json!(["queue:rerun-task:x"])).value();
    assert!(scopes["scopes"].as_array().unwrap().contains(&json!("queue:rerun-task:x")), "{scopes}");
    assert!(!scopes["scopes"].as_array().unwrap().contains(&json!("queue:*")), "{scopes}");
    // What everybody may do can be asked for, too.
    limited(json!(["auth:current-scopes"])).is(200, "");
    let refused = limited(json!(["secrets:get:x"]));
    refused.is(401, "AuthenticationFailed");
    assert!(refused.message().starts_with("Supplied credentials do not satisfy authorizedScopes; "));
}

/// Every method of every service that needs scopes, called by one who has none on things that exist.
#[test]
fn no_method_forgets_to_check_scopes() {
    let sandbox = start();
    let task = "VESwp9JaRo-XkFN_bemBhw";
    let definition = task_definition("proj/linux", task);
    put(&sandbox, &format!("/api/queue/v1/task/{task}"), &definition).is(200, "");
    let secret = json!({"secret": {}, "expires": in_hours(1)});
    put(&sandbox, "/api/secrets/v1/secret/x", &secret).is(200, "");
    let entry = json!({"taskId": task, "rank": 0, "data": {}, "expires": in_hours(1)});
    put(&sandbox, "/api/index/v1/task/a.b", &entry).is(200, "");
    client(&sandbox, "x", 1, &["a"]);
    put(&sandbox, "/api/auth/v1/roles/x", &json!({"description": "", "scopes": ["a"]})).is(200, "");
    let nobody = json!({"description": "", "scopes": []});
    Wire::new(&sandbox, "POST", "/api/auth/v1/roles/anonymous").json(&nobody).send().is(200, "");

    let mut checked = 0;
    let catalogue = tc::reference::Catalogue::embedded(tc::reference::Source::Current);
    for service in catalogue.services().unwrap() {
        for method in service.methods.iter().filter(|method| method.scopes.is_some()) {
            let target: String = method
                .route
                .segments()
                .iter()
                .map(|segment| match segment {
                    tc::reference::Segment::Literal(text) => text.clone(),
                    tc::reference::Segment::Param(name) => match name.as_str() {
                        "taskId" | "taskGroupId" => task.to_owned(),
                        "runId" => "0".to_owned(),
                        "taskQueueId" => "proj%2Flinux".to_owned(),
                        "provisionerId" => "proj".to_owned(),
                        "workerType" => "linux".to_owned(),
                        "indexPath" | "namespace" => "a.b".to_owned(),
                        "level" => "read-only".to_owned(),
                        "bucket" | "container" | "account" | "table" => "xxx".to_owned(),
                        _ => "x".to_owned(),
                    },
                })
                .collect();
            let target = format!("/api/{}/{}{target}", service.service_name, service.api_version);
            let mut wire = Wire::new(&sandbox, method.verb.as_str(), &target).anonymous();
            if method.input.is_some() {
                wire = wire.json(&body_for(&method.name, &definition, &entry, &secret));
            }
            let reply = wire.send();
            let name = format!("{} {}", service.service_name, method.name);
            assert!(!reply.text().contains("were never checked"), "{name}");
            let refused = matches!(reply.status, 403 | 404);
            // What has no behaviour, or no valid body above, has not come to its check.
            assert!(refused || matches!(reply.status, 501 | 400), "{name} answers {}: {}", reply.status, reply.text());
            if ["auth", "queue", "index", "secrets"].contains(&service.service_name.as_str()) {
                let has_no_behaviour = reply.status == 501;
                let message = reply.text();
                assert!(refused || has_no_behaviour, "{name} answers {}: {message}", reply.status);
                checked += usize::from(reply.status == 403);
            }
        }
    }
    assert!(checked > 60, "only {checked} methods were refused");
}

fn task_definition(queue: &str, group: &str) -> Value {
    json!({
        "taskQueueId": queue, "taskGroupId": group, "created": in_hours(0), "deadline": in_hours(1), "payload": {},
        "scopes": ["a"], "metadata": {"name": "n", "description": "", "owner": "a@example.com", "source": "https://example.com"},
    })
}

fn body_for(method: &str, definition: &Value, entry: &Value, secret: &Value) -> Value {
    let task = definition["taskGroupId"].clone();
    match method {
        "createTask" => definition.clone(),
        "tasks" | "statuses" => json!({"taskIds": [task]}),
        "findTasksAtIndex" => json!({"indexes": ["a.b"]}),
        "insertTask" => entry.clone(),
        "set" => secret.clone(),
        "claimTask" => json!({"workerGroup": "g", "workerId": "w"}),
        "claimWork" => json!({"workerGroup": "g", "workerId": "w", "tasks": 1}),
        "reportException" => json!({"reason": "worker-shutdown"}),
        "createArtifact" => {
            json!({"storageType": "reference", "url": "https://example.com", "expires": in_hours(1), "contentType": "text/plain"})
        }
        "finishArtifact" => json!({"uploadId": task}),
        "changeTaskPriority" | "changeTaskGroupPriority" => json!({"newPriority": "high"}),
        "quarantineWorker" => json!({"quarantineUntil": in_hours(1), "quarantineInfo": "why"}),
        "declareWorker" => json!({"expires": in_hours(1)}),
        "createClient" | "updateClient" => json!({"description": "", "expires": in_hours(1), "scopes": ["b"]}),
        "createRole" | "updateRole" => json!({"description": "", "scopes": ["b"]}),
        "expandScopes" => json!({"scopes": ["a"]}),
        "githubRepoToken" => json!({"repositories": ["a"], "permissions": {"contents": "read"}}),
        _ => json!({}),
    }
}

#[test]
fn the_way_to_a_private_artifact_is_signed_so_that_it_can_be_followed() {
    let sandbox = start();
    let entry = json!({"taskId": "VESwp9JaRo-XkFN_bemBhw", "rank": 0, "data": {}, "expires": in_hours(1)});
    put(&sandbox, "/api/index/v1/task/a.b", &entry).is(200, "");
    let redirect = get(&sandbox, "/api/index/v1/task/a.b/artifacts/private/x%20y");
    assert_eq!(redirect.status, 303);
    let location = redirect.header("location").unwrap().strip_prefix(sandbox.root_url()).unwrap();
    Wire::new(&sandbox, "GET", location).anonymous().send().is(404, "ResourceNotFound");
    let unsigned = location.split('?').next().unwrap();
    let reply = Wire::new(&sandbox, "GET", unsigned).anonymous().send();
    assert!(matches!(reply.status, 403 | 404), "{}", reply.text());
    let forged = location.replace("private", "other");
    Wire::new(&sandbox, "GET", &forged).anonymous().send().is(401, "AuthenticationFailed");
}

#[test]
fn the_root_of_the_index_is_listed_without_a_name() {
    let sandbox = start();
    let entry = json!({"taskId": "VESwp9JaRo-XkFN_bemBhw", "rank": 0, "data": {}, "expires": in_hours(1)});
    put(&sandbox, "/api/index/v1/task/a.b", &entry).is(200, "");
    let root = get(&sandbox, "/api/index/v1/namespaces/").is(200, "").value();
    assert_eq!(root["namespaces"][0]["namespace"], "a");
}

#[test]
fn localhost_is_served_on_both_of_its_addresses() {
    let sandbox = start();
    let port: u16 = sandbox.root_url().rsplit(':').next().unwrap().parse().unwrap();
    let reached = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", port)).unwrap();
    // Some machines know the name of ::1 but have no such address.
    let own = |address: &std::net::SocketAddr| std::net::TcpListener::bind((address.ip(), 0)).is_ok();
    for address in reached.filter(own) {
        assert!(TcpStream::connect(address).is_ok(), "{address}");
    }
}

#[test]
fn long_answers_are_compressed_for_those_who_accept_it() {
    let sandbox = start();
    let wire = |accept: &str| Wire::new(&sandbox, "GET", "/references/manifest.json").header("Accept-Encoding", accept);
    let plain = get(&sandbox, "/references/queue/v1/api.json");
    assert_eq!(plain.header("content-encoding"), None);
    assert!(plain.header("date").is_some_and(|date| httpdate::parse_http_date(date).is_ok()));
    let long = Wire::new(&sandbox, "GET", "/references/queue/v1/api.json").header("Accept-Encoding", "br, gzip;q=0.5");
    let long = long.send();
    assert_eq!(long.header("content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    GzDecoder::new(long.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert_eq!(wire("identity").send().header("content-encoding"), None);
    let short = Wire::new(&sandbox, "GET", "/api/auth/v1/ping").header("Accept-Encoding", "gzip").send();
    assert_eq!(short.header("content-encoding"), None);
}

#[test]
fn a_connection_serves_many_requests() {
    let sandbox = start();
    let host = sandbox.root_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).unwrap();
    for _ in 0..3 {
        write!(stream, "HEAD /api/auth/v1/ping HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

#[test]
fn a_worker_without_work_waits_for_some() {
    let sandbox = start();
    let claim = json!({"workerGroup": "g", "workerId": "w", "tasks": 1});
    std::thread::scope(|scope| {
        let (sent, is_sent) = std::sync::mpsc::channel();
        let sandbox = &sandbox;
        let worker = scope.spawn(move || {
            let wire = Wire::new(sandbox, "POST", "/api/queue/v1/claim-work/proj%2Flinux").json(&claim);
            sent.send(()).unwrap();
            wire.send()
        });
        is_sent.recv().unwrap();
        let task = "VESwp9JaRo-XkFN_bemBhw";
        put(sandbox, &format!("/api/queue/v1/task/{task}"), &task_definition("proj/linux", task)).is(200, "");
        let claimed = worker.join().unwrap().value();
        assert_eq!(claimed["tasks"][0]["status"]["taskId"], task);
    });
}

#[test]
fn a_worker_that_waited_long_enough_goes_away_empty_handed() {
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    let sandbox = Sandbox::start(Options::default().clock(clock.clone())).unwrap();
    let claim = json!({"workerGroup": "g", "workerId": "w", "tasks": 1});
    let wire = Wire::new(&sandbox, "POST", "/api/queue/v1/claim-work/proj%2Flinux").json(&claim);
    assert_eq!(wire.at(clock.now()).send().value(), json!({"tasks": []}));
    assert_eq!(clock.slept()[0], Duration::from_secs(20));
}

#[test]
fn a_sandbox_can_live_inside_of_another_runtime_and_stops_when_dropped() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let host = runtime.block_on(async {
        let sandbox = start();
        get(&sandbox, "/api/auth/v1/ping").is(200, "");
        sandbox.root_url().trim_start_matches("http://").to_owned()
    });
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(&host).is_ok() {
        assert!(Instant::now() < until, "it still listens");
        std::thread::yield_now();
    }
}

mod command {
    use super::*;
    use tc::{Environment, Interrupt};

    fn interrupted_by(mut environment: Environment, interrupt: Interrupt) -> Environment {
        environment.interrupt = interrupt;
        environment
    }

    #[test]
    fn exec_hands_over_the_environment_and_the_exit_status() {
        let tc = Tc::new().env("PATH", &std::env::var("PATH").unwrap()).env("TASKCLUSTER_CERTIFICATE", "{}");
        let check = "test -n \"$TASKCLUSTER_ACCESS_TOKEN\" && test -z \"$TASKCLUSTER_CERTIFICATE\" && \
                     test \"$TASKCLUSTER_CLIENT_ID\" = static/taskcluster/root && \
                     echo \"$TASKCLUSTER_ROOT_URL\" > url && exit 7";
        tc.run(&["sandbox", "--exec", check]).stdout("").stderr("").status(7);
        let url = std::fs::read_to_string(tc.directory().join("url")).unwrap();
        assert!(url.starts_with("http://localhost:"), "{url}");
        tc.run(&["sandbox", "--exec", "true"]).status(0);
        tc.run(&["sandbox", "--exec", "kill -9 $$"]).status(137);
    }

    #[test]
    fn it_serves_until_interrupted() {
        let (stop, interrupt) = Interrupt::channel();
        stop.send(true).unwrap();
        let interrupted = |args: &[&str]| {
            let interrupt = interrupt.clone();
            let tc = Tc::new().environment(|environment| interrupted_by(environment, interrupt));
            tc.run(args)
        };
        let ran = interrupted(&["sandbox"]);
        ran.status(0).stderr("The sandbox serves until Ctrl-C.\n");
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(lines.len(), 3, "{ran}");
        assert!(lines[0].starts_with("export TASKCLUSTER_ROOT_URL=http://localhost:"), "{ran}");
        assert_eq!(lines[1], "export TASKCLUSTER_CLIENT_ID=static/taskcluster/root");
        assert!(lines[2].starts_with("export TASKCLUSTER_ACCESS_TOKEN="), "{ran}");
        let json = interrupted(&["sandbox", "--json"]).json();
        assert_eq!(json["clientId"], "static/taskcluster/root");
        assert_eq!(json["accessToken"].as_str().map(str::len), Some(44));
        assert!(json["rootUrl"].as_str().unwrap().starts_with("http://localhost:"));
    }

    #[test]
    fn a_command_that_ignores_the_interrupt_is_ended() {
        let (stop, interrupt) = Interrupt::channel();
        stop.send(true).unwrap();
        let tc = Tc::new().env("PATH", &std::env::var("PATH").unwrap());
        let clock = FakeClock::at("2026-11-22T12:00:00Z");
        let tc = tc.environment(|environment| interrupted_by(environment, interrupt).with_clock(clock));
        tc.run(&["sandbox", "--exec", "exec sleep 600"]).stderr("error: interrupted\n").status(130);
    }

    #[test]
    fn a_port_in_use_is_named() {
        let sandbox = start();
        let port = sandbox.root_url().rsplit(':').next().unwrap();
        let ran = Tc::new().run(&["sandbox", "--port", port]);
        ran.stdout("").status(6).stderr(&format!(
            "error: cannot start the sandbox: port {port} is in use\n\
             hint: Choose another port with --port, or omit it to use any free port.\n"
        ));
    }
}
