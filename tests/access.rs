//! `tc client` and `tc role`.

use std::fs;

use serde_json::json;
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;

/// With a client `project/a/bot` that has a scope of its own and one by the role `bot`.
fn sandbox() -> (Sandbox, Tc, String) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    tc.run(&["role", "create", "bot", "-s", "secrets:get:project/a/*", "-d", "For the bot"])
        .stdout("Role bot created\n")
        .stderr("")
        .status(0);
    let words = ["client", "create", "project/a/bot", "-s", "assume:bot\nqueue:rerun-task:*", "-d", "The bot"];
    let ran = tc.run(&[&words[..], &["--expires", "2100-01-01T00:00:00Z"]].concat());
    ran.stderr("Client project/a/bot created; the token is not shown again.\n").status(0);
    let token = ran.stdout.trim_end().to_owned();
    assert_eq!(token.len(), 44, "{ran}");
    (sandbox, tc, token)
}

#[test]
fn a_new_client_can_be_used_with_the_token_that_was_printed() {
    let (sandbox, _tc, token) = sandbox();
    let bot = Tc::new().at(sandbox.root_url()).env("TASKCLUSTER_CLIENT_ID", "project/a/bot");
    let bot = bot.env("TASKCLUSTER_ACCESS_TOKEN", &token);
    bot.run(&["api", "auth", "currentScopes", "--jq", "[.scopes[] | select(startswith(\"secrets:get\"))][0]"])
        .stdout("secrets:get:project/a/*\n")
        .stderr("")
        .status(0);
}

