use std::path::Path;

use tc::sandbox::{Blob, Options, Sandbox, Stored};

use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::group::Group;
use crate::support::hand_clock::HandClock;
use crate::support::{Ran, Tc};

/// A user who is told what the deployment says however long that takes: the time for it never passes.
fn unhurried(tc: Tc) -> Tc {
    let clock = HandClock::at(&chrono::Utc::now().to_rfc3339());
    tc.environment(|environment| environment.with_clock(clock))
}

/// What the shell is told of these words, the last of which is being typed.
fn complete(shell: &str, words: &[&str]) -> Ran {
    Tc::new().env("TC_COMPLETE", shell).run(words)
}

#[track_caller]
fn offers(words: &[&str], expected: &str) {
    complete("bash", words).stdout(expected).stderr("").status(0);
}

#[test]
fn the_stubs_are_fresh() {
    for (shell, file) in
        [("bash", "tc.bash"), ("zsh", "_tc"), ("fish", "tc.fish"), ("powershell", "tc.ps1"), ("elvish", "tc.elv")]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
        let kept = std::fs::read_to_string(path).unwrap();
        Tc::new().run(&["completions", shell]).stdout(&kept).stderr("").status(0);
        assert!(kept.len() < 1500, "{shell}: every shell pays for this at its start");
    }
    let ran = Tc::new().run(&["completions", "tcsh"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("Possible values: `bash`, `zsh`, `fish`, `powershell`, `elvish`."), "{ran}");
}

#[test]
fn commands_services_methods_and_flags_are_known() {
    offers(&["sl"], "slugid\n");
    offers(&["slugid", ""], "generate\nencode\ndecode\nstable\n");
    offers(&["api", "worker"], "worker-manager\n");
    offers(&["api", "queue", "listTaskG"], "listTaskGroup\n");
    offers(&["api", "queue", "listTaskGroup", "--li"], "--limit\n");
    offers(&["--json", "slugid", "--ni"], "--nice\n");
    offers(&["schema", "show", "object"], "object\n");
    offers(&["help", "exit"], "exit-codes\n");
}

#[test]
fn values_are_known() {
    offers(&["--color", ""], "auto\nalways\nnever\n");
    offers(&["--color=a"], "--color=auto\n--color=always\n");
    offers(&["from-now", "1d", "--format", "u"], "unix\n");
    offers(&["completions", "f"], "fish\n");
}

