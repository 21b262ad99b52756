//! Keeps the dependency rule of ARCHITECTURE.md: which module may use which.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use of ours; `error`, `env` and `clock` serve all that are not pure.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("env", &["clock"]),
    ("loopback", &[]),
    ("ui", &[]),
    ("domain", &[]),
    ("reference", &[]),
    ("schema", &["reference"]),
    ("definition", &["domain", "reference", "schema"]),
    ("error", &["domain", "reference", "schema", "ui"]),
    ("bulk", &["client", "error"]),
    ("client", &["clock", "domain", "env", "error", "reference"]),
    ("transfer", &["client", "clock", "domain", "error", "reference"]),
    ("config", &["client", "clock", "domain", "env", "error", "reference"]),
    ("sandbox", &["clock", "definition", "domain", "env", "error", "loopback", "pulse", "reference", "schema"]),
    ("signin", &["client", "clock", "domain", "env", "error", "loopback"]),
    ("cli", &["commands", "domain", "env", "error", "reference", "schema", "ui"]),
    ("context", &["cli", "client", "clock", "config", "domain", "env", "error", "reference", "schema", "ui"]),
];

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// First segments of all `crate::..` paths outside of test modules.
fn uses(source: &str) -> Vec<&str> {
    let source = source.split("#[cfg(test)]").next().unwrap();
    source
        .match_indices("crate::")
        .map(|(at, found)| {
            let rest = &source[at + found.len()..];
            &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]
        })
        .collect()
}

#[test]
fn modules_use_only_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&root) {
        let relative = file.strip_prefix(&root).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else { continue };
        for used in uses(&fs::read_to_string(&file).unwrap()) {
            // Root-level re-exports are capitalized; they would hide a dependency.
            if used != module && !allowed.contains(&used) {
                wrong.push(format!("{} uses crate::{used}", relative.display()));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "see the dependency rule in ARCHITECTURE.md");
}

/// What several verbs have in common, by what it does.
const ROOMS: [&str; 7] = ["bulk", "credentials", "hints", "page", "selection", "transfers", "waiting"];

#[test]
fn commands_never_use_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
    let mut wrong = Vec::new();
    for file in rust_files(&root) {
        let relative = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let own = relative.split(['/', '.']).next().unwrap().to_owned();
        let source = fs::read_to_string(&file).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        for (at, found) in source.match_indices("commands::") {
            let rest = &source[at + found.len()..];
            let used = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
            let is_room = used.is_empty() || used.starts_with(char::is_uppercase) || ROOMS.contains(&used);
            if !is_room && used != own {
                wrong.push(format!("{relative} uses commands::{used}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
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
