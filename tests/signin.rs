//! `tc signin`: what it asks for, prints and stores.

use std::net::TcpStream;
use std::sync::Arc;

use tc::Interrupt;

use crate::support::Tc;
use crate::support::sign_in::{Noon, ROOT, SignIn, TERMINAL, environment};

#[test]
fn a_pipe_gets_assignments_and_nothing_else() {
    let signin = SignIn::start(&["-s", "queue:rerun-task:*\nqueue:cancel-task:*", "--expires", "15m", "-n", "duty"]);
    assert_eq!(signin.page.path(), "/auth/clients/create");
    assert_eq!(signin.query("scope"), ["queue:cancel-task:*", "queue:rerun-task:*"]);
    assert_eq!(signin.query("expires"), ["15 minutes"]);
    let name = signin.query("name").remove(0);
    assert!(name.starts_with("duty-") && name.len() == 11, "{name}");
    assert_eq!(signin.callback.host_str(), Some("localhost"));
    assert!(signin.callback.path().len() > 20 && signin.callback.query().is_none());
    let page = signin.page.to_string();
    let ended = signin.finish();
    assert_eq!(
        ended.stdout,
        "export TASKCLUSTER_ROOT_URL='http://localhost:1';\nexport TASKCLUSTER_CLIENT_ID='me/tc';\n\
         export TASKCLUSTER_ACCESS_TOKEN='s3cret';\n"
    );
    assert_eq!(ended.stderr, format!("To sign in, open this page in your browser:\n\n  {page}\n\n"));
    assert_eq!(ended.status, 0);
}

#[test]
pub fn by_the_go_tools_name_lines_and_clients_are_as_there() {
    let arguments = ["-s", "a", "--no-browser", "--quiet"];
    let [root, id, token] = [
        "export TASKCLUSTER_ROOT_URL='http://localhost:1';\n",
        "export TASKCLUSTER_CLIENT_ID='me/tc';\n",
        "export TASKCLUSTER_ACCESS_TOKEN='s3cret';\n",
    ];
    for (program, prefix, lines) in [("taskcluster", "cli-", [id, token, root]), ("tc", "tc-", [root, id, token])] {
        let signin = SignIn::start_as(program, environment(), &arguments);
        assert!(signin.query("name").remove(0).starts_with(prefix));
        assert_eq!(signin.finish().stdout, lines.concat());
    }
}

