//! `tc secret list|get|set|rm|edit`.

use std::fs;
#[cfg(unix)]
use std::path::PathBuf;

use serde_json::json;
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
#[cfg(unix)]
use crate::support::pty::{CTRL_C, Session, Terminal};

fn sandbox() -> (Sandbox, Tc) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox).env("PATH", &std::env::var("PATH").unwrap());
    (sandbox, tc)
}

/// With the secret `project/a/bot`.
fn with_secret() -> (Sandbox, Tc) {
    let (sandbox, tc) = sandbox();
    let content = r#"{"token": "hunter2", "bot": {"name": "x", "ids": [1, 2]}, "key": "line 1\nline 2\n"}"#;
    fs::write(tc.directory().join("secret.json"), content).unwrap();
    tc.run(&["secret", "set", "project/a/bot", "secret.json", "--expires", "2100-01-01T00:00:00Z"])
        .stdout("+ token\n+ bot\n+ key\nSecret project/a/bot created\n")
        .stderr("")
        .status(0);
    (sandbox, tc)
}

#[test]
fn secrets_are_listed_by_prefix() {
    let (_sandbox, tc) = with_secret();
    tc.run(&["secret", "set", "other", "-f", "a=1"]).status(0);
    tc.run(&["secret", "list"]).stdout("other\nproject/a/bot\n").stderr("").status(0);
    tc.run(&["secrets", "list", "project/"]).stdout("project/a/bot\n").stderr("").status(0);
    tc.run(&["secret", "list", "--jq", ".[0]"]).stdout("other\n").stderr("").status(0);
    tc.run(&["secret", "list", "zzz"]).stdout("").stderr("No such secrets.\n").status(0);
}

#[test]
fn one_key_is_printed_raw_and_more_as_json() {
    let (sandbox, tc) = with_secret();
    tc.run(&["secret", "get", "project/a/bot", "token"]).stdout("hunter2\n").stderr("").status(0);
    tc.run(&["secret", "get", "project/a/bot", "key"]).stdout("line 1\nline 2\n").stderr("").status(0);
    tc.run(&["secret", "get", "project/a/bot", "bot"]).stdout("{\"name\":\"x\",\"ids\":[1,2]}\n").status(0);
    tc.run(&["secret", "get", "project/a/bot", "bot.ids.1"]).stdout("2\n").status(0);
    tc.run(&["secret", "get", "project/a/bot", "token", "bot.name"])
        .stdout("{\n  \"token\": \"hunter2\",\n  \"bot.name\": \"x\"\n}\n")
        .status(0);
    let page = format!("{}/secrets/project%2Fa%2Fbot", sandbox.root_url());
    tc.run(&["secret", "get", &page, "--jq", ".expires, .secret.token"])
        .stdout("2100-01-01T00:00:00.000Z\nhunter2\n")
        .stderr("")
        .status(0);
    tc.run(&["secret", "get", "project/a/bot", "token", "--json"]).stdout("\"hunter2\"\n").status(0);
}

#[test]
fn values_are_hidden_on_a_terminal_until_asked_for() {
    let (_sandbox, tc) = with_secret();
    let tc = tc.terminal();
    let hint = "hint: Values are hidden on a terminal; add --show to see them.\n";
    let run = |words: &[&str]| {
        let words: Vec<&str> = ["--color", "never"].into_iter().chain(words.iter().copied()).collect();
        tc.run(&words)
    };
    run(&["secret", "get", "project/a/bot", "token"]).stdout("<hidden>\n").stderr(hint).status(0);
    run(&["secret", "get", "project/a/bot", "token", "--show"]).stdout("hunter2\n").stderr("").status(0);
    let whole = run(&["secret", "get", "project/a/bot", "--json"]);
    assert_eq!(whole.status(0).json()["expires"], "2100-01-01T00:00:00.000Z");
    assert!(!whole.stdout.contains("hunter2") && !whole.stdout.contains("line 1"), "{whole}");
    let loaded = run(&["secret", "load", "project/a/bot", "--prefix", "bot"]);
    loaded.stdout("export name='<hidden>';\nexport ids='<hidden>';\n").stderr(hint).status(0);
}

