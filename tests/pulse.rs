//! `tc pulse` without a broker: names, keys, and what is wrong before anything is connected.

use crate::support::Tc;

#[test]
fn exchanges_are_listed_with_their_words() {
    let ran = Tc::new().run(&["pulse", "exchanges", "github"]);
    ran.status(0).stderr("").stdout(
        "github.pullRequest\torganization repository action\tA pull request was opened, updated, closed or labelled\n\
         github.push\torganization repository\tCommits or a tag were pushed to a repository\n\
         github.release\torganization repository\tA GitHub release was published or edited\n\
         github.rerun\torganization repository\tSomebody pressed re-run on a check of a task\n\
         github.taskGroupCreationRequested\torganization repository\tAll tasks of a build have been submitted to the queue\n",
    );
    assert_eq!(Tc::new().run(&["pulse", "exchanges"]).status(0).stdout.lines().count(), 36);
    assert_eq!(Tc::new().run(&["pulse", "exchanges", "--legacy"]).status(0).stdout.lines().count(), 22);
}

#[test]
fn exchanges_as_json_hold_names_words_and_schema() {
    let ran = Tc::new().run(&["pulse", "exchanges", "notify", "--json"]);
    let found = ran.status(0).stderr("").json();
    assert_eq!(found[0]["exchange"], "exchange/taskcluster-notify/v1/notification");
    assert_eq!(found[0]["routingKey"][1]["name"], "topic");
    assert_eq!(found[0]["routingKey"][1]["multipleWords"], true);
    assert_eq!(found[0]["schema"], "v1/notification-message.json");
}

#[test]
fn service_without_exchanges_says_so() {
    Tc::new().run(&["pulse", "exchanges", "secrets"]).status(0).stdout("").stderr("the service has no exchanges\n");
}

#[test]
fn unknown_service_suggests_the_near_one() {
    let ran = Tc::new().run(&["pulse", "exchanges", "quue"]);
    ran.status(2).stdout("").stderr("error: unknown service `quue`\nhint: Did you mean `queue`?\n");
}

#[test]
fn show_prints_words_and_the_fields_of_the_message() {
    let ran = Tc::new().run(&["pulse", "show", "github.push"]);
    ran.status(0).stderr("");
    let head = "github.push: Commits or a tag were pushed to a repository\n\
                exchange/taskcluster-github/v1/push\n\
                \n\
                WORD            IN MESSAGES  WORDS  VALUE\n\
                routingKeyKind  always       one    primary\n\
                organization    always       one\n\
                repository      always       one\n\
                \n\
                v1/github-push-message.json\n\
                \n\
                FIELD           REQUIRED  TYPE";
    assert!(ran.stdout.starts_with(head), "{ran}");
    let ran = Tc::new().run(&["pulse", "show", "queue.taskCompleted", "--json"]);
    let found = ran.status(0).json();
    assert!(found["fields"].as_array().unwrap().iter().any(|field| field["path"] == "status.state"));
    Tc::new().run(&["pulse", "show", "--legacy", "treeherder-events.jobs"]).status(0);
}

#[test]
fn every_exchange_can_be_shown() {
    for legacy in [&[][..], &["--legacy"]] {
        let all = Tc::new().run(&[&["pulse", "exchanges"], legacy].concat());
        for line in all.stdout.lines() {
            let name = line.split('\t').next().unwrap();
            let ran = Tc::new().run(&[&["pulse", "show", name], legacy].concat());
            ran.status(0).stderr("");
        }
    }
}

#[test]
fn key_prints_exchange_and_pattern() {
    let expected = "exchange/taskcluster-queue/v1/task-completed\tprimary.-8-U5J46TnidyFvAZAaJLg.*.*.*.*.*.*.*.#\n";
    for args in [
        &["pulse", "key", "queue", "taskCompleted", "--task-id", "-8-U5J46TnidyFvAZAaJLg"][..],
        &["pulse", "key", "queue.taskCompleted", "--task-id=-8-U5J46TnidyFvAZAaJLg"],
        &["pulse", "key", "queue.taskCompleted", "--taskId", "-8-U5J46TnidyFvAZAaJLg"],
        &["pulse", "key", "QueueEvents", "task-completed", "--word", "taskId=-8-U5J46TnidyFvAZAaJLg"],
    ] {
        Tc::new().run(args).status(0).stderr("").stdout(expected);
    }
}

