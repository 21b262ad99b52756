use std::sync::Arc;

use serde_json::json;
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;

const NOW: &str = "2026-11-22T12:00:00Z";

fn sandbox() -> Sandbox {
    Sandbox::start(Options::default().clock(FakeClock::at(NOW))).unwrap()
}

/// At noon, with credentials in the store that were made an hour ago and end at this time.
fn stored(sandbox: &Sandbox, expires: &str) -> Tc {
    let tc = Tc::new().environment(|environment| environment.with_clock(FakeClock::at(NOW)));
    let (id, token) = (sandbox.client_id(), sandbox.access_token().reveal());
    tc.store().put(sandbox.root_url(), id, token, Some(("2026-11-22T11:00:00Z", expires)));
    tc
}

#[test]
fn nobody_is_signed_in_at_first() {
    let tc = Tc::new().at("https://tc.invalid");
    tc.run(&["whoami"])
        .stdout("")
        .stderr("error: not signed in to https://tc.invalid\nhint: To sign in: tc signin\n")
        .status(4);
    // Where a flag chose the deployment, signing in needs it, too.
    let chosen = Tc::new().run(&["whoami", "-R", "community"]);
    chosen.stdout("").status(4);
    assert!(chosen.stderr.ends_with("\nhint: To sign in: tc signin -R community\n"), "{chosen}");
    tc.env("TASKCLUSTER_CLIENT_ID", "me")
        .env("TASKCLUSTER_ACCESS_TOKEN", "key")
        .run(&["whoami", "--no-credentials"])
        .stdout("")
        .stderr(
            "error: not signed in to https://tc.invalid\n\
             hint: The call was not signed: credentials were turned off.\n",
        )
        .status(4);
}

#[test]
fn the_environment_is_named_as_the_source() {
    let sandbox = sandbox();
    let tc = Tc::new().signed_in(&sandbox).environment(|environment| environment.with_clock(FakeClock::at(NOW)));
    let ran = tc.run(&["whoami"]);
    ran.stderr("").status(0);
    let expected = format!(
        "Client ID: {}\nRoot URL:  {} (from TASKCLUSTER_ROOT_URL)\nFrom:      the environment\nScopes:\n  *\n",
        sandbox.client_id(),
        sandbox.root_url()
    );
    assert!(ran.stdout.starts_with(&expected), "{ran}");
}

#[test]
fn stored_credentials_are_used_where_the_environment_has_none() {
    let sandbox = sandbox();
    let tc = stored(&sandbox, "2026-11-22T20:00:00Z");
    let path = tc.paths().credentials.display().to_string();
    let ran = tc.run(&["whoami", "--json", "-R", sandbox.root_url()]);
    ran.stderr("").status(0);
    let mut found = ran.json();
    assert!(found["scopes"].as_array().unwrap().contains(&json!("*")));
    found["scopes"].take();
    assert_eq!(
        found,
        json!({
            "clientId": sandbox.client_id(),
            "rootUrl": sandbox.root_url(),
            "rootUrlFrom": "--root-url",
            "credentialsFrom": path,
            "expires": "2026-11-22T20:00:00.000Z",
            "scopes": null,
        })
    );
    // The environment goes first, even when what it has is no good.
    let tc = tc.at(sandbox.root_url()).env("TASKCLUSTER_CLIENT_ID", "x").env("TASKCLUSTER_ACCESS_TOKEN", "y");
    tc.run(&["whoami"]).stdout("").status(4);
}

#[test]
fn credentials_of_another_deployment_are_passed_over_for_those_in_the_store() {
    let sandbox = sandbox();
    let tc = stored(&sandbox, "2026-11-22T20:00:00Z")
        .at("https://tc.invalid")
        .env("TASKCLUSTER_CLIENT_ID", "x")
        .env("TASKCLUSTER_ACCESS_TOKEN", "y");
    let ran = tc.run(&["whoami", "-R", sandbox.root_url(), "--jq", ".clientId"]);
    ran.stdout(&format!("{}\n", sandbox.client_id())).stderr("").status(0);
}

#[test]
fn ended_credentials_are_not_sent_and_their_end_is_told() {
    let sandbox = sandbox();
    let tc = stored(&sandbox, NOW);
    tc.run(&["whoami", "-R", sandbox.root_url()])
        .stdout("")
        .stderr(&format!(
            "error: not signed in to {0}\n\
             hint: The call was not signed: the credentials stored for {0} expired at 2026-11-22 12:00 UTC.\n\
             hint: To sign in: tc signin -R {0}\n",
            sandbox.root_url()
        ))
        .status(4);
}

#[test]
fn an_end_that_is_near_is_told_once_and_only_on_a_terminal() {
    let sandbox = sandbox();
    let args = ["api", "queue", "ping", "-R", sandbox.root_url()];
    for (expires, left) in [("2026-11-22T12:04:00Z", "4 minutes"), ("2026-11-22T12:06:00Z", "6 minutes")] {
        let tc = stored(&sandbox, expires);
        tc.run(&args).stderr("").status(0);
        tc.terminal()
            .run(&[&args[..], &["--color", "never"]].concat())
            .stderr(&format!(
                "warning: the credentials for {} expire in {left}\nhint: Sign in again with `tc signin`.\n",
                sandbox.root_url()
            ))
            .status(0);
    }
    stored(&sandbox, "2026-11-22T12:07:00Z").terminal().run(&args).stderr("").status(0);
}

#[test]
fn a_refused_store_is_told_and_passed_over_on_request() {
    let sandbox = sandbox();
    let tc = Tc::new();
    let paths = tc.paths();
    std::fs::create_dir_all(&paths.directory).unwrap();
    std::fs::create_dir(&paths.credentials).unwrap();
    let ran = tc.run(&["api", "queue", "ping", "-R", sandbox.root_url()]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("it is not a regular file"), "{ran}");
    tc.run(&["api", "queue", "ping", "-R", sandbox.root_url(), "--no-credentials"]).stderr("").status(0);
    // In a task, the proxy signs; the store has no say.
    tc.env("TASKCLUSTER_PROXY_URL", sandbox.root_url()).run(&["api", "queue", "ping"]).stderr("").status(0);
}

#[test]
fn the_proxy_of_a_task_shows_no_client_id() {
    let sandbox = sandbox();
    let tc = Tc::new().env("TASKCLUSTER_PROXY_URL", sandbox.root_url()).settings("root-url = \"community\"\n");
    let ran = tc.run(&["whoami", "--json"]);
    ran.stderr("").status(0);
    let found = ran.json();
    assert_eq!((&found["clientId"], &found["credentialsFrom"]), (&json!(null), &json!("the task's proxy")));
    assert_eq!(found["rootUrlFrom"], "TASKCLUSTER_PROXY_URL");
}

#[test]
fn the_go_tools_credentials_are_good_for_its_deployment() {
    let sandbox = sandbox();
    let tc = Tc::new()
        .environment(|environment| environment.with_clock(FakeClock::at(NOW) as Arc<dyn tc::Clock>))
        .go_settings(&format!(
            "config: {{rootUrl: '{}', clientId: '{}', accessToken: '{}'}}\n",
            sandbox.root_url(),
            sandbox.client_id(),
            sandbox.access_token().reveal()
        ));
    let ran = tc.run(&["whoami", "--jq", ".credentialsFrom"]);
    ran.stdout(&format!("{}\n", tc.paths().go_tool.display())).stderr("").status(0);
}