#[test]
fn an_unknown_secret_or_key_names_what_is_like_it() {
    let (_sandbox, tc) = with_secret();
    let ran = tc.run(&["secret", "get", "project/a/bto"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with("error: secret `project/a/bto` does not exist\n"), "{ran}");
    assert!(ran.stderr.contains("hint: Did you mean `project/a/bot`?\n"), "{ran}");
    let ran = tc.run(&["secret", "get", "project/a/bot", "tokne"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with("error: key `tokne` does not exist\n"), "{ran}");
    assert!(ran.stderr.contains("hint: Did you mean `token`?\n"), "{ran}");
    assert!(!ran.stderr.contains("hunter2"), "{ran}");
    let ran = tc.run(&["secret", "get", "project/a/bot", "zzz"]);
    assert!(ran.stderr.contains("hint: It has token, bot, key.\n"), "{ran}");
}

#[test]
fn a_secret_is_set_from_files_fields_and_standard_input() {
    let (_sandbox, tc) = sandbox();
    fs::write(tc.directory().join("id_rsa"), "-----BEGIN-----\nabc\n").unwrap();
    tc.run(&["secret", "set", "a", "-f", "x.y=1", "-F", "n=[1.0]", "--from-file", "key=id_rsa"])
        .stdout("+ x\n+ n\n+ key\nSecret a created\n")
        .stderr("")
        .status(0);
    let secret = || tc.run(&["secret", "get", "a", "--json"]).json()["secret"].clone();
    assert_eq!(secret().to_string(), r#"{"x":{"y":"1"},"n":[1.0],"key":"-----BEGIN-----\nabc\n"}"#);
    let tc = tc.stdin("x: {z: 'no'}\nnew: true\n");
    tc.run(&["secret", "set", "a", "-", "--merge", "--dry-run"])
        .stdout("+ x.z\n+ new\n")
        .stderr("Secret a would be replaced; nothing was sent.\n")
        .status(0);
    tc.run(&["secret", "set", "a", "-", "--merge"]).stdout("+ x.z\n+ new\nSecret a replaced\n").stderr("").status(0);
    let secret = |tc: &Tc| tc.run(&["secret", "get", "a", "--json"]).json()["secret"].clone();
    assert_eq!(secret(&tc)["x"], json!({"y": "1", "z": "no"}));
    tc.run(&["secret", "set", "a", "-"]).stdout("- x.y\n- n\n- key\nSecret a replaced\n").stderr("").status(0);
}

#[test]
fn a_replaced_secret_keeps_its_end() {
    let (_sandbox, tc) = with_secret();
    tc.run(&["secret", "set", "project/a/bot", "-f", "a=1"])
        .stdout("- token\n- bot\n- key\n+ a\nSecret project/a/bot replaced\n")
        .status(0);
    let expires = |tc: &Tc, name: &str| {
        let answer = tc.run(&["secret", "get", name, "--json"]).json();
        answer["expires"].as_str().unwrap().to_owned()
    };
    assert_eq!(expires(&tc, "project/a/bot"), "2100-01-01T00:00:00.000Z");
    let json =
        tc.run(&["secret", "set", "project/a/bot", "-f", "a=2", "--expires", "2101-01-01T00:00:00Z", "--json"]).json();
    assert_eq!(
        json,
        json!({"name": "project/a/bot", "action": "replaced", "expires": "2101-01-01T00:00:00.000Z", "keys": ["a"], "changes": ["~ a"]})
    );
    tc.run(&["secret", "set", "new", "-f", "a=1"]).status(0);
    assert!(expires(&tc, "new").starts_with("302"), "a thousand years from now");
}

#[test]
fn a_secret_can_be_set_and_removed_without_reading_it() {
    let (_sandbox, tc) = with_secret();
    let limited = |words: &[&str]| {
        let scopes = ["--authorized-scope", "secrets:set:project/a/bot"];
        tc.run(&[words, &scopes[..]].concat())
    };
    let ran = limited(&["secret", "set", "project/a/bot", "-f", "a=1"]);
    ran.stdout("").status(4);
    assert!(ran.stderr.contains("hint: Give --expires to set the secret without reading it.\n"), "{ran}");
    limited(&["secret", "set", "project/a/bot", "-f", "a=1", "--expires", "2100-01-01T00:00:00Z"])
        .stdout("Secret project/a/bot set\n")
        .stderr("")
        .status(0);
    tc.run(&["secret", "get", "project/a/bot"]).stdout("{\n  \"a\": \"1\"\n}\n").status(0);
    limited(&["secret", "rm", "project/a/bot", "--yes"]).stdout("Secret project/a/bot removed\n").stderr("").status(0);
}

/// An edit on a terminal by an editor that first tells where the file is.
/// It must not wait for another program: a shell that does may take an interrupt for that one's, and go on.
#[cfg(unix)]
fn edit_on_a_terminal(sandbox: &Sandbox, tc: &Tc, script: &str) -> (Session, PathBuf) {
    let path = tc.directory().join("path");
    let editor = format!("sh -c 'echo \"$0\" > {}; {script}'", path.display());
    let session = Terminal::at(sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", sandbox.client_id())
        .env("TASKCLUSTER_ACCESS_TOKEN", sandbox.access_token().reveal())
        .env("PATH", &std::env::var("PATH").unwrap())
        .env("EDITOR", &editor);
    let edit = ["secret", "edit", "project/a/bot"];
    // Whoever runs the tests under `nohup` would have SIGHUP do nothing.
    let session = if cfg!(target_os = "linux") {
        let program = ["--default-signal=HUP", env!("CARGO_BIN_EXE_tc")];
        session.run_program("/usr/bin/env".as_ref(), &[&program[..], &edit].concat())
    } else {
        session.run(&edit)
    };
    session.wait_for("editing");
    let file = PathBuf::from(fs::read_to_string(&path).unwrap().trim());
    assert!(fs::read_to_string(&file).unwrap().contains("hunter2"));
    (session, file)
}

#[cfg(unix)]
#[test]
fn an_interrupted_edit_leaves_no_file() {
    let (sandbox, tc) = with_secret();
    let (session, file) = edit_on_a_terminal(&sandbox, &tc, "echo editing; read line");
    session.press(CTRL_C);
    let left = session.end();
    assert_eq!(left.status, Some(130), "{}", left.screen);
    assert!(!file.exists() && !file.parent().unwrap().exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_is_the_editors_own_key() {
    let (sandbox, tc) = with_secret();
    let script = "trap \"echo trapped\" INT; echo editing; read line || read line; sed -i s/hunter2/$line/ \"$0\"";
    let (session, file) = edit_on_a_terminal(&sandbox, &tc, script);
    session.press(CTRL_C);
    session.wait_for("trapped");
    assert!(file.exists());
    session.press("hunter3\n");
    session.wait_for("Set this secret?");
    session.press("y\n");
    let left = session.end();
    assert_eq!(left.status, Some(0), "{}", left.screen);
    assert!(!file.exists());
    tc.run(&["secret", "get", "project/a/bot", "token"]).stdout("hunter3\n").status(0);
}

#[cfg(unix)]
#[test]
fn an_edit_leaves_no_file_where_the_terminal_goes_away() {
    use rustix::process::Signal;

    let (sandbox, tc) = with_secret();
    for signal in [Signal::HUP, Signal::QUIT, Signal::TERM] {
        let (session, file) = edit_on_a_terminal(&sandbox, &tc, "echo editing; read line");
        session.signal(signal);
        let left = session.end();
        assert_eq!(left.status, Some(130), "{signal:?}: {}", left.screen);
        assert!(!file.exists() && !file.parent().unwrap().exists(), "{signal:?}");
    }
}

#[test]
fn what_is_no_object_is_refused_without_showing_it() {
    let (_sandbox, tc) = sandbox();
    let tc = tc.stdin(r#"["hunter2"]"#);
    tc.run(&["secret", "set", "a", "-"])
        .stdout("")
        .stderr("error: standard input is not an object\nhint: The content of a secret is an object of keys and values, such as {\"token\": \"..\"}.\n")
        .status(2);
    tc.run(&["secret", "set", "a"])
        .stderr("error: the content of the secret is missing\nhint: Name a file of JSON or YAML, or `-` for standard input; or set values with -f KEY=TEXT.\n")
        .status(2);
    let ran = tc.run(&["secret", "set", "a", "-f", "hunter2"]);
    ran.stderr("error: the value of -f is not KEY=VALUE\n").status(2);
    let ran = tc.run(&["secret", "set", "a", "-F", "k=hunter2"]);
    ran.stderr("error: the value of `k` is not JSON\nhint: Use -f for a string.\n").status(2);
    tc.run(&["secret", "set", "a", "-f", "k=v", "--expires", "2020-01-01T00:00:00Z"])
        .stderr("error: --expires is in the past: 2020-01-01 00:00 UTC\n")
        .status(2);
    tc.run(&["secret", "set", "", "-f", "k=v"]).stderr("error: the name of a secret is empty\n").status(2);
    let ran = tc.run(&["secret", "get", "https://tc.example.com/tasks/x"]);
    ran.stderr("error: `https://tc.example.com/tasks/x` is not the page of a secret\n").status(2);
}

#[test]
fn a_secret_of_a_megabyte_with_an_odd_name_comes_back_as_it_was() {
    let (_sandbox, tc) = sandbox();
    let value = "ä\"\\\n".repeat(1 << 18);
    fs::write(tc.directory().join("big.json"), json!({"big": value}).to_string()).unwrap();
    let name = "names/with space;%2F~ü?#\"";
    tc.run(&["secret", "set", name, "big.json"]).stderr("").status(0);
    tc.run(&["secret", "list"]).stdout(&format!("{name}\n")).status(0);
    let ran = tc.run(&["secret", "get", name, "big"]);
    assert!(ran.stdout == value, "{} bytes", ran.stdout.len());
}

#[test]
fn secrets_are_removed_after_a_question() {
    let (_sandbox, tc) = with_secret();
    tc.run(&["secret", "set", "b", "-f", "a=1"]).status(0);
    tc.run(&["secret", "rm", "b", "project/a/bot", "--dry-run"])
        .stdout("Would remove secret b\nWould remove secret project/a/bot\n")
        .stderr("")
        .status(0);
    tc.run(&["secret", "rm", "b"])
        .stdout("")
        .stderr("error: cannot remove 1 secret without confirmation: standard input is not a terminal\nhint: Use --yes to skip the question, or --dry-run to see what would be affected.\n")
        .status(2);
    let ran = tc.run(&["secret", "rm", "b", "bb", "--yes"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with("error: secret `bb` does not exist\nhint: Did you mean `b`?\n"), "{ran}");
    let tc = tc.stdin("b\n\nproject/a/bot\nb\n");
    tc.run(&["secret", "rm", "-", "--yes"])
        .stdout("Secret b removed\nSecret project/a/bot removed\n")
        .stderr("")
        .status(0);
    tc.run(&["secret", "list"]).stdout("").stderr("No secrets.\n").status(0);
}

#[cfg(unix)]
#[test]
fn an_edited_secret_is_set_and_the_file_is_gone() {
    let (_sandbox, tc) = with_secret();
    let tc = tc.env("EDITOR", "sh -c 'ls -ld \"$0\" > mode; echo \"$0\" > path; sed -i s/hunter2/hunter3/ \"$0\"'");
    tc.run(&["secret", "edit", "project/a/bot"])
        .stdout("")
        .stderr("~ token\nerror: cannot set an edited secret without confirmation: standard input is not a terminal\nhint: Add --yes\n")
        .status(2);
    tc.run(&["secret", "edit", "project/a/bot", "--yes"])
        .stdout("")
        .stderr("~ token\nSecret project/a/bot replaced\n")
        .status(0);
    tc.run(&["secret", "get", "project/a/bot", "token"]).stdout("hunter3\n").status(0);
    let file = |name: &str| fs::read_to_string(tc.directory().join(name)).unwrap();
    assert!(file("mode").starts_with("-rw------- "), "{}", file("mode"));
    let path = PathBuf::from(file("path").trim());
    assert!(!path.exists() && !path.parent().unwrap().exists());
}

#[cfg(unix)]
#[test]
fn an_edit_that_fails_changes_nothing_and_leaves_nothing() {
    let (_sandbox, tc) = with_secret();
    let edit = |tc: &Tc| tc.run(&["secret", "edit", "project/a/bot", "--yes"]);
    let tc = tc.env("EDITOR", "true");
    edit(&tc).stdout("").stderr("Nothing has changed.\n").status(0);
    let tc = tc.env("EDITOR", "false");
    edit(&tc).stdout("").stderr("error: the editor `false` ended with exit status: 1\n").status(1);
    let tc = tc.env("EDITOR", "sh -c 'echo \"$0\" > path; echo \"{hunter2\" > \"$0\"'");
    let ran = edit(&tc);
    ran.stdout("").status(2);
    assert!(ran.stderr.starts_with("error: the edited text is neither JSON nor YAML\n"), "{ran}");
    assert!(!ran.stderr.contains("hunter2"), "{ran}");
    let path = fs::read_to_string(tc.directory().join("path")).unwrap();
    assert!(!std::path::Path::new(path.trim()).exists());
    tc.run(&["secret", "get", "project/a/bot", "token"]).stdout("hunter2\n").status(0);
}

#[cfg(unix)]
#[test]
fn a_secret_that_changes_during_an_edit_is_not_overwritten() {
    let (_sandbox, tc) = with_secret();
    let tc = tc.env("TC", env!("CARGO_BIN_EXE_tc"));
    let editor = "sh -c 'sed -i s/hunter2/mine/ \"$0\"; \"$TC\" secret set project/a/bot -f other=1 > log'";
    tc.env("EDITOR", editor)
        .run(&["secret", "edit", "project/a/bot", "--yes"])
        .stdout("")
        .stderr("~ token\nerror: secret `project/a/bot` was changed by somebody else meanwhile\nhint: Edit it again.\n")
        .status(6);
}

#[test]
fn an_edit_without_a_terminal_needs_an_editor_that_is_named() {
    let (_sandbox, tc) = with_secret();
    tc.run(&["secret", "edit", "project/a/bot"])
        .stdout("")
        .stderr(
            "error: no editor can be opened: standard input is not a terminal\n\
             hint: Set VISUAL or EDITOR to a command that changes the file.\n",
        )
        .status(2);
}
