//! The aliases of the release team's notes, in the shells that people have.
#![cfg(unix)]

use tc::sandbox::{Options, Sandbox};

/// The release team's aliases, as they stand in their notes but for the deployment and the browser.
#[test]
fn aliases_of_the_release_team_work_in_bash_and_zsh_by_both_names() {
    use std::process::Command;

    use tc::sandbox::SignIn;

    let sign_in = SignIn { auto_approve: true, ..SignIn::default() };
    let sandbox = Sandbox::start(Options::default().sign_in(sign_in)).unwrap();
    let root = sandbox.root_url();
    for shell in ["bash", "zsh"] {
        if Command::new(shell).args(["-c", ":"]).status().is_err() {
            println!("{shell} is not installed");
            continue;
        }
        for name in ["taskcluster", "tc"] {
            let home = tempfile::tempdir().unwrap();
            let bin = home.path().join("bin");
            std::fs::create_dir(&bin).unwrap();
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tc"), bin.join(name)).unwrap();
            let script = ALIASES.replace("DEPLOYMENT", root).replace("taskcluster signin", &format!("{name} signin"));
            let expand = if shell == "bash" { "shopt -s expand_aliases\n" } else { "setopt aliases\n" };
            let file = home.path().join("script");
            std::fs::write(&file, format!("{expand}{script}")).unwrap();
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
            let ran = Command::new(shell)
                .arg(&file)
                .env_clear()
                .envs([("HOME", home.path()), ("TMPDIR", home.path())])
                .envs([("PATH", path.as_str()), ("NAME", name)])
                // Whatever opens a page; the sandbox approves by itself.
                .env("BROWSER", "curl -sSL -o /dev/null %s")
                .output()
                .unwrap();
            let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert!(ran.status.success(), "{shell} {name}: {stdout}\n{stderr}");
            let lines: Vec<&str> = stdout.lines().collect();
            assert_eq!(lines.len(), 7, "{shell} {name}: {stdout}\n{stderr}");
            assert_eq!(lines[0], format!("{root}/"));
            let prefix = if name == "tc" { "/tc-" } else { "/cli-" };
            assert!(lines[1].contains(prefix), "{stdout}");
            assert!(lines[2].contains("queue:cancel-task:*") && lines[2].contains("queue:rerun-task:*"), "{stdout}");
            assert_eq!(lines[3..], ["unset", "true", "secrets:get:x", "end"], "{stdout}");
        }
    }
}

/// Verbatim, with the address of the sandbox in place of those of production. An alias takes no arguments, so `"$@"` is nothing
/// there; as the function that the Go tool's own help shows, it is what stands behind its name.
const ALIASES: &str = r#"
alias tc-fxci='export TASKCLUSTER_ROOT_URL=DEPLOYMENT/'
alias tc-logout='unset TASKCLUSTER_CLIENT_ID; unset TASKCLUSTER_ACCESS_TOKEN'
alias tc-relduty=$'eval `TASKCLUSTER_ROOT_URL=DEPLOYMENT/ taskcluster signin --expires 1h -s "queue:rerun-task:*\nqueue:cancel-task:*"`'
alias tc-signin='eval `TASKCLUSTER_ROOT_URL=DEPLOYMENT/ taskcluster signin --expires 15m "$@"`'
set -e
tc-fxci
echo $TASKCLUSTER_ROOT_URL
tc-relduty
echo $TASKCLUSTER_CLIENT_ID
"$NAME" api auth currentScopes --jq '.scopes|join(" ")'
tc-logout
echo ${TASKCLUSTER_CLIENT_ID-unset}
unset TASKCLUSTER_CERTIFICATE
tc-signin
"$NAME" api auth currentScopes --jq '.scopes|index("*") != null'
tc-logout
unset TASKCLUSTER_CERTIFICATE
unalias tc-signin
tc-signin() { eval `TASKCLUSTER_ROOT_URL=DEPLOYMENT/ taskcluster signin --expires 15m "$@"`; }
tc-signin -s secrets:get:x
"$NAME" api auth currentScopes --jq '.scopes[]|select(startswith("secrets:get:"))'
echo end
"#;
