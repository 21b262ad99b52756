//! `tc task create`, `run` and `validate`, `tc validate-json`, and `tc schema` with schemas of one's own.

use std::fs;

use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox, Workers};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

const GROUP: &str = "fN1SbArXTPSVFNUvaOlinQ";
const METADATA: &str = "metadata: {name: example, description: d, owner: o@example.com, source: 'https://example.com'}";

fn sandbox() -> (Sandbox, Tc) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    (sandbox, tc)
}

fn write(tc: &Tc, name: &str, text: &str) {
    fs::write(tc.directory().join(name), text).unwrap();
}

fn one() -> String {
    format!("taskQueueId: proj/pool\npayload: {{command: [[/bin/echo, hi]], maxRunTime: 60}}\n{METADATA}\n")
}

#[test]
fn a_definition_is_completed_and_created() {
    let (_sandbox, tc) = sandbox();
    write(&tc, "task.yml", &one());
    let dry = tc.run(&["task", "create", "task.yml", "--task-id", GROUP, "--set", "retries=0", "--dry-run"]);
    dry.stderr("").status(0);
    let planned = dry.json();
    assert_eq!((&planned[0]["taskId"], &planned[0]["task"]["retries"]), (&json!(GROUP), &json!(0)));
    assert_eq!((&planned[0]["task"]["schedulerId"], &planned[0]["task"]["taskGroupId"]), (&json!("-"), &json!(GROUP)));
    tc.run(&["task", "status", GROUP]).status(5);
    let ran = tc.run(&["task", "create", "task.yml", "--task-id", GROUP]);
    ran.stdout(&format!("Task {GROUP} created\n")).stderr("").status(0);
    assert_eq!(tc.run(&["task", "def", GROUP]).json()["payload"]["maxRunTime"], 60);
    let template = tc.run(&["task", "def", GROUP, "--template"]);
    template.stderr("").status(0);
    assert_eq!(template.json()["deadline"], json!({"$fromNow": "86400 seconds"}));
    write(&tc, "again.json", &template.stdout);
    tc.run(&["task", "create", "again.json"]).stderr("").status(0);
}

#[test]
fn tasks_that_name_each_other_become_a_group_and_are_never_made_twice() {
    let (_sandbox, tc) = sandbox();
    let item = |name: &str, rest: &str| {
        format!(
            "- name: {name}\n  taskQueueId: proj/pool\n  payload: {{command: [['true']], maxRunTime: 1}}\n  {METADATA}\n  {rest}\n"
        )
    };
    write(
        &tc,
        "tasks.yml",
        &format!("tasks:\n{}{}", item("test", "dependencies: [build]"), item("build", "retries: 1")),
    );
    let ran = tc.run(&["task", "create", "tasks.yml", "--group", GROUP]);
    ran.stderr("").status(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].ends_with(" created (build)") && lines[1].ends_with(" created (test)"), "{ran}");
    let again = tc.run(&["task", "create", "tasks.yml", "--resume", GROUP]);
    again.stderr("").status(0).stdout(&ran.stdout.replace(" created ", " exists already "));
    tc.run(&["api", "queue", "listTaskGroup", GROUP, "--jq", ".tasks | length"]).stdout("2\n").status(0);
    let test = lines[1].split(' ').nth(1).unwrap();
    let build = lines[0].split(' ').nth(1).unwrap();
    assert_eq!(tc.run(&["task", "def", test]).json()["dependencies"], json!([build]));
}

