//! `tc action`, against the sandbox, with what `taskgraph` publishes for a small repository.

use std::fs;

use chrono::Utc;
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox, Workers};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::task::{definition, queue};
use crate::support::wire::Wire;

/// Structure, tags, schemas and payloads are those of taskgraph 24.5.1; the sentences are not.
const TASKGRAPH: &str = include_str!("data/taskgraph-actions.json");
const GENERIC: &str = "project-small/in-tree-action-1-generic/0123456789";

/// A push: a group with its decision task, and a task in it.
struct Push {
    sandbox: Sandbox,
    tc: Tc,
    group: String,
    /// A task that can be retriggered.
    task: String,
}

fn call(sandbox: &Sandbox, verb: &str, target: &str, body: &Value) {
    Wire::new(sandbox, verb, target).json(body).send().is(200, "");
}

impl Push {
    fn new() -> Self {
        Self::of(TASKGRAPH, &["in-tree:hook-action:project-small/in-tree-action-1-*"], Options::default())
    }

    /// A push whose decision task publishes this and has these scopes.
    fn of(actions: &str, scopes: &[&str], options: Options) -> Self {
        let has_workers = options.workers.is_some();
        let sandbox = Sandbox::start(options).unwrap();
        let tc = Tc::new().signed_in(&sandbox);
        let group = slugid::nice();
        let push = Self { task: String::new(), sandbox, tc, group };
        push.create(
            &push.group,
            &json!({"scopes": scopes, "tags": {"kind": "decision-task"}, "metadata": named("decision"), "payload": {"simulate": {"seconds": 1e12}}}),
        );
        if has_workers {
            // One of them has it for good.
            push.tc.run(&["task", "wait", &push.group, "--for", "running"]).status(0);
        } else {
            let worker = json!({"workerGroup": "g", "workerId": "w"});
            queue(&push.sandbox, Utc::now(), "POST", &format!("/task/{}/runs/0/claim", push.group), &worker)
                .is(200, "");
        }
        // A decision task writes its own ID into what it publishes.
        let actions = actions.replace("VESwp9JaRo-XkFN_bemBhw", &push.group);
        fs::write(push.tc.directory().join("actions.json"), actions).unwrap();
        let name = "public/actions.json";
        push.tc.run(&["artifact", "upload", "--task", &push.group, "--name", name, "actions.json"]).status(0);
        push.hook(GENERIC);
        let task = push.add("build");
        Self { task, ..push }
    }

    fn create(&self, id: &str, more: &Value) {
        let mut body = definition(Utc::now(), &self.group);
        body["schedulerId"] = "small-level-1".into();
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        queue(&self.sandbox, Utc::now(), "PUT", &format!("/task/{id}"), &body).is(200, "");
    }

    /// Adds a task that can be retriggered.
    fn add(&self, name: &str) -> String {
        let id = slugid::nice();
        self.create(&id, &json!({"tags": {"kind": "build", "retrigger": "true"}, "metadata": named(name)}));
        id
    }

    /// A hook as those of in-tree actions are: it puts a task into the group that shows what it was asked for.
    fn hook(&self, name: &str) {
        let role = json!({"description": "", "scopes": [
            "queue:create-task:highest:proj/linux", "queue:create-task:project:none", "queue:scheduler-id:small-level-1",
        ]});
        let encoded = name.replace('/', "%2F");
        call(&self.sandbox, "PUT", &format!("/api/auth/v1/roles/hook-id%3A{encoded}"), &role);
        let hook = json!({
            "metadata": named("in-tree action"),
            "task": {
                "taskQueueId": "proj/linux", "schedulerId": "small-level-1",
                "taskGroupId": "${payload.decision.action.taskGroupId}",
                "payload": {"command": [["true"]], "maxRunTime": 60},
                "extra": {"user": {"$eval": "payload.user"}, "callback": "${payload.decision.action.cb_name}"},
                "metadata": {
                    "name": "Action: ${payload.decision.action.title}", "description": "d", "owner": "a@example.com",
                    "source": "https://example.com",
                },
            },
            "schedule": [],
            "triggerSchema": {"type": "object", "required": ["decision", "user"], "properties": {
                "decision": {"type": "object"}, "user": {"type": "object"},
            }, "additionalProperties": false},
        });
        let (group, id) = encoded.split_once("%2F").unwrap();
        let mut hook = hook;
        hook["metadata"].as_object_mut().unwrap().remove("source");
        call(&self.sandbox, "PUT", &format!("/api/hooks/v1/hooks/{group}/{id}"), &hook);
    }

