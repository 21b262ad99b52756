//! What a sign-in asks for and gets: scopes that are added, scopes that are not granted, advice that is enough.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use serde_json::json;
use tc::Environment;
use tc::sandbox::{Options, Sandbox, SignIn as User};
use url::{Position, Url};

use crate::support::sign_in::{Ended, SignIn, TERMINAL};
use crate::support::{Ran, Tc};

const GROUP: &str = "K_0umoQzTlyUQtHxj4d3hg";
const TASK: &str = "fN1SbArXTPSVFNUvaOlinQ";

/// A sandbox whose page confirms by itself, for a person with these scopes.
fn sandbox(scopes: &[&str]) -> Sandbox {
    let scopes = scopes.iter().map(ToString::to_string).collect();
    Sandbox::start(Options::default().sign_in(User { auto_approve: true, scopes })).unwrap()
}

fn environment(sandbox: &Sandbox, home: &Path) -> Environment {
    Environment::empty(home).with("HOME", home).with("TASKCLUSTER_ROOT_URL", sandbox.root_url())
}

/// Follows the page's redirect, as a browser does.
fn browse(url: &Url) {
    let mut next = Some(url.clone());
    while let Some(url) = next.take() {
        let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
        let target = &url[Position::BeforePath..Position::AfterQuery];
        let mut stream = TcpStream::connect((host, port)).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let location = text.lines().find_map(|line| line.strip_prefix("location: "));
        next = location.map(|location| Url::parse(location.trim()).unwrap());
    }
}

fn sign_in(sandbox: &Sandbox, home: &Path, arguments: &[&str]) -> (SignedInFor, Ended) {
    let arguments = [arguments, &["--no-browser", TERMINAL]].concat();
    let signin = SignIn::start_in(environment(sandbox, home), &arguments);
    browse(&signin.page);
    let asked = SignedInFor {
        scopes: signin.query("scope"),
        name: signin.query("name").remove(0),
        expires: signin.query("expires").remove(0),
    };
    (asked, signin.end())
}

/// What the page was asked for.
struct SignedInFor {
    scopes: Vec<String>,
    name: String,
    expires: String,
}

#[test]
fn scopes_that_the_person_lacks_are_named_after_signing_in() {
    let (sandbox, home) = (sandbox(&["queue:*", "auth:current-scopes"]), tempfile::tempdir().unwrap());
    let arguments = ["-s", "queue:rerun-task:*", "-s", "secrets:get:x", "-s", "auth:current-scopes"];
    let (_, ended) = sign_in(&sandbox, home.path(), &arguments);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(
        ended.stderr.ends_with("warning: not granted, because you do not have them: secrets:get:x\n"),
        "{}",
        ended.stderr
    );
}

