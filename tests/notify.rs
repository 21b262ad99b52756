//! `tc notify`, `--notify` of the commands that wait, and the routes of tasks that the sandbox's notify service reads.

use chrono::Utc;
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::task::{definition, queue};
use crate::support::wire::Wire;

fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

/// What was sent, as kind and message.
fn sent(sandbox: &Sandbox) -> Vec<(String, Value)> {
    let seen = Wire::to(&format!("{}/sandbox/notifications", sandbox.root_url()), "GET").send().value();
    let one = |it: &Value| (it["kind"].as_str().unwrap().to_owned(), it["message"].clone());
    seen["notifications"].as_array().unwrap().iter().map(one).collect()
}

/// A task with these routes whose first run a worker has.
fn running(sandbox: &Sandbox, routes: &[&str], extra: &Value) -> String {
    let now = Utc::now();
    let id = slugid::nice();
    let mut body = definition(now, &id);
    body["routes"] = json!(routes);
    body["extra"] = extra.clone();
    queue(sandbox, now, "PUT", &format!("/task/{id}"), &body).is(200, "");
    let worker = json!({"workerGroup": "g", "workerId": "w"});
    queue(sandbox, now, "POST", &format!("/task/{id}/runs/0/claim"), &worker).is(200, "");
    id
}

fn report(sandbox: &Sandbox, id: &str, how: &str) {
    queue(sandbox, Utc::now(), "POST", &format!("/task/{id}/runs/0/{how}"), &Value::Null).is(200, "");
}

#[test]
fn each_way_has_its_verb() {
    let sandbox = sandbox();
    let tc = Tc::new().signed_in(&sandbox).stdin("from *standard input*\n");
    tc.run(&[
        "notify",
        "email",
        "me@example.com",
        "-s",
        "hello",
        "--link",
        "https://example.com/",
        "--reply-to",
        "you@example.com",
    ])
    .stdout("")
    .stderr("Sent to me@example.com.\n")
    .status(0);
    std::fs::write(tc.directory().join("text"), "from a file\n").unwrap();
    tc.run(&["notify", "slack", "C123456GZ", "@text"]).stdout("").stderr("Sent to C123456GZ.\n").status(0);
    tc.run(&["notify", "matrix", "!room:example.com", "a text", "--msgtype", "m.text"])
        .stdout("")
        .stderr("Sent to !room:example.com.\n")
        .status(0);
    let ran = tc.run(&["notify", "pulse", "my.key", "{\"a\": 1}", "--json"]);
    ran.stderr("").status(0);
    assert_eq!(ran.json(), json!({"method": "pulse", "address": "my.key", "duplicate": false}));
    assert_eq!(
        sent(&sandbox),
        [
            (
                "email".to_owned(),
                json!({
                    "address": "me@example.com", "subject": "hello", "content": "from *standard input*",
                    "link": {"text": "Open", "href": "https://example.com/"}, "replyTo": "you@example.com",
                    "template": "simple",
                })
            ),
            (
                "slack".to_owned(),
                json!({"channelId": "C123456GZ", "text": "from a file", "unfurlLinks": false, "unfurlMedia": false})
            ),
            ("matrix".to_owned(), json!({"roomId": "!room:example.com", "body": "a text", "msgtype": "m.text"})),
            ("pulse".to_owned(), json!({"routingKey": "my.key", "message": {"a": 1}})),
        ]
    );
}

#[test]
fn what_cannot_be_sent_is_refused_before_it_is_sent() {
    let server = FakeServer::start();
    let tc = Tc::new().at(server.url());
    let refused = |args: &[&str], stderr: &str| {
        tc.run(&[&["notify"], args].concat()).stdout("").stderr(stderr).status(2);
    };
    refused(&["email", "me", "text", "-s", "s"], "error: invalid e-mail address `me`\n");
    refused(&["slack", "C1"], "error: the message is empty\n");
    refused(&["pulse", "k", "[]"], "error: the message is not a JSON object\n");
    let long = "x".repeat(256);
    let ran = tc.run(&["notify", "email", "me@example.com", "text", "-s", &long]);
    ran.stdout("").status(2);
    let first = "error: the notify service does not take such a message to me@example.com\nhint: ";
    assert!(ran.stderr.starts_with(first) && ran.stderr.contains("subject"), "{ran}");
    let ran = tc.run(&["notify", "matrix", "!r:x", "text", "-n", "--jq", ".body"]);
    ran.stdout("text\n").stderr("Nothing was sent.\n").status(0);
}

