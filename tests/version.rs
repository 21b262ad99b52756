use crate::support::Tc;

#[test]
fn version_needs_nothing() {
    let ran = Tc::new().env("TASKCLUSTER_CLIENT_ID", "half").run(&["version"]);
    ran.stdout("tc 0.1.0 (references of Taskcluster 106.0.0)\n").stderr("").status(0);
}

#[test]
fn a_script_gets_the_bare_version() {
    Tc::new().run(&["version", "-s"]).stdout("0.1.0\n").stderr("").status(0);
    let ran = Tc::new().run(&["version", "--json"]);
    assert_eq!(ran.json(), serde_json::json!({"version": "0.1.0", "references": "106.0.0"}));
}

#[test]
fn version_takes_no_words() {
    let ran = Tc::new().run(&["version", "now"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.starts_with("error: unexpected argument `now`"), "{ran}");
}
