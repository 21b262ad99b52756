//! Command lines of the Go tool that are not about tasks and groups: as `tc` and as `taskcluster`.

use std::ffi::OsString;
use std::io::Cursor;

use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

/// The credentials of nobody, on no deployment.
fn tc() -> Tc {
    Tc::new().at("https://tc.invalid").env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "s3cret")
}

#[test]
fn a_noun_without_a_verb_asks_for_help() {
    for noun in ["task", "group", "download", "pulse"] {
        let ran = tc().run_as("taskcluster", &[noun]);
        ran.stderr("").status(0);
        assert!(ran.stdout.contains("Commands:\n"), "{ran}");
        let ran = tc().run(&[noun]);
        ran.stdout("").status(2);
        assert!(ran.stderr.contains("Commands:\n"), "{ran}");
    }
}

#[test]
fn help_is_found_wherever_it_stands() {
    let expected = tc().run(&["help", "task", "wait"]).stdout;
    for line in [&["task", "help", "wait"][..], &["task", "wait", "--help"]] {
        tc().run(line).stdout(&expected).stderr("").status(0);
    }
    let expected = tc().run_as("taskcluster", &["group", "cancel", "--help"]).stdout;
    assert!(expected.contains("[aliases: -f, --force]"), "{expected}");
    for line in [&["help", "group", "cancel"][..], &["group", "help", "cancel"]] {
        tc().run_as("taskcluster", line).stdout(&expected).stderr("").status(0);
    }
    tc().run(&["task", "help"]).stdout(&tc().run(&["help", "task"]).stdout).status(0);
}

#[test]
pub fn all_settings_are_printed_under_the_go_tools_names() {
    let yaml = "config:\n  accessToken: s3cret\n  authorizedScopes: null\n  certificate: null\n  clientId: me\n  \
                rootUrl: https://tc.invalid\n";
    tc().run(&["config"]).stdout(yaml).stderr("").status(0);
    tc().run(&["config", "-f", "yaml"]).stdout(yaml).stderr("").status(0);
    let json = "{\n  \"config\": {\n    \"accessToken\": \"s3cret\",\n    \"authorizedScopes\": null,\n    \"certificate\": null,\n    \
                \"clientId\": \"me\",\n    \"rootUrl\": \"https://tc.invalid\"\n  }\n}";
    tc().run_as("taskcluster", &["config", "-f", "json"]).stdout(json).stderr("").status(0);
    tc().run_as("tc", &["config", "-f", "json"]).stdout(&format!("{json}\n")).stderr("").status(0);
    tc().run(&["config", "-f", "toml"]).stdout("").status(2);
    let here = tc();
    here.run(&["config", "-o", "out"]).stdout("").stderr("").status(0);
    assert_eq!(std::fs::read_to_string(here.directory().join("out")).unwrap(), yaml);
    let nothing = "config:\n  accessToken: \"\"\n  authorizedScopes: null\n  certificate: null\n  clientId: \"\"\n  \
                   rootUrl: \"\"\n";
    Tc::new().run(&["config"]).stdout(nothing).stderr("").status(0);
    let shown = tc().terminal().run(&["config"]);
    assert!(shown.stdout.contains("accessToken: \"(redacted)\"\n") && !shown.stdout.contains("s3cret"), "{shown}");
}

#[test]
fn a_setting_is_printed_in_the_form_that_is_asked_for() {
    tc().run(&["config", "config.rootUrl"]).stdout("https://tc.invalid\n").status(0);
    tc().run(&["config", "get", "config.rootUrl", "-f", "json"]).stdout("\"https://tc.invalid\"\n").status(0);
    let none = Tc::new();
    for (key, printed) in [("config.rootUrl", "\"\"\n"), ("config.certificate", "null\n")] {
        none.run_as("taskcluster", &["config", "get", key]).stdout(printed).stderr("").status(0);
        none.run(&["config", "get", key]).stdout("").status(5);
    }
}

