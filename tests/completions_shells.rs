//! Completion in the shells themselves: every kind of value in each of them, and the tab key on a terminal.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::pty::Terminal;

const TASK: &str = "VESwp9JaRo-XkFN_bemBhw";
const GROUP: &str = "C14jcmpqQqiQ0W1M4doJIw";

/// Words of a command line, the last of which is being typed, and what they can become.
type Typed = (&'static [&'static str], &'static [&'static str]);

/// What this machine knows by itself.
const KNOWN: &[Typed] = &[
    (&["slugid", ""], &["generate", "encode", "decode", "stable"]),
    (&["api", "queue", "listTaskG"], &["listTaskGroup"]),
    (&["api", "queue", "listTaskGroup", "--li"], &["--limit"]),
    (&["-R", "comm"], &["community"]),
    (&["task", "status", "--profile", "cor"], &["corp"]),
    (&["profile", "use", "cor"], &["corp"]),
    (&["config", "get", "root"], &["root-url"]),
    (&["config", "set", "profiles.c"], &["profiles.corp.root-url"]),
    (&["signin", "--for", "task.re"], &["task.rerun", "task.retrigger"]),
    (&["signin", "--for", "queue.rerunT"], &["queue.rerunTask"]),
    (&["signin", "--preset", "rel"], &["relduty"]),
    (&["schema", "show", "docker"], &["docker-worker"]),
    (&["schema", "show", "queue", "createT"], &["createTask"]),
    (&["group", "list", "--state", "unsch"], &["unscheduled"]),
    (&["alias", "rm", "r"], &["rr"]),
    (&["task", "rerun", ""], &[TASK]),
    (&["group", "watch", ""], &[GROUP]),
    (&["help", "exit"], &["exit-codes"]),
    (&["--color", ""], &["auto", "always", "never"]),
];

/// What the deployment knows.
const ASKED: &[Typed] = &[
    (&["artifact", "cat", TASK, "public/b"], &["public/build.txt"]),
    (&["group", "list", "--kind", ""], &["build", "test"]),
    (&["action", "run", "reb"], &["rebuild"]),
    (&["worker", "list", "proj-"], &["proj-x/linux"]),
    (&["hook", "list", "rel"], &["release"]),
    (&["hook", "show", "release/sh"], &["release/ship", "release/shut"]),
    (&["index", "list", "project.a"], &["project.alpha."]),
];

/// A home with a profile, a preset, an alias and a history, on a deployment that answers.
struct Home {
    tc: Tc,
    server: FakeServer,
}

impl Home {
    fn new() -> Self {
        let server = FakeServer::start();
        let answer = |value: serde_json::Value| Answer::json(200, value.to_string());
        let tags =
            |kind: &str| json!({"status": {"taskId": TASK, "state": "failed"}, "task": {"tags": {"kind": kind}}});
        let action =
            json!({"kind": "task", "name": "rebuild", "title": "R", "description": "D", "context": [], "task": {}});
        let queue = "GET /api/queue/v1";
        for (call, value) in [
            (format!("{queue}/task/{TASK}"), json!({"metadata": {"name": "one"}})),
            (
                format!("{queue}/task-group/{GROUP}/list"),
                json!({"taskGroupId": GROUP, "tasks": [tags("test"), tags("build")]}),
            ),
            (
                format!("{queue}/task/{TASK}/artifacts"),
                json!({"artifacts": [{"name": "public/a.txt"}, {"name": "public/build.txt"}]}),
            ),
            (
                format!("{queue}/task/{GROUP}/artifact-content/public%2Factions.json"),
                json!({"storageType": "s3", "url": format!("{}/actions", server.url())}),
            ),
            ("GET /actions".to_owned(), json!({"version": 1, "variables": {}, "actions": [action]})),
            (
                "GET /api/worker-manager/v1/worker-pools".to_owned(),
                json!({"workerPools": [{"workerPoolId": "proj-x/linux"}]}),
            ),
            ("GET /api/hooks/v1/hooks".to_owned(), json!({"groups": ["release", "nightly"]})),
            ("GET /api/hooks/v1/hooks/release".to_owned(), json!({"hooks": [{"hookId": "ship"}, {"hookId": "shut"}]})),
            (
                "GET /api/index/v1/namespaces/project".to_owned(),
                json!({"namespaces": [{"namespace": "project.alpha"}, {"namespace": "project.b"}]}),
            ),
        ] {
            server.always(&call, answer(value));
        }
        let tc = Tc::new().at(server.url()).terminal();
        tc.run(&["task", "name", TASK]).status(0);
        tc.run(&["group", "list", "--all", GROUP]).status(0);
        let directory = tc.directory().join(".config/tc");
        std::fs::create_dir_all(&directory).unwrap();
        let settings = "presets.relduty = [\"queue:*\"]\naliases.rr = \"group rerun\"\n[profiles.corp]\nroot-url = \"https://corp.example.com\"\n";
        std::fs::write(directory.join("config.toml"), settings).unwrap();
        let bin = tc.directory().join("bin");
        std::fs::create_dir(&bin).unwrap();
        for name in ["tc", "taskcluster"] {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tc"), bin.join(name)).unwrap();
        }
        Self { tc, server }
    }