#[test]
fn a_message_that_may_have_been_sent_is_not_sent_again() {
    for answer in [Answer::json(500, "{}"), Answer::cut()] {
        let server = FakeServer::start();
        server.expect("POST /api/notify/v1/email", answer);
        let ran = Tc::new().at(server.url()).run(&["notify", "email", "me@example.com", "text", "-s", "s"]);
        ran.stdout("").status(7);
        assert!(ran.stderr.contains("It may have been done all the same"), "{ran}");
    }
    let server = FakeServer::start();
    server.expect("POST /api/notify/v1/email", Answer::new(204, ""));
    Tc::new()
        .at(server.url())
        .run(&["notify", "email", "me@example.com", "text", "-s", "s"])
        .stdout("")
        .stderr("Not sent to me@example.com: it got the same message shortly before.\n")
        .status(0);
}

#[test]
fn people_are_told_how_waiting_ended() {
    let sandbox = sandbox();
    let tc = Tc::new().signed_in(&sandbox);
    let (good, bad) = (running(&sandbox, &[], &json!({})), running(&sandbox, &[], &json!({})));
    report(&sandbox, &good, "completed");
    report(&sandbox, &bad, "failed");
    let root = sandbox.root_url();
    let page = |kind: &str, id: &str| format!("{root}/{kind}/{id}");

    let ran = tc.run(&["task", "wait", &good, "--notify", "me@example.com"]);
    ran.stderr("Notified me@example.com.\n").status(0);
    tc.run(&["group", "wait", &bad, "--notify", "slack:C1", "--notify", "pulse:k"]).status(3);
    tc.run(&["group", "watch", &good, "--notify", "!r:x"]).status(0);
    tc.run(&["task", "watch", &good, &bad, "--notify", "pulse:k"]).status(3);
    let sent = sent(&sandbox);
    let kinds: Vec<&str> = sent.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds.len(), 5, "{sent:#?}");
    let subject = format!("task {good}: completed");
    assert_eq!(
        sent[0].1,
        json!({
            "address": "me@example.com", "subject": subject,
            "content": format!("{subject}\n\n- {}", page("tasks", &good)),
            "link": {"text": "Task", "href": page("tasks", &good)}, "template": "simple",
        })
    );
    let of = |kind: &str| -> Vec<&Value> {
        sent.iter().filter(|(known, _)| known == kind).map(|(_, message)| message).collect()
    };
    let slack = of("slack")[0]["text"].as_str().unwrap();
    let start = format!("task group {bad}: ");
    assert!(slack.starts_with(&start) && slack.ends_with(&page("tasks/groups", &bad)), "{slack}");
    let pulse: Vec<&Value> = of("pulse").into_iter().map(|message| &message["message"]).collect();
    assert_eq!((&pulse[0]["taskGroupId"], &pulse[0]["outcome"]), (&json!(bad), &json!("unsuccessful")));
    assert_eq!(pulse[1]["taskIds"], json!([good, bad]));
    assert_eq!(pulse[1]["message"], "1 of 2 tasks did not complete");
    let matrix = of("matrix")[0]["body"].as_str().unwrap();
    assert_eq!(matrix, format!("task group {good}: completed: {}", page("tasks/groups", &good)));
}