#[test]
fn ctrl_c_ends_it_with_nothing_printed() {
    let (interrupt, environment) = {
        let (sender, interrupt) = Interrupt::channel();
        let mut environment = environment();
        environment.interrupt = interrupt;
        (sender, environment)
    };
    let signin = SignIn::start_in(environment, &["-s", "a", "--no-browser"]);
    let port = signin.port();
    interrupt.send(true).unwrap();
    let ended = signin.end();
    assert_eq!((ended.stdout.as_str(), ended.status), ("", 130));
    assert!(ended.stderr.ends_with("error: interrupted\n"), "{}", ended.stderr);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn the_time_limit_ends_it_with_nothing_printed() {
    let ran = Tc::new()
        .env("TASKCLUSTER_ROOT_URL", ROOT)
        .environment(|environment| environment.with_clock(Arc::new(Noon)))
        .run(&["signin", "-s", "a", "--no-browser", "--timeout", "77s"]);
    ran.stdout("").status(8);
    assert!(ran.stderr.contains("error: nobody signed in within the time limit\n"), "{ran}");
}

#[test]
fn each_shell_gets_its_own_assignments() {
    for (flag, line) in [
        ("--csh", "setenv TASKCLUSTER_CLIENT_ID 'me/tc';"),
        ("--fish", "set -gx TASKCLUSTER_CLIENT_ID 'me/tc';"),
        ("--powershell", "$env:TASKCLUSTER_CLIENT_ID = 'me/tc';"),
    ] {
        let ended = SignIn::start(&["-s", "a", flag]).finish();
        assert_eq!(ended.stdout.lines().nth(1), Some(line));
        assert_eq!(ended.stdout.lines().count(), 3);
    }
}

#[test]
pub fn a_certificate_of_earlier_credentials_is_removed() {
    let environment = environment().with("TASKCLUSTER_CERTIFICATE", "{}");
    let ended = SignIn::start_in(environment, &["-s", "a", "--no-browser"]).finish();
    assert!(ended.stdout.ends_with("unset TASKCLUSTER_CERTIFICATE;\n"), "{}", ended.stdout);
}

#[test]
fn what_it_is_for_decides_what_is_asked_for() {
    let asked = |arguments: &[&str]| {
        let signin = SignIn::start(arguments);
        let scopes = signin.query("scope");
        signin.finish();
        scopes
    };
    assert_eq!(asked(&["--for", "task.rerun", "--for", "group.cancel"]), ["queue:cancel-task:*", "queue:rerun-task:*"]);
    assert_eq!(asked(&["--for", "queue.rerunTask"]), ["queue:rerun-task:*"]);
    assert_eq!(
        asked(&["--for", "task.rerun", "--scheduler-id", "gecko-level-1", "--task-group", "-aBc", "-s", "x"]),
        ["queue:rerun-task:gecko-level-1/-aBc/*", "x"]
    );
    assert_eq!(asked(&[]), ["*"]);
}

#[test]
fn without_a_wish_it_tells_how_to_ask_for_less() {
    let ended = SignIn::start_in(environment(), &["--no-browser", "--expires", "2 days"]).finish();
    assert!(
        ended.stderr.starts_with(
            "warning: the credentials will be good for 2 days; whoever gets hold of them has as long. Sign in for less \
         with --expires 1d.\nAsking for all scopes that you have (`*`). Ask for less: --for task.rerun, -s SCOPE, or \
         --preset NAME.\n"
        ),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.ends_with("Signed in to http://localhost:1 as me/tc until 2026-03-06 12:00 UTC.\n"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("s3cret"));
}

#[test]
fn wishes_that_make_no_sense_are_refused_before_anything_listens() {
    for (arguments, message) in [
        (&["--expires", "soon"][..], "--expires cannot be `soon`"),
        (&["--expires", "-1h"], "--expires -1h is over before it starts"),
        (&["-s", "é"], "\"é\" is not a scope"),
        (&["--for", "task.rerum"], "`task.rerum` is neither a verb nor a method"),
        (&["--for", "queue.rerunTsk"], "`queue.rerunTsk` is not in the references of Taskcluster 106.0.0"),
        (&["--scheduler-id", "x"], "there is nothing to narrow: --scheduler-id and the like go with --for"),
        (&["--for", "task.rerun", "--param", "x"], "`--param x` is not NAME=VALUE"),
    ] {
        let ran = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT).run(&[&["signin"], arguments].concat());
        ran.stdout("").status(2);
        assert!(ran.stderr.starts_with(&format!("error: {message}\n")), "{ran}");
    }
    Tc::new().run(&["signin"]).stdout("").status(2);
}

#[test]
#[cfg(unix)]
fn browser_is_told_the_address() {
    let home = tempfile::tempdir().unwrap();
    let opened = home.path().join("opened");
    // The name of a file stands in for the window; the shell that writes it needs no PATH.
    let browser = format!("/bin/sh -c 'printf %s $0 >{}; echo noise' %s", opened.display());
    let browser = browser.replace("printf %s", "printf \"\"; echo");
    let environment = environment().with("BROWSER", browser);
    let signin = SignIn::start_in(environment, &["-s", "a"]);
    let page = signin.page.to_string();
    let written = loop {
        match std::fs::read_to_string(&opened) {
            Ok(text) if text.ends_with('\n') => break text,
            _ => std::thread::yield_now(),
        }
    };
    assert_eq!(written.trim_end(), page);
    let ended = signin.finish();
    assert!(!ended.stdout.contains("noise") && !ended.stderr.contains("noise"));
    assert!(!ended.stderr.contains("No browser"), "{}", ended.stderr);
}

#[test]
pub fn a_browser_that_does_not_open_is_no_failure() {
    let environment = environment().with("BROWSER", "/nonexistent/browser:/nonexistent/other");
    let signin = SignIn::start_in(environment, &["-s", "a"]);
    let mut told = String::new();
    while !told.contains("No browser could be opened; open the page yourself.\n") {
        told.push_str(std::str::from_utf8(&signin.stderr.recv().unwrap()).unwrap());
    }
    assert_eq!(signin.finish().status, 0);
}

/// Reading without echo goes on in a thread that nobody can end.
#[cfg(unix)]
#[test]
fn a_signal_while_an_address_is_pasted_gives_the_terminal_its_echo_back() {
    use crate::support::pty::Terminal;
    use rustix::process::Signal;

    for signal in [Signal::TERM, Signal::INT] {
        let session = Terminal::at("https://tc.example.com").run(&["signin", "-s", "a", "--paste"]);
        session.wait_for("it will not be shown");
        session.wait_for_echo(false);
        session.signal(signal);
        session.wait_for("error: interrupted");
        assert!(session.echoes(), "{signal:?}");
        assert_eq!(session.end().status, Some(130), "{signal:?}");
    }
}

#[test]
fn the_last_address_can_be_pasted() {
    let tc = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT);
    let path_of = |stderr: &str| {
        let encoded = stderr.split("callback_url=http%3A%2F%2Flocalhost%3A9999%2F").nth(1).unwrap();
        encoded.split('&').next().unwrap().to_owned()
    };
    let ran = tc.run(&["signin", "-s", "a", "--paste", "--port", "9999"]);
    ran.stdout("").status(1);
    assert!(
        ran.stderr.ends_with(
            "error: what was pasted is not the page's answer: it is not an address that starts with http://\n\
         hint: Sign in again and paste the whole address at which the browser ends up.\n"
        ),
        "{ran}"
    );
    // Every sign-in has a path of its own, so the answer of another one is refused.
    let stale = format!("http://localhost:9999/{}?clientId=me&accessToken=s3cret\n", path_of(&ran.stderr));
    let ran = tc.stdin(stale).run(&["signin", "-s", "a", "--paste", "--port", "9999"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("it came to another path") && !ran.stderr.contains("s3cret"), "{ran}");
}

#[test]
pub fn at_a_terminal_it_is_stored_and_found_again() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let ended =
        SignIn::start_in(environment.clone(), &["-s", "a", "--expires", "15m", "--no-browser", TERMINAL]).finish();
    assert_eq!((ended.stdout.as_str(), ended.status), ("", 0), "{}", ended.stderr);
    let told = ended.stderr.rsplit_once("Stored in ").unwrap().1;
    let path = told.lines().next().unwrap().trim_end_matches('.').to_owned();
    assert!(
        ended.stderr.contains(&format!(
            "Signed in to http://localhost:1 as me/tc until 2026-03-04 12:15 UTC. Stored in {path}.\n"
        )),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("\nThe granted scopes are unknown: auth.currentScopes failed: cannot connect to "),
        "{}",
        ended.stderr
    );
    assert!(std::fs::read_to_string(&path).unwrap().contains("s3cret"));
    let tc = Tc::new().environment(|_| environment.clone());
    tc.run(&["creds", "env", "--json"]).status(0).stdout(
        "{\n  \"rootUrl\": \"http://localhost:1\",\n  \"clientId\": \"me/tc\",\n  \"accessToken\": \"s3cret\",\n  \
         \"expires\": \"2026-03-04T12:15:00.000Z\"\n}\n",
    );
    tc.run(&["signout"]).status(0);
    tc.run(&["creds", "env"]).status(4).stdout("");
}

