//! `tc worker pools` and `tc worker pool`.

use std::fs;

use chrono::Utc;
use serde_json::json;

use crate::support::Tc;
use crate::support::task::{definition, queue};
use crate::worker::sandbox;

#[test]
fn pools_are_listed_with_what_waits_for_them() {
    let (sandbox, tc) = sandbox();
    let id = slugid::nice();
    queue(&sandbox, Utc::now(), "PUT", &format!("/task/{id}"), &definition(Utc::now(), &id)).is(200, "");
    let error =
        json!({"workerGroup": "g", "workerId": "started", "kind": "k", "title": "t", "description": "d", "extra": {}});
    tc.run(&["api", "worker-manager", "reportWorkerError", "proj/linux", "-d", &error.to_string()]).status(0);
    tc.run(&["worker", "pools"])
        .stdout("proj/linux\tstatic\t2\t2\t0\t1\t0\t1\nproj/other\tstatic\t0\t0\t0\t0\t0\t0\n")
        .stderr("")
        .status(0);
    tc.run(&["workers", "pools", "proj/l"]).stdout("proj/linux\tstatic\t2\t2\t0\t1\t0\t1\n").status(0);
    tc.run(&[
        "worker",
        "pools",
        "--pending",
        "--jq",
        ".[] | .workerPoolId, .pendingTasks, .claimedTasks, .recentErrors",
    ])
    .stdout("proj/linux\n1\n0\n1\n")
    .stderr("")
    .status(0);
    tc.run(&["worker", "pools", "zzz"]).stdout("").stderr("No such worker pools.\n").status(0);
    let shown = tc.terminal().run(&["worker", "pools", "--color", "never"]);
    assert!(
        shown
            .stdout
            .starts_with("POOL        PROVIDER  CAPACITY  RUNNING  REQUESTED  PENDING  CLAIMED  ERRORS IN 24 H\n"),
        "{shown}"
    );
}

#[test]
fn a_caller_who_may_not_count_tasks_sees_the_pools_all_the_same() {
    let (sandbox, tc) = sandbox();
    let nobody = Tc::new().at(sandbox.root_url());
    let ran = nobody.run(&["worker", "pools"]);
    ran.stdout("proj/linux\tstatic\t2\t2\t0\t\t\t0\nproj/other\tstatic\t0\t0\t0\t\t\t0\n").status(0);
    assert_eq!(ran.stderr.matches("warning: the tasks that wait are not counted: ").count(), 1, "{ran}");
    drop(tc);
}

#[test]
fn a_definition_that_the_service_would_refuse_is_told_with_its_place_before_it_is_sent() {
    let (_sandbox, tc) = sandbox();
    let wrong = "owner: a@example.com\nproviderId: static\ndescription: linux\nemailOnEror: false\nconfig:\n  lifecycle: {reregistrationTimeout: soon}\n";
    fs::write(tc.directory().join("pool.yml"), wrong).unwrap();
    for verb in ["create", "update"] {
        let ran = tc.run(&["worker", "pool", verb, "pool.yml", "--pool", "proj/linux"]);
        ran.stdout("").status(2);
        assert!(ran.stderr.contains(" --> pool.yml:4:1 (/emailOnEror)\n"), "{ran}");
        assert!(ran.stderr.contains("help: did you mean `emailOnError`?\n"), "{ran}");
        assert!(ran.stderr.contains("(/config/lifecycle/reregistrationTimeout)\n"), "{ran}");
        assert!(
            ran.stderr.ends_with(
                "error: pool.yml is not a valid worker pool: 3 faults\nhint: To send it nevertheless: --no-validate\n"
            ),
            "{ran}"
        );
    }
    // The service has the last word.
    let ran = tc.run(&["worker", "pool", "create", "pool.yml", "--pool", "proj/new", "--no-validate"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.starts_with("error: worker-manager.createWorkerPool failed: InputValidationError: "), "{ran}");
}

#[test]
fn a_pool_is_shown_changed_and_removed() {
    let (sandbox, tc) = sandbox();
    let page = format!("{}/worker-manager/proj%2Flinux", sandbox.root_url());
    let ran = tc.run(&["worker", "pool", "show", &page]);
    ran.stderr("").status(0);
    assert!(
        ran.stdout.starts_with("worker pool: proj/linux\nprovider: static\nowner: a@example.com\ndescription: linux\n"),
        "{ran}"
    );
    assert!(ran.stdout.contains("\nrunning: 1 (capacity 2)\n"), "{ran}");
    assert!(ran.stdout.contains("\npending tasks: 0\nclaimed tasks: 0\nerrors in 24 hours: 0\n"), "{ran}");
    let definition = tc.run(&["worker", "pool", "show", "proj/linux", "--definition"]);
    let text = definition.status(0).stdout.replace("\"linux\"", "\"Linux\"");
    fs::write(tc.directory().join("pool.json"), &text).unwrap();
    tc.run(&["worker", "pool", "update", "pool.json"])
        .stdout("")
        .stderr("-   \"description\": \"linux\",\n+   \"description\": \"Linux\",\nerror: cannot update worker pool proj/linux without confirmation: standard input is not a terminal\nhint: Use --yes to skip the question, or --dry-run to see what would change.\n")
        .status(2);
    tc.run(&["worker", "pool", "update", "pool.json", "--dry-run"])
        .stdout("-   \"description\": \"linux\",\n+   \"description\": \"Linux\",\n")
        .stderr("")
        .status(0);
    tc.run(&["worker", "pool", "update", "pool.json", "--yes"])
        .stdout("Worker pool proj/linux updated\n")
        .stderr("-   \"description\": \"linux\",\n+   \"description\": \"Linux\",\n")
        .status(0);
    tc.run(&["worker", "pool", "update", "pool.json"])
        .stdout("")
        .stderr("Nothing would change; nothing was sent.\n")
        .status(0);
    let ran = tc.run(&["worker", "pool", "rm", "proj/other"]);
    ran.stdout("").status(2);
    tc.run(&["worker", "pool", "rm", "proj/other", "--yes"])
        .stdout("Worker pool proj/other removed\n")
        .stderr("")
        .status(0);
}

#[test]
fn a_definition_that_is_none_is_refused() {
    let (_sandbox, tc) = sandbox();
    tc.run(&["worker", "pool", "create", "pool.yml"])
        .stderr("error: no worker pool is named\nhint: Add --pool, or workerPoolId in the file.\n")
        .status(2);
    let ran = tc.run(&["worker", "pool", "create", "pool.yml", "--pool", "proj/new", "--dry-run"]);
    ran.stderr("Worker pool proj/new would be created; nothing was sent.\n").status(0);
    assert_eq!(ran.json()["providerId"], "static");
    fs::write(tc.directory().join("list.json"), "[]").unwrap();
    let ran = tc.run(&["worker", "pool", "create", "list.json", "--pool", "proj/new"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.starts_with("error: list.json is not an object\n"), "{ran}");
    fs::write(tc.directory().join("odd.json"), r#"{"providerId": "static", "odd": 1}"#).unwrap();
    let ran = tc.run(&["worker", "pool", "create", "odd.json", "--pool", "proj/new"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("error: unknown property `odd`\n --> odd.json:1:26 (/odd)\n"), "{ran}");
    let ran = tc.run(&["worker", "pool", "update", "pool.yml", "--pool", "proj/lynux"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.contains("hint: Did you mean `proj/linux`"), "{ran}");
}
