//! The README is true: its demo is the demo's output, and its commands print what it says.

use std::path::Path;

use crate::support::Tc;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// Everything that differs from run to run, made the same.
fn normalized(text: &str) -> String {
    let ports = regex::Regex::new(r"localhost:[0-9]+").unwrap();
    let times = regex::Regex::new(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z").unwrap();
    // How long ago something was depends on when one asks.
    let lengths = regex::Regex::new(r"\b[0-9]+ (d|h|min|s)( [0-9]+ (h|min|s))?\b").unwrap();
    let program = regex::Regex::new(r"(?m)^    \S*tc (sandbox|group|api)").unwrap();
    let text = ports.replace_all(text, "localhost:1234");
    let text = times.replace_all(&text, "2026-11-22T12:00:00.000Z");
    let text = lengths.replace_all(&text, "9 min");
    program.replace_all(&text, "    tc $1").trim().to_owned()
}

#[test]
fn the_tour_is_what_the_demo_prints() {
    let readme = readme();
    let (_, rest) = readme.split_once("<!-- demo -->\n").unwrap();
    let (tour, _) = rest.split_once("<!-- end of demo -->").unwrap();
    let shown = tour.trim().trim_start_matches("```console\n").trim_end_matches("```");
    let ran = Tc::new().run(&["sandbox", "demo"]);
    assert!(
        normalized(shown) == normalized(&ran.stdout),
        "put this between the markers of README.md, in a ```console block:\n{}",
        normalized(&ran.stdout)
    );
}

/// The commands of the README that need nothing but themselves, with the output that it shows.
#[test]
fn the_examples_print_what_the_readme_says() {
    let mut checked = 0;
    let readme = readme();
    let (_, after_tour) = readme.split_once("<!-- end of demo -->").unwrap();
    for block in after_tour.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for example in block.split("$ tc ").skip(1) {
            let (line, expected) = example.split_once('\n').unwrap();
            if line.contains("--exec") || line.contains(';') {
                continue;
            }
            let args = words(line);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let ran = Tc::new().at("http://localhost:1").run(&args);
            assert_eq!(format!("{}{}", ran.stdout, ran.stderr), expected, "tc {line}");
            checked += 1;
        }
    }
    assert!(checked >= 6, "only {checked} examples were found");
}

/// The block of daily work, run in the sandbox that it names.
#[cfg(unix)]
#[test]
fn the_daily_work_is_what_the_commands_print() {
    use std::process::{Command, Stdio};

    let readme = readme();
    let (_, block) = readme.split_once("<!-- daily work -->\n```text\n").unwrap();
    let block = block.split("```").next().unwrap();
    let lines: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("$ tc ")).collect();
    assert_eq!(lines.len(), 3, "{block}");
    let program = env!("CARGO_BIN_EXE_tc");
    let script: String = lines.iter().map(|line| format!("echo '$ tc {line}'\n{program} {line}\n")).collect();
    let home = tempfile::tempdir().unwrap();
    let ran = Command::new(program)
        .args(["sandbox", "--seed", "firefox:300:7", "--age", "150m", "--exec", &script])
        .env_clear()
        .envs([("HOME", home.path()), ("TMPDIR", home.path())])
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // Tasks are rerun at once, and told in the order in which that was done.
    let sorted = |text: &str| {
        let mut commands: Vec<Vec<String>> = Vec::new();
        for line in text.lines() {
            if line.starts_with('$') {
                commands.push(Vec::new());
            }
            commands.last_mut().unwrap().push(line.to_owned());
        }
        commands.iter_mut().for_each(|command| command[1..].sort());
        commands
    };
    let printed = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(sorted(block), sorted(&printed), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// The command lines in the code of a page, without the program's name.
fn commands(page: &str) -> Vec<String> {
    let spans = regex::Regex::new(r"`tc ([^`\n]+)`").unwrap();
    let lines = regex::Regex::new(r"(?m)^    .*$").unwrap();
    let in_line = regex::Regex::new(r"(?:^|[\s(;&|])tc ([^#|;&\n]+)").unwrap();
    let code = lines.find_iter(page).flat_map(|line| in_line.captures_iter(line.as_str()));
    spans.captures_iter(page).chain(code).map(|found| found[1].trim().to_owned()).collect()
}

#[test]
fn commands_and_flags_that_the_documents_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for page in [
        "README.md",
        "SECURITY.md",
        "docs/library.md",
        "docs/migrating.md",
        "docs/scripting.md",
        "docs/release-duty.md",
    ] {
        for command in commands(&std::fs::read_to_string(root.join(page)).unwrap()) {
            let is_word =
                |word: &&str| word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.contains(['/', '.']);
            let mut args: Vec<&str> = command.split_whitespace().take_while(is_word).collect();
            if args.first() != Some(&"help") {
                args.push("--help");
            }
            let help = Tc::new().run(&args);
            help.status(0);
            // The help of a method names the page of the global options instead of them.
            let global = Tc::new().run(&["help", "options"]).stdout;
            for flag in command.split([' ', ',', '=']).filter(|word| word.starts_with("--") && *word != "--") {
                let is_known = help.stdout.contains(flag) || args[0] == "api" && global.contains(flag);
                assert!(is_known, "{page}: `tc {command}`: no {flag} in\n{}", help.stdout);
            }
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} commands were found");
}

/// Splits a command line at spaces outside of single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// What the Python client (113.2.0) has for its users, beside services and their methods.
const PYTHON: [&str; 42] = [
    "Queue",
    "QueueEvents",
    "aio",
    "authorizedScopes",
    "buildSignedUrl",
    "buildUrl",
    "calculateSleepTime",
    "createApiClient",
    "createSession",
    "createTemporaryCredentials",
    "decryptMessage",
    "download.download(",
    "downloadArtifact(",
    "downloadArtifactToBuf",
    "downloadArtifactToFile",
    "downloadToBuf",
    "downloadToFile",
    "dumpJson",
    "encodeStringForB64Header",
    "encryptEnvVar",
    "ensureCoro",
    "fromNow(",
    "fromNowJSON",
    "helper.TaskclusterConfig",
    "helper.load_secrets",
    "helper.upload_artifact",
    "get_service",
    "isExpired",
    "makeB64UrlSafe",
    "makeB64UrlUnsafe",
    "makeHawkExt",
    "makeHttpRequest",
    "makeSingleHttpRequest",
    "optionsFromEnvironment",
    "putFile",
    "runAsync",
    "scopeMatch",
    "scope_match",
    "slugId",
    "stableSlugId",
    "stringDate",
    "upload.uploadFromFile",
];

#[test]
fn each_function_of_the_python_client_has_its_row() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/migrating.md")).unwrap();
    let (_, python) = page.split_once("\n## From the Python client\n").unwrap();
    let names: Vec<&str> = python.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    for name in PYTHON.iter().chain(&["toStr", "uploadFromBuf", "upload(readerFactory"]) {
        assert!(names.iter().any(|row| row.contains(name)), "docs/migrating.md has no row of {name}");
    }
    for name in ["TaskclusterAuthFailure", "TaskclusterRestFailure", "TaskclusterConnectionError"] {
        assert!(python.contains(name), "{name}");
    }
}

