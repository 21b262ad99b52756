use crate::support::Tc;

const A: &str = "https://a.example.com";
const B: &str = "https://b.example.com";
const UNSET: &str = "unset TASKCLUSTER_CLIENT_ID;\nunset TASKCLUSTER_ACCESS_TOKEN;\nunset TASKCLUSTER_CERTIFICATE;\n";

/// Two deployments in the store.
fn tc() -> Tc {
    let tc = Tc::new();
    for url in [A, B] {
        tc.store().put(url, "me", "hunter2", None);
    }
    tc
}

fn is_stored(tc: &Tc, url: &str) -> bool {
    tc.store().get(url).is_some()
}

#[test]
fn one_deployment_is_forgotten_and_a_pipe_gets_what_to_unset() {
    let tc = tc();
    tc.run(&["signout", "-R", A]).stdout(UNSET).stderr("").status(0);
    assert!(!is_stored(&tc, A) && is_stored(&tc, B));
    tc.run(&["signout", "-R", A]).stdout(UNSET).stderr("").status(0);
}

#[test]
fn all_are_forgotten_at_once() {
    let tc = tc();
    let ran = tc.run(&["signout", "--all", "--json"]);
    ran.stderr("").status(0);
    assert_eq!(ran.json(), serde_json::json!({"removed": [A, B]}));
    assert!(!is_stored(&tc, A) && !is_stored(&tc, B));
    assert!(!std::fs::read_to_string(tc.paths().credentials).unwrap().contains("hunter2"));
}

#[test]
fn a_terminal_is_told_what_was_done() {
    let tc = tc().terminal();
    tc.run(&["signout", "-R", A]).stdout("").stderr(&format!("Removed the stored credentials for {A}.\n")).status(0);
    tc.run(&["signout", "-R", A]).stdout("").stderr("Nothing was stored.\n").status(0);
    tc.run(&["signout"]).stdout("").status(2);
    tc.env("TASKCLUSTER_CLIENT_ID", "me")
        .run(&["signout", "--all", "--color", "never"])
        .stdout("")
        .stderr(&format!(
            "Removed the stored credentials for {B}.\n\
             hint: This shell has credentials in its environment. To unset them: eval \"$(tc signout)\"\n"
        ))
        .status(0);
}

#[test]
fn each_shell_gets_its_own_statements() {
    let tc = Tc::new().terminal();
    for (flag, first) in [
        ("--csh", "unsetenv TASKCLUSTER_CLIENT_ID;\n"),
        ("--fish", "set -e TASKCLUSTER_CLIENT_ID;\n"),
        ("--powershell", "$env:TASKCLUSTER_CLIENT_ID = '';\n"),
    ] {
        let ran = tc.run(&["signout", flag]);
        ran.stderr("").status(0);
        assert!(ran.stdout.starts_with(first), "{ran}");
    }
    tc.run(&["signout", "--csh", "--fish"]).stdout("").status(2);
}

#[test]
fn a_shells_own_credentials_need_no_deployment() {
    Tc::new().env("TASKCLUSTER_CLIENT_ID", "me").run(&["signout"]).stdout(UNSET).stderr("").status(0);
}

#[test]
fn nothing_is_printed_when_the_store_cannot_be_changed() {
    let tc = tc();
    std::fs::write(tc.paths().credentials, "{").unwrap();
    for args in [&["signout", "-R", A][..], &["signout", "--all"]] {
        let ran = tc.run(args);
        ran.stdout("").status(1);
        assert!(ran.stderr.contains("line 1, column 1: not valid JSON"), "{ran}");
    }
}
