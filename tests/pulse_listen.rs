//! `tc pulse listen` against a RabbitMQ of the tests' own.

use std::thread;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};
use tc::pulse::{Broker, Consumer, Notice, Queue, binding};

use crate::support::publisher::Publisher;
use crate::support::pulse::{self, PRIVATE_EXCHANGE, USER};
use crate::support::{Ran, Tc};

const COMPLETED: &str = "exchange/taskcluster-queue/v1/task-completed";
const KEY: &str = "primary.VESwp9JaRo-XkFN_bemBhw.0.g.i.p.w.s.fN1SbArXTPSVFNUvaOlinQ._";

/// Runs `tc` while something is published; if that goes wrong, the listener does not wait for ever.
fn run_while(tc: &Tc, args: &[&str], publish: impl FnOnce()) -> Ran {
    let args = [args, &["--timeout", "5 minutes"]].concat();
    thread::scope(|scope| {
        let running = scope.spawn(|| tc.run(&args));
        publish();
        running.join().unwrap()
    })
}

/// The lines of JSON, without the time, which is checked to be one.
fn lines(ran: &Ran) -> Vec<Value> {
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let time = value.as_object_mut().unwrap().shift_remove("time").unwrap();
        chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap();
        value
    };
    ran.stdout.lines().map(line).collect()
}

#[test]
fn messages_of_all_exchanges_arrive_as_they_were_sent() {
    // A broker of its own: it takes whatever is published, and what others wait for would be taken for heard.
    let Some(rabbit) = pulse::start() else { return };
    let messages = pulse::messages();
    let publisher = Publisher::connect(&rabbit.url());
    let names: Vec<String> = messages.iter().map(|message| message["exchange"].as_str().unwrap().to_owned()).collect();
    let mut args = vec!["pulse", "listen", "--count", "24"];
    for name in &names {
        args.extend(["--exchange", name]);
    }
    let ran = run_while(&pulse::tc(&rabbit), &args, || {
        for message in &messages {
            let text = |name: &str| message[name].as_str().unwrap();
            let routes: Vec<&str> = message["cc"].as_array().unwrap().iter().map(|cc| cc.as_str().unwrap()).collect();
            // Laid out on several lines, which must not break the one line of the output.
            let body = serde_json::to_vec_pretty(&message["payload"]).unwrap();
            publisher.publish_when_bound(text("exchange"), text("routingKey"), &routes, &body);
        }
    });
    ran.status(0).stderr("");
    let expected: Vec<Value> = messages
        .iter()
        .map(|message| {
            let routes = message["cc"].as_array().unwrap().iter();
            let routes: Vec<&str> = routes.map(|cc| cc.as_str().unwrap().strip_prefix("route.").unwrap()).collect();
            json!({
                "exchange": message["exchange"], "routingKey": message["routingKey"], "routes": routes,
                "redelivered": false, "payload": message["payload"],
            })
        })
        .collect();
    assert_eq!(lines(&ran), expected);
}

#[test]
fn people_see_time_exchange_names_and_state() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let tc = pulse::tc(&rabbit).terminal();
    let body = br#"{"status": {"state": "completed\u001b[31m", "runs": []}, "runId": 0}"#;
    let args = ["pulse", "listen", "queue.taskCompleted?workerType=people", "--count", "1", "--timeout", "5 minutes"];
    // Published until it is heard by this listener: that somebody is bound does not say who.
    let ran = thread::scope(|scope| {
        let running = scope.spawn(|| tc.run(&args));
        while !running.is_finished() {
            publisher.publish(COMPLETED, &KEY.replace(".w.", ".people."), &[], body);
            thread::sleep(Duration::from_millis(20));
        }
        running.join().unwrap()
    });
    let (time, rest) = ran.status(0).stdout.split_once("  ").unwrap();
    assert_eq!(time.len(), "12:34:56".len());
    assert_eq!(rest, "queue.taskCompleted  VESwp9JaRo-XkFN_bemBhw run 0 p/people  completed[31m\n");
    assert!(ran.stderr.starts_with("Listening on queue/bob/tc-"), "{ran}");
}

#[test]
fn jq_filters_each_message() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let args = ["pulse", "listen", "queue.taskCompleted?workerType=jq", "--count", "2", "--jq", ".payload.x, .routes"];
    let ran = run_while(&pulse::tc(&rabbit), &args, || {
        let key = KEY.replace(".w.", ".jq.");
        publisher.publish_when_bound(COMPLETED, &key, &["route.a.b"], br#"{"x": "one"}"#);
        publisher.publish_when_bound(COMPLETED, &key, &[], b"no JSON");
    });
    ran.status(1).stdout("one\n[\"a.b\"]\n");
    assert!(ran.stderr.starts_with("error: the jq program failed:"), "{ran}");
}