    fn definition(&self, id: &str) -> Value {
        self.tc.run(&["task", "def", id]).json()
    }

    /// The tasks of the group, by name.
    fn names(&self) -> Vec<String> {
        let ran = self.tc.run(&["group", "list", &self.group, "--json"]);
        let tasks = ran.status(0).json();
        let name = |task: &Value| task["task"]["metadata"]["name"].as_str().unwrap().to_owned();
        let mut names: Vec<String> = tasks.as_array().unwrap().iter().map(name).collect();
        names.sort();
        names
    }
}

fn named(name: &str) -> Value {
    json!({"name": name, "description": "d", "owner": "a@example.com", "source": "https://example.com"})
}

/// A file of one action.
fn file(action: Value) -> String {
    json!({"version": 1, "variables": {}, "actions": [action]}).to_string()
}

/// An action that takes no input, with these changes.
fn one(more: &Value) -> String {
    let mut action = json!({
        "kind": "hook", "name": "do", "title": "Do it", "description": "d", "context": [{}],
        "hookGroupId": "project-small", "hookId": "in-tree-action-1-generic/0123456789",
        "hookPayload": {"decision": {"action": {"taskGroupId": "${taskGroupId}", "cb_name": "c", "title": "t"}}, "user": {}},
    });
    for (name, value) in more.as_object().unwrap() {
        action[name] = value.clone();
    }
    file(action)
}

#[test]
fn actions_of_a_group_are_those_without_tags() {
    let push = Push::new();
    let scope = format!("hooks:trigger-hook:{GENERIC}");
    let cached = scope.replace("generic", "rebuild-cached-tasks");
    let expected = format!(
        "add-new-jobs\thook\tAdd new jobs\t{scope}\t\ncancel-all\thook\tCancel All\t{scope}\t\n\
         rebuild-cached-tasks\thook\tRebuild Cached Tasks\t{cached}\t\nretrigger-multiple\thook\tRetrigger\t{scope}\t\n"
    );
    let (tc, group) = (&push.tc, push.group.as_str());
    tc.run(&["action", "list", group]).stdout(&expected).stderr("").status(0);
    let page = format!("{}/tasks/groups/{group}", push.sandbox.root_url());
    tc.run(&["action", "list", &page]).stdout(&expected).stderr("").status(0);
    tc.run(&["action", "list", group, "--kind", "task"])
        .stdout("")
        .stderr(&format!("No action fits task group {group}.\n"))
        .status(0);
}

#[test]
fn of_several_of_one_name_the_first_is_meant_and_the_others_are_marked() {
    let push = Push::new();
    let list = |args: &[&str]| {
        let ran = push.tc.run(args);
        ran.stderr("").status(0);
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let row = |line| {
            let cells = cells(line);
            format!("{} {} {}", cells[0], cells[2], cells[4])
        };
        ran.stdout.lines().map(row).collect::<Vec<_>>()
    };
    let rest = ["rerun Rerun ", "cancel Cancel Task "];
    assert_eq!(
        list(&["action", "list", &push.task]),
        [["retrigger Retrigger ", "retrigger Retrigger (disabled) hidden"], rest].concat()
    );
    // The ID of the decision task is that of the group, unless it is said that the task is meant.
    assert_eq!(
        list(&["action", "list", &push.group, "--task"]),
        [["retrigger Retrigger ", "retrigger Retrigger (disabled) hidden"], rest].concat()
    );
    let json = push.tc.run(&["action", "list", &push.group, "--task", "--json"]).json();
    assert_eq!(json[0]["hookId"], "in-tree-action-1-retrigger-decision/0123456789");
    assert_eq!((&json[0]["hidden"], &json[1]["hidden"]), (&json!(false), &json!(true)));
}