#[test]
fn what_is_wrong_is_found_before_anything_is_sent() {
    let tc = Tc::new().at("http://127.0.0.1:9");
    let text = one().replace("maxRunTime: 60", "maxRuntime: 60");
    write(&tc, "task.yml", &text);
    let ran = tc.run(&["task", "create", "task.yml"]);
    ran.stdout("").status(1);
    let expected = "error: unknown property `maxRuntime`\n --> task.yml:2:40 (/payload/maxRuntime)\n  |\n2 | payload: {command: [[/bin/echo, hi]], maxRuntime: 60}\n  |                                        ^^^^^^^^^^\n   = help: did you mean `maxRunTime`?\n";
    let at = text.lines().nth(1).unwrap().find("maxRuntime").unwrap() + 1;
    let expected = expected.replace("2:40", &format!("2:{at}"));
    let marks = format!("\n  | {}^^^^^^^^^^\n", " ".repeat(at - 1));
    let (head, tail) = (expected.split("\n  |  ").next().unwrap(), expected.rsplit("^\n").next().unwrap());
    assert!(ran.stderr.contains(head) && ran.stderr.contains(&marks) && ran.stderr.contains(tail), "{ran}");
    assert!(ran.stderr.contains("error: missing property `maxRunTime`\n"), "{ran}");
    assert!(
        ran.stderr.ends_with("error: the task is not valid: 2 faults\nhint: To create nevertheless: --no-validate\n"),
        "{ran}"
    );
    write(&tc, "circle.yml", "tasks: [{name: a, dependencies: [b]}, {name: b, dependencies: [a]}]\n");
    tc.run(&["task", "create", "circle.yml"]).stdout("").status(2).stderr(
        "error: cannot make tasks of circle.yml\n  caused by: tasks depend on each other in a circle: a -> b -> a\n",
    );
    write(&tc, "twice.yml", "payload: {}\npayload: {}\n");
    let twice = tc.run(&["task", "create", "twice.yml"]);
    twice.stdout("").status(2);
    assert!(twice.stderr.starts_with("error: twice.yml is neither JSON nor YAML\n"), "{twice}");
    let bomb: String = (1..40).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)).collect();
    write(&tc, "bomb.yml", &format!("a0: &a0 [x]\n{bomb}"));
    let exploded = tc.run(&["task", "create", "bomb.yml"]);
    exploded.stdout("").status(2);
    tc.run(&["task", "create", "none.yml"]).stdout("").status(1);
}

#[test]
fn a_template_gets_its_values_from_the_command_line() {
    let tc = Tc::new();
    write(&tc, "task.yml", &one().replace("hi", "'${what} ${who.name}'"));
    write(&tc, "who.yml", "who: {name: world}\n");
    let ran = tc.run(&["task", "create", "task.yml", "--context", "what=hello", "--context", "@who.yml", "--dry-run"]);
    ran.stderr("").status(0);
    assert_eq!(ran.json()[0]["task"]["payload"]["command"][0][1], "hello world");
    let ran = tc.run(&["task", "create", "task.yml", "--context", "what=hello", "--dry-run"]);
    ran.stdout("").status(2).stderr(
        "error: cannot make tasks of task.yml\n  caused by: InterpreterError at template.payload.command[0][1]: unknown context value who\n",
    );
}

#[test]
fn a_command_is_run_by_a_worker_and_its_log_followed() {
    let workers = Workers::new(1).fail_rate(0.0).speed(1e7);
    let sandbox = Sandbox::start(Options::default().workers(workers)).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    let ran = tc.run(&[
        "task",
        "run",
        "--pool",
        "proj/pool",
        "--generic",
        "--follow",
        "--name",
        "greeting",
        "--",
        "/bin/echo",
        "hello",
    ]);
    ran.status(0);
    let id = ran.stdout.strip_prefix("Task ").and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let (_, log) = ran.stdout.split_once(" created\n").unwrap();
    assert!(!log.is_empty(), "{ran}");
    assert_eq!(tc.run(&["task", "log", &id]).stdout, log);
    let definition = tc.run(&["task", "def", &id]).json();
    assert_eq!(definition["payload"], json!({"env": {}, "maxRunTime": 7200, "command": [["/bin/echo", "hello"]]}));
}

#[test]
fn docker_run_s_interface_is_that_of_the_go_tool() {
    let (_sandbox, tc) = sandbox();
    let ran = tc.run(&[
        "task",
        "run",
        "--provisioner",
        "proj-go",
        "--worker-type",
        "linux",
        "--name",
        "x",
        "-e",
        "A=1",
        "--retries",
        "2",
        "ubuntu:22.04",
        "echo",
        "hi",
    ]);
    ran.stderr("").status(0);
    let id = ran.stdout.strip_prefix("Task ").and_then(|rest| rest.strip_suffix(" created\n")).unwrap().to_owned();
    let definition = tc.run(&["task", "def", &id]).json();
    let payload = json!({"env": {"A": "1"}, "maxRunTime": 7200, "image": "ubuntu:22.04", "command": ["echo", "hi"]});
    assert_eq!((&definition["payload"], &definition["retries"]), (&payload, &json!(2)));
    assert_eq!((&definition["schedulerId"], &definition["taskGroupId"]), (&json!("taskcluster-cli"), &json!(id)));
    let metadata = json!({"name": "x", "description": "Created by Taskcluster-cli", "owner": "name@example.com", "source": "http://taskcluster-cli/task/run"});
    assert_eq!(definition["metadata"], metadata);
    tc.run(&["task", "run", "ubuntu", "echo"]).stdout("").status(2);
    let pool = ["task", "run", "--pool", "a/b"];
    let dashed = "-ESwp9JaRo-XkFN_bemBhw";
    let limited = ["--max-run-time", "15m", "--dependency", dashed, "--dry-run", "ubuntu", "true"];
    let dry = tc.run(&[&pool[..], &limited].concat()).json();
    assert_eq!(dry[0]["task"]["payload"]["maxRunTime"], 900);
    assert_eq!(dry[0]["task"]["dependencies"], json!([dashed]));
    tc.run(&[&pool[..], &["--max-run-time", "500ms", "ubuntu", "true"]].concat()).stdout("").status(2).stderr(
        "error: invalid value `500ms` for `--max-run-time <TIME>`: it must be at least a second, in whole seconds\n",
    );
    tc.run(&[&pool[..], &["ubuntu"]].concat()).status(2).stderr(
        "error: run requires at least 2 arguments: image and command\nhint: For generic-worker, which has no images, add --generic.\n",
    );
    tc.run(&[&pool[..], &["--owner", "me", "ubuntu", "true"]].concat())
        .status(2)
        .stderr("error: owner must be an email-like string\n");
}

