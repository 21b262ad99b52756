//! Task groups that a sandbox starts with, by the command and by the library.

use serde_json::{Value, json};
use tc::sandbox::{Options, Push, Sandbox, TaskList};

use crate::support::Tc;
use crate::support::wire::Wire;

fn tc() -> Tc {
    Tc::new().env("PATH", &std::env::var("PATH").unwrap())
}

fn tasks(sandbox: &Sandbox, group: &str) -> Vec<Value> {
    let target = format!("/api/queue/v1/task-group/{group}/list");
    let listed = Wire::new(sandbox, "GET", &target).send().is(200, "").value();
    listed["tasks"].as_array().unwrap().clone()
}

#[test]
fn a_push_is_loaded_and_its_group_is_told() {
    let ran = tc().run(&["sandbox", "--seed", "firefox:20:7", "--exec", "true"]);
    ran.stdout("").status(0);
    let group = ran.stderr.strip_prefix("Task group ").unwrap().strip_suffix(" has 20 tasks.\n").unwrap();
    assert_eq!(group.len(), 22);
    let again = tc().run(&["sandbox", "--seed", "firefox:20:7", "--age", "2h", "--exec", "true"]);
    assert_eq!(ran.stderr, again.stderr);
    tc().run(&["--quiet", "sandbox", "--seed", "firefox:20:7", "--exec", "true"]).stderr("").status(0);
}

#[test]
fn a_group_of_one_sandbox_is_a_seed_for_another() {
    let first = Sandbox::start(Options::default()).unwrap();
    let group = first.load(Push { tasks: 30, seed: 3, age: chrono::TimeDelta::minutes(90) }).unwrap();
    let answer = json!({"taskGroupId": group, "tasks": tasks(&first, &group)});
    let second = Sandbox::start(Options::default()).unwrap();
    let loaded = second.load_list(&TaskList::parse(&answer.to_string()).unwrap(), chrono::TimeDelta::zero()).unwrap();
    assert_eq!((loaded.groups, loaded.tasks, loaded.left_out), (vec![group.clone()], 30, 0));
    let name = |task: &Value| format!("{} {}", task["status"]["taskId"], task["task"]["metadata"]["name"]);
    let names = |sandbox: &Sandbox| tasks(sandbox, &group).iter().map(name).collect::<Vec<_>>();
    assert_eq!(names(&first), names(&second));
}

#[test]
fn a_file_says_what_is_wrong_with_it() {
    let tc = tc();
    let write = |text: &str| std::fs::write(tc.directory().join("seed.json"), text).unwrap();
    write("[{\"taskId\": 3}]");
    tc.run(&["sandbox", "--seed", "seed.json", "--exec", "true"])
        .stderr("error: item 1 of the seed has no taskId\n")
        .status(2);
    tc.run(&["sandbox", "--seed", "none.json", "--exec", "true"]).status(1);
    let definition = json!({
        "taskQueueId": "p/w", "payload": {}, "dependencies": ["MPLMkmYYTl6i6ouTB2dDlA"],
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    });
    write(&json!({"VESwp9JaRo-XkFN_bemBhw": definition}).to_string());
    tc.run(&["sandbox", "--seed", "seed.json", "--exec", "true"])
        .stderr(
            "Loaded 1 tasks of task group VESwp9JaRo-XkFN_bemBhw.\nwarning: 1 dependencies on tasks that \"seed.json\" \
             lacks are left out\n",
        )
        .status(0);
    let twice = tc.run(&["sandbox", "--seed", "firefox:3", "--seed", "firefox:3", "--exec", "true"]);
    assert!(twice.stderr.contains("error: cannot load the tasks: taskId `"), "{twice}");
    twice.status(6);
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    for (flags, fault) in [
        (&["--seed", "firefox:x"][..], "`x` is not a number of tasks: write firefox:3000"),
        (&["--age", "2h"][..], "--seed <SEED>"),
        (&["--seed", "firefox:3", "--age=-2h"][..], "--age is a length of time; leave out the minus of `-2 hours`"),
        (&["--seed", "firefox:3", "--age", "soon"][..], "string 'soon' is not a valid time expression"),
        (&["--speed", "60"][..], "--workers <N>"),
        (&["--workers", "2", "--speed", "0"][..], "`0` is not a factor such as 60"),
        (&["--workers", "2", "--fail-rate", "5"][..], "`5` is not a share such as 5%"),
    ] {
        let ran = tc().run(&[&["sandbox", "--exec", "true"], flags].concat());
        assert!(ran.stderr.contains(fault), "{ran}");
        ran.status(2);
    }
}

#[test]
fn workers_run_what_a_seed_brings() {
    let script = r#"
        until "$TC" api queue listTaskGroup "$GROUP" | grep -q '"completed"'
        do :; done
    "#;
    let push = Sandbox::start(Options::default()).unwrap();
    let group = push.load(Push { tasks: 3, seed: 5, age: chrono::TimeDelta::zero() }).unwrap();
    let flags = ["--seed", "firefox:3:5", "--workers", "2", "--speed", "1000000", "--fail-rate", "0%"];
    let tc = tc().env("GROUP", &group).env("TC", env!("CARGO_BIN_EXE_tc"));
    tc.run(&[&["sandbox", "--exec", script][..], &flags].concat()).status(0);
}

/// Everything of a group that clients can see, but for its times.
fn picture(sandbox: &Sandbox, group: &str) -> Vec<String> {
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z").unwrap();
    tasks(sandbox, group).iter().map(|task| times.replace_all(&task.to_string(), "<time>").into_owned()).collect()
}

fn namespace(sandbox: &Sandbox) -> Value {
    Wire::new(sandbox, "GET", "/api/index/v1/namespaces/").send().is(200, "").value()["namespaces"].clone()
}