#[test]
fn an_action_is_shown_with_the_fields_of_its_input() {
    let push = Push::new();
    let ran = push.tc.run(&["action", "show", "retrigger", &push.task]);
    ran.stderr("").status(0).stdout(&format!(
        "retrigger: Retrigger\n\nClone a task.\n\nTriggers: hook {GENERIC}\nNeeds:    hooks:trigger-hook:{GENERIC}\n\nInput:\n\n\
         FIELD       REQUIRED  TYPE     VALUES\n\
         downstream  no        boolean  default false\n\
         times       no        integer  default 1\n"
    ));
    let template = push.tc.run(&["action", "show", "retrigger", &push.task, "--template"]);
    assert_eq!(template.json(), json!({"downstream": false, "times": 1}));
    let ran = push.tc.run(&["action", "show", "retriger", &push.task]);
    ran.stdout("")
        .status(5)
        .stderr(&format!("error: task {} has no action `retriger`\nhint: Did you mean `retrigger`?\n", push.task));
    let ran = push.tc.run(&["action", "show", "cancel-all", &push.task]);
    ran.stdout("").status(5);
    assert!(
        ran.stderr.starts_with(&format!("error: the action `cancel-all` does not fit task {}\n", push.task)),
        "{ran}"
    );
}

#[test]
fn an_action_runs_through_to_its_task_with_the_defaults_of_its_input() {
    let push = Push::new();
    let ran = push.tc.run(&["action", "run", "retrigger", &push.task, "-F", "times=2", "--yes"]);
    ran.stderr("").status(0);
    let new = ran.stdout.split_whitespace().nth(1).unwrap().to_owned();
    ran.stdout(&format!("Task {new} created: {}/tasks/{new}\n", push.sandbox.root_url()));
    let made = push.definition(&new);
    let user = json!({"input": {"downstream": false, "times": 2}, "taskGroupId": push.group, "taskId": push.task});
    assert_eq!((&made["extra"]["user"], &made["extra"]["callback"]), (&user, &json!("retrigger")));
    assert_eq!(push.names(), ["Action: Retrigger", "build", "decision"]);
    let ran = push.tc.run(&["action", "run", "cancel-all", &push.group, "--yes"]);
    let new = ran.stderr("").status(0).stdout.split_whitespace().nth(1).unwrap().to_owned();
    let user = json!({"input": null, "taskGroupId": push.group, "taskId": null});
    assert_eq!(push.definition(&new)["extra"]["user"], user);
}

#[test]
fn the_report_names_the_action_and_says_whether_it_ran_on_a_group() {
    let push = Push::new();
    let report = push.tc.run(&["action", "run", "cancel-all", &push.group, "--yes", "--json"]);
    report.stderr("").status(0);
    let answer = &report.json()["answers"][0];
    assert_eq!((&report.json()["action"], &answer["taskGroupId"]), (&json!("cancel-all"), &json!(push.group)));
    assert_eq!(answer.get("taskId"), None, "{report}");
    let ran = push.tc.run(&["action", "retrigger", &push.task, "--yes", "--jq", ".action, .answers[].taskId"]);
    ran.stdout(&format!("retrigger\n{}\n", push.task)).stderr("").status(0);
    let names = push.names().len();
    push.tc.run(&["action", "retrigger", &push.task, "--yes", "--jq", "{"]).stdout("").status(2);
    assert_eq!(push.names().len(), names);
}