#[test]
fn definitions_are_validated_without_a_deployment() {
    let tc = Tc::new();
    let times = "created: 2026-11-26T00:00:00.000Z\ndeadline: 2026-11-26T01:00:00.000Z\n";
    write(&tc, "task.yml", &format!("{}{times}", one()));
    let ran = tc.run(&["task", "validate", "task.yml"]);
    ran.stdout("valid for generic-worker (multiuser, POSIX)\n").status(0);
    let old = one()
        .replace("[[/bin/echo, hi]]", "[dir], rdpInfo: login-identity/x")
        .replace("payload", "scopes: ['generic-worker:*']\npayload");
    write(&tc, "old.yml", &format!("{old}{times}"));
    let ran = tc.run(&["task", "validate", "old.yml", "--since", "10.4.0", "--json"]);
    ran.status(1);
    let errors: Vec<Value> =
        ran.json()["findings"].as_array().unwrap().iter().filter(|it| it["severity"] == "error").cloned().collect();
    assert_eq!(
        errors,
        [
            json!({"severity": "error", "path": "/payload/rdpInfo", "message": "generic-worker 10.4.0 does not know `rdpInfo`", "help": "it is known since generic-worker 10.5.0"})
        ]
    );
    assert_eq!(
        tc.run(&["task", "validate", "old.yml", "--worker", "generic-worker:10.11", "--json"]).json()["valid"],
        true
    );
    tc.run(&["task", "validate", "old.yml", "--worker", "script-worker"]).stdout("").status(2);
    write(&tc, "bad.yml", "payload: [1]\n");
    let ran = tc.run(&["task", "validate", "bad.yml"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.ends_with("error: not valid: 5 faults\n"), "{ran}");
    assert!(
        ran.stderr.contains(
            " --> bad.yml:1:10 (/payload)\n  |\n1 | payload: [1]\n  |          ^ expected an object, found [1]\n"
        ),
        "{ran}"
    );
}

/// The schemas of a deployment refer to each other, and none of them could be used.
#[test]
fn a_schema_leads_to_others_beside_it_and_on_the_network() {
    let tc = Tc::new();
    let server = FakeServer::start();
    let served = |name: &str, schema: Value| {
        server.always(&format!("GET /schemas/x/v1/{name}.json"), Answer::json(200, schema.to_string()));
    };
    served(
        "a",
        json!({"$schema": "/schemas/common/metaschema.json#", "$id": "/schemas/x/v1/a.json#", "type": "object",
        "properties": {"n": {"$ref": "b.json#/definitions/n"}}}),
    );
    served("b", json!({"$id": "/schemas/x/v1/b.json#", "definitions": {"n": {"$ref": "/schemas/x/v1/c.json#"}}}));
    served("c", json!({"type": "integer"}));
    served("file", json!({"$ref": "file:///etc/passwd"}));
    write(&tc, "good.json", "{\"n\": 1}");
    write(&tc, "bad.json", "{\"n\": \"x\"}");
    let url = |name: &str| format!("{}/schemas/x/v1/{name}.json", server.url());
    write(&tc, "remote.json", &json!({"$ref": url("a")}).to_string());
    write(&tc, "local.json", r#"{"properties": {"n": {"$ref": "folder/n.json#/definitions/n"}}}"#);
    fs::create_dir(tc.directory().join("folder")).unwrap();
    write(&tc, "folder/n.json", r##"{"definitions": {"n": {"$ref": "#/definitions/m"}, "m": {"$ref": "../m.json"}}}"##);
    write(&tc, "m.json", r#"{"type": "number"}"#);
    for schema in [&url("a"), "remote.json", "local.json", "./folder/../local.json"] {
        tc.run(&["validate-json", schema, "good.json"]).stdout("").stderr("The document is valid\n").status(0);
        tc.run(&["schema", "validate", "--schema", schema, "good.json"]).stdout("valid\n").status(0);
        let ran = tc.run(&["validate-json", schema, "bad.json"]);
        ran.stdout("").status(1);
        assert!(ran.stderr.contains(" --> bad.json:1:7 (/n)\n"), "{ran}");
    }
    let ran = tc.run(&["validate-json", &url("file"), "good.json"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("refers to file:///etc/passwd, which only a file may do"), "{ran}");
    write(&tc, "lost.json", r#"{"$ref": "none.json"}"#);
    let ran = tc.run(&["validate-json", "lost.json", "good.json"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("refers to what cannot be read\n") && ran.stderr.contains("none.json"), "{ran}");
}

#[test]
pub fn files_are_checked_against_schemas_of_one_s_own() {
    let tc = Tc::new();
    write(&tc, "schema.json", r#"{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}"#);
    write(&tc, "good.yml", "a: 1\n");
    write(&tc, "bad.json", "{\n  \"a\": \"x\"\n}\n");
    tc.run(&["validate-json", "schema.json", "good.yml"]).stdout("").stderr("The document is valid\n").status(0);
    let url = format!("file://{}", tc.directory().join("schema.json").display());
    tc.run(&["validate-json", &url, "bad.json"]).stdout("").status(1).stderr(
        "error: wrong type\n --> bad.json:2:8 (/a)\n  |\n2 |   \"a\": \"x\"\n  |        ^^^ expected an integer, found \"x\"\nerror: the document is not valid\n",
    );
    tc.run(&["schema", "validate", "--schema", "schema.json", "good.yml"]).stdout("valid\n").stderr("").status(0);
    tc.run(&["schema", "validate", "--schema", "schema.json", "bad.json"])
        .stdout("/a: must be integer\n")
        .stderr("")
        .status(1);
    tc.run(&["schema", "skeleton", "--schema", "schema.json"]).stdout("{\n  \"a\": 0\n}\n").stderr("").status(0);
    write(&tc, "loop.json", r##"{"$ref": "#"}"##);
    tc.run(&["schema", "validate", "--schema", "loop.json", "good.yml"])
        .stdout("")
        .stderr("error: the schema refers to itself without an end at `#`\n")
        .status(1);
    tc.run(&["schema", "validate", "--schema", "schema.json"])
        .stdout("")
        .stderr("error: there is no document to check\n")
        .status(2);
}

#[test]
fn schemas_are_exported_for_editors() {
    let tc = Tc::new();
    let ran = tc.run(&["schema", "export", "schemas"]);
    ran.stderr("").status(0);
    assert!(ran.stdout.contains(" schemas written to "), "{ran}");
    let text = fs::read_to_string(tc.directory().join("schemas/queue/v1/create-task-request.json")).unwrap();
    assert!(text.contains("\"$ref\": \"task.json#/properties/payload\"") && !text.contains("$id"), "{text}");
    let settings: Value =
        serde_json::from_str(&fs::read_to_string(tc.directory().join("schemas/settings.json")).unwrap()).unwrap();
    assert_eq!(settings["json.schemas"][0]["fileMatch"], json!([".taskcluster.yml"]));
}

#[test]
fn a_definition_that_is_too_large_is_refused_before_it_is_sent() {
    let tc = Tc::new().at("http://localhost:1");
    let large = "x".repeat(12 << 20);
    let json = json!({"taskQueueId": "p/w", "payload": {"command": [["true"]], "maxRunTime": 1, "env": {"A": large}}});
    write(&tc, "large.json", &json.to_string());
    write(&tc, "large.yml", &format!("{}env:\n  A: {large}\n", one()));
    for (file, verb) in [("large.json", "validate"), ("large.yml", "validate"), ("large.json", "create")] {
        let ran = tc.run(&["task", verb, file]);
        ran.stdout("").status(1);
        assert!(ran.stderr.starts_with("error: the definition is too large for the queue\n"), "{ran}");
        assert!(ran.stderr.contains("expected at most 10 MiB of JSON, found 13 MiB"), "{ran}");
        assert!(ran.stderr.len() < 2000, "{}", ran.stderr.len());
    }
    fs::File::create(tc.directory().join("huge.yml")).unwrap().set_len(65 << 20).unwrap();
    tc.run(&["task", "validate", "huge.yml"]).stdout("").stderr("error: huge.yml is larger than 64 MiB\n").status(2);
}

#[test]
fn roles_of_a_docker_worker_task_are_expanded_before_it_is_converted_and_created() {
    let (_sandbox, tc) = sandbox();
    let role = json!({"description": "d", "scopes": ["docker-worker:capability:privileged"]}).to_string();
    tc.run(&["api", "auth", "createRole", "x", "-d", &role]).status(0);
    let task = format!(
        "taskQueueId: proj/pool\nscopes: ['assume:x']\npayload: {{image: ubuntu, maxRunTime: 1, capabilities: {{privileged: true}}}}\n{METADATA}\n"
    );
    write(&tc, "task.yml", &task);
    let ran = tc.run(&["task", "create", "task.yml", "--d2g", "--dry-run"]);
    ran.stderr("").status(0);
    let scopes =
        json!(["assume:x", "generic-worker:capability:privileged", "generic-worker:os-group:proj/pool/docker"]);
    assert_eq!(ran.json()[0]["task"]["scopes"], scopes);
    write(&tc, "task.yml", &task.replace("assume:x", "assume:other"));
    let ran = tc.run(&["task", "create", "task.yml", "--d2g", "--dry-run"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.starts_with("error: cannot convert the payload of task `"), "{ran}");
}

#[test]
fn retries_of_a_task_that_is_run_are_not_those_of_the_call() {
    let words = ["task", "run", "--pool", "p/w", "--retries", "0", "--dry-run", "ubuntu", "true"];
    let planned = Tc::new().at("http://localhost:1").run(&words);
    assert_eq!(planned.status(0).json()[0]["task"]["retries"], 0);
    // The call is tried again all the same; six times an error is too rare to be met.
    let sandbox = Sandbox::start(Options::default().faults("error=20%:503,seed=3".parse().unwrap())).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    for _ in 0..16 {
        let ran = tc.run(&["task", "run", "--pool", "p/w", "--retries", "0", "--generic", "true"]);
        ran.status(0).stderr("");
        assert!(ran.stdout.starts_with("Task ") && ran.stdout.ends_with(" created\n"), "{ran}");
    }
}

#[test]
fn times_that_create_fills_in_are_missed_with_the_way_to_fill_them_in() {
    let tc = Tc::new();
    write(&tc, "task.yml", &one());
    let ran = tc.run(&["task", "validate", "task.yml"]);
    ran.stdout("").status(1);
    let expected = "error: not valid: 2 faults\n\
        hint: `tc task create` fills in the times that are missing; with --dry-run it only checks the result.\n";
    assert!(ran.stderr.contains("missing property `created`") && ran.stderr.ends_with(expected), "{ran}");
    write(&tc, "task.yml", &one().replace("payload", "created: 2026-01-01T00:00:00Z\ndeadline: 5\npayload"));
    let ran = tc.run(&["task", "validate", "task.yml"]);
    assert!(ran.stderr.contains("error: not valid: ") && !ran.stderr.contains("fills in"), "{ran}");
}

#[test]
fn what_was_rendered_is_validated_as_it_was_printed() {
    let tc = Tc::new().at("https://tc.example.com");
    let item = |payload: &str| {
        format!(
            "  - {{provisionerId: p, workerType: w, created: {{$fromNow: ''}}, deadline: {{$fromNow: 1 day}}, payload: {payload}, {METADATA}}}\n"
        )
    };
    let file = |second: &str| {
        let first = item("{command: [[a]], maxRunTime: 60}");
        format!("version: 1\npolicy: {{pullRequests: public}}\ntasks:\n{first}{}", item(second))
    };
    let validated = |second: &str| {
        write(&tc, "tc.yml", &file(second));
        let rendered = tc.run(&["task", "render", "tc.yml", "--event", "push"]);
        write(&tc, "rendered.json", &rendered.status(0).stdout);
        tc.run(&["task", "validate", "rendered.json"])
    };
    validated("{command: [[b]], maxRunTime: 60}")
        .stdout("valid for generic-worker (multiuser, POSIX)\n")
        .stderr("")
        .status(0);
    let ran = validated("{command: [[b]], maxRunTim: 60}");
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("(/tasks/1/task/payload/maxRunTim)\n"), "{ran}");
    assert!(ran.stderr.ends_with("error: not valid: 2 faults\n"), "{ran}");
}
