//! What `tc api` tells of services and methods: listings, search and help.

use crate::support::Tc;

const GROUP: &str = "VESwp9JaRo-XkFN_bemBhw";

#[test]
fn every_method_is_listed_as_data() {
    let listed = Tc::new().run(&["api", "--json"]).status(0).json();
    let methods = listed.as_array().unwrap();
    assert_eq!(methods.len(), 194);
    let keys = [
        "service",
        "apiVersion",
        "name",
        "verb",
        "route",
        "args",
        "query",
        "scopes",
        "input",
        "output",
        "category",
        "stability",
        "summary",
    ];
    for method in methods {
        assert_eq!(method.as_object().unwrap().keys().collect::<Vec<_>>(), keys, "{method}");
        assert_ne!(method["summary"], "", "{method}");
    }
    let with_legacy = Tc::new().run(&["api", "--json", "--legacy"]).status(0).json();
    assert_eq!(with_legacy.as_array().unwrap().len(), 194 + 123);
    let rerun = methods.iter().find(|method| method["name"] == "rerunTask").unwrap();
    assert_eq!(rerun["verb"], "POST");
    assert_eq!(rerun["route"], "/task/<taskId>/rerun");
    assert_eq!(rerun["args"], serde_json::json!(["taskId"]));
    assert_eq!(rerun["output"], "v1/task-status-response.json");
}

#[test]
fn methods_are_found_by_words() {
    let found = Tc::new().run(&["api", "search", "SEAL", "group"]);
    found
        .stdout(
            "queue\tcancelTaskGroup\tCancel all unresolved tasks of a sealed group\n\
                  queue\tgetTaskGroup\tShow a group's scheduler, expiry and whether it is sealed\n\
                  queue\tsealTaskGroup\tClose a group to new tasks for good\n",
        )
        .stderr("")
        .status(0);
    Tc::new().run(&["api", "search", "nothing-like-it"]).stdout("").status(5);
}

#[test]
fn a_listing_for_people_has_headings() {
    let ran = Tc::new().terminal().env("NO_COLOR", "1").run(&["api", "SECRETS"]);
    ran.status(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("secrets  "), "{ran}");
    assert_eq!(lines[1], "  Monitoring", "{ran}");
    assert!(lines.contains(&"  Secrets Service"), "{ran}");
    // What does not fit goes on below, where the texts begin.
    let is_method = |line: &str| line.starts_with("    ") && !line.starts_with("     ");
    let whole = Tc::new().terminal().env("NO_COLOR", "1").run(&["api"]);
    assert_eq!(whole.stdout.lines().filter(|line| is_method(line)).count(), 194, "{whole}");
    assert!(whole.stdout.lines().all(|line| line.chars().count() <= 100), "{whole}");
}

#[test]
fn help_tells_all_about_a_method() {
    let ran = Tc::new().run(&["api", "queue", "createTask", "--help"]);
    ran.stderr("").status(0);
    for part in [
        "queue.createTask (v1, stable)\nPUT /api/queue/v1/task/<taskId>\n",
        "Usage: tc api queue createTask [OPTIONS] <taskId>",
        "    queue:scheduler-id:<schedulerId>\n",
        "\n* metadata.name ",
        "\n  retries ",
        "Answer: v1/task-status-response.json",
    ] {
        assert!(ran.stdout.contains(part), "{part:?} is missing in {ran}");
    }
    let short = Tc::new().run(&["api", "queue", "createTask", "-h"]);
    assert_eq!(short.stdout, ran.stdout);
    let paged = Tc::new().run(&["api", "queue", "listTaskGroup", "--help"]);
    assert!(
        paged.stdout.contains("--continuationToken <VALUE>") && paged.stdout.contains("--paginate merges"),
        "{paged}"
    );
}

#[test]
fn every_method_has_help_and_builds_its_request() {
    let listed = Tc::new().run(&["api", "--json", "--legacy"]).json();
    for method in listed.as_array().unwrap() {
        let (service, name) = (method["service"].as_str().unwrap(), method["name"].as_str().unwrap());
        let legacy: &[&str] = if method["legacy"] == true { &["--legacy"] } else { &[] };
        let help = Tc::new().run(&[&["api", service, name, "--help"], legacy].concat());
        help.stderr("").status(0);
        let args = method["args"].as_array().unwrap();
        let values: Vec<&str> = args.iter().map(|arg| sample(arg.as_str().unwrap())).collect();
        let tc = Tc::new().at("http://localhost:1").stdin("{}");
        let call = [&["api", service, name], &values[..], legacy, &["--dry-run", "--no-validate"]].concat();
        let ran = tc.run(&call);
        ran.status(0);
        let prefix = format!("{} http://localhost:1/api/{service}/", method["verb"].as_str().unwrap());
        assert!(ran.stdout.starts_with(&prefix), "{ran}");
        assert!(!ran.stdout.contains('<'), "{ran}");
    }
}

/// A value that an argument of this name can have.
fn sample(name: &str) -> &'static str {
    match name {
        "taskId" | "taskGroupId" => GROUP,
        "runId" | "number" => "0",
        "workerPoolId" | "taskQueueId" => "a/b",
        "level" => "read-only",
        "entityType" => "client",
        _ => "abc",
    }
}
