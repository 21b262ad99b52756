//! docs/differences.md: a section for every command of the Go tool, and what its rows say, run both ways: as `tc` and by
//! the Go tool's name.

use std::path::Path;

use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::task;

/// The commands of the Go tool, as its help lists them.
const COMMANDS: [&str; 14] = [
    "api",
    "completion",
    "completions",
    "config",
    "d2g",
    "download",
    "from-now",
    "group",
    "help",
    "signin",
    "slugid",
    "task",
    "update",
    "version",
];

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/differences.md")).unwrap()
}

#[test]
fn every_command_of_the_go_tool_has_a_section_and_is_a_command() {
    let page = page();
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for command in COMMANDS.iter().chain(&["validate-json"]) {
        assert!(headings.iter().any(|heading| heading.split(", ").any(|name| name == *command)), "{command}");
        let ran = Tc::new().run(&[command, "--help"]);
        ran.stderr("").status(0);
    }
}

#[test]
fn tables_have_three_columns() {
    for line in page().lines().filter(|line| line.starts_with('|')) {
        let bars = line.matches('|').count() - line.matches("\\|").count();
        assert_eq!(bars, 4, "{line}");
    }
}

/// What one row says: words of it, a command line, what it prints (nothing given: whatever) and how it ends as `tc`, and
/// by the Go tool's name.
struct Row {
    section: &'static str,
    words: &'static str,
    line: &'static [&'static str],
    tc: (Option<&'static str>, u8),
    taskcluster: (Option<&'static str>, u8),
}

const ROWS: &[Row] = &[
    Row {
        section: "api",
        words: "an argument too many",
        line: &["api", "queue", "ping", "x"],
        tc: (Some(""), 2),
        taskcluster: (Some(""), 2),
    },
    Row {
        section: "config",
        words: "`config get KEY`, nobody set it",
        line: &["config", "get", "config.certificate"],
        tc: (Some(""), 5),
        taskcluster: (Some("null\n"), 0),
    },
    Row {
        section: "config",
        words: "`config set config.accessToken ..`",
        line: &["config", "set", "config.accessToken", "x"],
        tc: (Some(""), 2),
        taskcluster: (Some(""), 2),
    },
    Row {
        section: "config",
        words: "`config set KEY VALUE`",
        line: &["config", "set", "-d", "config.rootUrl", "https://a.example"],
        tc: (Some(""), 0),
        taskcluster: (Some("Set 'config.rootUrl' = https://a.example\n"), 0),
    },
    Row {
        section: "config",
        words: "`config reset KEY`, nobody set it",
        line: &["config", "reset", "config.rootUrl"],
        tc: (Some(""), 5),
        taskcluster: (Some("Reset config.rootUrl to default value.\n"), 0),
    },
    Row {
        section: "from-now",
        words: "`from-now '1 month 1 day'`",
        line: &["from-now", "1 month 1 day", "--from", "2026-01-31T00:00:00Z"],
        tc: (Some("2026-03-01T00:00:00Z\n"), 0),
        taskcluster: (Some("2026-03-01T00:00:00Z\n"), 0),
    },
    Row {
        section: "from-now",
        words: "`from-now ''`",
        line: &["from-now", "", "--from", "2026-01-31T00:00:00Z"],
        tc: (Some("2026-01-31T00:00:00Z\n"), 0),
        taskcluster: (Some("2026-01-31T00:00:00Z\n"), 0),
    },
    Row {
        section: "from-now",
        words: "`from-now '-1 day'`",
        line: &["from-now", "-1 day", "--from", "2026-01-31T00:00:00Z"],
        tc: (Some("2026-01-30T00:00:00Z\n"), 0),
        taskcluster: (Some("2026-01-30T00:00:00Z\n"), 0),
    },
    Row {
        section: "group",
        words: "`group list` without a filter",
        line: &["group", "list", "{TASK}"],
        tc: (Some("{TASK} n running\n"), 0),
        taskcluster: (Some("{TASK} n running\n"), 0),
    },
    Row {
        section: "group",
        words: "and other structs",
        line: &["group", "list", "{TASK}", "--format-string", "{{ .Task.Metadata }}"],
        tc: (Some(""), 2),
        taskcluster: (Some(""), 2),
    },
    Row {
        section: "group",
        words: "with `define`, `template`",
        line: &["group", "list", "{TASK}", "--format-string", "{{ template \"x\" }}"],
        tc: (Some(""), 2),
        taskcluster: (Some(""), 2),
    },
    Row {
        section: "group",
        words: "a field that does not exist",
        line: &["group", "list", "{TASK}", "--format-string", "{{ .Task.Nope }}"],
        tc: (Some(""), 2),
        taskcluster: (Some(""), 2),
    },
    Row {
        section: "group",
        words: "`--format-string`, times that are absent",
        line: &[
            "group",
            "list",
            "{TASK}",
            "--format-string",
            "{{ $run := index .Status.Runs 0 }}[{{ $run.Resolved }}]",
        ],
        tc: (Some("[]\n"), 0),
        taskcluster: (Some("[]\n"), 0),
    },
    Row {
        section: "group",
        words: "`group cancel` without a terminal",
        line: &["group", "cancel", "{TASK}"],
        tc: (Some(""), 2),
        taskcluster: (Some(""), 2),
    },
    Row {
        section: "group",
        words: "`group cancel`, nothing matches",
        line: &["group", "cancel", "-w", "nothing", "{TASK}"],
        tc: (Some(""), 0),
        taskcluster: (Some(""), 0),
    },
    Row { section: "help", words: "a noun without a verb", line: &["task"], tc: (Some(""), 2), taskcluster: (None, 0) },
    Row {
        section: "slugid",
        words: "`slugid decode nope`",
        line: &["slugid", "decode", "nope"],
        tc: (Some(""), 2),
        taskcluster: (Some(""), 2),
    },
    Row {
        section: "task",
        words: "`task status --run N`, there is no such run",
        line: &["task", "status", "{TASK}", "--run", "7"],
        tc: (Some(""), 5),
        taskcluster: (Some(""), 5),
    },
    Row {
        section: "task",
        words: "`task status -a -r N`",
        line: &["task", "status", "{TASK}", "-a", "-r", "0"],
        tc: (Some(""), 2),
        taskcluster: (Some(""), 2),
    },
    Row {
        section: "task",
        words: "`--confirm`, end of input",
        line: &["task", "cancel", "--confirm", "{TASK}"],
        tc: (Some(""), 1),
        taskcluster: (Some(""), 1),
    },
    Row {
        section: "task",
        words: "`task complete` of a task that is not pending",
        line: &["task", "complete", "{TASK}"],
        tc: (Some(""), 6),
        taskcluster: (Some(""), 6),
    },
    Row { section: "update", words: "`update`", line: &["update"], tc: (None, 0), taskcluster: (None, 0) },
    Row {
        section: "version",
        words: "`version`",
        line: &["version"],
        tc: (Some("tc 0.1.0 (references of Taskcluster 106.0.0)\n"), 0),
        taskcluster: (Some("taskcluster version 0.1.0\n"), 0),
    },
];

#[test]
fn rows_say_what_is_so_by_both_names() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let id = task::running(&sandbox, chrono::Utc::now());
    let page = page();
    for row in ROWS {
        let section = page.split("\n## ").find(|text| text.split(['\n', ',']).next() == Some(row.section)).unwrap();
        assert!(section.lines().any(|line| line.starts_with('|') && line.contains(row.words)), "{}", row.words);
        let words: Vec<String> = row.line.iter().map(|word| word.replace("{TASK}", &id)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for (name, (stdout, status)) in [("tc", row.tc), ("taskcluster", row.taskcluster)] {
            // A home of its own, in which nothing is set.
            let tc = Tc::new().signed_in(&sandbox);
            let tc = if row.section == "config" { Tc::new() } else { tc };
            let ran = tc.run_as(name, &words);
            ran.status(status);
            if let Some(stdout) = stdout {
                ran.stdout(&stdout.replace("{TASK}", &id));
            }
        }
    }
}

/// The release team's aliases, as they stand in their notes but for the deployment and the browser.
#[cfg(unix)]
#[test]
fn aliases_of_the_release_team_work_in_bash_and_zsh_by_both_names() {
    use std::process::Command;

    use tc::sandbox::SignIn;

    let sign_in = SignIn { auto_approve: true, ..SignIn::default() };
    let sandbox = Sandbox::start(Options::default().sign_in(sign_in)).unwrap();
    let root = sandbox.root_url();
    for shell in ["bash", "zsh"] {
        if Command::new(shell).args(["-c", ":"]).status().is_err() {
            println!("{shell} is not installed");
            continue;
        }
        for name in ["taskcluster", "tc"] {
            let home = tempfile::tempdir().unwrap();
            let bin = home.path().join("bin");
            std::fs::create_dir(&bin).unwrap();
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tc"), bin.join(name)).unwrap();
            let script = ALIASES.replace("DEPLOYMENT", root).replace("taskcluster signin", &format!("{name} signin"));
            let expand = if shell == "bash" { "shopt -s expand_aliases\n" } else { "setopt aliases\n" };
            let file = home.path().join("script");
            std::fs::write(&file, format!("{expand}{script}")).unwrap();
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
            let ran = Command::new(shell)
                .arg(&file)
                .env_clear()
                .envs([("HOME", home.path().to_str().unwrap()), ("PATH", &path), ("NAME", name)])
                // Whatever opens a page; the sandbox approves by itself.
                .env("BROWSER", "curl -sSL -o /dev/null %s")
                .output()
                .unwrap();
            let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert!(ran.status.success(), "{shell} {name}: {stdout}\n{stderr}");
            let lines: Vec<&str> = stdout.lines().collect();
            assert_eq!(lines.len(), 6, "{shell} {name}: {stdout}\n{stderr}");
            assert_eq!(lines[0], format!("{root}/"));
            let prefix = if name == "tc" { "/tc-" } else { "/cli-" };
            assert!(lines[1].contains(prefix), "{stdout}");
            assert!(lines[2].contains("queue:cancel-task:*") && lines[2].contains("queue:rerun-task:*"), "{stdout}");
            assert_eq!((lines[3], lines[4]), ("unset", "secrets:get:x"), "{stdout}");
            assert_eq!(lines[5], "end");
        }
    }
}

/// Verbatim, with the address of the sandbox in place of those of production; `"$@"` is what stands behind the alias.
#[cfg(unix)]
const ALIASES: &str = r#"
alias tc-fxci='export TASKCLUSTER_ROOT_URL=DEPLOYMENT/'
alias tc-logout='unset TASKCLUSTER_CLIENT_ID; unset TASKCLUSTER_ACCESS_TOKEN'
alias tc-relduty=$'eval `TASKCLUSTER_ROOT_URL=DEPLOYMENT/ taskcluster signin --expires 1h -s "queue:rerun-task:*\nqueue:cancel-task:*"`'
tc-signin() { eval `TASKCLUSTER_ROOT_URL=DEPLOYMENT/ taskcluster signin --expires 15m "$@"`; }
set -e
tc-fxci
echo $TASKCLUSTER_ROOT_URL
tc-relduty
echo $TASKCLUSTER_CLIENT_ID
"$NAME" api auth currentScopes --jq '.scopes|join(" ")'
tc-logout
echo ${TASKCLUSTER_CLIENT_ID-unset}
unset TASKCLUSTER_CERTIFICATE
tc-signin -s secrets:get:x
"$NAME" api auth currentScopes --jq '.scopes[]|select(startswith("secrets:get:"))'
echo end
"#;
