//! What only Unix has stands behind `cfg`, so that other platforms need no more than another target.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// All Rust files below a directory.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn is_guard(line: &str) -> bool {
    let guards =
        ["#[cfg(unix)]", "#[cfg(all(unix", "#[cfg(test)]", "#[cfg(all(test, unix))]", "#[cfg(target_os = \"linux\")]"];
    guards.iter().any(|guard| line.trim_start().starts_with(guard))
}

/// The modules that are there on Unix or in tests alone, by the path of their file without its ending.
fn guarded_modules(all: &[PathBuf]) -> BTreeSet<PathBuf> {
    let declaration = Regex::new(r"^\s*(?:pub(?:\([^)]*\))? )?mod (\w+);").unwrap();
    let mut found = BTreeSet::new();
    for path in all {
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let base = match stem {
            "mod" | "lib" | "main" => path.parent().unwrap().to_owned(),
            _ => path.with_extension(""),
        };
        for pair in lines.windows(2).filter(|pair| is_guard(pair[0])) {
            found.extend(declaration.captures(pair[1]).map(|name| base.join(&name[1])));
        }
    }
    found
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a line, or an item or block around it, has an attribute that leaves it out elsewhere.
fn is_guarded(lines: &[&str], at: usize) -> bool {
    let mut current = at;
    loop {
        let above = lines[..current].iter().rev();
        let attributes =
            above.take_while(|line| line.trim_start().starts_with("#[") || line.trim_start().starts_with("//"));
        if attributes.into_iter().any(|line| is_guard(line)) {
            return true;
        }
        // The line that opens what is around it; a signature may go over several.
        let closes = lines[current].trim_start().starts_with([')', ']', '}']);
        let opens = |line: &str| {
            let text = line.trim_start();
            let is_head = closes && indent(line) == indent(lines[current]) && !text.starts_with([')', ']', '}', '#']);
            !text.is_empty() && !text.starts_with("//") && (indent(line) < indent(lines[current]) || is_head)
        };
        match lines[..current].iter().rposition(|line| opens(line)) {
            Some(around) => current = around,
            None => return false,
        }
    }
}

/// Uses of what only Unix has that nothing leaves out elsewhere.
fn unguarded(text: &str) -> Vec<String> {
    let unix = Regex::new(
        r"std::os::(unix|fd|linux)|\brustix::|tokio::(signal|net)::unix|\bUnixStream\b|\brlimit::getrlimit\b",
    )
    .unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let used = |at: &usize| unix.is_match(lines[*at]) && !lines[*at].trim_start().starts_with("//");
    (0..lines.len()).filter(used).filter(|at| !is_guarded(&lines, *at)).map(|at| lines[at].trim().to_owned()).collect()
}

#[test]
fn what_only_unix_has_is_left_out_elsewhere() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let guarded = guarded_modules(&all);
    assert!(guarded.iter().any(|path| path.ends_with("sandbox/workers/execute")), "{guarded:?}");
    let is_inside = |path: &Path| {
        let own = path.with_extension("");
        guarded.iter().any(|module| own.starts_with(module))
    };
    for path in all.iter().filter(|path| !is_inside(path)) {
        let found = unguarded(&fs::read_to_string(path).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}

#[test]
fn a_use_without_a_guard_is_found() {
    let guarded =
        "#[cfg(unix)]\nfn mode(\n    path: &Path,\n) -> u32 {\n    use std::os::unix::fs::MetadataExt as _;\n}\n";
    assert!(unguarded(guarded).is_empty());
    let block = "fn mode() {\n    #[cfg(unix)]\n    {\n        use std::os::unix::fs::MetadataExt as _;\n    }\n}\n";
    assert!(unguarded(block).is_empty());
    let after = "#[cfg(unix)]\nfn a() {}\n\nfn mode() {\n    rustix::process::geteuid();\n}\n";
    assert_eq!(unguarded(after), ["rustix::process::geteuid();"]);
}