/// `tc-signin(){ eval $(taskcluster signin --expires 15m "$@"); }; tc-signin --expires 1h`
#[test]
fn a_lifetime_that_a_shell_function_is_given_counts_and_not_its_own() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let options = ["-s", "a", "--expires", "15m", "--expires", "1h", "--no-browser", TERMINAL];
    let ended = SignIn::start_in(environment, &options).finish();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains(" as me/tc until 2026-03-04 13:00 UTC."), "{}", ended.stderr);
}

#[test]
fn flags_decide_between_storing_and_printing() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let stored = || {
        Tc::new().environment(|_| environment.clone()).run(&["signout"]).stderr.contains("me/tc")
            || !Tc::new().environment(|_| environment.clone()).run(&["creds", "env"]).stdout.is_empty()
    };
    for (arguments, prints, stores) in [
        (&["--no-store", TERMINAL][..], true, false),
        (&["--fish", TERMINAL], true, false),
        (&["--json", TERMINAL], true, false),
        (&[], true, false),
        (&["--store"], false, true),
        (&["--store", "--json"], true, true),
    ] {
        let arguments = [&["-s", "a", "--no-browser"], arguments].concat();
        let ended = SignIn::start_in(environment.clone(), &arguments).finish();
        assert_eq!(!ended.stdout.is_empty(), prints, "{arguments:?}");
        assert_eq!(ended.stderr.contains(" Stored in "), stores, "{arguments:?}");
        assert!(stores || !stored(), "{arguments:?}");
    }
}

#[test]
fn variables_that_hide_what_is_stored_are_named() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment()
        .with("HOME", home.path())
        .with("TASKCLUSTER_CLIENT_ID", "other")
        .with("TASKCLUSTER_ACCESS_TOKEN", "other");
    let ended = SignIn::start_in(environment, &["-s", "a", "--store", "--no-browser"]).finish();
    assert!(ended.stderr.contains("warning: TASKCLUSTER_CLIENT_ID is set and takes precedence over stored"));
}

#[test]
#[cfg(unix)]
fn a_store_that_is_refused_is_found_out_before_a_client_is_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let ended = SignIn::start_in(environment.clone(), &["-s", "a", "--no-browser", "--store"]).finish();
    let told = ended.stderr.rsplit_once("Stored in ").unwrap().1;
    let path = told.lines().next().unwrap().trim_end_matches('.').to_owned();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = Tc::new().environment(|_| environment).run(&["signin", "-s", "a", "--no-browser", "--store"]);
    ran.stdout("").status(1);
    assert!(!ran.stderr.contains("/auth/clients/create"), "{ran}");
}

#[test]
fn a_preset_is_a_set_of_scopes() {
    let home = tempfile::tempdir().unwrap();
    let environment = environment().with("HOME", home.path());
    let tc = Tc::new().environment(|_| environment.clone());
    tc.run(&["config", "set", "presets.relduty", "queue:rerun-task:*", "b"]).status(0);
    let signin = SignIn::start_in(environment.clone(), &["--preset", "relduty", "--no-browser", "--quiet"]);
    assert_eq!(signin.query("scope"), ["b", "queue:rerun-task:*"]);
    signin.finish();
    let ran = tc.run(&["signin", "--preset", "reldut"]);
    ran.stdout("").status(2).stderr("error: unknown preset `reldut`\nhint: Did you mean `relduty`?\n");
}

#[test]
fn check_tells_when_nobody_is_signed_in() {
    let ran = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT).run(&["signin", "--check"]);
    ran.stdout("").status(4).stderr("error: not signed in to http://localhost:1\nhint: To sign in: tc signin\n");
}