#[test]
fn clients_are_listed_and_shown() {
    let (sandbox, tc, token) = sandbox();
    let ran = tc.run(&["client", "list", "project/"]);
    ran.stderr("").status(0);
    let row: Vec<&str> = ran.stdout.trim_end_matches('\n').split('\t').collect();
    assert_eq!((row[0], row[1], &row[3..]), ("project/a/bot", "2100-01-01T00:00:00.000Z", &["2", "", "The bot"][..]));
    let page = format!("{}/auth/clients/project%2Fa%2Fbot", sandbox.root_url());
    let ran = tc.run(&["client", "show", &page]);
    ran.stderr("").status(0);
    assert!(
        ran.stdout.starts_with(
            "client: project/a/bot\ndescription: The bot\ndisabled: no\nexpires: 2100-01-01T00:00:00.000Z\n"
        ),
        "{ran}"
    );
    assert!(ran.stdout.ends_with("\nscopes:\n  assume:bot\n  queue:rerun-task:*\n"), "{ran}");
    let ran = tc.run(&["client", "show", "project/a/bot", "--expanded"]);
    assert!(
        ran.stdout.contains("\nexpanded scopes:\n") && ran.stdout.contains("\n  secrets:get:project/a/*\n"),
        "{ran}"
    );
    assert!(!tc.run(&["client", "show", "project/a/bot", "--json"]).stdout.contains(&token));
    let ran = tc.run(&["client", "show", "project/a/bto"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with("error: client `project/a/bto` does not exist\n"), "{ran}");
    assert!(ran.stderr.contains("hint: Did you mean `project/a/bot`?\n"), "{ran}");
}

#[test]
fn an_update_shows_its_difference_first() {
    let (_sandbox, tc, _token) = sandbox();
    let update =
        ["client", "update", "project/a/bot", "--add-scope", "queue:b", "--remove-scope", "queue:rerun-task:*"];
    let difference = "- scope: queue:rerun-task:*\n+ scope: queue:b\n";
    tc.run(&update)
        .stdout("")
        .stderr(&format!("{difference}error: cannot update client project/a/bot without confirmation: standard input is not a terminal\nhint: Use --yes to skip the question, or --dry-run to see what would change.\n"))
        .status(2);
    tc.run(&[&update[..], &["--dry-run"]].concat()).stdout(difference).stderr("").status(0);
    tc.run(&[&update[..], &["--yes"]].concat()).stdout("Client project/a/bot updated\n").stderr(difference).status(0);
    tc.run(&["client", "show", "project/a/bot", "--jq", ".scopes | join(\" \")"])
        .stdout("assume:bot queue:b\n")
        .status(0);
    tc.run(&["client", "update", "project/a/bot", "-d", "The bot"])
        .stdout("")
        .stderr("Nothing would change; nothing was sent.\n")
        .status(0);
    let ran = tc.run(&["client", "update", "project/a/bot", "--remove-scope", "assume:b"]);
    ran.stderr("error: scope `assume:b` cannot be removed: it is not there\n").status(2);
    let ran = tc.run(&[
        "client",
        "update",
        "project/a/bot",
        "--delete-on-expiration",
        "--expires",
        "2101-01-01T00:00:00Z",
        "--yes",
    ]);
    ran.stderr("- expires: 2100-01-01T00:00:00.000Z\n- delete on expiration: no\n+ expires: 2101-01-01T00:00:00.000Z\n+ delete on expiration: yes\n");
    ran.status(0);
}

#[test]
fn scopes_come_from_lines_and_yaml() {
    let (_sandbox, tc, _token) = sandbox();
    let write = |name: &str, text: &str| fs::write(tc.directory().join(name), text).unwrap();
    write("scopes.txt", "# what it may\nqueue:a:b\n\nsecrets:get:x\n");
    write("role.yml", "description: From a file\nscopes:\n  - queue:a:b\n  - queue:c\n");
    tc.run(&["role", "update", "bot", "-f", "scopes.txt", "--yes"])
        .stdout("Role bot updated\n")
        .stderr("- scope: secrets:get:project/a/*\n+ scope: queue:a:b\n+ scope: secrets:get:x\n")
        .status(0);
    tc.run(&["role", "update", "bot", "-f", "role.yml", "--yes"])
        .stderr("- description: For the bot\n+ description: From a file\n- scope: secrets:get:x\n+ scope: queue:c\n")
        .status(0);
    let shown = tc.run(&["role", "show", "bot", "--json"]).stdout;
    let same = tc.stdin(shown);
    same.run(&["role", "update", "bot", "-f", "-"])
        .stdout("")
        .stderr("Nothing would change; nothing was sent.\n")
        .status(0);
    let ran = same.run(&["role", "update", "bot", "-s", "caf\u{e9}"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("is not a scope"), "{ran}");
    let ran = same.run(&["role", "create", "empty"]);
    ran.stderr(
        "error: the scopes of the role are missing\nhint: Give them with -s SCOPE, or in a file with -f FILE.\n",
    )
    .status(2);
}

#[test]
fn roles_are_listed_and_removed() {
    let (_sandbox, tc, _token) = sandbox();
    let ran = tc.run(&["roles", "list", "b"]);
    ran.stderr("").status(0);
    let row: Vec<&str> = ran.stdout.trim_end_matches('\n').split('\t').collect();
    assert_eq!((row[0], row[2], row[3]), ("bot", "1", "For the bot"));
    tc.run(&["role", "rm", "bot"]).stdout("").status(2);
    let ran = tc.run(&["role", "rm", "bots", "--yes"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.contains("hint: Did you mean `bot`"), "{ran}");
    tc.run(&["role", "rm", "bot", "--yes"]).stdout("Role bot removed\n").stderr("").status(0);
    tc.run(&["role", "list", "bot"]).stdout("").stderr("No such roles.\n").status(0);
}

#[test]
fn whoever_has_a_scope_is_found_also_by_roles() {
    let (_sandbox, tc, _token) = sandbox();
    let rows = |words: &[&str]| tc.run(&[&["role", "who"][..], words].concat()).status(0).stdout.clone();
    let found = rows(&["secrets:get:project/a/x"]);
    assert!(found.contains("client\tproject/a/bot\tby role\tsecrets:get:project/a/*\n"), "{found}");
    assert!(found.contains("client\tstatic/taskcluster/root\town\t*\n"), "{found}");
    assert!(found.contains("role\tbot\town\tsecrets:get:project/a/*\n"), "{found}");
    let both = rows(&["secrets:get:project/a/x", "queue:rerun-task:y"]);
    assert!(both.contains("client\tproject/a/bot\tby role\tsecrets:get:project/a/* queue:rerun-task:*\n"), "{both}");
    assert!(!both.contains("role\tbot"), "{both}");
    tc.run(&["client", "disable", "project/a/bot"]).stdout("Client project/a/bot disabled\n").stderr("").status(0);
    assert!(!rows(&["secrets:get:project/a/x"]).contains("project/a/bot"));
    assert!(rows(&["secrets:get:project/a/x", "--all"]).contains("project/a/bot"));
    let json = tc.run(&["role", "who", "secrets:get:project/a/x", "--json"]).json();
    assert!(
        json.as_array()
            .unwrap()
            .contains(&json!({"kind": "role", "id": "bot", "own": true, "scopes": ["secrets:get:project/a/*"]}))
    );
    tc.run(&["role", "who", ""]).stderr("error: no scope is named\n").status(2);
}

#[test]
fn a_token_is_reset_after_a_question_and_the_old_one_is_dead() {
    let (sandbox, tc, token) = sandbox();
    tc.run(&["client", "reset-token", "project/a/bot"])
        .stdout("")
        .stderr("error: cannot reset the access token without confirmation: standard input is not a terminal\nhint: Use --yes to skip the question.\n")
        .status(2);
    let ran = tc.run(&["client", "reset-token", "project/a/bot", "--yes"]);
    ran.stderr("Client project/a/bot has a new access token; the token is not shown again.\n").status(0);
    let new = ran.stdout.trim_end();
    assert!(new.len() == 44 && new != token, "{ran}");
    let status = |token: &str| {
        let bot = Tc::new().at(sandbox.root_url()).env("TASKCLUSTER_CLIENT_ID", "project/a/bot");
        bot.env("TASKCLUSTER_ACCESS_TOKEN", token).run(&["api", "auth", "currentScopes"]).status
    };
    assert_eq!((status(&token), status(new)), (4, 0));
    tc.run(&["client", "disable", "project/a/bot"]).status(0);
    assert_eq!(status(new), 4);
    tc.run(&["client", "enable", "project/a/bot"]).stdout("Client project/a/bot enabled\n").status(0);
    assert_eq!(status(new), 0);
    tc.run(&["client", "rm", "project/a/bot", "--yes"]).stdout("Client project/a/bot removed\n").stderr("").status(0);
    assert_eq!(status(new), 4);
    let ran = tc.run(&["client", "rm", "project/a/bot", "--yes"]);
    ran.stdout("").status(5);
}

#[test]
fn a_client_that_would_be_no_use_is_refused() {
    let (_sandbox, tc, _token) = sandbox();
    tc.run(&["client", "create", "x", "--expires", "2020-01-01T00:00:00Z"])
        .stdout("")
        .stderr("error: --expires is in the past: 2020-01-01 00:00 UTC\n")
        .status(2);
    let ran = tc.run(&["client", "create", "project/a/bot", "--expires", "1 day", "-d", "another"]);
    ran.stdout("").status(6);
    let ran = tc.run(&["client", "create", "new", "--expires", "2100-01-01T00:00:00Z", "-s", "a", "--dry-run"]);
    ran.stderr("Client new would be created; nothing was sent.\n").status(0);
    assert_eq!(
        ran.json(),
        json!({"description": "", "expires": "2100-01-01T00:00:00.000Z", "scopes": ["a"], "deleteOnExpiration": false})
    );
    let json = tc.run(&["client", "create", "new", "--expires", "1 day", "--json"]).json();
    assert_eq!((json["clientId"].as_str(), json["accessToken"].as_str().map(str::len)), (Some("new"), Some(44)));
}