#[test]
fn body_that_is_no_json_is_a_string() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let args = ["pulse", "listen", "queue.taskCompleted?workerType=nojson", "--count", "1"];
    let ran = run_while(&pulse::tc(&rabbit), &args, || {
        publisher.publish_when_bound(COMPLETED, &KEY.replace(".w.", ".nojson."), &[], b"no\nJSON \xff");
    });
    assert_eq!(lines(ran.status(0).stderr(""))[0]["payload"], "no\nJSON \u{fffd}");
}

#[test]
fn routes_are_listened_to_across_exchanges() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let ran = run_while(&pulse::tc(&rabbit), &["pulse", "listen", "--route", "index.mine.*", "--count", "2"], || {
        let failed = "exchange/taskcluster-queue/v1/task-failed";
        publisher.publish_when_bound(failed, KEY, &["route.index.mine.x"], b"1");
        assert!(!publisher.publish(failed, KEY, &["route.index.other.x"], b"2"));
        publisher.publish_when_bound(COMPLETED, KEY, &["route.index.mine.y"], b"3");
    });
    let payloads: Vec<Value> = lines(ran.status(0)).into_iter().map(|line| line["payload"].clone()).collect();
    assert_eq!(payloads, [json!(1), json!(3)]);
}

#[test]
fn time_limit_ends_a_listener_and_is_pending_before_the_count() {
    let Some(rabbit) = pulse::shared() else { return };
    let tc = pulse::tc(&rabbit);
    tc.run(&["pulse", "listen", "auth.roleDeleted", "--timeout", "1s"]).status(0).stdout("").stderr("");
    let ran = tc.run(&["pulse", "listen", "auth.roleDeleted", "--timeout", "1s", "--count", "3"]);
    ran.status(8).stdout("").stderr("error: 0 of 3 messages arrived within the time limit\n");
}

#[test]
fn durable_queue_keeps_what_nobody_took_and_is_deleted_on_demand() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let tc = pulse::tc(&rabbit);
    let exchange = "exchange/taskcluster-auth/v1/client-created";
    publisher.queue("queue/bob/kept", exchange);
    let listen = ["pulse", "listen", "auth.clientCreated", "--queue", "kept", "--durable"];
    for number in 0..6 {
        assert!(publisher.publish(exchange, "_", &[], number.to_string().as_bytes()));
    }
    for expected in [vec![0, 1], vec![2, 3]] {
        let ran = tc.run(&[&listen[..], &["--count", "2"]].concat());
        let found = lines(ran.status(0).stderr(""));
        let payloads: Vec<&Value> = found.iter().map(|line| &line["payload"]).collect();
        assert_eq!(
            payloads,
            expected.iter().map(|number| json!(number)).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
    }
    let delete = ["pulse", "listen", "--queue", "kept", "--delete"];
    tc.run(&delete).status(0).stdout("").stderr("Deleted queue/bob/kept with 2 messages in it.\n");
    tc.run(&delete).status(5).stderr(
        "error: no queue `queue/bob/kept`\nhint: Check the name; without `queue/<user>/` it is one of your own.\n",
    );
}

#[test]
fn command_gets_payload_and_fields_and_acknowledges_when_it_succeeds() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let tc = pulse::tc(&rabbit);
    let command = "echo \"$TC_PULSE_NAME $TC_PULSE_TASK_ID $TC_PULSE_RUN_ID $TC_PULSE_REDELIVERED $TC_PULSE_ROUTES\"; cat; echo; echo seen >&2";
    let args =
        ["pulse", "listen", "queue.taskCompleted?workerType=exec", "--exec", command, "--jobs", "2", "--count", "2"];
    let ran = run_while(&tc, &args, || {
        let key = KEY.replace(".w.", ".exec.");
        publisher.publish_when_bound(COMPLETED, &key, &["route.a", "route.b"], b"{\"n\":1}");
        publisher.publish_when_bound(COMPLETED, &key, &["route.a", "route.b"], b"{\"n\":1}");
    });
    let one = "queue.taskCompleted VESwp9JaRo-XkFN_bemBhw 0 false a\nb\n{\"n\":1}\n";
    ran.status(0).stderr("seen\nseen\n").stdout(&one.repeat(2));
}

