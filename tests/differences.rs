//! docs/differences.md: a section for every command of the Go tool, and what its rows say, run both ways: as `tc` and by
//! the Go tool's name.

use std::path::Path;

use tc::sandbox::{Options, Sandbox};

use crate::differences_stories::STORIES;
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

/// What `config` prints where nothing is set.
const NO_SETTINGS: &str =
    "config:\n  accessToken: \"\"\n  authorizedScopes: null\n  certificate: null\n  clientId: \"\"\n  rootUrl: \"\"\n";
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
    both("api", "`-o -`", &["api", "-o", "-", "queue", "lbheartbeat"], (None, 0)),
    both("api", "`api SERVICE` without a method", &["api", "purge-cache"], (None, 0)),
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
    row(
        "config",
        "`config help KEY`",
        &["config", "help", "config.rootUrl"],
        (Some("Key:     root-url\nMeaning: Root URL of the deployment to talk to.\nDefault: none\n"), 0),
        (Some("Key:     root-url\nMeaning: Root URL of the deployment to talk to.\nDefault: none\n"), 0),
    ),
    both("config", "`config -o -`", &["config", "-o", "-"], (Some(NO_SETTINGS), 0)),
    both("config", "`config.authorizedScopes`", &["config", "set", "config.authorizedScopes", "[]"], REFUSED),
    both("d2g", "`-e podman`", &["d2g", "-e", "podman"], REFUSED),
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
        "| `from-now` |",
        &["from-now", "1 hour", "--from", "2026-01-31T00:00:00+02:00"],
        (Some("2026-01-30T23:00:00Z\n"), 0),
    ),
    both("from-now", "`from-now '9000 years'`", &["from-now", "9000 years", "--from", "0"], REFUSED),
    both(
        "from-now",
        "`from-now '-1 day'`",
        &["from-now", "-1 day", "--from", "2026-01-31T00:00:00Z"],
        (Some("2026-01-30T00:00:00Z\n"), 0),
    ),
    both("task", "`task def`", &["task", "def", "{TASK}", "--jq", "keys_unsorted[0]"], (Some("provisionerId\n"), 0)),
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
    both("group", "`group seal -f`", &["group", "seal", "-f", "{TASK}"], REFUSED),
    both("group", "`group cancel`, nothing matches", &["group", "cancel", "-w", "nothing", "{TASK}"], (Some(""), 0)),
    row("help", "a noun without a verb", &["task"], REFUSED, (None, 0)),
    row("signin", "`signin --check`", &["signin", "--check"], (None, 0), (Some(""), 0)),
    row("slugid", "`slugid` without a verb", &["slugid"], (None, 0), (None, 0)),
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

/// The rows of a section, without its heading.
fn rows<'p>(page: &'p str, section: &str) -> Vec<&'p str> {
    let section = page.split("\n## ").find(|text| text.split(['\n', ',']).next() == Some(section)).unwrap();
    section.lines().filter(|line| line.starts_with('|')).skip(2).collect()
}

#[test]
fn each_row_is_run_by_a_test() {
    let page = page();
    let own = ROWS.iter().map(|row| [row.section, row.words]);
    let checked: Vec<[&str; 2]> = own.chain(STORIES.iter().map(|story| [story.section, story.words])).collect();
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
    assert!(count > 75, "{count} rows");
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
pub fn a_file_is_left_alone_by_a_call_that_fails() {
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

/// The list below "Everywhere".
#[test]
fn what_is_said_of_all_commands_is_so_by_both_names() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let task = task::running(&sandbox, chrono::Utc::now());
    for name in ["tc", "taskcluster"] {
        let signed_in = || Tc::new().signed_in(&sandbox);
        let nobody = || Tc::new().at(sandbox.root_url());
        let run = |tc: Tc, line: &[&str]| tc.called(name).run(line);
        // Statuses tell failures apart.
        run(signed_in(), &["task", "def", "OIL6y1BMQnKAmKVzJWd32w"]).stdout("").status(5);
        run(nobody(), &["secret", "get", "x"]).stdout("").status(4);
        run(Tc::new().at("http://localhost:1"), &["--retries", "0", "api", "queue", "ping"]).stdout("").status(7);
        run(Tc::new(), &["nonsense"]).stdout("").status(2);
        // Nothing is sent with an ID that cannot be one: nobody listens there.
        run(Tc::new().at("http://localhost:1"), &["task", "status", "nope"]).stdout("").status(2);
        run(Tc::new(), &["version", "x"]).stdout("").status(2);
        let help = run(Tc::new(), &["task", "help", "wait"]);
        assert!(help.stdout.contains("\nUsage: ") && help.stdout.contains(" task wait "), "{help}");
        let half = || Tc::new().at(sandbox.root_url()).env("TASKCLUSTER_CLIENT_ID", "me");
        run(half(), &["version", "-s"]).stderr("").status(0);
        assert_ne!(run(half(), &["api", "queue", "ping"]).status, 0);
        // The result alone is on standard output, and there is no log that nobody asked for.
        run(signed_in(), &["task", "name", &task]).stdout("n\n").stderr("").status(0);
        let logged = run(signed_in(), &["-v", "task", "name", &task]);
        assert!(logged.stdout == "n\n" && logged.stderr.contains(" answered verb=GET "), "{logged}");
    }
}