#[test]
fn names_of_profiles_settings_presets_and_verbs_are_known() {
    let tc = Tc::new().env("TC_COMPLETE", "bash");
    let settings = tc.directory().join(".config/tc/config.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let text = "presets.relduty = [\"queue:*\"]\n[profiles.corp]\nroot-url = \"https://corp.example.com\"\n";
    std::fs::write(settings, text).unwrap();
    for (words, expected) in [
        (["-R", "co"].as_slice(), "community\ncorp\n"),
        (&["task", "status", "--profile", "cor"], "corp\n"),
        (&["task", "status", "--profile=cor"], "--profile=corp\n"),
        (&["profile", "use", "fire"], "firefox-ci\n"),
        (&["config", "get", "ro"], "root-url\n"),
        (&["config", "set", "profiles.c"], "profiles.corp.root-url\n"),
        (&["signin", "--for", "task.re"], "task.rerun\ntask.retrigger\n"),
        (&["signin", "--for", "queue.reruns", "--for", "queue.rerun"], "queue.rerunTask\n"),
        (&["signin", "--preset", ""], "relduty\n"),
        (&["group", "list", "--state", "un"], "unscheduled\n"),
    ] {
        tc.run(words).stdout(expected).stderr("").status(0);
    }
    complete("zsh", &["-R", "comm"]).stdout("community:https://community-tc.services.mozilla.com\n").status(0);
}

#[test]
fn tasks_and_groups_that_a_person_named_are_offered_again_the_newest_first() {
    let group = Group::new();
    let (one, two) = (group.task("one", "failed"), group.task("two", "failed"));
    let tc = group.tc().terminal();
    tc.run(&["task", "name", &one]).status(0);
    tc.run(&["task", "status", &two]).status(0);
    tc.run(&["group", "list", &group.id]).status(0);
    let tc = tc.env("TC_COMPLETE", "fish");
    tc.run(&["task", "rerun", ""]).stdout(&format!("{two}\ttwo\n{one}\tone\n")).stderr("").status(0);
    tc.run(&["group", "watch", ""]).stdout(&format!("{}\n", group.id)).stderr("").status(0);
    tc.run(&["action", "list", &two[..8]]).stdout(&format!("{two}\ttwo\n")).status(0);
    let file = tc.directory().join(".cache/tc/history.json");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let kept: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let newest = serde_json::json!({"id": group.id, "isGroup": true, "name": ""});
    assert_eq!(kept[0], newest, "nothing but this is kept");
}

#[test]
fn artifacts_pools_and_hooks_are_those_of_the_deployment() {
    let server = FakeServer::start();
    let task = "VESwp9JaRo-XkFN_bemBhw";
    let artifacts = r#"{"artifacts": [{"name": "public/a.txt"}, {"name": "public/$(reboot)"}, {"name": "public/b"}]}"#;
    server.expect_times(2, &format!("GET /api/queue/v1/task/{task}/artifacts"), Answer::json(200, artifacts));
    let pools = r#"{"workerPools": [{"workerPoolId": "gecko-t/linux"}, {"workerPoolId": "comm-t/linux"}]}"#;
    server.expect("GET /api/worker-manager/v1/worker-pools", Answer::json(200, pools));
    server.expect_times(2, "GET /api/hooks/v1/hooks", Answer::json(200, r#"{"groups": ["release", "nightly"]}"#));
    let hooks = r#"{"hooks": [{"hookId": "ship"}, {"hookId": "shut"}]}"#;
    server.expect("GET /api/hooks/v1/hooks/release", Answer::json(200, hooks));
    let tc = unhurried(Tc::new().at(server.url()).env("TC_COMPLETE", "bash"));
    for (words, expected) in [
        (["artifact", "cat", task, "pu"].as_slice(), "public/a.txt\npublic/b\n"),
        (&["artifact", "download", task, "public/a.txt", "public/b"], "public/b\n"),
        (&["worker", "list", "ge"], "gecko-t/linux\n"),
        (&["hook", "list", ""], "release\nnightly\n"),
        (&["hook", "trigger", "rel"], "release/\n"),
        (&["hook", "show", "release/sh"], "release/ship\nrelease/shut\n"),
    ] {
        tc.run(words).stdout(expected).stderr("").status(0);
    }
}

#[test]
fn actions_and_kinds_are_those_of_the_group_that_was_named_last() {
    let group = Group::new();
    let tagged = |kind: &str| group.define(kind, &serde_json::json!({"tags": {"kind": kind}}));
    tagged("test");
    tagged("build");
    tagged("test");
    let tc = group.tc().terminal();
    tc.run(&["group", "list", &group.id]).status(0);
    let tc = unhurried(tc.env("TC_COMPLETE", "bash"));
    tc.run(&["group", "list", "--kind", ""]).stdout("build\ntest\n").stderr("").status(0);
    tc.run(&["group", "cancel", &group.id, "--kind=te"]).stdout("--kind=test\n").stderr("").status(0);
    group.tc().env("TC_COMPLETE", "bash").run(&["group", "list", "--kind", ""]).stdout("").status(1);

    let sandbox = Sandbox::start(Options::default()).unwrap();
    let id = crate::support::task::running(&sandbox, chrono::Utc::now());
    let actions = r#"{"version": 1, "variables": {}, "actions": [
        {"kind": "task", "name": "rebuild", "title": "R", "description": "D", "context": [], "task": {}},
        {"kind": "task", "name": "retry", "title": "R", "description": "D", "context": [], "task": {}}]}"#;
    sandbox.add_artifact(&id, 0, "public/actions.json", Stored::S3, Blob::new(actions)).unwrap();
    let tc = Tc::new().signed_in(&sandbox).terminal();
    tc.run(&["group", "list", &id]).status(0);
    let tc = unhurried(tc.env("TC_COMPLETE", "bash"));
    tc.run(&["action", "run", "ret"]).stdout("retry\n").stderr("").status(0);
}

#[test]
fn a_deployment_that_does_not_answer_is_not_waited_for() {
    let server = FakeServer::start();
    server.allow("GET /api/worker-manager/v1/worker-pools", Answer::hang());
    // Its sleep is over at once, as half a second is for who waits for the server.
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(server.url()).environment(|environment| environment.with_clock(clock.clone()));
    tc.env("TC_COMPLETE", "bash").run(&["worker", "list", "ge"]).stdout("").stderr("").status(1);
    assert_eq!(clock.slept(), [std::time::Duration::from_millis(500)]);
}

#[test]
fn nothing_is_remembered_for_scripts_nor_where_the_setting_is_off() {
    let group = Group::new();
    let id = group.task("one", "failed");
    let script = group.tc();
    script.run(&["task", "name", &id]).status(0);
    assert!(!script.directory().join(".cache").exists());
    let person = group.tc().terminal();
    person.run(&["config", "set", "history", "off"]).status(0);
    person.run(&["task", "name", &id]).status(0);
    assert!(!person.directory().join(".cache/tc/history.json").exists());
}

/// Half a line, or half a file, would be a fault in every new shell.
#[cfg(unix)]
#[test]
fn install_on_a_disk_that_is_full_leaves_the_files_of_shells_as_they_were() {
    use std::process::Command;

    let home = tempfile::tempdir().unwrap();
    let (zshrc, bash) = (home.path().join(".zshrc"), home.path().join(".local/share/bash-completion/completions/tc"));
    let before = format!("{}\n", "# caf\u{e9}".repeat(72));
    for (path, shell, blocks) in [(&zshrc, "zsh", 1), (&bash, "bash", 0)] {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &before).unwrap();
        // Files of more blocks of 512 bytes cannot be written; who asks for it gets an error, as where the disk is full.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" completions {shell} --install");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_tc")]).env_clear().env("HOME", home.path());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{shell}: {said}");
        assert!(said.starts_with(&format!("error: cannot write {}\n", path.display())), "{shell}: {said}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), before, "{shell}");
    }
}

#[test]
fn install_says_what_it_writes_and_writes_it_once() {
    let tc = Tc::new().env("SHELL", "/usr/bin/fish");
    let file = tc.directory().join(".config/fish/completions/tc.fish");
    let again = "Start a new shell to use the completions.\n";
    for _ in 0..2 {
        let said = format!("Wrote {}.\n{again}", file.display());
        tc.run(&["completions", "--install"]).stdout("").stderr(&said).status(0);
    }
    let stub = tc.run(&["completions", "fish"]).stdout;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), stub);
    let profile = tc.directory().join(".zshrc");
    std::fs::write(&profile, "alias x=y").unwrap();
    let ran = tc.run(&["completions", "zsh", "--install"]);
    assert!(ran.status(0).stderr.starts_with(&format!("Added this line to {}:\n  ", profile.display())), "{ran}");
    let text = std::fs::read_to_string(&profile).unwrap();
    assert!(text.starts_with("alias x=y\n(( $+functions[compdef] ))") && text.ends_with("zsh)\n"), "{text}");
    let said = format!("{} has the line already; nothing was written.\n", profile.display());
    tc.run(&["completions", "zsh", "--install"]).stdout("").stderr(&said).status(0);
    assert_eq!(std::fs::read_to_string(&profile).unwrap(), text);
    Tc::new().run(&["completions", "--install"]).stdout("").status(2);
}

