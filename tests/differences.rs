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

/// What one row says: words of it, a command line, what it reads, what it prints (nothing given: whatever) and how it ends as
/// `tc`, and by the Go tool's name.
struct Row {
    section: &'static str,
    words: &'static str,
    line: &'static [&'static str],
    input: Input,
    tc: Ending,
    taskcluster: Ending,
}

/// Standard output, and the exit status.
type Ending = (Option<&'static str>, u8);

/// Where standard input comes from.
enum Input {
    Pipe(&'static str),
    Terminal(&'static str),
}

const REFUSED: Ending = (Some(""), 2);
const NOTHING: Input = Input::Pipe("");

/// A row whose command reads nothing.
const fn row(
    section: &'static str,
    words: &'static str,
    line: &'static [&'static str],
    tc: Ending,
    taskcluster: Ending,
) -> Row {
    Row { section, words, line, input: NOTHING, tc, taskcluster }
}

/// A row that is the same by both names.
const fn both(section: &'static str, words: &'static str, line: &'static [&'static str], ending: Ending) -> Row {
    row(section, words, line, ending, ending)
}

impl Row {
    const fn reading(mut self, input: Input) -> Self {
        self.input = input;
        self
    }
}

const ROWS: &[Row] = &[
    both("api", "every call", &["api", "auth", "expandScopes"], REFUSED).reading(Input::Pipe("{\"scopes\": 1}")),
    both("api", "an argument too many", &["api", "queue", "ping", "x"], REFUSED),
    both("api", "no body on a terminal", &["api", "auth", "expandScopes"], REFUSED).reading(Input::Terminal("")),
    row(
        "api",
        "the output",
        &["api", "auth", "currentScopes"],
        (Some("{\n  \"scopes\": [\n    \"*\"\n  ]\n}\n"), 0),
        (Some("{\n  \"scopes\": [\n    \"*\"\n  ]\n}"), 0),
    ),
    row(
        "config",
        "`config get KEY`, nobody set it",
        &["config", "get", "config.certificate"],
        (Some(""), 5),
        (Some("null\n"), 0),
    ),
    both("config", "`config set config.accessToken ..`", &["config", "set", "config.accessToken", "x"], REFUSED),
    row(
        "config",
        "`config set KEY VALUE`",
        &["config", "set", "-d", "config.rootUrl", "https://a.example"],
        (Some(""), 0),
        (Some("Set 'config.rootUrl' = https://a.example\n"), 0),
    ),
    row(
        "config",
        "`config reset KEY`, nobody set it",
        &["config", "reset", "config.rootUrl"],
        (Some(""), 5),
        (Some("Reset config.rootUrl to default value.\n"), 0),
    ),
    both("config", "`config.authorizedScopes`", &["config", "set", "config.authorizedScopes", "[]"], REFUSED),
    both("d2g", "a payload with faults", &["d2g"], (Some(""), 1)).reading(Input::Pipe("{\"image\": 1}")),
    both(
        "from-now",
        "`from-now '1 month 1 day'`",
        &["from-now", "1 month 1 day", "--from", "2026-01-31T00:00:00Z"],
        (Some("2026-03-01T00:00:00Z\n"), 0),
    ),
    both(
        "from-now",
        "`from-now ''`",
        &["from-now", "", "--from", "2026-01-31T00:00:00Z"],
        (Some("2026-01-31T00:00:00Z\n"), 0),
    ),
    both(
        "from-now",
        "`from-now '-1 day'`",
        &["from-now", "-1 day", "--from", "2026-01-31T00:00:00Z"],
        (Some("2026-01-30T00:00:00Z\n"), 0),
    ),
    both("group", "`group status`", &["group", "status", "{TASK}"], (Some("running: 1\n"), 0)),
    both("group", "`group list` without a filter", &["group", "list", "{TASK}"], (Some("{TASK} n running\n"), 0)),
    both(
        "group",
        "and other structs",
        &["group", "list", "{TASK}", "--format-string", "{{ .Task.Metadata }}"],
        REFUSED,
    ),
    both(
        "group",
        "with `define`, `template`",
        &["group", "list", "{TASK}", "--format-string", "{{ template \"x\" }}"],
        REFUSED,
    ),
    both(
        "group",
        "a field that does not exist",
        &["group", "list", "{TASK}", "--format-string", "{{ .Task.Nope }}"],
        REFUSED,
    ),
    both(
        "group",
        "payload and extra",
        &["group", "list", "{TASK}", "--format-string", "[{{ index .Task.Payload \"x\" }}]"],
        (Some("[]\n"), 0),
    ),
    both(
        "group",
        "`--format-string`, times that are absent",
        &["group", "list", "{TASK}", "--format-string", "{{ $run := index .Status.Runs 0 }}[{{ $run.Resolved }}]"],
        (Some("[]\n"), 0),
    ),
    row("group", "`group cancel` without a terminal", &["group", "cancel", "{TASK}"], REFUSED, (Some(""), 0))
        .reading(Input::Pipe("n\n")),
    row("group", "the answer is no", &["group", "cancel", "{TASK}"], (Some(""), 1), (Some(""), 0))
        .reading(Input::Terminal("n\n")),
    both("group", "`group cancel`, end of input", &["group", "cancel", "{TASK}"], (Some(""), 1))
        .reading(Input::Terminal("")),
    both("group", "`group cancel`, nothing matches", &["group", "cancel", "-w", "nothing", "{TASK}"], (Some(""), 0)),
    row("help", "a noun without a verb", &["task"], REFUSED, (None, 0)),
    row("signin", "`signin --check`", &["signin", "--check"], (None, 0), (Some(""), 0)),
    both("slugid", "`slugid` without a verb", &["slugid"], (None, 0)),
    both("slugid", "`slugid decode nope`", &["slugid", "decode", "nope"], REFUSED),
    both(
        "task",
        "`task status --run N`, there is no such run",
        &["task", "status", "{TASK}", "--run", "7"],
        (Some(""), 5),
    ),
    both("task", "`task status -a -r N`", &["task", "status", "{TASK}", "-a", "-r", "0"], REFUSED),
    both("task", "`task rerun --noop`", &["task", "rerun", "--noop", "{TASK}"], (Some(""), 6)),
    both("task", "`--confirm`, end of input", &["task", "cancel", "--confirm", "{TASK}"], (Some(""), 1)),
    both("task", "of a task that is not pending", &["task", "complete", "{TASK}"], (Some(""), 6)),
    both("update", "`update`", &["update"], (None, 0)),
    row(
        "version",
        "`version`",
        &["version"],
        (Some("tc 0.1.0 (references of Taskcluster 106.0.0)\n"), 0),
        (Some("taskcluster version 0.1.0\n"), 0),
    ),
];

/// Rows that other tests run: section, words of the row, file and test.
const ELSEWHERE: &[[&str; 4]] = &[
    ["api", "`-o FILE`", "differences", "a_file_is_left_alone_by_a_call_that_fails"],
    ["api", "a redirect |", "api_redirects", "a_redirect_is_printed_as_the_answer_that_it_is"],
    ["api", "what is not the answer", "api_redirects", "a_redirect_of_a_method_that_has_none_is_an_error"],
    ["completions", "`completions SHELL`", "compatible", "completions_go_to_a_file_and_leave_out_descriptions"],
    ["completions", "all completions are in the file", "completions", "the_stubs_are_fresh"],
    ["completions", "--no-descriptions", "compatible", "completions_go_to_a_file_and_leave_out_descriptions"],
    ["config", "`config` on a terminal", "compatible", "all_settings_are_printed_under_the_go_tools_names"],
    ["config", "`config reset --all`", "compatible", "setting_and_resetting_say_what_the_go_tool_says_by_its_name"],
    [
        "download",
        "`download artifact`, `download object`",
        "transcripts_more",
        "other_runs_of_the_go_tool_look_the_same_by_its_name",
    ],
    ["download", "no folder for FILE", "compatible", "downloads_look_as_those_of_the_go_tool_by_its_name"],
    ["download", "`download artifact TASK NAME -`", "compatible", "downloads_look_as_those_of_the_go_tool_by_its_name"],
    ["download", "it fails half way", "transfer_faults", "what_is_wrong_never_gets_the_final_name"],
    ["group", "escapes names for HTML", "group_transcripts", "runs_of_the_go_tool_mean_the_same_by_its_name"],
    ["group", "`group cancel -f`", "group_answers", "f_is_no_yes_but_for_a_program_called_as_the_go_tool"],
    ["group", "some calls fail", "group_bulk", "what_fails_is_told_with_its_reason_and_written_down"],
    ["group", "Ctrl-C half way", "group_bulk", "an_interrupt_waits_for_what_is_in_flight_and_says_what_is_left"],
    [
        "group",
        "`group cancel`, many tasks",
        "group_bulk",
        "a_server_that_asks_for_less_gets_less_and_all_of_it_is_done_once",
    ],
    [
        "group",
        "`group cancel -w TYPE`",
        "compatible",
        "of_several_worker_types_the_last_one_counts_by_the_go_tools_name",
    ],
    ["group", "-w A -w B", "compatible", "of_several_worker_types_the_last_one_counts_by_the_go_tools_name"],
    ["signin", "`signin` on a terminal", "signin", "at_a_terminal_it_is_stored_and_found_again"],
    ["signin", "the client's name", "signin", "by_the_go_tools_name_lines_and_clients_are_as_there"],
    ["signin", "the order of the lines", "signin", "by_the_go_tools_name_lines_and_clients_are_as_there"],
    ["signin", "the form of the lines", "signin", "a_certificate_of_earlier_credentials_is_removed"],
    ["signin", "no browser", "signin", "a_browser_that_does_not_open_is_no_failure"],
    ["task", "every `task` verb", "task", "many_tasks_are_told_apart_and_come_in_order"],
    ["task", "`task status` of a task without runs", "task", "a_task_without_runs_has_a_state"],
    [
        "task",
        "`task name`, `task log` on a terminal",
        "task_log",
        "a_terminal_gets_no_control_characters_unless_it_wants_them",
    ],
    ["task", "| `task log` |", "task_log", "a_private_log_is_asked_for_with_a_signature_and_storage_gets_none"],
    ["task", "a missing log", "task_log", "what_cannot_be_had_is_said_before_anything_is_printed"],
    [
        "task",
        "ends where the connection ends",
        "task_log",
        "a_live_log_that_is_cut_goes_on_without_losing_or_repeating_a_byte",
    ],
    ["task", "| `task rerun` |", "task_actions", "rerun_refuses_what_still_waits_and_says_for_what"],
    ["task", "| `--confirm` |", "task_actions", "a_wish_to_be_asked_is_granted_without_a_terminal"],
    ["task", "of several tasks", "task_actions", "many_tasks_need_a_yes"],
    ["task", "`task retrigger`", "task_actions", "a_retriggered_task_is_a_new_one_without_routes_and_dependencies"],
    ["task", "| `task complete` |", "task_actions", "complete_claims_and_reports_with_the_credentials_of_the_claim"],
    ["validate-json", "a document with faults", "definition", "files_are_checked_against_schemas_of_one_s_own"],
];

/// The rows of a section, without its heading.
fn rows<'p>(page: &'p str, section: &str) -> Vec<&'p str> {
    let section = page.split("\n## ").find(|text| text.split(['\n', ',']).next() == Some(section)).unwrap();
    section.lines().filter(|line| line.starts_with('|')).skip(2).collect()
}

