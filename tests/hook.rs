//! `tc hook`: against the sandbox, and against a server that loses answers.

use std::fs;

use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox, Workers};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::is_slugid;
use crate::support::wire::Wire;

const NAME: &str = "project-x/nightly/main";
const SCHEMA: &str = r#"{"type": "object", "properties": {"times": {"type": "integer", "minimum": 1}}, "required": ["times"], "additionalProperties": false}"#;

/// A definition as a file has it.
fn definition() -> Value {
    json!({
        "hookGroupId": "project-x", "hookId": "nightly/main",
        "metadata": {"name": "Nightly", "description": "Builds all.", "owner": "a@example.com", "emailOnError": false},
        "task": {
            "taskQueueId": "proj/linux", "schedulerId": "s", "payload": {"command": [["true"]], "maxRunTime": 60},
            "metadata": {"name": "built ${payload.times}", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
        },
        "schedule": ["0 0 0 1 1 *"],
        "triggerSchema": serde_json::from_str::<Value>(SCHEMA).unwrap(),
    })
}

fn call(sandbox: &Sandbox, verb: &str, target: &str, body: &Value) {
    Wire::new(sandbox, verb, target).json(body).send().is(200, "");
}

/// A sandbox with the hook, whose role may create its tasks.
fn sandbox(options: Options) -> (Sandbox, Tc) {
    let sandbox = Sandbox::start(options).unwrap();
    grant(
        &sandbox,
        "PUT",
        &["queue:create-task:highest:proj/linux", "queue:create-task:project:none", "queue:scheduler-id:s"],
    );
    call(&sandbox, "PUT", "/api/hooks/v1/hooks/project-x/nightly%2Fmain", &definition());
    let tc = Tc::new().signed_in(&sandbox);
    (sandbox, tc)
}

fn grant(sandbox: &Sandbox, verb: &str, scopes: &[&str]) {
    let role = json!({"description": "", "scopes": scopes});
    call(sandbox, verb, &format!("/api/auth/v1/roles/hook-id%3A{}", NAME.replace('/', "%2F")), &role);
}

#[test]
fn hooks_are_listed_by_group() {
    let (_sandbox, tc) = sandbox(Options::default());
    tc.run(&["hook", "list"]).stdout("project-x\n").stderr("").status(0);
    let line = "project-x/nightly/main\tNightly\t0 0 0 1 1 *\n";
    tc.run(&["hook", "list", "project-x"]).stdout(line).stderr("").status(0);
    assert_eq!(tc.run(&["hook", "list", "project-x", "--json"]).json()[0]["hookId"], "nightly/main");
    tc.run(&["hook", "list", "nothing"]).stdout("").status(5);
    tc.run(&["hook", "list", "a/b"]).stdout("").stderr("error: invalid hook group `a/b`\n").status(2);
}

#[test]
fn a_hook_is_shown_with_the_fields_of_its_payload() {
    let (sandbox, tc) = sandbox(Options::default());
    let root = sandbox.root_url();
    let page = format!("{root}/hooks/project-x/nightly%2Fmain");
    let expected = format!(
        "project-x/nightly/main: Nightly\n\nBuilds all.\n\nOwner:      a@example.com\nSchedule:   0 0 0 1 1 *\n\
         Task queue: proj/linux\nRole:       hook-id:project-x/nightly/main\nPage:       {page}\n\nPayload:\n\n\
         FIELD  REQUIRED  TYPE     VALUES\ntimes  yes       integer\n"
    );
    tc.run(&["hook", "show", NAME]).stdout(&expected).stderr("").status(0);
    tc.run(&["hook", "show", &page]).stdout(&expected).stderr("").status(0);
    let hint = |hook: &str| {
        let ran = tc.run(&["hook", "show", hook]);
        ran.stdout("").status(5);
        ran.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap().to_owned()
    };
    assert_eq!(hint("project-x/nightly/mian"), "hint: Did you mean `project-x/nightly/main`?");
    assert_eq!(hint("project-x/quite-another"), "hint: `tc hook list project-x` lists its hooks.");
    assert_eq!(hint("project-y/nightly/main"), "hint: `tc hook list` lists the hook groups.");
    let other = format!("{root}/tasks/VESwp9JaRo-XkFN_bemBhw");
    let message = format!("error: `{other}` is not the page of a hook\n");
    tc.run(&["hook", "show", &other]).stdout("").stderr(&message).status(2);
}

#[test]
fn a_payload_is_checked_before_the_hook_is_triggered() {
    let (_sandbox, tc) = sandbox(Options::default());
    let ran = tc.run(&["hook", "trigger", NAME]);
    ran.stdout("").status(2).stderr(
        "error: missing property `times`\n  --> at /\n\
         error: the payload does not fit the schema of project-x/nightly/main: 1 fault\n\
         hint: `tc hook show project-x/nightly/main` lists the fields; --no-validate sends it as it is.\n",
    );
    tc.run(&["hook", "trigger", NAME, "-F", "times=0"]).stdout("").status(2);
    tc.run(&["hook", "trigger", NAME, "-d", "nope"])
        .stdout("")
        .status(2)
        .stderr("error: the payload is a single value, not a map or a list\n");
    tc.run(&["hook", "fires", NAME]).stdout("").stderr("Hook project-x/nightly/main has never fired.\n").status(0);
    let template = tc.run(&["hook", "trigger", NAME, "--template"]);
    template.stderr("").status(0);
    assert_eq!(template.json(), json!({"times": 1}));
}

#[test]
fn a_dry_run_shows_the_payload_and_triggers_nothing() {
    let (_sandbox, tc) = sandbox(Options::default());
    let ran = tc.run(&["hook", "trigger", NAME, "-d", "times: 1", "-F", "times=3", "-n"]);
    ran.status(0).stderr("Hook project-x/nightly/main would be triggered; nothing was sent.\n");
    assert_eq!(ran.json()["payload"], json!({"times": 3}));
    tc.run(&["hook", "fires", NAME]).stdout("").status(0);
}

#[test]
fn a_triggered_hook_tells_its_task_and_remembers_the_fire() {
    let (sandbox, tc) = sandbox(Options::default());
    let ran = tc.run(&["hook", "trigger", NAME, "-F", "times=3"]);
    ran.stderr("").status(0);
    let task = ran.stdout.split_whitespace().nth(1).unwrap();
    assert!(is_slugid(task), "{ran}");
    ran.stdout(&format!("Task {task} created: {}/tasks/{task}\n", sandbox.root_url()));
    assert_eq!(tc.run(&["task", "name", task]).stdout, "built 3\n");
    let fires = tc.run(&["hook", "fires", NAME]);
    fires.stderr("").status(0);
    assert!(fires.stdout.ends_with(&format!("\ttriggerHook\tsuccess\t{task}\tpending\t\n")), "{fires}");
    let status = tc.run(&["hook", "status", NAME]);
    assert!(
        status.stdout.starts_with("Next fire: 20") && status.stdout.ends_with(&format!("created task {task}\n")),
        "{status}"
    );
    let again = tc.run(&["hook", "trigger", NAME, "-d", "-", "--json"]);
    again.status(2);
    let tc = tc.stdin(r#"{"times": 4}"#);
    let again = tc.run(&["hook", "trigger", NAME, "-d", "-", "--json"]);
    assert!(is_slugid(again.status(0).json()["taskId"].as_str().unwrap()));
    assert_eq!(tc.run(&["hook", "fires", NAME, "--limit", "1"]).stdout.lines().count(), 1);
}

#[test]
fn the_log_of_what_a_hook_created_is_printed_and_its_end_is_the_status() {
    let workers = Workers::new(1).fail_rate(0.0).speed(1e7);
    let (_sandbox, tc) = sandbox(Options::default().workers(workers));
    let ran = tc.run(&["hook", "trigger", NAME, "-F", "times=1", "--log"]);
    ran.status(0);
    assert!(ran.stdout.lines().count() > 1, "{ran}");
    let workers = Workers::new(1).fail_rate(1.0).speed(1e7);
    let (_sandbox, tc) = sandbox(Options::default().workers(workers));
    let ran = tc.run(&["hook", "trigger", NAME, "-F", "times=1", "--wait"]);
    ran.stderr("error: the task did not complete\n").status(3);
}

#[test]
fn a_token_triggers_without_credentials_and_only_until_it_is_replaced() {
    let (sandbox, tc) = sandbox(Options::default());
    let token = tc.run(&["hook", "token", NAME]).stdout.trim().to_owned();
    let stranger = Tc::new().at(sandbox.root_url());
    fs::write(stranger.directory().join("token"), &token).unwrap();
    let args = ["hook", "trigger", NAME, "-F", "times=1", "--token", "@token"];
    let ran = stranger.run(&args);
    ran.status(0);
    assert!(ran.stdout.starts_with("Task "), "{ran}");
    tc.run(&["hook", "token", NAME, "--reset"]).stdout("").status(2).stderr(
        "error: cannot replace a trigger token without confirmation: standard input is not a terminal\n\
         hint: Use --yes to skip the question.\n",
    );
    let new = tc.run(&["hook", "token", NAME, "--reset", "--yes"]).stdout.trim().to_owned();
    assert_ne!(new, token);
    let ran = stranger.run(&args);
    assert!(!ran.stderr.contains(&token), "{ran}");
    ran.stdout("").status(4);
    assert!(ran.stderr.contains("error: the trigger token of project-x/nightly/main is not valid\n"), "{ran}");
    tc.run(&["hook", "trigger", NAME, "--token", "a/b"]).status(2).stderr("error: invalid trigger token\n");
    // Tokens are IDs, and one in 64 starts with a dash.
    let ran = tc.run(&["hook", "trigger", NAME, "-F", "times=1", "--token", "-ESwp9JaRo-XkFN_bemBhw"]);
    ran.stdout("").status(4);
    assert!(ran.stderr.contains("error: the trigger token of project-x/nightly/main is not valid\n"), "{ran}");
}

/// Who sends a token in place of credentials was told to sign in.
#[test]
fn a_trigger_with_a_token_needs_no_credentials_and_says_so() {
    let server = FakeServer::start();
    let refused = |code: &str, message: &str| json!({"code": code, "message": message, "requestInfo": {}}).to_string();
    let path = |token: &str| format!("POST /api/hooks/v1/hooks/g/h/trigger/{token}");
    server.always(&path("old"), Answer::json(401, refused("AuthenticationFailed", "invalid hook token")));
    let lacks = "The role `hook-id:g/h` does not have sufficient scopes to create the task:\n\nand is missing the following \
                 scopes:\n\n```\nqueue:scheduler-id:s\n```\n";
    server.always(&path("good"), Answer::json(403, refused("InsufficientScopes", lacks)));
    let tc = Tc::new().at(server.url());
    let line =
        |token: &'static str| ["api", "hooks", "triggerHookWithToken", "g", "h", token, "-d", "{}", "--no-credentials"];
    let ran = tc.run(&line("old"));
    ran.stdout("").status(4);
    assert!(!ran.stderr.contains("signin"), "{ran}");
    let ran = tc.run(&line("good"));
    ran.stdout("").status(4);
    assert!(ran.stderr.contains("hint: These are scopes of the role `hook-id:g/h`, not yours"), "{ran}");
    assert!(!ran.stderr.contains("turned off"), "{ran}");
    let ran = tc.run(&line("old")[..8]);
    assert!(ran.stderr.ends_with("hint: `tc hook token GROUP/HOOK` prints the token that counts.\n"), "{ran}");
}

#[test]
fn scopes_that_the_role_lacks_are_told_as_those_of_the_role() {
    let (sandbox, tc) = sandbox(Options::default());
    grant(&sandbox, "POST", &[]);
    let ran = tc.run(&["hook", "trigger", NAME, "-F", "times=1"]);
    ran.stdout("").status(4);
    let hint = "hint: These are scopes of the role `hook-id:project-x/nightly/main`, not yours: signing in does not help. Grant them to it.\n";
    assert!(ran.stderr.ends_with(hint) && !ran.stderr.contains("tc signin"), "{ran}");
    let fires = tc.run(&["hook", "fires", NAME]);
    let alternatives: Vec<String> = ["highest", "very-high", "high", "medium", "low", "very-low", "lowest"]
        .iter()
        .map(|priority| format!("queue:create-task:{priority}:proj/linux"))
        .collect();
    let reason = format!(
        "Client ID static/taskcluster/hooks does not have sufficient scopes and is missing the following scopes: \
         queue:create-task:project:none and queue:scheduler-id:s and ({})",
        alternatives.join(" or ")
    );
    assert!(fires.stdout.contains("\terror\t"), "{fires}");
    assert!(fires.stdout.ends_with(&format!("\tunknown\t{reason}\n")), "{fires}");
    let status = tc.run(&["hook", "status", NAME]);
    assert!(status.stdout.ends_with(&format!(", failed\nError:     {reason}\n")), "{status}");
}

#[test]
fn a_definition_without_bindings_keeps_those_of_the_hook_and_shows_no_difference() {
    let (sandbox, tc) = sandbox(Options::default());
    let mut bound = definition();
    bound["bindings"] = json!([{"exchange": "exchange/taskcluster-queue/v1/task-completed", "routingKeyPattern": "#"}]);
    call(&sandbox, "POST", "/api/hooks/v1/hooks/project-x/nightly%2Fmain", &bound);
    fs::write(tc.directory().join("hook.json"), definition().to_string()).unwrap();
    tc.run(&["hook", "update", "hook.json"]).stdout("").stderr("project-x/nightly/main is up to date.\n").status(0);
    let changed = definition().to_string().replace("Builds all.", "Builds most.");
    fs::write(tc.directory().join("hook.json"), changed).unwrap();
    let shown =
        "project-x/nightly/main:\n-     \"description\": \"Builds all.\",\n+     \"description\": \"Builds most.\",\n";
    tc.run(&["hook", "update", "hook.json", "--yes"]).stderr(shown).status(0);
    assert_eq!(tc.run(&["hook", "export", NAME]).json()["bindings"], bound["bindings"]);
}

#[test]
fn a_schema_that_refers_to_elsewhere_is_refused_with_the_reason() {
    let (_sandbox, tc) = sandbox(Options::default());
    let mut referring = definition();
    referring["triggerSchema"] = json!({"$ref": "http://x.example.com/y"});
    fs::write(tc.directory().join("hook.json"), referring.to_string()).unwrap();
    let ran = tc.run(&["hook", "update", "hook.json", "--yes"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("http://x.example.com/y"), "{ran}");
    assert!(ran.stderr.contains("triggerSchema is not a valid JSON schema"), "{ran}");
}

#[test]
fn a_hook_whose_answer_was_lost_is_not_triggered_again() {
    let server = FakeServer::start();
    server.expect("GET /api/hooks/v1/hooks/g/h", Answer::json(200, r#"{"hookGroupId": "g", "hookId": "h"}"#));
    server.expect("POST /api/hooks/v1/hooks/g/h/trigger", Answer::cut());
    let ran = Tc::new().at(server.url()).run(&["hook", "trigger", "g/h"]);
    ran.stdout("").status(7);
    assert!(ran.stderr.contains("hint: `tc hook fires g/h` shows whether it has fired.\n"), "{ran}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_answer_that_names_no_task_is_no_success() {
    for (answer, status) in [(r#"{"taskId": "x"}"#, 1), ("[]", 1), ("{}", 0)] {
        let server = FakeServer::start();
        server.expect("GET /api/hooks/v1/hooks/g/h", Answer::json(200, r#"{"hookGroupId": "g", "hookId": "h"}"#));
        server.expect("POST /api/hooks/v1/hooks/g/h/trigger", Answer::json(200, answer));
        let ran = Tc::new().at(server.url()).run(&["hook", "trigger", "g/h", "--wait"]);
        ran.stdout("").status(status);
    }
}

#[test]
fn a_hook_goes_out_and_comes_back_as_a_file() {
    let (_sandbox, tc) = sandbox(Options::default());
    let exported = tc.run(&["hook", "export", NAME]);
    exported.stderr("").status(0);
    assert_eq!(exported.json()["metadata"], definition()["metadata"]);
    assert_eq!(tc.run(&["hook", "export", "project-x"]).json(), json!([exported.json()]));
    fs::write(tc.directory().join("hook.json"), &exported.stdout).unwrap();
    tc.run(&["hook", "update", "hook.json"]).stdout("").stderr("project-x/nightly/main is up to date.\n").status(0);
    let changed = exported.stdout.replace("Builds all.", "Builds most.");
    fs::write(tc.directory().join("hook.json"), &changed).unwrap();
    let shown =
        "project-x/nightly/main:\n-     \"description\": \"Builds all.\",\n+     \"description\": \"Builds most.\",\n";
    tc.run(&["hook", "update", "hook.json", "-n"]).stderr(shown).status(0);
    tc.run(&["hook", "update", "hook.json"]).stdout("").status(2);
    tc.run(&["hook", "update", "hook.json", "--yes"])
        .stdout("project-x/nightly/main updated\n")
        .stderr(shown)
        .status(0);
    tc.run(&["hook", "create", "hook.json"]).stdout("project-x/nightly/main created\n").status(0);
    fs::write(tc.directory().join("hook.json"), changed.replace("Nightly", "Other")).unwrap();
    let ran = tc.run(&["hook", "create", "hook.json"]);
    ran.stdout("").status(6);
    assert!(ran.stderr.contains("hint: To change it: tc hook update FILE\n"), "{ran}");
    tc.run(&["hook", "create", "hook.json", "--hook", "project-x/second"])
        .stdout("project-x/second created\n")
        .status(0);
}

#[test]
fn a_definition_with_faults_is_not_sent() {
    let (_sandbox, tc) = sandbox(Options::default());
    fs::write(
        tc.directory().join("hook.yml"),
        "hookGroupId: g\nhookId: h\nmetadata: {name: n}\ntask: {}\nshedule: []\n",
    )
    .unwrap();
    let ran = tc.run(&["hook", "create", "hook.yml"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("error: unknown property `shedule`\n --> hook.yml:5:1 (/shedule)\n"), "{ran}");
    assert!(ran.stderr.contains("did you mean `schedule`?"), "{ran}");
    fs::write(tc.directory().join("hook.yml"), definition().to_string().replace("nightly/main", "a b")).unwrap();
    tc.run(&["hook", "create", "hook.yml"]).stdout("").status(2);
    tc.run(&["hook", "list"]).stdout("project-x\n");
}

#[test]
fn hooks_are_removed_after_a_yes() {
    let (sandbox, tc) = sandbox(Options::default());
    tc.run(&["hook", "rm", NAME]).stdout("").status(2);
    tc.run(&["hook", "rm", NAME, "project-x/none", "--yes"]).stdout("").status(5);
    tc.run(&["hook", "rm", NAME, "-n"]).stdout("Would remove project-x/nightly/main\n").stderr("").status(0);
    let asking = Tc::new().signed_in(&sandbox).env("NO_COLOR", "1").terminal().stdin("n\n");
    let question = "About to remove 1 hook:\n  project-x/nightly/main\nRemove it? [y/N] ";
    asking.run(&["hook", "rm", NAME]).stderr(&format!("{question}removed nothing: not confirmed\n")).status(1);
    let tc = tc.stdin(format!("{NAME}\tNightly\n"));
    tc.run(&["hook", "rm", "-", "--yes"]).stdout("project-x/nightly/main removed\n").stderr("").status(0);
    tc.run(&["hook", "list"]).stdout("").stderr("No hook groups.\n").status(0);
}