#[test]
pub fn setting_and_resetting_say_what_the_go_tool_says_by_its_name() {
    let (as_tc, as_go) = (Tc::new(), Tc::new());
    let line = ["config", "set", "config.rootUrl", "https://tc.example.com"];
    as_go.run_as("taskcluster", &line).stdout("Set 'config.rootUrl' = https://tc.example.com\n").stderr("").status(0);
    as_tc.run(&line).stdout("").stderr("").status(0);
    as_go.run(&["config", "get", "root-url"]).stdout("https://tc.example.com\n").status(0);
    as_tc.run(&["config", "set", "-d", "retries", "7"]).stdout("").status(0);
    as_tc.run(&["config", "get", "retries"]).stdout("5\n").status(0);
    as_tc.run(&["config", "set", "-d", "retries", "many"]).stdout("").status(2);
    as_tc.run(&["config", "set", "retries", "3"]).stdout("").status(0);
    as_tc.run(&["config", "reset", "--all"]).stdout("").stderr("Removed root-url, retries.\n").status(0);
    as_tc.run(&["config", "get", "root-url"]).stdout("").status(5);
    as_go
        .run_as("taskcluster", &["config", "reset", "config.rootUrl"])
        .stdout("Reset config.rootUrl to default value.\n")
        .stderr("")
        .status(0);
    as_go.run_as("taskcluster", &["config", "reset", "config.rootUrl"]).status(0);
    let all = as_go.run_as("taskcluster", &["config", "reset", "--all"]);
    all.stderr("").status(0);
    assert!(all.stdout.starts_with("Reset config.rootUrl to default value.\n"), "{all}");
    as_go.run(&["config", "reset", "config.rootUrl"]).status(5);
    let piped = Tc::new().stdin("https://tc.example.com\n");
    piped.run(&["config", "set", "config.rootUrl"]).stdout("").stderr("").status(0);
    piped.run(&["config", "get", "config.rootUrl"]).stdout("https://tc.example.com\n").status(0);
}

#[test]
fn settings_are_explained() {
    let ran = tc().run(&["config", "help"]);
    ran.stderr("").status(0);
    assert!(ran.stdout.contains("root-url") && ran.stdout.contains("Root URL of the deployment to talk to."), "{ran}");
    tc().run(&["config", "help", "root-url"])
        .stdout(
            "Key:     root-url\nMeaning: Root URL of the deployment to talk to.\n\
             Value:   https://tc.invalid (from TASKCLUSTER_ROOT_URL)\nDefault: none\n",
        )
        .stderr("")
        .status(0);
    tc().run(&["config", "help", "nonsense"]).stdout("").status(2);
}

#[test]
fn small_commands_take_the_go_tools_words() {
    tc().run(&["version", "--short-version"]).stdout("0.1.0\n").stderr("").status(0);
    tc().run_as("taskcluster", &["version"]).stdout("taskcluster version 0.1.0\n").stderr("").status(0);
    let nice = tc().run(&["slugid", "generate", "-n"]);
    nice.stderr("").status(0);
    assert!(nice.stdout.starts_with(|c: char| c.is_ascii_alphabetic()), "{nice}");
    let ran = tc().run(&["update"]);
    ran.stderr("").status(0);
    assert!(ran.stdout.contains("Nothing was downloaded"), "{ran}");
}

#[test]
pub fn completions_are_written_to_a_file_by_the_go_tools_name() {
    let tc = tc();
    let stub = tc.run(&["completions", "fish"]).stdout;
    tc.run(&["completion", "fish"]).stdout(&stub).stderr("").status(0);
    tc.run(&["completions", "fish", "file"]).stdout("").stderr("").status(0);
    assert_eq!(std::fs::read_to_string(tc.directory().join("file")).unwrap(), stub);
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let stub = tc.run_as("taskcluster", &["completion", shell]).stderr("").status(0).stdout.clone();
        assert!(stub.contains("taskcluster") && stub.len() < 1500, "{stub}");
        tc.run_as("taskcluster", &["completions", shell]).stdout("").stderr("").status(0);
        let file = tc.directory().join(format!("{shell}_completion.sh"));
        assert_eq!(std::fs::read_to_string(file).unwrap(), stub);
        tc.run_as("taskcluster", &["completions", shell, "named"]).stdout("").stderr("").status(0);
        assert_eq!(std::fs::read_to_string(tc.directory().join("named")).unwrap(), stub);
    }
}