#[test]
fn add_keeps_scopes_name_and_lifetime() {
    let (sandbox, home) = (sandbox(&["*"]), tempfile::tempdir().unwrap());
    let (_, ended) = sign_in(&sandbox, home.path(), &["-s", "queue:a", "--name", "duty", "--expires", "2 hours"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let (asked, ended) = sign_in(&sandbox, home.path(), &["--add", "-s", "queue:b"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert_eq!(asked.scopes, ["queue:a", "queue:b"]);
    assert!(asked.name.starts_with("duty-"), "{}", asked.name);
    assert_eq!(asked.expires, "120 minutes");
    let tc = Tc::new().environment(|_| environment(&sandbox, home.path()));
    assert!(tc.run(&["whoami", "--json"]).json()["clientId"].as_str().unwrap().contains("duty-"));
}

#[test]
fn add_without_stored_credentials_is_refused() {
    let tc = Tc::new().at("http://localhost:1");
    tc.run(&["signin", "--add", "-s", "a"])
        .stdout("")
        .stderr(
            "error: no stored credentials for http://localhost:1 to add to\n\
             hint: Leave out --add, and ask for all scopes that you need.\n",
        )
        .status(4);
}

/// A sandbox with a group of one failed task, in which nobody may do anything without scopes.
fn with_failed_task() -> Sandbox {
    let sandbox = sandbox(&["*"]);
    let root = Tc::new().signed_in(&sandbox);
    root.run(&["api", "auth", "updateRole", "anonymous", "-d", r#"{"description": "", "scopes": []}"#]).status(0);
    let definition = json!({
        "taskGroupId": GROUP, "schedulerId": "s", "taskQueueId": "p/w", "created": {"$fromNow": ""},
        "deadline": {"$fromNow": ""}, "payload": {}, "priority": "low",
        "metadata": {"name": "n", "owner": "a@b.c", "source": "https://x.example.com", "description": ""},
    });
    let mut definition = definition;
    definition["created"] = root.run(&["from-now", "0s"]).stdout.trim().into();
    definition["deadline"] = root.run(&["from-now", "1 day"]).stdout.trim().into();
    root.run(&["api", "queue", "createTask", TASK, "-d", &definition.to_string()]).status(0);
    let claim = r#"{"workerGroup": "g", "workerId": "w"}"#;
    root.run(&["api", "queue", "claimTask", TASK, "0", "-d", claim]).status(0);
    root.run(&["api", "queue", "reportFailed", TASK, "0"]).status(0);
    sandbox
}

/// A client of the sandbox with these scopes.
fn client(sandbox: &Sandbox, scopes: &[String]) -> Tc {
    let root = Tc::new().signed_in(sandbox);
    let id = format!("test/{}", scopes.len());
    let body = json!({"expires": root.run(&["from-now", "1 hour"]).stdout.trim(), "description": "", "scopes": scopes});
    root.run(&["api", "auth", "deleteClient", &id]).status(0);
    let made = root.run(&["api", "auth", "createClient", &id, "-d", &body.to_string()]);
    let token = made.json()["accessToken"].as_str().unwrap().to_owned();
    Tc::new()
        .env("TASKCLUSTER_ROOT_URL", sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", &id)
        .env("TASKCLUSTER_ACCESS_TOKEN", &token)
}

/// The scopes of the sign-in that a refusal advises.
fn advised(ran: &Ran) -> Vec<String> {
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix("hint: To get what is missing: tc signin "));
    let words = shlex::split(line.unwrap_or_else(|| panic!("no advice: {ran}"))).unwrap();
    words.chunks(2).map(|pair| pair[1].clone()).collect()
}

#[test]
fn each_advice_is_enough_for_the_call_that_was_refused() {
    for line in [
        &["task", "status", TASK][..],
        &["task", "def", TASK],
        &["task", "name", TASK],
        &["task", "group", TASK],
        &["task", "deps", TASK],
        &["task", "artifacts", TASK],
        &["task", "rerun", TASK],
        &["task", "retrigger", TASK],
        &["task", "priority", TASK, "high"],
        &["group", "status", GROUP],
        &["group", "list", GROUP],
        &["group", "rerun", GROUP, "--yes"],
        &["group", "retrigger", GROUP, "--failed", "--yes"],
        &["group", "priority", GROUP, "high", "--yes"],
        &["group", "seal", GROUP, "--yes"],
        &["api", "secrets", "get", "x"],
        &["api", "queue", "taskQueueCounts", "p/w"],
    ] {
        let all = followed(line, Vec::new());
        // Who has some of them, or all but one, needs no more, and is told what is missing.
        let some: Vec<String> = all.iter().step_by(2).cloned().collect();
        let all_but_one = |left_out: &String| all.iter().filter(|scope| *scope != left_out).cloned().collect();
        for scopes in std::iter::once(some).chain(all.iter().map(all_but_one)) {
            let found = followed(line, scopes.clone());
            // What is known by then is narrower, and never more.
            let is_known = |scope: &String| all.iter().any(|known| covers(known, scope));
            assert!(found.iter().all(is_known), "{line:?} with {scopes:?} asks for {found:?}");
        }
    }
}

/// Verbs that make several calls, each of which needs scopes; one word is a thing of [`with_things`].
const VERBS_OF_SEVERAL_CALLS: &[&[&str]] = &[
    &["secret", "set", "x", "-f", "a=1"],
    &["secret", "get", "x"],
    &["secret", "rm", "x", "--yes"],
    &["secret", "load", "x", "--json"],
    &["hook", "show", "g/h"],
    &["hook", "fires", "g/h"],
    &["hook", "trigger", "g/h"],
    &["hook", "rm", "g/h", "--yes"],
    &["hook", "export", "g/h"],
    &["index", "find", "a.b"],
    &["index", "list", "a"],
    &["index", "insert", "c.d", TASK],
    &["index", "rm", "a.b", "--yes"],
    &["task", "status", TASK],
    &["task", "why", TASK],
    &["task", "deps", TASK],
    &["task", "log", TASK],
    &["task", "rerun", TASK],
    &["task", "retrigger", TASK],
    &["task", "cancel", TASK],
    &["task", "schedule", TASK],
    &["task", "priority", TASK, "high"],
    &["group", "why", GROUP],
    &["group", "failures", GROUP],
    &["group", "cancel", GROUP, "--yes"],
    &["group", "rerun", GROUP, "--yes"],
    &["group", "retrigger", GROUP, "--failed", "--yes"],
    &["group", "priority", GROUP, "high", "--yes"],
    &["group", "seal", GROUP, "--yes"],
    &["artifact", "list", TASK],
    &["artifact", "cat", TASK, "private/x"],
    &["worker", "pools"],
    &["worker", "list", "proj/linux"],
    &["worker", "show", "proj/linux/g/w"],
    &["worker", "errors", "proj/linux"],
    &["worker", "pool", "show", "proj/linux"],
    &["worker", "pool", "rm", "proj/linux", "--yes"],
    &["purge-cache", "proj/linux", "c"],
    &["client", "show", "test/c"],
    &["client", "reset-token", "test/c", "--yes"],
    &["client", "rm", "test/c", "--yes"],
    &["role", "show", "r"],
    &["role", "rm", "r", "--yes"],
    &["role", "who", "x"],
    &["secret", "list"],
    &["hook", "list", "g"],
    &["hook", "status", "g/h"],
    &["hook", "token", "g/h"],
    &["index", "download", "a.b", "public/x", "-o", "-"],
    &["task", "errors", TASK],
    &["task", "group", TASK],
    &["task", "wait", TASK],
    &["task", "cot", TASK],
    &["task", "complete", TASK],
    &["group", "artifacts", GROUP, "--artifact", "x"],
    &["group", "diff", GROUP, GROUP],
    &["group", "flaky", GROUP],
    &["artifact", "download", TASK, "private/x"],
    &["download", "artifact", TASK, "private/x", "-"],
    &["action", "run", "retrigger", TASK, "--yes"],
    &["worker", "quarantine", "proj/linux/g/w", "--reason", "x"],
    &["worker", "watch", "proj/linux", "--until-idle"],
    &["client", "update", "test/c", "--description", "x", "--yes"],
    &["role", "update", "r", "--description", "y", "--yes"],
];

/// [`with_failed_task`] with a secret, a hook, an entry of the index, a worker pool, a client and a role.
fn with_things() -> Sandbox {
    let sandbox = with_failed_task();
    let root = Tc::new().signed_in(&sandbox);
    let hook = json!({"metadata": {"name": "n", "description": "", "owner": "a@example.com", "emailOnError": false},
        "task": {}, "triggerSchema": {"type": "object"}, "schedule": [], "bindings": []});
    let pool = json!({"providerId": "static", "description": "", "owner": "a@example.com", "emailOnError": false,
        "config": {}});
    let expires = "2100-01-01T00:00:00.000Z";
    for (words, body) in [
        (&["secrets", "set", "x"][..], json!({"expires": expires, "secret": {"a": 0}})),
        (&["hooks", "createHook", "g", "h"], hook),
        (&["index", "insertTask", "a.b"], json!({"taskId": TASK, "rank": 0, "data": {}, "expires": expires})),
        (&["worker-manager", "createWorkerPool", "proj/linux"], pool),
        (&["auth", "createClient", "test/c"], json!({"expires": expires, "description": "", "scopes": []})),
        (&["auth", "createRole", "r"], json!({"description": "", "scopes": []})),
    ] {
        root.run(&[&["api"], words, &["-d", &body.to_string()]].concat()).status(0);
    }
    sandbox
}

#[test]
fn who_follows_the_advice_of_a_verb_is_not_refused_at_another_of_its_calls() {
    let mut refused = Vec::new();
    for line in VERBS_OF_SEVERAL_CALLS {
        let sandbox = with_things();
        // Who has no credentials at all, and who has some that allow nothing.
        let nobody = Tc::new().at(sandbox.root_url()).run(line);
        let ran = client(&sandbox, &[]).run(line);
        assert_eq!(nobody.status, ran.status, "{nobody}\n{ran}");
        if ran.status != 4 {
            continue;
        }
        let mut advice = vec![advised(&nobody), advised(&ran)];
        advice.dedup();
        for (at, scopes) in advice.iter().enumerate() {
            let fresh = (at > 0).then(with_things);
            let again = client(fresh.as_ref().unwrap_or(&sandbox), scopes).run(line);
            if again.status == 4 {
                refused.push(format!("first {ran}\nthen with {scopes:?} {again}"));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn setting_a_secret_without_credentials_names_the_scopes_to_read_and_to_set_it() {
    let sandbox = with_things();
    let nobody = Tc::new().at(sandbox.root_url());
    let ran = nobody.run(&["secret", "set", "x", "-f", "a=1"]);
    ran.stdout("").status(4);
    assert!(
        ran.stderr.contains("hint: To get what is missing: tc signin -s secrets:get:x -s secrets:set:x\n"),
        "{ran}"
    );
}

fn covers(known: &str, scope: &str) -> bool {
    known == scope || known.strip_suffix('*').is_some_and(|prefix| scope.starts_with(prefix))
}

/// Follows one advice after the other, on top of these scopes, until the command is not refused; the scopes it then has.
fn followed(line: &[&str], mut scopes: Vec<String>) -> Vec<String> {
    let sandbox = with_failed_task();
    for _ in 0..5 {
        let ran = client(&sandbox, &scopes).run(line);
        if ran.status != 4 {
            return scopes;
        }
        let advised = advised(&ran);
        assert!(advised.iter().any(|scope| !scopes.contains(scope)), "{line:?} advises what is there: {ran}");
        for scope in advised {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    panic!("{line:?} is refused again and again with {scopes:?}");
}

#[test]
fn whoami_without_the_scope_to_ask_says_who_one_is() {
    let sandbox = with_failed_task();
    let tc = client(&sandbox, &["queue:x".to_owned()]);
    let ran = tc.run(&["whoami"]);
    ran.stderr("The scopes are unknown: these credentials lack auth:current-scopes.\n").status(0);
    assert!(ran.stdout.starts_with("Client ID: test/1\n") && !ran.stdout.contains("Scopes"), "{ran}");
    assert!(tc.run(&["whoami", "--json"]).json()["scopes"].is_null());
}

#[test]
fn scope_check_takes_verbs() {
    let sandbox = with_failed_task();
    let tc = client(
        &sandbox,
        &["auth:current-scopes".to_owned(), "queue:rerun-task:s/*".to_owned(), "queue:get-task:*".to_owned()],
    );
    tc.run(&["scope", "check", "task.rerun", "--scheduler-id", "s"])
        .stdout("task.rerun is allowed to test/3\n")
        .status(0);
    tc.run(&["scope", "check", "task cancel", "--scheduler-id", "s"]).status(4);
}

#[test]
fn credentials_that_no_header_can_carry_are_told_when_they_are_made() {
    let tc = Tc::new()
        .env("TASKCLUSTER_ROOT_URL", "https://tc.invalid")
        .env("TASKCLUSTER_CLIENT_ID", "me")
        .env("TASKCLUSTER_ACCESS_TOKEN", "key");
    let scopes: Vec<String> =
        (0..60).map(|number| format!("-squeue:a-rather-long-scope-of-some-kind:{number:020}")).collect();
    let arguments: Vec<&str> = ["creds", "temp"].into_iter().chain(scopes.iter().map(String::as_str)).collect();
    let ran = tc.run(&arguments);
    ran.status(0);
    assert!(ran.stderr.starts_with("warning: these credentials cannot be used: signing takes a header of "), "{ran}");
    assert!(ran.stderr.contains("hint: Use credentials with fewer or shorter scopes"), "{ran}");
}
