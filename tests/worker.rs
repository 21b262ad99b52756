//! `tc worker list|show|errors|quarantine|unquarantine|terminate|watch` and `tc purge-cache`.

use std::fs;

use chrono::Utc;
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox, Workers};

use crate::support::Tc;
#[cfg(unix)]
use crate::support::pty::{CTRL_C, Terminal};
use crate::support::task::{definition, queue};

const POOL: &str = "owner: a@example.com\nproviderId: static\ndescription: linux\nemailOnError: false\nconfig: {}\n";

/// With the static pools `proj/linux` and `proj/other`; the first has a worker `g/started`.
pub(crate) fn sandbox() -> (Sandbox, Tc) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    fs::write(tc.directory().join("pool.yml"), POOL).unwrap();
    for pool in ["proj/linux", "proj/other"] {
        let created = format!("Worker pool {pool} created\n");
        tc.run(&["worker", "pool", "create", "pool.yml", "--pool", pool]).stdout(&created).stderr("").status(0);
    }
    let body =
        json!({"expires": "2100-01-01T00:00:00Z", "capacity": 2, "providerInfo": {"staticSecret": "S".repeat(44)}});
    api(&tc, "createWorker", &["proj/linux", "g", "started"], &body);
    (sandbox, tc)
}

fn api(tc: &Tc, method: &str, args: &[&str], body: &Value) {
    let body = body.to_string();
    tc.run(&[&["api", "worker-manager", method][..], args, &["-d", &body]].concat()).status(0);
}

/// A task that the worker `proj/linux/g/w` has asked the queue for; its ID.
fn claimed(sandbox: &Sandbox) -> String {
    let (now, id) = (Utc::now(), slugid::nice());
    queue(sandbox, now, "PUT", &format!("/task/{id}"), &definition(now, &id)).is(200, "");
    let worker = json!({"workerGroup": "g", "workerId": "w", "tasks": 1});
    queue(sandbox, now, "POST", "/claim-work/proj%2Flinux", &worker).is(200, "");
    id
}

fn report(tc: &Tc, kind: &str, title: &str) {
    let body = json!({"workerGroup": "g", "workerId": "started", "kind": kind, "title": title, "description": "line 1\nline 2", "extra": {}});
    api(tc, "reportWorkerError", &["proj/linux"], &body);
}

#[test]
fn workers_of_both_services_are_listed_once() {
    let (sandbox, tc) = sandbox();
    let task = claimed(&sandbox);
    let ran = tc.run(&["worker", "list", "proj/linux"]);
    ran.stderr("").status(0);
    let rows: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 2, "{ran}");
    assert_eq!(rows[0][..4], ["proj/linux/g/started", "running", "2", ""]);
    assert_eq!((rows[1][0], rows[1][1], rows[1][5]), ("proj/linux/g/w", "standalone", format!("{task}/0").as_str()));
    let json = tc.run(&["worker", "list", "proj/linux", "--state", "standalone", "--jq", ".[].workerId"]);
    json.stdout("w\n").stderr("").status(0);
    tc.run(&["worker", "list", "proj/linux", "--quarantined"]).stdout("").stderr("No such workers.\n").status(0);
    let page = format!("{}/provisioners/proj/worker-types/linux", sandbox.root_url());
    assert_eq!(tc.run(&["worker", "list", &page]).stdout, ran.stdout);
    let shown = tc.terminal().run(&["worker", "list", "proj/linux", "--color", "never"]);
    assert!(shown.stdout.starts_with("WORKER "), "{shown}");
}

#[test]
fn an_unknown_pool_offers_the_nearest_name() {
    let (_sandbox, tc) = sandbox();
    for verb in [&["worker", "list"][..], &["worker", "pool", "show"], &["worker", "errors"], &["worker", "watch"]] {
        let ran = tc.run(&[verb, &["proj/linus"]].concat());
        ran.stdout("").status(5);
        assert!(ran.stderr.starts_with("error: worker pool `proj/linus` does not exist\n"), "{ran}");
        assert!(ran.stderr.contains("hint: Did you mean `proj/linux`"), "{ran}");
    }
    for wrong in ["linux", "proj/", "a/b/c"] {
        tc.run(&["worker", "list", wrong])
            .stderr(&format!("error: invalid worker pool ID `{wrong}`\nhint: It looks like provisioner/worker-type; `tc worker pools` lists them.\n"))
            .status(2);
    }
}