    fn path(&self) -> String {
        format!("{}:{}", self.tc.directory().join("bin").display(), std::env::var("PATH").unwrap())
    }

    /// What a shell prints that runs this script; nothing where it is not installed.
    fn said(&self, shell: &str, args: &[&str], script: &str) -> Option<String> {
        let output = Command::new(shell)
            .args(args)
            .args(["-c", script])
            .env_clear()
            .env("PATH", self.path())
            .env("HOME", self.tc.directory())
            .env("TMPDIR", self.tc.directory())
            .env("TASKCLUSTER_ROOT_URL", self.server.url())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .output();
        match output {
            Ok(output) => {
                assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
                Some(String::from_utf8(output.stdout).unwrap())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => panic!("{shell}: {error}"),
        }
    }
}

/// How one shell is asked for completions without a terminal.
struct Shell {
    name: &'static str,
    args: &'static [&'static str],
    /// Loads the completions of a program, whose name is `PROGRAM`, and defines what `line` uses.
    setup: &'static str,
    /// A line of script that prints what the words become; `WORDS` are they, quoted, and `LINE` they, with blanks between them.
    line: &'static str,
}

const SHELLS: [Shell; 4] = [
    // What readline does at a tab, without readline.
    Shell {
        name: "bash",
        args: &["--norc", "--noprofile"],
        setup: r#"
            source <(PROGRAM completion bash)
            complete -p PROGRAM | grep -q _taskcluster_tc || exit 3
            tab() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _taskcluster_tc PROGRAM "${@: -1}" "${@: -2:1}"; printf '%s\n' "${COMPREPLY[@]}"; }
        "#,
        line: "tab PROGRAM WORDS",
    },
    // The completion system needs a terminal; its one call is recorded instead.
    Shell {
        name: "zsh",
        args: &["-f"],
        setup: r#"
            compdef() { [[ $2 == PROGRAM ]] || exit 3; }
            _describe() { shift 2; print -l -- "${(@P)1}"; }
            _files() { print files; }
            source <(PROGRAM completion zsh)
            tab() { words=("$@"); CURRENT=$#; _taskcluster_tc; }
        "#,
        line: "tab PROGRAM WORDS",
    },
    Shell {
        name: "fish",
        args: &["--no-config"],
        setup: "PROGRAM completion fish | source",
        line: "complete --do-complete 'PROGRAM LINE'",
    },
    // The editor needs a terminal; what the stub has of it stands here instead.
    Shell {
        name: "elvish",
        args: &["-norc"],
        setup: r#"
            var edit: = (ns [&completion:=(ns [&arg-completer=[&]]) &complete-filename~={|word| put files}])
            eval &ns=(ns [&edit:=$edit:]) (PROGRAM completion elvish | slurp)
            var tab = $edit:completion:arg-completer[PROGRAM]
        "#,
        line: "$tab PROGRAM WORDS | to-lines",
    },
];

/// What a shell offers: the first word of each line, without what zsh and fish say of it.
fn offered(said: &str) -> Vec<String> {
    let value = |line: &str| line.split('\t').next().unwrap().split(':').next().unwrap().to_owned();
    said.lines().filter(|line| !line.is_empty()).map(value).collect()
}

/// Asks each shell for all rows at once; those for which it had nothing are asked for again, where the deployment is asked and
/// a busy machine may have been too slow for half a second.
fn check(program: &str, rows: &[Typed], rounds: usize) {
    let home = Home::new();
    for shell in &SHELLS {
        let mut left: Vec<&Typed> = rows.iter().collect();
        for round in 1..=rounds {
            let mut script = shell.setup.to_owned();
            for (words, _) in &left {
                let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                let line = shell.line.replace("WORDS", &quoted.join(" ")).replace("LINE", &words.join(" "));
                script.push_str(&format!("\n{line}\necho ----\n"));
            }
            let Some(said) = home.said(shell.name, shell.args, &script.replace("PROGRAM", program)) else {
                println!("{} is not installed", shell.name);
                break;
            };
            let answers: Vec<&str> = said.split("----\n").collect();
            let is_last = round == rounds;
            let mut missing = Vec::new();
            for (row, answer) in left.into_iter().zip(answers) {
                let found = offered(answer);
                if found != row.1 {
                    assert!(!is_last, "{} {program} {:?}: {answer}", shell.name, row.0);
                    missing.push(row);
                }
            }
            left = missing;
            if left.is_empty() {
                break;
            }
        }
    }
}