#[test]
fn each_row_is_run_by_a_test() {
    let page = page();
    let checked: Vec<[&str; 2]> = ROWS.iter().map(|row| [row.section, row.words]).collect();
    let checked: Vec<[&str; 2]> = checked.into_iter().chain(ELSEWHERE.iter().map(|row| [row[0], row[1]])).collect();
    for [section, words] in &checked {
        assert!(rows(&page, section).iter().any(|row| row.contains(words)), "{section} has no row of {words}");
    }
    let mut count = 0;
    for section in COMMANDS.iter().chain(&["validate-json"]).filter(|section| **section != "completion") {
        for row in rows(&page, section) {
            let is_checked = checked.iter().any(|[of, words]| of == section && row.contains(words));
            assert!(is_checked, "no test runs this row of {section}: {row}");
            count += 1;
        }
    }
    assert!(count > 60, "{count} rows");
    for [_, _, file, test] in ELSEWHERE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{file}.rs"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!("fn {test}(")), "tests/{file}.rs has no {test}");
    }
}

#[test]
fn rows_say_what_is_so_by_both_names() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let id = task::running(&sandbox, chrono::Utc::now());
    for row in ROWS {
        let words: Vec<String> = row.line.iter().map(|word| word.replace("{TASK}", &id)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for (name, (stdout, status)) in [("tc", row.tc), ("taskcluster", row.taskcluster)] {
            // A home of its own, in which nothing is set.
            let tc = if row.section == "config" { Tc::new() } else { Tc::new().signed_in(&sandbox) };
            let tc = match row.input {
                Input::Pipe(text) => tc.stdin(text),
                Input::Terminal(text) => tc.terminal().stdin(text),
            };
            let ran = tc.run_as(name, &words);
            ran.status(status);
            if let Some(stdout) = stdout {
                ran.stdout(&stdout.replace("{TASK}", &id));
            }
        }
    }
}

#[test]
fn a_file_is_left_alone_by_a_call_that_fails() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    for name in ["tc", "taskcluster"] {
        let tc = Tc::new().signed_in(&sandbox);
        let file = tc.directory().join("out.json");
        std::fs::write(&file, "before").unwrap();
        tc.run_as(name, &["api", "-o", "out.json", "queue", "task", "OIL6y1BMQnKAmKVzJWd32w"]).stdout("").status(5);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "before");
        tc.run_as(name, &["api", "-o", "out.json", "queue", "ping"]).stdout("").status(0);
        assert!(std::fs::read_to_string(&file).unwrap().contains("alive"));
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
