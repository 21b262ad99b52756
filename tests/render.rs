//! `tc task render`: `.taskcluster.yml` as the github service would render it.

use std::fs;

use serde_json::json;

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;

/// A decision task as projects with taskgraph have it.
const FILE: &str = r#"version: 1
reporting: checks-v1
policy: {pullRequests: public_restricted}
tasks:
  - $let:
      headSha:
        $if: 'tasks_for == "github-push"'
        then: '${event.after}'
        else:
          $if: 'tasks_for[:19] == "github-pull-request"'
          then: '${event.pull_request.head.sha}'
          else: {$if: 'tasks_for in ["cron", "action"]', then: '${push.revision}', else: '${event.release.tag_name}'}
      who: {$if: 'tasks_for in ["cron", "action"]', then: '${push.owner}', else: '${event.sender.login}'}
    in:
      taskId: {$if: '"github" in tasks_for', then: {$eval: as_slugid("decision_task")}, else: '${ownTaskId}'}
      taskGroupId:
        $switch:
          '"github" in tasks_for': {$eval: as_slugid("decision_task")}
          'tasks_for == "cron"': '${ownTaskId}'
          $default: '${action.taskGroupId}'
      created: {$fromNow: ''}
      deadline: {$fromNow: 1 day}
      taskQueueId: proj/decision
      payload: {env: {HEAD: '${headSha}', WHO: '${who}', ROOT: '${taskcluster_root_url}'}}
      metadata: {name: Decision, description: d, owner: a@example.com, source: 'https://example.com'}
"#;

fn tc() -> Tc {
    let clock = FakeClock::at("2026-11-26T12:00:00Z");
    let tc = Tc::new().environment(|environment| environment.with_clock(clock));
    fs::write(tc.directory().join(".taskcluster.yml"), FILE).unwrap();
    tc
}

#[test]
fn a_file_is_rendered_for_each_event() {
    let tc = tc();
    for (event, head, who, scope) in [
        ("push", "b79ce60be819cdc482c9c6a84dc3c457959aa66f", "awesome-dev", "branch:main"),
        ("pull-request", "b12ead3c5f3499e34356c970e20d7858f1747542", "awesome-dev", "pull-request"),
        (
            "github-pull-request-untrusted",
            "b12ead3c5f3499e34356c970e20d7858f1747542",
            "awesome-dev",
            "pull-request-untrusted",
        ),
        ("release", "v1.0.0", "example-org", "release:published"),
    ] {
        let ran = tc.run(&["task", "render", "--event", event]);
        ran.stderr("").status(0);
        let made = ran.json();
        let env = &made["tasks"][0]["task"]["payload"]["env"];
        assert_eq!(env, &json!({"HEAD": head, "WHO": who, "ROOT": "https://tc.example.com"}), "{event}");
        assert_eq!(made["scopes"][0], format!("assume:repo:github.com/example-org/example-repo:{scope}"));
        assert_eq!(made["tasks"][0]["taskId"], made["tasks"][0]["task"]["taskGroupId"]);
        assert_eq!(made["tasks"][0]["task"]["deadline"], "2026-11-27T12:00:00.000Z");
        assert_eq!(
            (&made["autoCancelPreviousChecks"], &made["policy"]["pullRequests"]),
            (&json!(true), &json!("public_restricted"))
        );
    }
    for event in ["cron", "action"] {
        let made = tc.run(&["task", "render", "--event", event]).json();
        assert_eq!(made["tasks"][0]["task"]["payload"]["env"]["WHO"], "cron@noreply.mozilla.org");
        assert_eq!(made["scopes"], json!(["queue:route:checks", "queue:scheduler-id:taskcluster-github"]));
        // A cron job's task is the first of its group, an action's one more of the push's.
        assert_eq!(made["tasks"][0]["taskId"] == made["tasks"][0]["task"]["taskGroupId"], event == "cron");
    }
}

#[test]
fn flags_change_the_event() {
    let tc = tc().at("https://tc.example.net");
    let ran = tc.run(&[
        "task",
        "render",
        "--repo",
        "o/r",
        "--tag",
        "v2",
        "--sha",
        "abc",
        "--owner",
        "me",
        "--set",
        "forced=true",
    ]);
    ran.stderr("").status(0);
    let made = ran.json();
    let env = json!({"HEAD": "abc", "WHO": "me", "ROOT": "https://tc.example.net"});
    assert_eq!(made["tasks"][0]["task"]["payload"]["env"], env);
    assert_eq!(made["scopes"][0], "assume:repo:github.com/o/r:tag:v2");
    let branch = tc.run(&["task", "render", "--branch", "dev"]).json();
    assert_eq!(branch["scopes"][0], "assume:repo:github.com/example-org/example-repo:branch:dev");
    let payload = json!({"ref": "refs/heads/x", "after": "a1", "sender": {"login": "l"},
        "repository": {"name": "n", "owner": {"login": "o"}}});
    fs::write(tc.directory().join("push.json"), payload.to_string()).unwrap();
    let own = tc.run(&["task", "render", "--event", "@push.json"]).json();
    assert_eq!(own["scopes"][0], "assume:repo:github.com/o/n:branch:x");
}

#[test]
fn a_file_that_cannot_be_rendered_is_told_why() {
    let tc = tc();
    let render = |text: &str, args: &[&str]| {
        fs::write(tc.directory().join("x.yml"), text).unwrap();
        tc.run(&[&["task", "render", "x.yml"], args].concat())
    };
    render("version: 3\ntasks: []\n", &[]).stdout("").status(1).stderr(
        "error: cannot render x.yml\n  caused by: unknown version `3` of .taskcluster.yml: 0 and 1 are known\n",
    );
    let template = "version: 1\ntasks: [{payload: {head: '${event.pull_request.head.sha}'}}]\n";
    render(template, &[]).stdout("").status(1).stderr(
        "error: cannot render x.yml\n  caused by: InterpreterError at template.tasks[0].payload.head: object has no property \"pull_request\"\n",
    );
    render("version: 1\npolicy: {pullRequests: nobody}\n", &[]).stdout("").status(1).stderr(
        "error: must be equal to one of the allowed values (\"public\", \"public_restricted\", \"collaborators\", \"collaborators_quiet\")\n\
         \x20--> x.yml:2:24 (/policy/pullRequests)\n  |\n2 | policy: {pullRequests: nobody}\n  |                        ^^^^^^\n\
         error: cannot render x.yml\n  caused by: .taskcluster.yml is not valid\n",
    );
    let ran = render("version: 1\n", &["--event", "merge"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.starts_with("error: unknown event `merge`\nhint: Use push, pull-request"), "{ran}");
    fs::write(tc.directory().join("odd.json"), r#"{"zen": "x"}"#).unwrap();
    render("version: 1\n", &["--event", "@odd.json"]).stdout("").status(2).stderr(
        "error: odd.json is not an event\n  caused by: the event is none of push, pull request, release and comment\n",
    );
    let tabs = render("version: 1\ntasks:\n\t- a\n", &[]);
    tabs.stdout("").status(2);
    assert!(tabs.stderr.starts_with("error: x.yml is neither JSON nor YAML\n"), "{tabs}");
}