#[test]
fn each_shell_completes_what_the_machine_knows() {
    check("tc", KNOWN, 1);
}

#[test]
fn each_shell_completes_what_the_deployment_knows() {
    check("tc", ASKED, 20);
}

#[test]
fn each_shell_completes_by_the_go_tools_name_too() {
    check("taskcluster", &[KNOWN[1], KNOWN[3], KNOWN[15]], 1);
    check("taskcluster", &[ASKED[3]], 20);
}

#[test]
fn with_nothing_to_offer_each_shell_offers_files() {
    let home = Home::new();
    for shell in &SHELLS {
        let line = shell.line.replace("WORDS", "schema validate queue createTask Cargo.t");
        let line = line.replace("LINE", "schema validate queue createTask Cargo.t");
        let script = format!("{}\n{line}\n", shell.setup).replace("PROGRAM", "tc");
        let Some(said) = home.said(shell.name, shell.args, &script) else { continue };
        let expected = match shell.name {
            // Readline does it itself.
            "bash" => "",
            "fish" => "Cargo.toml",
            _ => "files",
        };
        assert_eq!(said.trim(), expected, "{}", shell.name);
    }
}

/// Lines that make a shell complete on a terminal, with a prompt that can be waited for.
const AT_A_PROMPT: [(&str, &[&str], &str); 4] = [
    ("bash", &["--norc", "--noprofile", "-i"], "PS1='ready> '; source <(tc completions bash)"),
    ("zsh", &["-f", "-i"], "PS1='ready> '; autoload -Uz compinit; compinit -u -D; source <(tc completions zsh)"),
    ("fish", &["--no-config", "-i"], "function fish_prompt; echo 'ready> '; end; tc completions fish | source"),
    ("elvish", &["-norc"], "set edit:prompt = { print 'ready> ' }; eval (tc completions elvish | slurp)"),
];

#[test]
fn a_tab_completes_at_the_prompt_of_each_shell() {
    let home = Home::new();
    for (shell, args, setup) in AT_A_PROMPT {
        if Command::new(shell).arg("--version").stdin(Stdio::null()).output().is_err() {
            println!("{shell} is not installed");
            continue;
        }
        let terminal =
            Terminal::new().size(30, 120).env("PATH", &home.path()).env("TASKCLUSTER_ROOT_URL", home.server.url());
        let session = terminal.run_program(Path::new(shell), args);
        session.press(&format!("{setup}\r"));
        let at_prompt = |screen: &vt100::Screen| screen.contents().lines().any(|line| line.starts_with("ready>"));
        session.wait_until("the prompt", at_prompt);
        session.press("tc slugid gen\t");
        session.wait_for("tc slugid generate");
        // Elvish puts no blank behind what it completes.
        session.press(if shell == "elvish" { " --ni\t" } else { "--ni\t" });
        session.wait_for("tc slugid generate --nice");
        session.press("\rexit\r");
        let left = session.end();
        assert_eq!(left.status, Some(0), "{shell}: {}", left.screen);
    }
}

/// Lines by which a shell that has read what `--install` wrote shows whose completion counts.
const INSTALLED: [(&str, &[&str], &str, &str); 3] = [
    // What bash-completion does at the first tab. iproute2 has a file for its `tc` there, too.
    (
        "bash",
        &["--norc", "--noprofile"],
        "source /usr/share/bash-completion/bash_completion || exit 0
         if declare -F _comp_load >/dev/null; then _comp_load tc; else _completion_loader tc; fi
         complete -p tc",
        "-F _taskcluster_tc tc",
    ),
    ("zsh", &["-i"], "print $_comps[tc]", "_taskcluster_tc"),
    ("fish", &[], "complete --do-complete 'tc slugid gen'", "generate\t"),
];

#[test]
fn what_is_installed_counts_beside_the_completion_of_iproute2() {
    for (shell, args, script, expected) in INSTALLED {
        if shell == "bash" && !Path::new("/usr/share/bash-completion/bash_completion").exists() {
            println!("bash-completion is not installed");
            continue;
        }
        let home = Home::new();
        home.tc.run(&["completions", shell, "--install"]).stdout("").status(0);
        let Some(said) = home.said(shell, args, script) else { continue };
        assert!(said.contains(expected), "{shell}: {said}");
    }
}