#[test]
fn export_is_taken_back_with_states_and_index() {
    let first = Sandbox::start(Options::default()).unwrap();
    let group = first.load(Push { tasks: 60, seed: 7, age: chrono::TimeDelta::minutes(150) }).unwrap();
    let seal = format!("/api/queue/v1/task-group/{group}/seal");
    Wire::new(&first, "POST", &seal).send().is(200, "");
    let entry = json!({"taskId": group, "rank": 3, "data": {"a": 1}, "expires": "2090-01-01T00:00:00Z"});
    Wire::new(&first, "PUT", "/api/index/v1/task/my.own").json(&entry).send().is(200, "");
    let exported = first.export();
    let list = TaskList::parse(&exported).unwrap();
    assert!(list.has_states());
    let second = Sandbox::start(Options::default()).unwrap();
    let loaded = second.restore(&list).unwrap();
    assert_eq!((loaded.groups, loaded.tasks, loaded.left_out), (vec![group.clone()], 60, 0));
    assert_eq!(picture(&second, &group), picture(&first, &group));
    let namespaces = |sandbox: &Sandbox| {
        namespace(sandbox).as_array().unwrap().iter().map(|space| space["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(namespaces(&second), namespaces(&first));
    let found = Wire::new(&second, "GET", "/api/index/v1/task/my.own").send().is(200, "").value();
    assert_eq!((&found["taskId"], &found["rank"], &found["data"]), (&json!(group), &json!(3), &json!({"a": 1})));
    let listed = Wire::new(&second, "GET", &format!("/api/queue/v1/task-group/{group}")).send().value();
    assert!(listed["sealed"].is_string(), "{listed}");
    // A second time the tasks are there already.
    assert!(second.restore(&list).unwrap_err().to_string().contains("exists already"));
}

#[test]
fn restored_tasks_go_on() {
    let first = Sandbox::start(Options::default()).unwrap();
    let group = first.load(Push { tasks: 40, seed: 7, age: chrono::TimeDelta::zero() }).unwrap();
    let states = |sandbox: &Sandbox| {
        let mut states: Vec<String> =
            tasks(sandbox, &group).iter().map(|task| task["status"]["state"].as_str().unwrap().to_owned()).collect();
        states.sort();
        states.dedup();
        states
    };
    assert_eq!(states(&first), ["pending", "unscheduled"]);
    let workers = tc::sandbox::Workers::new(4).speed(1e6).fail_rate(0.0);
    let second = Sandbox::start(Options::default().workers(workers)).unwrap();
    second.restore(&TaskList::parse(&first.export()).unwrap()).unwrap();
    assert!(second.wait_until_idle(std::time::Duration::from_secs(120)), "the workers do not end");
    assert_eq!(states(&second), ["completed"]);
}

#[test]
fn printed_listing_of_a_group_is_a_seed_with_its_states() {
    let first = Sandbox::start(Options::default()).unwrap();
    let group = first.load(Push { tasks: 50, seed: 7, age: chrono::TimeDelta::minutes(150) }).unwrap();
    let listed = Tc::new()
        .env("TASKCLUSTER_ROOT_URL", first.root_url())
        .env("TASKCLUSTER_CLIENT_ID", first.client_id())
        .env("TASKCLUSTER_ACCESS_TOKEN", first.access_token().reveal())
        .run(&["group", "list", &group, "--json"]);
    listed.status(0);
    let list = TaskList::parse(&listed.stdout).unwrap();
    assert!(list.has_states());
    let second = Sandbox::start(Options::default()).unwrap();
    second.restore(&list).unwrap();
    assert_eq!(picture(&second, &group), picture(&first, &group));
    // A task that failed yesterday can be rerun today.
    let tasks = tasks(&second, &group);
    let failed = tasks.iter().find(|task| task["status"]["state"] == "failed").unwrap();
    let id = failed["status"]["taskId"].as_str().unwrap();
    Wire::new(&second, "POST", &format!("/api/queue/v1/task/{id}/rerun")).send().is(200, "");
}

#[test]
fn exported_file_is_written_at_the_end_and_is_a_seed() {
    let tc = tc();
    let ran = tc.run(&["sandbox", "--seed", "firefox:10:7", "--export", "out.json", "--exec", "true"]);
    ran.status(0);
    let again = tc.run(&["sandbox", "--seed", "out.json", "--exec", "true"]);
    again.status(0);
    assert!(again.stderr.starts_with("Loaded 10 tasks of task group "), "{}", again.stderr);
    let text = std::fs::read_to_string(tc.directory().join("out.json")).unwrap();
    std::fs::write(tc.directory().join("newer.json"), text.replace("\"version\": 1,", "\"version\": 2,")).unwrap();
    tc.run(&["sandbox", "--seed", "newer.json", "--exec", "true"])
        .stderr("error: the seed is of version 2, and this program reads version 1\n")
        .status(2);
    tc.run(&["sandbox", "--export", "no/such/out.json", "--exec", "true"]).status(1);
}

#[test]
fn seed_that_is_neither_a_file_nor_a_push_is_told_what_a_seed_is() {
    let expected = "error: cannot read push\n  \
                    caused by: No such file or directory (os error 2)\n\
                    hint: A seed is a file, or a made-up push such as firefox:300.\n";
    tc().run(&["sandbox", "--seed", "push", "--exec", "true"]).stdout("").stderr(expected);
}

#[test]
fn port_that_is_taken_is_a_conflict_and_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    tc().run(&["sandbox", "--port", &port, "--exec", "true"])
        .stdout("")
        .stderr(&format!(
            "error: cannot start the sandbox: port {port} is in use\nhint: Choose another port with --port, or omit it to \
             use any free port.\n"
        ))
        .status(6);
}