#[test]
fn who_may_not_tell_learns_it_before_waiting() {
    let sandbox = sandbox();
    let id = running(&sandbox, &[], &json!({}));
    let tc = Tc::new().signed_in(&sandbox);
    tc.run(&["task", "wait", &id, "--notify", "me@example.com", "--authorized-scope", "auth:current-scopes"])
        .stdout("")
        .stderr(
            "error: the credentials lack notify:email:me@example.com\n\
             hint: Leave out --notify, or sign in with these scopes: `tc signin -s SCOPE`.\n",
        )
        .status(4);
    let ran = tc.run(&["task", "wait", &id, "--notify", "somebody"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("is neither an e-mail address nor slack:CHANNEL"), "{ran}");
}

#[test]
fn a_message_that_is_lost_does_not_hide_how_the_task_ended() {
    let sandbox = sandbox();
    let (good, bad) = (running(&sandbox, &[], &json!({})), running(&sandbox, &[], &json!({})));
    report(&sandbox, &good, "completed");
    report(&sandbox, &bad, "failed");
    let denied = json!({"notificationType": "email", "notificationAddress": "me@example.com"});
    assert_eq!(Wire::new(&sandbox, "POST", "/api/notify/v1/denylist/add").json(&denied).send().status, 200);
    let tc = Tc::new().signed_in(&sandbox);
    let ran = tc.run(&["task", "wait", &bad, "--notify", "me@example.com"]);
    ran.status(3);
    assert!(ran.stderr.contains("warning: cannot notify me@example.com: "), "{ran}");
    // Where the task did well, the message that was asked for is what failed.
    let ran = tc.run(&["task", "wait", &good, "--notify", "me@example.com"]);
    ran.status(1);
    assert!(ran.stderr.contains("Email me@example.com is denylisted"), "{ran}");
}

#[test]
fn routes_of_tasks_are_told_of_what_they_are_about() {
    let sandbox = sandbox();
    let routes = [
        "notify.email.first.last@example.com.on-failed",
        "notify.email.never@example.com.on-completed",
        "notify.pulse.my.key.on-resolved",
        "notify.slack-channel.C1.on-running",
        "notify.matrix-room.!r:example.com.on-any",
        "notify.email.defined@example.com.on-defined",
    ];
    let id = running(&sandbox, &routes, &json!({}));
    let page = format!("{}/tasks/{id}", sandbox.root_url());
    report(&sandbox, &id, "failed");
    let sent = sent(&sandbox);
    let to: Vec<(&str, &str)> = sent
        .iter()
        .map(|(kind, message)| {
            let to = ["address", "routingKey", "channelId", "roomId"].iter().find_map(|key| message[*key].as_str());
            (kind.as_str(), to.unwrap())
        })
        .collect();
    assert_eq!(
        to,
        [
            ("email", "defined@example.com"),
            ("slack", "C1"),
            ("email", "first.last@example.com"),
            ("pulse", "my.key"),
            ("matrix", "!r:example.com"),
        ]
    );
    assert_eq!(sent[1].1["text"], format!("n is running: {page}"));
    assert_eq!(sent[2].1["subject"], format!("Task failed: n - {id}"));
    assert_eq!(sent[2].1["link"], json!({"text": "Inspect Task", "href": page}));
    assert_eq!((&sent[3].1["message"]["taskId"], &sent[3].1["message"]["state"]), (&json!(id), &json!("failed")));
}

#[test]
fn a_task_has_its_own_words_and_a_cancelled_one_tells_nobody() {
    let sandbox = sandbox();
    let own = json!({"notify": {
        "email": {"subject": "${task.metadata.name} ${status.state}", "content": "see ${rootUrl}/tasks/${taskId}"},
        "matrixBody": {"$eval": "nothing.at.all"},
    }});
    let routes = ["notify.email.a@example.com.on-any", "notify.matrix-room.!r:x.on-any"];
    let cancelled = running(&sandbox, &routes, &own);
    queue(&sandbox, Utc::now(), "POST", &format!("/task/{cancelled}/cancel"), &Value::Null).is(200, "");
    assert_eq!(sent(&sandbox), []);
    let id = running(&sandbox, &routes, &own);
    report(&sandbox, &id, "completed");
    let sent = sent(&sandbox);
    assert_eq!(sent[0].1["subject"], "n completed");
    assert_eq!(sent[0].1["content"], format!("see {}/tasks/{id}", sandbox.root_url()));
    let fault = sent[1].1["body"].as_str().unwrap();
    assert!(fault.starts_with("The template of the message has a fault: "), "{fault}");
}