#[test]
fn failed_command_leaves_its_message_in_a_durable_queue() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let tc = pulse::tc(&rabbit);
    publisher.queue("queue/bob/failing", "exchange/taskcluster-auth/v1/role-created");
    let key = "primary._";
    publisher.publish("exchange/taskcluster-auth/v1/role-created", key, &[], b"{}");
    let listen = ["pulse", "listen", "auth.roleCreated", "--queue", "failing", "--durable", "--retries", "0"];
    let ran = tc.run(&[&listen[..], &["--exec", "exit 7"]].concat());
    ran.status(3).stdout("").stderr(
        "error: the command failed for primary._: exit status: 7\n\
         hint: Start the listener again to try it again: the message is still in the queue.\n",
    );
    let ran = tc.run(&[&listen[..], &["--exec", "echo $TC_PULSE_REDELIVERED", "--count", "1"]].concat());
    ran.status(0).stdout("true\n");
    tc.run(&["pulse", "listen", "--queue", "failing", "--delete"])
        .stderr("Deleted queue/bob/failing with 0 messages in it.\n");
}

#[test]
fn failed_commands_are_tried_again_and_counted() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let tc = pulse::tc(&rabbit);
    let listen = ["pulse", "listen", "auth.clientUpdated", "--count", "2", "--retries", "1"];
    let command = "grep -q good || { test -e again && echo mended; touch again; exit 1; }";
    let ran = run_while(&tc, &[&listen[..], &["--exec", command]].concat(), || {
        let exchange = "exchange/taskcluster-auth/v1/client-updated";
        publisher.publish_when_bound(exchange, "_", &[], b"bad");
        publisher.publish_when_bound(exchange, "_", &[], b"good");
    });
    ran.status(3).stdout("mended\n").stderr(
        "The command failed for _ (exit status: 1); trying again in 1 s.\n\
         warning: the command failed for _: exit status: 1\n\
         error: the command failed for one message\n",
    );
}

#[test]
fn refusals_say_what_to_do() {
    let Some(rabbit) = pulse::shared() else { return };
    let tc = pulse::tc(&rabbit);
    let at = format!("127.0.0.1:{}", rabbit.port);
    let listen = |tc: &Tc, args: &[&str]| tc.run(&[&["pulse", "listen"], args].concat());
    let wrong = pulse::tc(&rabbit).env("PULSE_PASSWORD", "guessed");
    let ran = listen(&wrong, &["queue.taskFailed"]);
    ran.status(4).stdout("").stderr(&format!(
        "error: {at} refused the password of Pulse user bob\n\
         hint: Check PULSE_USERNAME and PULSE_PASSWORD; for Mozilla's broker, set the password at https://pulseguardian.mozilla.org\n"
    ));
    let ran = listen(&pulse::tc(&rabbit).env("PULSE_VHOST", "nosuch"), &["queue.taskFailed"]);
    ran.status(5).stderr(&format!(
        "error: {at} refused user bob on virtual host `nosuch`\n  \
         caused by: NOT_ALLOWED - vhost nosuch not found\n\
         hint: Check PULSE_VHOST, or the path of PULSE_URL.\n"
    ));
    let ran = listen(&tc, &["queue.taskFailed", "--queue", "queue/alice/hers", "--durable"]);
    ran.status(4).stderr(
        "error: user bob may not use queue `queue/alice/hers`\n  \
         caused by: ACCESS_REFUSED - access to queue 'queue/alice/hers' in vhost '/' refused for user 'bob'\n\
         hint: Name it `queue/bob/..`: Pulse gives users no other queues.\n",
    );
    let ran = listen(&tc, &["--exchange", "exchange/taskcluster-nosuch/v1/x"]);
    ran.status(5).stderr(&format!(
        "error: no exchange `exchange/taskcluster-nosuch/v1/x` on {at}\n\
         hint: Check the name with `tc pulse exchanges`, and that PULSE_URL is the broker of your deployment.\n"
    ));
    let ran = listen(&tc, &["--exchange", PRIVATE_EXCHANGE]);
    ran.status(4).stderr(&format!(
        "error: user bob may not listen to exchange `{PRIVATE_EXCHANGE}`\n  \
         caused by: ACCESS_REFUSED - access to exchange '{PRIVATE_EXCHANGE}' in vhost '/' refused for user 'bob'\n\
         hint: Ask the administrators of the broker to let you read from it.\n"
    ));
}