#[test]
fn what_will_be_sent_is_shown_and_asked_about() {
    let push = Push::of(&one(&json!({})), &["in-tree:hook-action:*"], Options::default());
    let (task, group) = (push.task.as_str(), push.group.as_str());
    let ran = push.tc.run(&["action", "run", "do", task]);
    ran.stdout("").status(2).stderr(
        "error: cannot run an action without confirmation: standard input is not a terminal\n\
         hint: Use --yes to skip the question, or --dry-run to see what would be sent.\n",
    );
    let preview = format!(
        "About to run the action `do` (Do it) on task {task} (build).\nIt triggers hook {GENERIC} with\n  {{\n    \"decision\": {{\n      \
         \"action\": {{\n        \"taskGroupId\": \"{group}\",\n        \"cb_name\": \"c\",\n        \"title\": \"t\"\n      }}\n    }},\n    \
         \"user\": {{}}\n  }}\nRun it? [y/N] "
    );
    let asked = Tc::new().signed_in(&push.sandbox).env("NO_COLOR", "1").terminal().stdin("n\n");
    asked.run(&["action", "run", "do", task]).stderr(&format!("{preview}ran nothing: not confirmed\n")).status(1);
    assert_eq!(push.names(), ["build", "decision"]);
    let plan = push.tc.run(&["action", "run", "do", task, "-n"]);
    plan.stderr("Nothing was sent.\n").status(0);
    assert_eq!(plan.json()[0]["hookPayload"]["decision"]["action"]["taskGroupId"], group);
    assert_eq!(
        (&plan.json()[0]["taskId"], &plan.json()[0]["hookId"]),
        (&json!(task), &json!("in-tree-action-1-generic/0123456789"))
    );
    let asked = Tc::new().signed_in(&push.sandbox).env("NO_COLOR", "1").terminal().stdin("y\n");
    let ran = asked.run(&["action", "run", "do", task]);
    ran.status(0);
    assert!(ran.stdout.starts_with("Task "), "{ran}");
    assert_eq!(push.names(), ["Action: t", "build", "decision"]);
}