#[test]
fn called_by_the_go_tools_name_it_is_that_name_that_is_completed() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ours = Tc::new().run(&["completions", shell]).stdout;
        let theirs = Tc::new().called("taskcluster").run(&["completion", shell]).stdout;
        let registered = |stub: &str, name: &str| {
            let lines = ["-F _taskcluster_tc", "compdef", "--command", "-CommandName", "arg-completer"];
            let found = stub.lines().filter(|line| lines.iter().any(|part| line.contains(part)));
            found.filter(|line| line.split(['[', ']', ' ']).any(|word| word == name)).count()
        };
        assert!(registered(&ours, "tc") > 0 && registered(&ours, "taskcluster") == 0, "{ours}");
        assert!(registered(&theirs, "taskcluster") > 0 && registered(&theirs, "tc") == 0, "{theirs}");
    }
}

#[test]
fn what_bash_splits_is_answered_as_bash_splits_it() {
    offers(&["--color", "=", "a"], "auto\nalways\n");
    offers(&["--color", "="], "auto\nalways\nnever\n");
    offers(&["-R", "https", ":", "//tc.example.com", "slugid", "dec"], "decode\n");
}

#[test]
fn each_shell_gets_help_in_its_own_way() {
    let about = "Make random IDs";
    for shell in ["fish", "powershell"] {
        complete(shell, &["slugid", "gen"]).stdout(&format!("generate\t{about}\n")).status(0);
    }
    complete("zsh", &["slugid", "gen"]).stdout(&format!("generate:{about}\n")).status(0);
    complete("elvish", &["slugid", "gen"]).stdout("generate\n").status(0);
    let last_word_is_empty = complete("powershell", &["slugid", " "]);
    assert!(last_word_is_empty.stdout.starts_with("generate\t"), "{last_word_is_empty}");
}

#[test]
fn with_nothing_to_offer_the_shell_is_left_to_offer_files() {
    complete("bash", &["schema", "validate", "queue", "createTask", "x"]).stdout("").stderr("").status(1);
    complete("bash", &["from-now", ""]).stdout("").stderr("").status(1);
}

#[test]
fn an_unknown_shell_says_which_variable_is_to_blame() {
    complete("tcsh", &["version"])
        .stdout("")
        .stderr(
            "error: unknown shell `tcsh` in TC_COMPLETE\n\
             hint: Unset TC_COMPLETE to run commands; only the shell completions of tc set it.\n",
        )
        .status(2);
}
