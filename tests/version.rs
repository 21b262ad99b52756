use crate::support::Tc;

#[test]
fn version_needs_nothing() {
    let ran = Tc::new().env("TASKCLUSTER_CLIENT_ID", "half").run(&["version"]);
    ran.stdout("tc 0.1.0 (references of Taskcluster 106.0.0)\n").stderr("").status(0);
}
