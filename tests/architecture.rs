//! Keeps the dependency rule of ARCHITECTURE.md: which module may use which, and no circles of files. The arrows are read
//! from the sources, and re-exports are followed to the file that defines the name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::public_items::public_items;
use crate::support::source_graph::SourceGraph;

/// What each module may use of ours. A module that is not listed may not exist.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("domain", &[]),
    ("loopback", &[]),
    ("nesting", &[]),
    ("reference", &[]),
    ("ui", &["nesting"]),
    ("env", &["clock"]),
    ("schema", &["reference"]),
    ("definition", &["domain", "reference", "schema"]),
    ("diagnosis", &["domain", "ui"]),
    ("error", &["domain", "reference", "schema", "ui"]),
    ("client", &["clock", "domain", "env", "error", "nesting", "reference"]),
    ("bulk", &["client", "domain", "error"]),
    ("helper", &["client", "domain", "env", "error"]),
    ("transfer", &["client", "clock", "domain", "error", "reference"]),
    ("pulse", &["clock", "domain", "env", "error", "reference"]),
    ("config", &["client", "clock", "domain", "env", "error", "reference"]),
    ("signin", &["client", "clock", "domain", "env", "error", "loopback"]),
    ("sandbox", &["clock", "definition", "domain", "env", "error", "loopback", "pulse", "reference", "schema"]),
    ("exit", &["env", "ui"]),
    ("cli", &["domain", "env", "error", "reference", "schema", "ui"]),
    ("context", &["cli", "client", "clock", "config", "domain", "env", "error", "reference", "schema", "ui"]),
    (
        "commands",
        &[
            "bulk",
            "cli",
            "client",
            "clock",
            "config",
            "context",
            "definition",
            "diagnosis",
            "domain",
            "env",
            "error",
            "exit",
            "helper",
            "loopback",
            "pulse",
            "reference",
            "sandbox",
            "schema",
            "signin",
            "transfer",
            "ui",
        ],
    ),
    ("run", &["cli", "commands", "config", "context", "env", "error", "exit", "ui"]),
    ("lib", &[]),
    ("main", &[]),
];

/// What several verbs have in common, by what it does.
const ROOMS: [&str; 17] = [
    "bulk",
    "credentials",
    "deployment",
    "diagnosing",
    "documents",
    "examples",
    "hints",
    "listening",
    "lists",
    "logs",
    "notices",
    "page",
    "programs",
    "selection",
    "topics",
    "transfers",
    "waiting",
];

/// No file is larger; one of three hundred lines is a good size.
const MAX_LINES: usize = 500;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// `commands` of `commands/task/log.rs`.
fn module_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

#[test]
fn modules_use_only_what_they_may() {
    let graph = SourceGraph::read(&sources());
    let mut wrong = BTreeSet::new();
    for (file, uses) in graph.arrows() {
        let module = module_of(file);
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            wrong.insert(format!("the module `{module}` is not listed"));
            continue;
        };
        let foreign = uses.iter().filter(|used| module_of(used) != module && !allowed.contains(&module_of(used)));
        wrong.extend(foreign.map(|used| format!("{file} uses {used}")));
    }
    assert_eq!(wrong, BTreeSet::new(), "see the dependency rule in ARCHITECTURE.md");
}

#[test]
fn files_use_each_other_in_no_circle() {
    assert_eq!(SourceGraph::read(&sources()).circles(), [[""; 0]; 0]);
}

#[test]
fn a_circle_would_be_found() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("lib.rs", "mod a;\nmod b;\nmod c;\n");
    write("a.rs", "use crate::c::Through;\npub struct A(Through);\n");
    write("b.rs", "pub struct B;\nfn f() { let _ = crate::a::A; }\n");
    // A re-export is followed to where the name is defined.
    write("c.rs", "pub use crate::b::B as Through;\n");
    assert_eq!(SourceGraph::read(directory.path()).circles(), [["a.rs", "b.rs"]]);
}

#[test]
fn verbs_never_use_each_other() {
    let graph = SourceGraph::read(&sources());
    let mut wrong = Vec::new();
    for (file, uses) in graph.arrows() {
        let Some(own) = file.strip_prefix("commands/").filter(|file| *file != "mod.rs").map(module_of) else {
            continue;
        };
        for other in uses.iter().filter_map(|used| used.strip_prefix("commands/")).map(module_of) {
            if other != own && other != "mod" && !ROOMS.contains(&other) {
                wrong.push(format!("{file} uses commands/{other}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn no_file_is_too_long() {
    let graph = SourceGraph::read(&sources());
    let lines = |file: &str| fs::read_to_string(sources().join(file)).unwrap().lines().count();
    let long: Vec<&str> = graph.files().filter(|file| lines(file) > MAX_LINES).collect();
    assert_eq!(long, [""; 0]);
}

/// The listing changes only on purpose: `TC_TEST_WRITE=1 cargo test public_surface` writes it anew.
#[test]
fn the_public_surface_is_as_listed() {
    let found: Vec<String> = public_items(&SourceGraph::read(&sources())).into_iter().collect();
    let text = found.join("\n") + "\n";
    let listing = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/public-items.txt");
    if std::env::var_os("TC_TEST_WRITE").is_some() {
        fs::write(&listing, &text).unwrap();
    }
    let listed = fs::read_to_string(&listing).unwrap();
    let changed: Vec<String> = diff(&listed, &text);
    assert_eq!(changed, [""; 0], "if that is on purpose: TC_TEST_WRITE=1 cargo test public_surface");
}

fn diff(before: &str, after: &str) -> Vec<String> {
    let (before, after): (BTreeSet<&str>, BTreeSet<&str>) = (before.lines().collect(), after.lines().collect());
    let gone = before.difference(&after).map(|item| format!("- {item}"));
    gone.chain(after.difference(&before).map(|item| format!("+ {item}"))).collect()
}

/// The verb's own files, and three lines beside them: its module, its variant, its dispatch.
#[test]
fn a_verb_takes_three_lines_besides_its_own_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
    let mut verbs = 0;
    for noun in fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let Ok(dispatch) = fs::read_to_string(noun.join("mod.rs")) else { continue };
        for line in dispatch.lines().filter_map(|line| line.trim().strip_suffix("::Args),")) {
            let module = line.rsplit('(').next().unwrap();
            let names = |line: &&str| {
                line.match_indices(module).any(|(at, _)| {
                    let (before, after) = (line[..at].chars().last(), line[at + module.len()..].chars().next());
                    !before.is_some_and(|c| c.is_alphanumeric() || c == '_') && matches!(after, Some(':' | ';'))
                })
            };
            let lines: Vec<&str> = dispatch.lines().filter(names).collect();
            // A verb that is what the noun does by itself is dispatched for that, too.
            let lines: Vec<&&str> =
                lines.iter().filter(|line| !line.contains("None =>") && !line.ends_with("::Args,")).collect();
            assert_eq!(lines.len(), 3, "{}: {lines:#?}", noun.join(module).display());
            verbs += 1;
        }
    }
    assert!(verbs > 40, "only {verbs} verbs were found");
}

#[test]
fn main_stays_small() {
    let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs");
    assert!(fs::read_to_string(main).unwrap().lines().count() < 30);
}

#[test]
fn no_test_file_is_forgotten() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let main = fs::read_to_string(root.join("tests/main.rs")).unwrap();
    for file in fs::read_dir(root.join("tests")).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_module = file.is_dir() && file.join("mod.rs").exists() || file.extension().is_some_and(|e| e == "rs");
        if is_module && name != "main" {
            assert!(main.contains(&format!("mod {name};")), "tests/main.rs does not name {name}");
        }
    }
}