#[test]
pub fn completions_leave_out_descriptions() {
    for shell in ["zsh", "fish", "powershell"] {
        let bare = tc().run(&["completion", shell, "--no-descriptions"]);
        assert!(bare.status(0).stdout.contains(&format!("{shell}-words")), "{bare}");
        let offered = Tc::new().env("TC_COMPLETE", &format!("{shell}-words")).run(&["slugid", "gen"]);
        offered.stdout("generate\n").stderr("").status(0);
    }
}

#[test]
fn what_needs_a_verb_or_a_shell_prints_its_help_by_the_go_tools_name() {
    for command in ["completion", "completions", "slugid"] {
        let ran = tc().run_as("taskcluster", &[command]);
        ran.stderr("").status(0);
        assert!(ran.stdout.contains("\nUsage: taskcluster "), "{ran}");
    }
    for command in ["completion", "completions"] {
        tc().run(&[command]).stdout("").status(2);
    }
    assert!(crate::support::is_slugid(tc().run(&["slugid"]).stdout.trim_end()));
}

#[test]
fn lines_for_scripts_are_printed_on_a_terminal_by_the_go_tools_name() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let id = crate::support::task::running(&sandbox, chrono::Utc::now());
    let tc = Tc::new().signed_in(&sandbox).terminal();
    for line in [&["group", "status", &id][..], &["group", "list", "--all", &id], &["task", "status", &id]] {
        let piped = Tc::new().signed_in(&sandbox).run(line).stdout;
        tc.run_as("taskcluster", line).stdout(&piped).status(0);
        assert_ne!(tc.run(line).stdout, piped);
    }
}

