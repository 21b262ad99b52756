//! Names of artifacts come from anyone: none leads out of the folder, or into another's way, or to the terminal.

use serde_json::json;
use tc::sandbox::{Blob, Stored};

use crate::support::artifacts::{Rig, tree};
use crate::support::storage::{Content, Storage, TASK};
use crate::support::{Ran, Tc};

/// Downloads all artifacts of a task that a server says has these, to `in/out`.
fn all(names: &[&str], flags: &[&str]) -> (Tc, Ran) {
    let storage = Storage::start("s3", Content::new(b"content".to_vec()));
    let listed: Vec<_> = names
        .iter()
        .map(|name| json!({"name": name, "storageType": "s3", "contentType": "a/b", "expires": "2100-01-01T00:00:00.000Z"}))
        .collect();
    storage.answer(&format!("GET /api/queue/v1/task/{TASK}/runs/0/artifacts"), json!({"artifacts": listed}));
    let tc = Tc::new().at(storage.url());
    let ran = tc.run(&[&["artifact", "download", TASK, "--all", "-r", "0", "-o", "in/out"], flags].concat());
    (tc, ran)
}

#[test]
fn a_name_on_the_list_is_that_artifact_whatever_is_in_it() {
    let rig = Rig::new();
    for name in ["public/test_a[linux-x64].log", "public/t[1].log", "public/t1.log", "public/open[.log", "public/*"] {
        rig.add(name, Stored::S3, Blob::new(format!("of {name}")));
    }
    for name in ["public/test_a[linux-x64].log", "public/t[1].log", "public/open[.log", "public/*"] {
        let get = |output: &str| rig.run(&["artifact", "download", &rig.task, name, "-o", output]);
        get("x").status(0).stderr("");
        assert_eq!(rig.read("x"), format!("of {name}"));
        get("-").status(0).stdout(&format!("of {name}"));
    }
    rig.run(&["artifact", "download", &rig.task, "public/t[1].log", "public/open[.log", "-o", "two"]).status(0);
    assert_eq!(tree(&rig.tc.directory().join("two")), ["public/open[.log", "public/t[1].log"]);
    rig.run(&["artifact", "download", &rig.task, "public/t[0-9].log", "-o", "one"]).status(0);
    assert_eq!(tree(&rig.tc.directory().join("one")), ["public/t1.log"]);
    let ran = rig.run(&["artifact", "download", &rig.task, "public/none[.log"]);
    ran.status(2).stdout("");
    assert!(ran.stderr.contains("is called `public/none[.log`, and it is not a valid pattern"), "{ran}");
}

#[test]
fn names_that_stand_for_no_path_below_the_folder_are_refused() {
    for flags in [&[][..], &["--flat"]] {
        for (name, said) in [
            ("../x", "a part of it is `..`"),
            ("public/../../x", "a part of it is `..`"),
            ("..", "a part of it is `..`"),
            ("./x", "a part of it is `.`"),
            ("a//x", "a part of it is ``"),
            ("/etc/x", "is an absolute path"),
            ("//host/share/x", "is an absolute path"),
            ("C:/x", "is an absolute path"),
            ("c:x", "is an absolute path"),
            ("a\\..\\..\\x", "has the character '\\\\' in it"),
            ("\\\\host\\share", "has the character '\\\\' in it"),
            ("a\u{0}x", "has the character '\\0' in it"),
            ("a\nx", "has the character '\\n' in it"),
            ("\u{1b}]0;title\u{7}x", "has the character '\\u{1b}' in it"),
            ("a\u{85}x", "has the character '\\u{85}' in it"),
            ("", "names no file"),
            ("public/", "names no file"),
            (&"x".repeat(256), "is longer than 255 bytes"),
        ] {
            let (tc, ran) = all(&[name], flags);
            ran.status(1).stdout("");
            assert!(ran.stderr.starts_with("error: cannot write it under its own name: "), "{name:?}: {ran}");
            assert!(ran.stderr.contains(said), "{name:?}: {ran}");
            assert!(!ran.stderr.chars().any(|c| c.is_control() && c != '\n'), "{name:?}: {ran}");
            assert_eq!(tree(tc.directory()), [""; 0], "{name:?}");
        }
    }
}

#[test]
fn names_that_mean_something_on_other_systems_are_escaped() {
    for (name, path) in [
        ("nul", "_nul"),
        ("public/CON", "public/_CON"),
        ("public/com1.tar.gz", "public/_com1.tar.gz"),
        ("aux/x", "_aux/x"),
        ("public/x.", "public/x._"),
        ("public/x ", "public/x _"),
    ] {
        let (tc, ran) = all(&[name], &[]);
        ran.status(0).stderr(&format!("{name} is written as {path}.\n"));
        assert_eq!(tree(&tc.directory().join("in/out")), [path]);
    }
}

#[test]
fn names_in_the_way_of_others_are_refused_and_the_others_are_there() {
    for (first, second, said) in [
        ("public/Same", "public/same", "differs from `public/Same` in nothing but case"),
        ("Public/x", "public/X", "differs from `Public/x` in nothing but case"),
        ("public/x", "public/x/y", "would be a file and a folder at once, because of `public/x`"),
        ("public/x/y", "PUBLIC/X", "would be a file and a folder at once, because of `public/x/y`"),
        ("aux", "_aux", "would be the same file as `aux`"),
        ("x", "x.tc.part", "would be the same file as `x`"),
        ("x", "x.tc.part.json", "would be the same file as `x`"),
    ] {
        let (tc, ran) = all(&[first, second], &[]);
        ran.status(3);
        assert!(ran.stderr.contains(said) && ran.stderr.contains("1 of 2 files could not be downloaded"), "{ran}");
        assert_eq!(tree(&tc.directory().join("in/out")).len(), 1, "{first}, {second}");
    }
    let (tc, ran) = all(&["public/a/x", "public/b/x"], &["--flat"]);
    ran.status(3);
    assert!(ran.stderr.contains("would be the same file as `public/a/x`"), "{ran}");
    assert_eq!(tree(&tc.directory().join("in/out")), ["x"]);
}

#[test]
fn a_template_leads_nowhere_else_either() {
    let rig = Rig::new();
    rig.sandbox.add_artifact(&rig.task, 0, "public/../../x", Stored::S3, Blob::new("x")).unwrap();
    rig.sandbox.add_artifact(&rig.task, 0, "public/y", Stored::S3, Blob::new("y")).unwrap();
    rig.sandbox.add_artifact(&rig.task, 0, "public/z", Stored::S3, Blob::new("z")).unwrap();
    let get = |artifact: &str, path: &str| {
        rig.run(&["group", "artifacts", &rig.task, "--artifact", artifact, "-o", "g", "--path", path])
    };
    let ran = get("public/**", "{task}/{name}");
    ran.status(3);
    assert!(ran.stderr.contains("a part of it is `..`"), "{ran}");
    get("public/y", "../{file}").status(1).stdout("");
    get("public/y", "/tmp/{file}").status(1).stdout("");
    // Both would be this one file.
    let ran = get("public/[yz]", "all");
    ran.status(3);
    assert!(ran.stderr.contains("would be the same file as"), "{ran}");
    let task = &rig.task;
    let mut expected = ["g/all".to_owned(), format!("g/{task}/public/y"), format!("g/{task}/public/z")];
    expected.sort();
    assert_eq!(tree(rig.tc.directory()), expected);
}