#[test]
fn short_ways_take_several_tasks() {
    let push = Push::new();
    let other = push.add("other");
    let asked = Tc::new().signed_in(&push.sandbox).env("NO_COLOR", "1").terminal().stdin("n\n");
    let ran = asked.run(&["action", "retrigger", &push.task, &other]);
    let start = format!(
        "About to run the action `retrigger` (Retrigger) on 2 tasks:\n  {} build\n  {other} other\nIt triggers hook {GENERIC} with\n  {{\n",
        push.task
    );
    assert!(ran.status(1).stderr.starts_with(&start), "{ran}");
    let end = "\nand the like for 1 more task.\n--dry-run shows all that is sent.\nRun it? [y/N] ran nothing: not confirmed\n";
    assert!(ran.stderr.ends_with(end), "{ran}");
    let words = push.tc.run(&["action", "retrigger", &push.task, &other, "--yes"]);
    words.status(0);
    let mut lines: Vec<&str> =
        words.stdout.lines().map(|line| line.split_whitespace().nth(4).unwrap().trim_end_matches(':')).collect();
    lines.sort_unstable();
    let mut expected = [push.task.as_str(), other.as_str()];
    expected.sort_unstable();
    assert_eq!(lines, expected, "{words}");
    assert_eq!(push.names(), ["Action: Retrigger", "Action: Retrigger", "build", "decision", "other"]);
    let piped = Tc::new().signed_in(&push.sandbox).stdin(format!("{}\tbuild\n{other} x\n", push.task));
    let ran = piped.run(&["action", "cancel", "-", "--yes", "--json"]);
    ran.stderr("").status(0);
    let document = ran.json();
    assert_eq!(document["done"].as_array().unwrap().len(), 2);
    assert!(document["answers"][0]["answer"]["taskId"].is_string(), "{ran}");
    let ran = push.tc.run(&["action", "backfill", &push.task, "--yes"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with(&format!("error: task {} has no action `backfill`\n", push.task)), "{ran}");
}

#[test]
fn an_input_is_checked_before_anything_is_sent() {
    let push = Push::new();
    let (tc, task) = (&push.tc, push.task.as_str());
    let ran = tc.run(&["action", "retrigger", task, "--input", "times: 0", "--yes"]);
    ran.stdout("").status(2);
    assert!(
        ran.stderr.ends_with(
            "error: the input does not fit the schema of the action `retrigger`: 1 fault\n\
         hint: `tc action show retrigger ..` lists the fields.\n"
        ),
        "{ran}"
    );
    assert!(ran.stderr.starts_with("error: "), "{ran}");
    tc.run(&["action", "cancel", task, "-f", "a=b", "--yes"])
        .stdout("")
        .stderr("error: the action `cancel` takes no input\n")
        .status(2);
    tc.run(&["action", "retrigger", task, "--input", "nope", "--yes"])
        .stdout("")
        .stderr("error: the input is a single value, not a map or a list\n")
        .status(2);
    tc.run(&["action", "retrigger", "-", "--input", "-", "--yes"]).stdout("").status(2);
    assert_eq!(push.names(), ["build", "decision"]);
}

#[test]
fn a_hook_of_another_project_is_refused() {
    let push = Push::of(&one(&json!({})), &["in-tree:hook-action:project-other/*", "queue:*"], Options::default());
    let ran = push.tc.run(&["action", "run", "do", &push.task, "--yes"]);
    ran.stdout("").status(1).stderr(&format!(
        "error: the action `do` is refused: its hook is not one of this project\n\
         hint: Decision task {} lacks the scope in-tree:hook-action:{GENERIC}.\n",
        push.group
    ));
    assert_eq!(push.names(), ["build", "decision"]);
}

#[test]
fn a_scope_of_the_decision_task_may_come_from_a_role() {
    let push = Push::of(&one(&json!({})), &["assume:repo:small"], Options::default());
    push.tc.run(&["action", "run", "do", &push.task, "--yes"]).stdout("").status(1);
    let role = json!({"description": "", "scopes": ["in-tree:hook-action:project-small/*"]});
    call(&push.sandbox, "PUT", "/api/auth/v1/roles/repo%3Asmall", &role);
    push.tc.run(&["action", "run", "do", &push.task, "--yes"]).status(0);
}

#[test]
fn files_that_are_none_and_tasks_without_any_say_so() {
    let refused = |actions: &str, message: &str| {
        let push = Push::of(actions, &[], Options::default());
        let ran = push.tc.run(&["action", "list", &push.group]);
        ran.stdout("").status(1).stderr(&format!("error: {message}\n"));
    };
    refused(r#"{"version": 2, "actions": []}"#, "public/actions.json has version 2, and only version 1 is known");
    refused("[]", "public/actions.json is not a file of actions: it is not an object");
    let push = Push::new();
    let ran = push.tc.run(&["action", "list", &push.group, "--decision-task", &push.task]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with(&format!("error: task {} publishes no actions\n", push.task)), "{ran}");
    let ran = push.tc.run(&["action", "list", "VESwp9JaRo-XkFN_bemBhw"]);
    ran.stdout("").status(5);
    let expected = "error: task VESwp9JaRo-XkFN_bemBhw does not exist\n\
        hint: A group without a decision task has no actions, unless --decision-task names another.\n";
    assert!(ran.stderr.starts_with(expected), "{ran}");
}

#[test]
fn unknown_kinds_are_left_out_and_odd_texts_are_made_safe() {
    let mut odd: Value = serde_json::from_str(&one(&json!({"title": "a\u{1b}[31m\tb\n\u{202e}c"}))).unwrap();
    odd["actions"].as_array_mut().unwrap().push(json!({"kind": "oracle", "name": "ask", "context": [{}]}));
    let push = Push::of(&odd.to_string(), &[], Options::default());
    let ran = push.tc.run(&["action", "list", &push.task]);
    ran.status(0).stdout(&format!("do\thook\ta[31m b c\thooks:trigger-hook:{GENERIC}\t\n"));
    ran.stderr("1 action is left out: it is of an unknown kind, or malformed.\n");
}

#[test]
fn an_action_of_kind_task_is_limited_to_the_scopes_of_the_decision_task() {
    let template = |scopes: Value| {
        json!({
            "kind": "task", "task": {
                "taskQueueId": "proj/linux", "schedulerId": "small-level-1", "taskGroupId": "${taskGroupId}",
                "created": {"$fromNow": ""}, "deadline": {"$fromNow": "1 hour"}, "expires": {"$fromNow": "1 day"},
                "scopes": scopes, "payload": {}, "extra": {"of": "${task.metadata.name}", "own": "${ownTaskId}"},
                "metadata": named("made by an action"),
            },
        })
    };
    let scopes =
        ["queue:create-task:highest:proj/linux", "queue:create-task:project:none", "queue:scheduler-id:*", "some:*"];
    let push = Push::of(&one(&template(json!(["some:thing"]))), &scopes, Options::default());
    let ran = push.tc.run(&["action", "run", "do", &push.task, "--yes"]);
    ran.stderr("").status(0);
    let new = ran.stdout.split_whitespace().nth(1).unwrap();
    assert_eq!(push.definition(new)["extra"], json!({"of": "build", "own": new}));
    let push = Push::of(&one(&template(json!(["other:thing"]))), &scopes, Options::default());
    let ran = push.tc.run(&["action", "run", "do", &push.task, "--yes"]);
    ran.stdout("").status(4);
    assert!(ran.stderr.contains("other:thing"), "{ran}");
    assert_eq!(push.names(), ["build", "decision"]);
}

#[test]
fn the_log_of_what_an_action_created_is_printed_and_its_end_is_the_status() {
    let scopes = ["in-tree:hook-action:*"];
    let workers = |fail_rate| Options::default().workers(Workers::new(3).fail_rate(fail_rate).speed(1e7));
    let push = Push::of(&one(&json!({})), &scopes, workers(0.0));
    let ran = push.tc.run(&["action", "run", "do", &push.task, "--yes", "--log"]);
    ran.status(0);
    assert!(ran.stdout.starts_with("Task ") && ran.stdout.lines().count() > 1, "{ran}");
    let push = Push::of(&one(&json!({})), &scopes, workers(1.0));
    let ran = push.tc.run(&["action", "run", "do", &push.task, "--yes", "--wait"]);
    ran.stderr("error: the task did not complete\n").status(3);
}

#[test]
fn an_action_whose_answer_was_lost_is_not_run_again() {
    let server = FakeServer::start();
    let (task, group) = ("VESwp9JaRo-XkFN_bemBhw", "fN1SbArXTPSVFNUvaOlinQ");
    let definition = json!({"taskGroupId": group, "metadata": {"name": "n"}, "tags": {}}).to_string();
    server.expect(&format!("GET /api/queue/v1/task/{task}"), Answer::json(200, definition));
    let published = json!({"storageType": "reference", "url": format!("{}/stored", server.url())}).to_string();
    let content = format!("GET /api/queue/v1/task/{group}/artifact-content/public%2Factions.json");
    server.expect(&content, Answer::json(200, published));
    server.expect("GET /stored", Answer::json(200, one(&json!({}))));
    let decision = json!({"scopes": ["in-tree:hook-action:*"], "metadata": {}}).to_string();
    server.expect(&format!("GET /api/queue/v1/task/{group}"), Answer::json(200, decision));
    let hook = GENERIC.replace("generic/", "generic%2F");
    server.expect(&format!("POST /api/hooks/v1/hooks/{hook}/trigger"), Answer::cut());
    let ran = Tc::new().at(server.url()).run(&["action", "run", "do", task, "--yes"]);
    ran.stdout("").status(7);
    assert!(
        ran.stderr.contains(&format!("hint: `tc hook fires {GENERIC}` shows whether the hook has fired.\n")),
        "{ran}"
    );
    assert_eq!(server.requests().len(), 5);
}
