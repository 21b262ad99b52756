//! What all lists take: `--limit`, `--sort`, `--columns`, `-o`.

use crate::support::Tc;
use crate::support::bulk::{GROUP, id, list, page, tc};
use crate::support::fake_server::{Answer, FakeServer};

const SETTINGS: &str = "profile = \"corp\"

[profiles.corp]
root-url = \"https://corp.example.com\"

[profiles.ant]
root-url = \"https://ant.example.com\"
";

/// Every command that lists things.
const LISTS: [&str; 21] = [
    "group list VESwp9JaRo-XkFN_bemBhw",
    "artifact list VESwp9JaRo-XkFN_bemBhw",
    "task artifacts VESwp9JaRo-XkFN_bemBhw",
    "action list VESwp9JaRo-XkFN_bemBhw",
    "hook list",
    "hook list project-x",
    "hook fires project-x/nightly",
    "index list",
    "secret list",
    "worker pools",
    "worker list p/w",
    "worker errors",
    "worker errors --each",
    "client list",
    "role list",
    "role who secrets:get:x",
    "profile list",
    "config list",
    "pulse exchanges",
    "schema list",
    "references list",
];

#[test]
fn an_unknown_column_is_refused_before_the_first_call() {
    let server = FakeServer::start();
    for line in LISTS {
        for option in ["--columns=nonsense", "--sort=-nonsense"] {
            let args: Vec<&str> = line.split(' ').chain([option]).collect();
            let ran = tc(&server).run(&args);
            ran.stdout("").status(2);
            assert!(ran.stderr.starts_with("error: unknown column `nonsense`\nhint: Choose from "), "{ran}");
        }
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_limit_asks_for_no_page_that_is_not_needed() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..3, Some("more"))));
    let first = format!("{} task 0 pending\n{} task 1 pending\n", id(0), id(1));
    tc(&server).run(&["group", "list", GROUP, "--limit", "2"]).stdout(&first).stderr("").status(0);
    assert_eq!(server.requests().len(), 1);
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..1, Some("more"))));
    server.expect(&list(Some("more")), Answer::json(200, page(1..3, Some("most"))));
    tc(&server).run(&["group", "list", GROUP, "--limit", "2", "--jq", "length"]).stdout("2\n").stderr("").status(0);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn sorting_reads_all_pages_before_it_cuts() {
    let server = FakeServer::start();
    server.expect_times(4, &list(None), Answer::json(200, page(0..2, Some("more"))));
    server.expect_times(4, &list(Some("more")), Answer::json(200, page(2..4, None)));
    let tc = || tc(&server);
    let args = ["group", "list", GROUP, "--sort=-name", "--limit", "2"];
    let with = |more: &[&'static str]| [&args[..], more].concat();
    tc().run(&args).stdout(&format!("{} task 3 pending\n{} task 2 pending\n", id(3), id(2))).status(0);
    tc().run(&with(&["--columns", "state,name"])).stdout("pending\ttask 3\npending\ttask 2\n").status(0);
    tc().run(&with(&["-o", "name"])).stdout(&format!("{}\n{}\n", id(3), id(2))).status(0);
    tc().run(&with(&["--jsonl", "--jq", ".task.metadata.name"])).stdout("task 3\ntask 2\n").status(0);
}

#[test]
fn lines_have_the_chosen_columns_and_names_go_into_the_next_verb() {
    let tc = Tc::new().settings(SETTINGS);
    tc.run(&["profile", "list", "--columns", "current,name", "--sort", "name", "--limit", "3"])
        .stdout("\tant\n\tcommunity\ncurrent\tcorp\n")
        .stderr("")
        .status(0);
    tc.run(&["profile", "list", "--sort", "-from,name", "-o", "name"])
        .stdout("ant\ncorp\ncommunity\nfirefox-ci\nstaging\n")
        .stderr("")
        .status(0);
    tc.run(&["profile", "list", "--sort=-from,-name", "--limit", "1", "-o", "json", "--jq", ".[].name"])
        .stdout("corp\n")
        .stderr("")
        .status(0);
    let terminal = tc.terminal();
    terminal
        .run(&["profile", "list", "--columns", "Root-URL,name", "--limit", "1", "--sort", "name", "--color", "never"])
        .stdout("ROOT URL                 NAME\nhttps://ant.example.com  ant\n")
        .stderr("")
        .status(0);
}

#[test]
fn all_columns_are_shown_uncut_where_that_is_asked_for() {
    let server = FakeServer::start();
    server.expect_times(2, &list(None), Answer::json(200, page(0..1, None)));
    let wide = tc(&server).terminal().run(&["group", "list", GROUP, "-o", "wide", "--color", "never"]);
    wide.stderr("").status(0);
    let header = wide.stdout.lines().next().unwrap_or_default();
    let names: Vec<&str> = header.split("  ").map(str::trim).filter(|name| !name.is_empty()).collect();
    assert_eq!(
        names,
        ["NAME", "STATE", "TASK", "WORKER POOL", "RUN TIME", "RUN", "CREATED", "STARTED", "RESOLVED"],
        "{wide}"
    );
    let line = format!("task 0\tpending\t{}\tp/w\t\t\t\t\t\n", id(0));
    tc(&server).run(&["group", "list", GROUP, "-o", "wide"]).stdout(&line).stderr("").status(0);
}

#[test]
fn yaml_is_the_json_in_another_form() {
    let tc = Tc::new().settings(SETTINGS);
    tc.run(&["profile", "list", "--sort=name", "--limit=1", "-o", "yaml"])
        .stdout("- name: ant\n  rootUrl: https://ant.example.com\n  builtIn: false\n  current: false\n")
        .stderr("")
        .status(0);
    tc.run(&["profile", "list", "--sort=name", "--limit=2", "-o", "yaml", "--jq", ".[] | {name}"])
        .stdout("name: ant\n---\nname: community\n")
        .stderr("")
        .status(0);
    let version = tc.run(&["version", "-o", "json"]).json();
    let yaml = tc.run(&["version", "-o", "yaml"]);
    yaml.stderr("").status(0);
    for (name, value) in version.as_object().unwrap() {
        let value = value.as_str().unwrap();
        assert!(yaml.stdout.contains(&format!("{name}: \"{value}\"\n")), "{yaml}");
    }
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..1, None)));
    let tasks = crate::support::bulk::tc(&server).run(&["group", "list", GROUP, "-o", "yaml"]);
    tasks.stderr("").status(0);
    assert!(tasks.stdout.starts_with("- status:\n    taskId: "), "{tasks}");
}

#[test]
fn forms_that_contradict_each_other_are_refused() {
    let tc = Tc::new();
    for (args, message) in [
        (
            &["profile", "list", "-o", "name", "--json"][..],
            "error: `-o name` cannot be combined with --json and --jq\n",
        ),
        (&["profile", "list", "-o", "wide", "--jq", "."], "error: `-o wide` cannot be combined with --json and --jq\n"),
        (
            &["profile", "list", "--columns", "name", "--json"],
            "error: --columns is for tables and lines, not for JSON, YAML and names\n\
             hint: Choose members of JSON with --jq.\n",
        ),
        (
            &["group", "list", GROUP, "--jsonl", "--columns", "name", "-R", "https://tc.example.com"],
            "error: --format-string and --jsonl cannot be combined with --columns and -o\n",
        ),
    ] {
        tc.run(args).stdout("").stderr(message).status(2);
    }
    tc.run(&["profile", "list", "--limit", "0"]).stdout("").status(2);
    tc.run(&["version", "-o", "wide"]).stdout("").status(2);
}