#[test]
fn each_command_of_the_go_tool_has_its_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/migrating.md")).unwrap();
    let differences = std::fs::read_to_string(root.join("docs/differences.md")).unwrap();
    let (_, all) = differences.split_once("\n## Every command and flag\n").unwrap();
    let mut checked = 0;
    for line in all.lines().filter_map(|line| line.strip_prefix("| `")) {
        let words = line.split(['`', '[']).next().unwrap().split_whitespace();
        let words: Vec<&str> = words.take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).collect();
        let command = match words.as_slice() {
            // Help is the same everywhere; one row stands for the verbs and shells of these.
            ["help"] => continue,
            ["completion", ..] | ["completions", ..] => "taskcluster completions".to_owned(),
            [noun @ ("config" | "slugid"), ..] => format!("taskcluster {noun}"),
            words => format!("taskcluster {}", words.join(" ")),
        };
        assert!(page.contains(&format!("| `{command}")), "docs/migrating.md has no row of {command}");
        checked += 1;
    }
    assert!(checked > 35, "{checked}");
}

/// The documents of the project, by path.
fn documents() -> Vec<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let in_folder = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = in_folder(root).chain(in_folder(&root.join("docs")));
    all.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The anchor of a heading, as web sites of repositories make it.
fn anchor(heading: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || c == '-' || c == ' ' || c == '_';
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| kept(*c))
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn links_of_the_documents_lead_to_files_and_headings_that_exist() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let documents = documents();
    assert!(documents.len() > 12, "{documents:?}");
    let mut checked = 0;
    for document in &documents {
        let text = std::fs::read_to_string(document).unwrap();
        for target in link.captures_iter(&text).map(|found| found[1].to_owned()) {
            if target.contains("://") {
                continue;
            }
            let (path, heading) = target.split_once('#').unwrap_or((&target, ""));
            let file = if path.is_empty() { document.clone() } else { document.parent().unwrap().join(path) };
            assert!(file.exists(), "{}: {target}", document.display());
            if !heading.is_empty() {
                let there = std::fs::read_to_string(&file).unwrap();
                let has = there.lines().any(|line| line.starts_with('#') && anchor(line) == heading);
                assert!(has, "{}: {target}", document.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} links were found");
}

#[test]
fn pages_that_people_look_for_are_there_and_the_readme_leads_to_them() {
    let readme = readme();
    for page in
        ["release-duty", "scripting", "writing-tasks", "sandbox", "library", "migrating", "releasing", "differences"]
    {
        assert!(readme.contains(&format!("](docs/{page}.md")), "{page}");
    }
    for file in ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"] {
        assert!(readme.contains(&format!("]({file})")), "{file}");
    }
}