#[test]
pub fn downloads_look_as_those_of_the_go_tool_by_its_name() {
    let rig = crate::support::artifacts::some();
    let download = |program: &str, file: &str| {
        rig.tc.run_as(program, &["download", "artifact", &rig.task, "public/build/a.txt", file])
    };
    let ran = download("taskcluster", "-");
    ran.stderr("").status(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let told = format!("Downloading `public/build/a.txt` from latest run of task {} to `-`", rig.task);
    assert_eq!(lines[0], told);
    assert!(lines[1].starts_with("Downloaded 4 bytes of type text/plain"), "{ran}");
    assert_eq!((lines.len(), rig.read("-").as_str()), (2, "text"));
    download("tc", "-").stdout("text").status(0);
    let ran = download("taskcluster", "no/such/a.txt");
    ran.stdout(&format!("{}\n", told.replace("`-`", "`no/such/a.txt`"))).status(1);
    assert!(ran.stderr.contains("hint: Make its folder first") && !rig.tc.directory().join("no").exists(), "{ran}");
    download("tc", "no/such/a.txt").status(0);
    assert_eq!(rig.read("no/such/a.txt"), "text");
}

#[test]
pub fn a_download_that_fails_half_way_leaves_the_file_as_it_was() {
    let storage = FakeServer::start();
    storage.always("GET /cut", Answer::new(200, "all of it").cut_after(4));
    for (program, before) in [("tc", Some("old")), ("taskcluster", Some("old")), ("tc", None), ("taskcluster", None)] {
        let rig = crate::support::artifacts::Rig::new();
        let url = format!("{}/cut", storage.url());
        rig.create(
            "public/x",
            serde_json::json!({"storageType": "reference", "url": url, "contentType": "text/plain"}),
        );
        let file = rig.tc.directory().join("out");
        if let Some(text) = before {
            std::fs::write(&file, text).unwrap();
        }
        let ran = rig.tc.run_as(program, &["--retries", "0", "download", "artifact", &rig.task, "public/x", "out"]);
        assert_ne!(ran.status, 0, "{ran}");
        assert_eq!(std::fs::read_to_string(&file).ok().as_deref(), before, "{ran}");
    }
}

#[test]
pub fn a_log_is_printed_byte_for_byte() {
    let storage = FakeServer::start();
    let log = format!("one\r\n{}\nthe end", "x".repeat(100_000));
    storage.expect("GET /log", Answer::new(200, log.as_str()));
    let group = crate::support::group::Group::new();
    let id = group.task("one", "running");
    let expires = crate::support::task::stamp(chrono::Utc::now() + chrono::TimeDelta::hours(1));
    let url = format!("{}/log", storage.url());
    let body =
        serde_json::json!({"storageType": "reference", "url": url, "contentType": "text/plain", "expires": expires});
    group.queue("createArtifact", &[&id, "0", "public/logs/live.log"], Some(body));
    group.queue("reportCompleted", &[&id, "0"], None);
    group.tc().run(&["task", "log", &id]).stdout(&log).stderr("").status(0);
}

#[test]
pub fn a_redirect_prints_its_body_by_both_names() {
    let answer = Answer::json(303, r#"{"storageType": "reference", "url": "x"}"#).header("location", "/there");
    let server = FakeServer::start();
    let call = "GET /api/queue/v1/task/VESwp9JaRo-XkFN_bemBhw/artifacts/public%2Fx";
    server.always(call, answer).always("GET /there", Answer::new(200, "content"));
    let tc = Tc::new().at(server.url());
    let line = ["api", "queue", "getLatestArtifact", "VESwp9JaRo-XkFN_bemBhw", "public/x"];
    let laid_out = "{\n  \"storageType\": \"reference\",\n  \"url\": \"x\"\n}";
    tc.run_as("taskcluster", &line).stdout(laid_out).status(0);
    tc.run(&line).stdout("{\"storageType\": \"reference\", \"url\": \"x\"}\n").status(0);
    for program in ["tc", "taskcluster"] {
        tc.run_as(program, &[&line[..], &["--follow"]].concat()).stdout("content").status(0);
    }
}

#[test]
pub fn a_number_of_retries_counts() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    let line = ["task", "run", "--provisioner", "p", "--worker-type", "w", "--retries", "3", "image", "true"];
    let ran = tc.run(&line);
    let id = ran.stderr("").status(0).stdout.split(' ').nth(1).unwrap();
    assert_eq!(tc.run(&["task", "def", id]).json()["retries"], 3);
}

#[test]
fn states_are_chosen_by_what_they_were_called_before_version_72_too() {
    let group = crate::support::group::Group::new();
    let id = group.task("one", "completed");
    group.task("two", "pending");
    group.tc().run(&["group", "list", "--complete", &group.id]).stdout(&format!("{id} one completed\n")).status(0);
}

#[test]
pub fn of_several_worker_types_the_last_one_counts_by_the_go_tools_name() {
    let group = crate::support::group::Group::new();
    let in_pool = |name: &str, pool: &str| group.define(name, &serde_json::json!({"taskQueueId": pool}));
    let (one, two) = (in_pool("one", "proj-x/one"), in_pool("two", "proj-x/two"));
    let line = ["group", "cancel", "-w", "two", "-w", "one", "--dry-run", &group.id];
    let named = |program: &str| group.tc().called(program).run(&line).status(0).stdout.clone();
    let both = named("tc");
    assert!(both.contains(&one) && both.contains(&two), "{both}");
    let last = named("taskcluster");
    assert!(last.contains(&one) && !last.contains(&two), "{last}");
}

#[test]
fn an_answer_may_come_from_a_pipe_by_the_go_tools_name() {
    let group = crate::support::group::Group::new();
    let id = group.task("one", "pending");
    let answered = |answer: &str| group.tc().called("taskcluster").stdin(answer).run(&["group", "cancel", &group.id]);
    answered("n\n").stdout("").status(0);
    answered("").stdout("").status(1);
    assert_eq!(group.state(&id), "pending");
    answered("y\n").stdout(&format!("cancelling task {id}\n")).status(0);
    assert_eq!(group.state(&id), "exception");
}

/// The words of a real call, as a link of that name makes them.
#[test]
fn a_path_to_the_name_counts() {
    let environment = tc::Environment::empty("/");
    let words = ["/usr/local/bin/taskcluster", "task"].map(OsString::from);
    let streams = tc::Streams {
        stdin: Box::new(Cursor::new(Vec::new())),
        stdout: Box::new(std::io::sink()),
        stderr: Box::new(std::io::sink()),
        terminal: tc::Terminal::default(),
    };
    assert_eq!(tc::run(words, &environment, streams), 0);
}