#[test]
fn a_worker_is_shown_with_its_tasks_and_its_quarantine() {
    let (sandbox, tc) = sandbox();
    let task = claimed(&sandbox);
    tc.run(&["worker", "quarantine", "proj/linux/g/w", "--reason", "disk is full", "--until", "2100-01-01T00:00:00Z"])
        .stdout("Worker proj/linux/g/w quarantined\n")
        .stderr("")
        .status(0);
    let page = format!("{}/provisioners/proj/worker-types/linux/workers/g/w?tab=x", sandbox.root_url());
    let ran = tc.run(&["worker", "show", &page]);
    ran.stderr("").status(0);
    assert!(ran.stdout.starts_with("worker: proj/linux/g/w\nstate: standalone\n"), "{ran}");
    assert!(ran.stdout.contains("\nquarantine: until 2100-01-01T00:00:00.000Z\n"), "{ran}");
    assert!(ran.stdout.contains(", until 2100-01-01T00:00:00.000Z: disk is full\n"), "{ran}");
    assert!(ran.stdout.ends_with(&format!("recent tasks, the latest first:\n  {task} run 0\n")), "{ran}");
    let listed = tc.run(&["worker", "list", "proj/linux", "--quarantined"]);
    assert!(listed.stdout.starts_with("proj/linux/g/w\t"), "{listed}");
    assert!(listed.stdout.ends_with("\t2100-01-01T00:00:00.000Z\n"), "{listed}");
    tc.run(&["worker", "unquarantine", "proj/linux/g/w"])
        .stdout("Worker proj/linux/g/w unquarantined\n")
        .stderr("")
        .status(0);
    assert!(!tc.run(&["worker", "show", "proj/linux/g/w"]).stdout.contains("\nquarantine:"));
    let started = tc.run(&["worker", "show", "proj/linux/g/started", "--jq", ".state, .capacity"]);
    started.stdout("running\n2\n").stderr("").status(0);
}