#[test]
fn queue_of_another_kind_or_in_use_is_a_conflict() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let tc = pulse::tc(&rabbit);
    publisher.queue("queue/bob/other-kind", COMPLETED);
    let ran = tc.run(&["pulse", "listen", "queue.taskFailed", "--queue", "other-kind"]);
    ran.status(6).stdout("");
    assert!(ran.stderr.starts_with("error: queue `queue/bob/other-kind` "), "{ran}");
    let ran = run_while(&tc, &["pulse", "listen", "hooks.hookCreated", "--queue", "busy", "--count", "2"], || {
        let exchange = "exchange/taskcluster-hooks/v1/hook-created";
        publisher.publish_when_bound(exchange, "_", &[], b"{}");
        let second = tc.run(&["pulse", "listen", "hooks.hookCreated", "--queue", "busy"]);
        second.status(6).stdout("");
        assert!(
            second.stderr.starts_with("error: queue `queue/bob/busy` is in use by another connection\n"),
            "{second}"
        );
        publisher.publish_when_bound(exchange, "_", &[], b"{}");
    });
    ran.status(0);
}

#[test]
fn queue_that_is_deleted_meanwhile_ends_the_listener() {
    let Some(rabbit) = pulse::shared() else { return };
    let publisher = Publisher::connect(&rabbit.url());
    let tc = pulse::tc(&rabbit);
    let listen = ["pulse", "listen", "hooks.hookDeleted", "--queue", "overgrown", "--durable"];
    let ran = run_while(&tc, &listen, || {
        publisher.publish_when_bound("exchange/taskcluster-hooks/v1/hook-deleted", "_", &[], b"{}");
        tc.run(&["pulse", "listen", "--queue", "overgrown", "--delete"]).status(0);
    });
    ran.status(1).stderr(
        "error: queue `queue/bob/overgrown` was deleted on the broker\n\
         hint: Read faster or bind less: Pulse deletes queues that grow too long. What was in it is lost; a new start makes a new queue.\n",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn library_consumer_is_a_stream_that_outlives_a_restart() {
    let Some(rabbit) = tokio::task::spawn_blocking(pulse::start).await.unwrap() else { return };
    let url = format!("amqp://{USER}:{}@127.0.0.1:{}/", pulse::PASSWORD, rabbit.port);
    let environment = tc::Environment::empty("/").with("PULSE_URL", url);
    let broker = Broker::from_environment(&environment).unwrap();
    let (notices, heard) = std::sync::mpsc::channel();
    let failed = binding("queue", "taskFailed").word("taskGroupId", "fN1SbArXTPSVFNUvaOlinQ").build().unwrap();
    let mut consumer = Consumer::builder(broker)
        .binding(failed)
        .queue(Queue::durable("lasting"))
        .on_notice(move |notice| notices.send(notice.clone()).unwrap())
        .connect()
        .await
        .unwrap();
    assert_eq!(consumer.queue(), "queue/bob/lasting");
    let publish = |url: String, body: &'static [u8]| {
        tokio::task::spawn_blocking(move || {
            Publisher::connect(&url).publish("exchange/taskcluster-queue/v1/task-failed", KEY, &[], body)
        })
    };
    assert!(publish(rabbit.url(), b"{\"number\": 1}").await.unwrap());
    let message = consumer.next().await.unwrap().unwrap();
    assert_eq!(message.payload().unwrap().get(), "{\"number\": 1}");
    assert!(!message.redelivered);
    let closing = tokio::task::spawn_blocking(move || {
        rabbit.control(&["close_all_connections", "maintenance"]);
        rabbit
    });
    let again = consumer.next().await.unwrap().unwrap();
    let mut rabbit = closing.await.unwrap();
    assert!(again.redelivered, "what was not acknowledged comes again, and says so");
    assert!(!message.ack().await, "the connection that it came on is gone");
    assert!(again.ack().await);
    let Notice::Lost { reason } = heard.recv().unwrap() else { panic!() };
    assert_eq!(reason, "closed by the broker: CONNECTION_FORCED - maintenance");
    let Notice::Restored { is_lossy: false, after } = heard.recv().unwrap() else { panic!() };
    assert!(after > Duration::ZERO);
    let restarting = tokio::task::spawn_blocking(move || {
        rabbit.restart();
        // A power failure may take the binding, too: it is made again with the new connection.
        let publisher = Publisher::connect(&rabbit.url());
        publisher.publish_when_bound("exchange/taskcluster-queue/v1/task-failed", KEY, &[], b"2");
        rabbit
    });
    let mut last = consumer.next().await.unwrap().unwrap();
    while last.body() != b"2" {
        // A broker that loses its power may lose an acknowledgement, too.
        assert!(last.redelivered);
        last.ack().await;
        last = consumer.next().await.unwrap().unwrap();
    }
    let rabbit = restarting.await.unwrap();
    assert!(matches!(heard.recv().unwrap(), Notice::Lost { .. }));
    assert!(matches!(heard.recv().unwrap(), Notice::Restored { is_lossy: false, .. }));
    consumer.close().await;
    tokio::task::spawn_blocking(move || drop(rabbit)).await.unwrap();
}
