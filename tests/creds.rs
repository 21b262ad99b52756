//! `tc creds`: what it makes is judged by the sandbox, whose verifier shares no code with it.

use tc::sandbox::{Options, Sandbox};

use crate::support::{Ran, Tc};

const ROOT: &str = "https://tc.example.com";

fn permanent() -> Tc {
    Tc::new()
        .env("TASKCLUSTER_ROOT_URL", ROOT)
        .env("TASKCLUSTER_CLIENT_ID", "me")
        .env("TASKCLUSTER_ACCESS_TOKEN", "it's s3cret")
}

fn of(sandbox: &Sandbox) -> Tc {
    Tc::new()
        .env("TASKCLUSTER_ROOT_URL", sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", sandbox.client_id())
        .env("TASKCLUSTER_ACCESS_TOKEN", sandbox.access_token().reveal())
}

/// `tc` with the credentials that were printed as JSON.
fn with(printed: &Ran) -> Tc {
    let credentials = printed.json();
    let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
    Tc::new()
        .env("TASKCLUSTER_ROOT_URL", &text("rootUrl"))
        .env("TASKCLUSTER_CLIENT_ID", &text("clientId"))
        .env("TASKCLUSTER_ACCESS_TOKEN", &text("accessToken"))
        .env("TASKCLUSTER_CERTIFICATE", &text("certificate"))
}

#[test]
fn the_current_credentials_are_printed_for_each_shell() {
    let tc = permanent();
    tc.run(&["creds", "env"]).status(0).stderr("").stdout(
        "export TASKCLUSTER_ROOT_URL='https://tc.example.com';\nexport TASKCLUSTER_CLIENT_ID='me';\n\
         export TASKCLUSTER_ACCESS_TOKEN=\"$(printf 'it\\047s\\040s3cret')\";\n",
    );
    let ran = tc.run(&["creds", "env", "--powershell"]);
    assert!(ran.stdout.ends_with("$env:TASKCLUSTER_ACCESS_TOKEN = 'it''s s3cret';\n"), "{ran}");
    assert_eq!(tc.run(&["creds", "env", "--json"]).json()["accessToken"], "it's s3cret");
    tc.run(&["creds", "env", "--fish", "--csh"]).status(2).stdout("");
    tc.run(&["creds", "env", "--fish", "--json"]).status(2).stdout("");
}

#[test]
fn without_credentials_there_is_nothing_to_print() {
    let tc = Tc::new().env("TASKCLUSTER_ROOT_URL", ROOT);
    for arguments in [&["creds", "env"][..], &["creds", "temp", "-s", "a"]] {
        let ran = tc.run(arguments);
        ran.stdout("").status(4);
        assert!(ran.stderr.contains("tc signin"), "{ran}");
    }
    permanent().run(&["creds", "env", "--no-credentials"]).stdout("").status(4);
}

#[test]
fn a_terminal_is_asked_before_it_shows_a_token() {
    let tc = permanent().terminal();
    for (answer, shown, status) in [("y\n", true, 0), ("n\n", false, 1), ("", false, 1), ("\n", false, 1)] {
        let ran = permanent().terminal().stdin(answer).run(&["creds", "env"]);
        ran.status(status);
        assert_eq!(!ran.stdout.is_empty(), shown, "{ran}");
        assert!(ran.stderr.starts_with("Print the access token on this terminal? [y/N] "), "{ran}");
    }
    let ran = tc.run(&["creds", "env", "--yes"]);
    ran.status(0).stderr("");
    assert!(ran.stdout.contains("s3cret"), "{ran}");
}

#[test]
fn temporary_credentials_are_taken_with_their_scopes() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = of(&sandbox);
    let scopes = ["-s", "queue:rerun-task:*\nauth:current-scopes", "--for", "secrets.get", "--param", "name=a"];
    for name in [&[][..], &["--name", "me/temporary"]] {
        let made = tc.run(&[&["creds", "temp", "--json", "--expires", "15m"], &scopes[..], name].concat());
        made.status(0).stderr("");
        let issuer = name.last().copied().unwrap_or(sandbox.client_id());
        assert_eq!(made.json()["clientId"], issuer);
        let current = with(&made).run(&["api", "auth", "currentScopes"]);
        let current = current.status(0).json();
        let has = |scope: &str| current["scopes"].as_array().unwrap().iter().any(|it| it == scope);
        assert!(has("queue:rerun-task:*") && has("secrets:get:a") && !has("*"), "{current}");
        // They cannot issue others.
        let again = with(&made).run(&["creds", "temp", "-s", "a"]);
        again.stdout("").status(4);
        assert!(again.stderr.starts_with("error: temporary credentials cannot issue others\n"), "{again}");
    }
}

#[test]
fn temporary_credentials_end() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let made = of(&sandbox).run(&["creds", "temp", "-s", "a", "--start", "-2h", "--expires", "1h", "--json"]);
    made.status(0);
    let ran = with(&made).run(&["api", "auth", "currentScopes"]);
    ran.stdout("").status(4);
    assert!(ran.stderr.contains("ext.certificate.expiry < now"), "{ran}");
}

#[test]
fn wishes_that_make_no_sense_are_refused() {
    for (arguments, message) in [
        (&[][..], "temporary credentials without scopes could do nothing"),
        (&["-s", "a", "--expires", "32 days"], "temporary credentials cannot last longer than 31 days"),
        (&["-s", "a", "--expires", "-1h"], "temporary credentials must expire after they start"),
        (&["-s", "a", "--expires", "soon"], "--expires cannot be `soon`"),
        (&["-s", "a", "--start", "yesterday"], "--start cannot be `yesterday`"),
        (&["-s", "\u{1f980}"], "\"\u{1f980}\" is not a scope"),
        (&["--for", "nonsense"], "`nonsense` is neither a verb nor a method"),
    ] {
        let ran = permanent().run(&[&["creds", "temp"], arguments].concat());
        ran.stdout("").status(2);
        assert!(ran.stderr.starts_with(&format!("error: {message}\n")), "{ran}");
    }
    permanent().run(&["creds", "temp", "-s", "a", "--expires", "31 days"]).status(0);
}

#[test]
#[cfg(unix)]
fn a_command_runs_with_temporary_credentials_and_its_status_is_ours() {
    let tc = permanent().env("PATH", "/usr/bin:/bin").env("TASKCLUSTER_PROXY_URL", "http://taskcluster");
    let file = tc.directory().join("seen");
    let script = "printf '%s ' \"$TASKCLUSTER_CLIENT_ID\" \"$TASKCLUSTER_ROOT_URL\" \"${TASKCLUSTER_PROXY_URL-unset}\" >seen; \
                  case $TASKCLUSTER_CERTIFICATE in *'\"scopes\":[\"queue:rerun-task:*\"]'*) exit 7;; esac";
    let ran = tc.run(&["creds", "temp", "--for", "task.rerun", "--name", "me/t", "--exec", script]);
    ran.stdout("").stderr("").status(7);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "me/t https://tc.example.com unset ");
    tc.run(&["creds", "temp", "-s", "a", "--exec", "kill -9 $$"]).status(137);
}
