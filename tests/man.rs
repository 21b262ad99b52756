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
            "man/{name} is stale: run `rm man/*; cargo run -- man -o man` and commit what changes"
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
    assert!(decode.stdout.contains("tc\\-slugid\\-decode \\- Convert an ID"), "{decode}");
}

#[test]
fn topics_and_examples_are_in_the_manual() {
    let tc = Tc::new();
    for (name, title, part) in [
        ("exit-codes", ".TH TC-EXIT-CODES 7 ", "\\fB130\\fR"),
        ("environment", ".TH TC-ENVIRONMENT 7 ", "TASKCLUSTER_ROOT_URL"),
        ("scopes", ".TH TC-SCOPES 7 ", "tc role who SCOPE"),
    ] {
        let page = tc.run(&["man", name]);
        page.stderr("").status(0);
        assert!(page.stdout.contains(title) && page.stdout.contains(part), "{page}");
    }
    let page = tc.run(&["man", "slugid", "decode"]);
    assert!(
        page.stdout.contains(".SH EXAMPLES\n.TP\n\\fBtc slugid decode VESwp9JaRo\\-XkFN_bemBhw\\fR\nits UUID\n"),
        "{page}"
    );
    tc.run(&["man", "-o", "man"]).status(0);
    let config = fs::read_to_string(tc.directory().join("man/tc-config.5")).unwrap();
    assert!(config.contains(".TH TC-CONFIG 5 ") && config.contains("Overridden by"), "{config}");
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
