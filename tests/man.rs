use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::Tc;

fn pages(directory: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn the_pages_are_fresh() {
    let tc = Tc::new();
    tc.run(&["man", "-o", "made/man"]).stdout("").stderr("").status(0);
    let made = pages(&tc.directory().join("made/man"));
    let kept = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    let names: Vec<_> = made.keys().chain(kept.keys()).collect();
    for name in names {
        assert!(
            made.get(name) == kept.get(name),
            "man/{name} is stale: run `rm man/*.1; cargo run -- man -o man` and commit what changes"
        );
    }
}

#[test]
fn a_page_is_printed_without_a_directory() {
    let tc = Tc::new();
    let root = tc.run(&["man"]);
    root.stderr("").status(0);
    assert!(root.stdout.contains(".TH TC 1 "), "{root}");
    for section in ["EXIT CODES", "ENVIRONMENT", "GLOBAL OPTIONS"] {
        assert!(root.stdout.contains(&format!(".SH \"{section}\"")) || root.stdout.contains(&format!(".SH {section}")));
    }
    assert!(root.stdout.contains("TASKCLUSTER_ROOT_URL") && root.stdout.contains("\\fB130\\fR"), "{root}");
    let decode = tc.run(&["man", "slugid", "decode"]);
    decode.stderr("").status(0);
    assert!(decode.stdout.contains("tc\\-slugid\\-decode \\- Print the UUID"), "{decode}");
}

#[test]
fn a_page_of_no_command_is_refused() {
    let tc = Tc::new();
    tc.run(&["man", "nope"])
        .stdout("")
        .stderr("error: unknown command `nope`\nhint: `tc --help` lists all commands.\n")
        .status(2);
    fs::write(tc.directory().join("file"), "").unwrap();
    let ran = tc.run(&["man", "-o", "file/x"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.starts_with("error: cannot create "), "{ran}");
}