#[test]
fn key_as_json_is_what_other_clients_give() {
    let ran = Tc::new().run(&["pulse", "key", "notify", "notify", "--topic", "a.b", "--json", "--jq", "tojson"]);
    ran.status(0).stdout(
        "{\"exchange\":\"exchange/taskcluster-notify/v1/notification\",\"routingKeyPattern\":\"primary.a.b\"}\n",
    );
    let ran = Tc::new().run(&["pulse", "key", "--legacy", "purge-cache", "purgeCache", "--worker-type", "w"]);
    ran.status(0).stdout("exchange/taskcluster-purge-cache/v1/purge-cache\tprimary.*.w\n");
}

#[test]
fn words_that_do_not_fit_list_the_words() {
    for (args, message, hint) in [
        (
            &["github", "push", "--task-id", "a"][..],
            "routing keys of github.push have no word `taskId`",
            "Choose among organization, repository.",
        ),
        (
            &["github", "push", "--organization", "a.b"],
            "`organization` is one word of the routing key and cannot hold a dot: `a.b`",
            "Choose among organization, repository; none of them may hold a dot.",
        ),
        (
            &["queue", "taskGroupSealed", "--task-group-id", "a.b"],
            "`taskGroupId` is one word of the routing key and cannot hold a dot: `a.b`",
            "Choose among taskGroupId, schedulerId, reserved; only reserved may hold dots.",
        ),
        (
            &["queue", "taskComplete"],
            "the queue service has no exchange `taskComplete`",
            "Did you mean `taskCompleted` or `taskGroupSealed` or `taskException`?",
        ),
        (
            &["secrets", "x"],
            "the secrets service has no exchange `x`",
            "List all with `tc pulse exchanges`: the secrets service has none.",
        ),
        (&["queue"], "no exchange of queue named", "List them with `tc pulse exchanges queue`."),
    ] {
        let ran = Tc::new().run(&[&["pulse", "key"], args].concat());
        ran.status(2).stdout("").stderr(&format!("error: {message}\nhint: {hint}\n"));
    }
}

#[test]
fn listening_needs_something_to_listen_to_and_somebody_to_listen_as() {
    let ran = Tc::new().run(&["pulse", "listen"]);
    ran.status(2).stdout("").stderr(
        "error: nothing to listen to\n\
         hint: Name an exchange, as in `tc pulse listen queue.taskFailed`; `tc pulse exchanges` lists them.\n",
    );
    let hint = "hint: Set PULSE_USERNAME and PULSE_PASSWORD; for Mozilla's broker, make a user at https://pulseguardian.mozilla.org\n";
    let ran = Tc::new().run(&["pulse", "listen", "queue.taskFailed"]);
    ran.status(4).stdout("").stderr(&format!("error: no Pulse user: PULSE_USERNAME is not set\n{hint}"));
    let ran = Tc::new().env("PULSE_USERNAME", "bob").run(&["pulse", "listen", "queue.taskFailed"]);
    ran.status(4).stderr(&format!("error: no password for Pulse user bob: PULSE_PASSWORD is not set\n{hint}"));
    let tc = Tc::new().env("PULSE_URL", "https://bob:hidden@broker");
    let ran = tc.run(&["pulse", "listen", "queue.taskFailed"]);
    ran.status(2).stderr("error: invalid URL in PULSE_URL: it starts with neither amqps:// nor amqp://\n");
    let ran = Tc::new().run(&["pulse", "listen", "taskFailed"]);
    ran.status(2).stderr(
        "error: invalid binding `taskFailed`\n\
         hint: Write <service>.<exchange>?<word>=<value>, as in queue.taskFailed?taskGroupId=fN1SbArXTPSVFNUvaOlinQ\n",
    );
}

#[test]
fn broker_that_is_not_there_is_unavailable_after_all_tries() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("amqp://bob:hidden@127.0.0.1:{port}");
    let tc = Tc::new().env("PULSE_URL", &url);
    let ran = tc.run(&["pulse", "listen", "queue.taskFailed", "--retries", "1"]);
    ran.status(7).stdout("").stderr(&format!(
        "cannot connect to 127.0.0.1:{port}: Connection refused (os error 111); trying again.\n\
         error: cannot connect to 127.0.0.1:{port}\n  \
         caused by: Connection refused (os error 111)\n\
         hint: Check PULSE_URL and the network.\n"
    ));
}

/// A server that speaks something else, or says nothing at all, is not waited for beyond the time limit.
#[test]
fn silent_server_is_given_up_at_the_time_limit() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("amqp://bob:hidden@{}", listener.local_addr().unwrap());
    let tc = Tc::new().env("PULSE_URL", &url);
    let args = ["pulse", "listen", "queue.taskFailed", "--count", "1", "--timeout", "1s"];
    tc.run(&args).status(8).stdout("").stderr("error: 0 of 1 messages arrived within the time limit\n");
}