#[test]
fn odd_names_of_workers_reach_the_service_or_are_refused_by_name() {
    let (sandbox, tc) = sandbox();
    claimed(&sandbox);
    let ran = tc.run(&["worker", "show", "proj/linux/g/ww"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with("error: worker `proj/linux/g/ww` does not exist\n"), "{ran}");
    assert!(ran.stderr.contains("hint: Did you mean `proj/linux/g/w`"), "{ran}");
    let ran = tc.run(&["worker", "show", "proj/linux/g"]);
    ran.stderr(
        "error: invalid worker `proj/linux/g`\nhint: Give its pool, group and ID: provisioner/worker-type/group/id.\n",
    );
    ran.status(2);
    for odd in ["proj/linux/g/a b", "proj/linux/g/../x", "proj/linux/g/\u{202e}x", "proj/linux/g/%2f"] {
        let ran = tc.run(&["worker", "show", odd]);
        ran.stdout("");
        assert!(ran.status != 0 && ran.stderr.starts_with("error: "), "{ran}");
    }
    let ran = tc.run(&["worker", "show", "https://tc.example.com/tasks/x"]);
    ran.stderr("error: `https://tc.example.com/tasks/x` is not the page of a worker\n").status(2);
}

#[test]
fn many_workers_are_asked_about_and_each_is_reported() {
    let (sandbox, tc) = sandbox();
    claimed(&sandbox);
    let words = ["worker", "quarantine", "proj/linux/g/w", "proj/linux/g/none", "--reason", "x"];
    let ran = tc.run(&words);
    ran.stdout("").status(2);
    assert!(ran.stderr.starts_with("error: cannot quarantine 2 workers without confirmation"), "{ran}");
    tc.run(&[&words[..], &["--dry-run"]].concat())
        .stdout("Would quarantine worker proj/linux/g/w\nWould quarantine worker proj/linux/g/none\n")
        .stderr("")
        .status(0);
    let ran = tc.run(&[&words[..], &["--yes"]].concat());
    ran.stdout("Worker proj/linux/g/w quarantined\n").status(3);
    assert!(ran.stderr.contains("warning: proj/linux/g/none: "), "{ran}");
    assert!(ran.stderr.contains("error: 1 of 2 workers could not be quarantined\n"), "{ran}");
    let json = tc.run(&[&words[..], &["--yes", "--json"]].concat()).json();
    assert_eq!((&json["done"], &json["failed"][0]["name"]), (&json!(["proj/linux/g/w"]), &json!("proj/linux/g/none")));
    let tc = tc.stdin("proj/linux/g/w\n");
    tc.run(&["worker", "quarantine", "-", "--reason", "x"]).stdout("Worker proj/linux/g/w quarantined\n").status(0);
}

#[test]
fn a_terminated_worker_is_stopped() {
    let (_sandbox, tc) = sandbox();
    let ran = tc.run(&["worker", "terminate", "proj/linux/g/started"]);
    ran.stdout("").status(2);
    tc.run(&["worker", "terminate", "proj/linux/g/started", "--yes"])
        .stdout("Worker proj/linux/g/started terminated\n")
        .stderr("")
        .status(0);
    tc.run(&["worker", "list", "proj/linux"]).stdout("").stderr("No such workers.\n").status(0);
    let ran = tc.run(&["worker", "list", "proj/linux", "--stopped"]);
    assert!(ran.stdout.starts_with("proj/linux/g/started\tstopped\t"), "{ran}");
    tc.run(&["worker", "terminate", "proj/linux/g/none", "--yes"]).stdout("").status(5);
}

#[test]
fn errors_are_grouped_by_kind_and_title() {
    let (_sandbox, tc) = sandbox();
    report(&tc, "creation-error", "Quota exceeded");
    report(&tc, "creation-error", "Quota exceeded");
    report(&tc, "termination", "Gone\u{1b}[31m");
    let ran = tc.run(&["worker", "errors", "proj/linux"]);
    ran.stderr("").status(0);
    let rows: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!((rows[0][0], &rows[0][2..]), ("2", &["proj/linux", "creation-error", "", "Quota exceeded"][..]));
    assert_eq!((rows[1][0], rows[1][3]), ("1", "termination"));
    assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    assert_eq!(tc.run(&["worker", "errors"]).stdout, ran.stdout, "all pools");
    let each = tc.run(&["worker", "errors", "proj/linux", "--each", "--kind", "creation-error"]);
    assert_eq!(
        each.stdout.matches("proj/linux creation-error: Quota exceeded\n  line 1\n  line 2\n").count(),
        2,
        "{each}"
    );
    tc.run(&["worker", "errors", "--jq", ".[0] | .count, .example.description"])
        .stdout("2\nline 1\nline 2\n")
        .status(0);
    let none = tc.run(&["worker", "errors", "proj/other"]);
    none.stdout("").status(0);
    assert!(none.stderr.starts_with("No errors since "), "{none}");
    tc.run(&["worker", "errors", "--since", "soon"]).stdout("").status(2);
}

#[test]
fn errors_are_grouped_and_filtered_by_launch_configuration() {
    let sandbox = Sandbox::start(Options::default().workers(Workers::new(1).speed(1e6).fail_rate(0.0))).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    let config = |id: &str, region: &str| {
        json!({"region": region, "launchConfig": {"ImageId": "i"}, "capacityPerInstance": 1,
            "workerManager": {"launchConfigId": id}})
    };
    for (pool, id) in [("cloud/a", "lc-one"), ("cloud/b", "lc-two")] {
        let body = json!({"providerId": "proj-aws", "description": "d", "owner": "a@example.com", "emailOnError": false,
            "config": {"minCapacity": 0, "maxCapacity": 1, "launchConfigs": [config(id, "r")]}});
        fs::write(tc.directory().join("pool.json"), body.to_string()).unwrap();
        tc.run(&["worker", "pool", "create", "pool.json", "--pool", pool]).stderr("").status(0);
        // A task brings the worker to the pool.
        let task = slugid::nice();
        let mut definition = definition(Utc::now(), &task);
        definition["taskQueueId"] = pool.into();
        queue(&sandbox, Utc::now(), "PUT", &format!("/task/{task}"), &definition).is(200, "");
        tc.run(&["task", "wait", &task]).status(0);
        let worker = tc.run(&["worker", "list", pool, "--jq", ".[0] | .workerGroup, .workerId"]);
        let (group, worker) = worker.stdout.trim().split_once('\n').unwrap();
        let error = json!({"workerGroup": group, "workerId": worker, "kind": "creation-error", "title": "Quota",
            "description": "none left", "extra": {}});
        api(&tc, "reportWorkerError", &[pool], &error);
    }
    let columns = |ran: &crate::support::Ran| -> Vec<String> {
        let mut found: Vec<String> =
            ran.stdout.lines().map(|line| line.split('\t').skip(2).collect::<Vec<_>>().join(" ")).collect();
        found.sort();
        found
    };
    let one = "cloud/a creation-error lc-one Quota";
    assert_eq!(columns(tc.run(&["worker", "errors", "cloud/a"]).stderr("").status(0)), [one]);
    let all = tc.run(&["worker", "errors"]);
    assert_eq!(columns(all.stderr("").status(0)), [one, "cloud/b creation-error lc-two Quota"]);
    let chosen = tc.run(&["worker", "errors", "--launch-config", "lc-two", "--jq", ".[] | .launchConfigId, .count"]);
    chosen.stdout("lc-two\n1\n").stderr("").status(0);
    let each = tc.run(&["worker", "errors", "cloud/a", "--each"]);
    assert!(each.stdout.contains(" cloud/a (lc-one) creation-error: Quota\n  none left\n"), "{each}");
    tc.run(&["worker", "errors", "cloud/a", "--launch-config", "lc-two"]).stdout("").status(0);
}

#[test]
fn a_watch_in_a_pipe_tells_of_changes_and_ends_when_the_pool_is_idle() {
    let (_sandbox, tc) = sandbox();
    let ran = tc.run(&["worker", "watch", "proj/linux", "--until-idle"]);
    ran.stderr("").status(0);
    let words = ran.stdout.split_once(' ').unwrap().1;
    assert_eq!(
        words,
        "capacity: 2, requested: 0, running: 1, stopping: 0, pending: 0, claimed: 0, errors in the last hour: 0\n"
    );
}

#[test]
fn a_watch_ends_at_its_time_limit() {
    let (_sandbox, tc) = sandbox();
    let ran = tc.run(&["worker", "watch", "proj/linux", "--timeout", "2s"]);
    ran.stderr("error: the time limit for worker pool proj/linux was reached\n").status(8);
}

#[cfg(unix)]
#[test]
fn a_pool_is_watched_in_place_until_interrupted() {
    let (sandbox, _tc) = sandbox();
    let terminal = Terminal::at(sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", sandbox.client_id())
        .env("TASKCLUSTER_ACCESS_TOKEN", sandbox.access_token().reveal());
    let session = terminal.run(&["worker", "watch", "proj/linux", "--interval", "1s"]);
    let first = session.wait_for("pending: 0");
    assert!(first.starts_with("proj/linux (static)\n  capacity: 2\n"), "{first}");
    let id = slugid::nice();
    queue(&sandbox, Utc::now(), "PUT", &format!("/task/{id}"), &definition(Utc::now(), &id)).is(200, "");
    let second = session.wait_for("pending: 1");
    assert_eq!(second.matches("pending").count(), 1, "{second}");
    session.press(CTRL_C);
    assert_eq!(session.end().status, Some(130));
}

#[test]
fn caches_of_a_known_pool_are_purged() {
    let (_sandbox, tc) = sandbox();
    tc.run(&["purge-cache", "proj/linux", "checkouts", "pip"])
        .stdout("")
        .stderr("error: cannot purge 2 caches without confirmation: standard input is not a terminal\nhint: Use --yes to skip the question, or --dry-run to see what would be affected.\n")
        .status(2);
    tc.run(&["purge-cache", "proj/linux", "checkouts", "pip", "--yes"])
        .stdout("Cache checkouts purged\nCache pip purged\n")
        .stderr("")
        .status(0);
    tc.run(&["api", "purge-cache", "purgeRequests", "proj/linux", "--jq", "[.requests[].cacheName] | join(\" \")"])
        .stdout("checkouts pip\n")
        .status(0);
    let ran = tc.run(&["purge-cache", "proj/linus", "checkouts"]);
    ran.stdout("").status(5);
    assert!(
        ran.stderr.starts_with("error: worker pool `proj/linus` does not exist\nhint: Did you mean `proj/linux`"),
        "{ran}"
    );
}
