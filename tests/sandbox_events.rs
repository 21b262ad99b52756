//! What the sandbox publishes: the stream of its messages, compared with recorded ones, and a real broker.

use std::collections::BTreeMap;
use std::io::Read as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use tc::Clock as _;
use tc::sandbox::{Options, Sandbox};

use crate::support::events::{Events, request};
use crate::support::hand_clock::HandClock;
use crate::support::task::{queue, stamp};
use crate::support::wire::Wire;

/// Names for the kinds of values: what a message consists of.
fn members(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(items) => items.iter().map(members).collect(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.clone(), members(value))).collect::<Map<_, _>>().into()
        }
    }
}

/// Calls of the queue like those of the recording.
struct Scene {
    sandbox: Sandbox,
    clock: std::sync::Arc<HandClock>,
    group: String,
    /// The tasks in the order of their creation.
    tasks: Vec<String>,
}

impl Scene {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn queue(&self, verb: &str, route: &str, body: &Value) {
        let reply = queue(&self.sandbox, self.now(), verb, route, body);
        assert!(reply.status < 300, "{verb} {route}: {} {}", reply.status, reply.text());
    }

    fn call(&self, verb: &str, target: &str, body: &Value) {
        let wire = Wire::new(&self.sandbox, verb, target).at(self.now());
        let reply = if body.is_null() { wire.send() } else { wire.json(body).send() };
        assert!(reply.status < 300, "{verb} {target}: {} {}", reply.status, reply.text());
    }

    fn create(&mut self, over: &Value) {
        let now = self.now();
        let mut body = json!({
            "taskQueueId": "rec/random", "schedulerId": "rec", "taskGroupId": self.group, "created": stamp(now),
            "deadline": stamp(now + TimeDelta::hours(1)), "expires": stamp(now + TimeDelta::days(2)), "payload": {},
            "routes": ["index.rec.latest", "rec.route"], "tags": {"kind": "build"},
            "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
        });
        for (name, value) in over.as_object().unwrap() {
            body[name] = value.clone();
        }
        let id = slugid::nice();
        self.queue("PUT", &format!("/task/{id}"), &body);
        self.tasks.push(id);
    }

    fn on(&self, task: usize, verb: &str, rest: &str, body: &Value) {
        self.queue(verb, &format!("/task/{}/{rest}", self.tasks[task]), body);
    }

    fn run(&self, task: usize, end: &str, body: &Value) {
        self.on(task, "POST", "runs/0/claim", &json!({"workerGroup": "g", "workerId": "i"}));
        let expires = stamp(self.now() + TimeDelta::days(1));
        let artifact = json!({
            "storageType": "reference", "url": "https://example.com", "expires": expires, "contentType": "text/plain",
        });
        self.on(task, "POST", "runs/0/artifacts/public%2Fref", &artifact);
        self.on(task, "POST", &format!("runs/0/{end}"), body);
    }

    /// What was done on real services while their messages were recorded.
    fn play(&mut self) {
        self.create(&json!({}));
        let first = self.tasks[0].clone();
        self.create(&json!({"dependencies": [first], "priority": "low"}));
        self.create(&json!({}));
        self.create(&json!({"retries": 1}));
        self.create(&json!({}));
        self.run(0, "completed", &Value::Null);
        self.run(2, "failed", &Value::Null);
        self.run(3, "exception", &json!({"reason": "worker-shutdown"}));
        self.on(4, "POST", "priority", &json!({"newPriority": "high"}));
        self.on(4, "POST", "cancel", &Value::Null);
        self.on(2, "POST", "rerun", &Value::Null);
        let group = format!("/task-group/{}", self.group);
        self.queue("POST", &format!("{group}/priority"), &json!({"newPriority": "medium"}));
        self.clock.pass(TimeDelta::seconds(6));
        self.queue("POST", &format!("{group}/seal"), &Value::Null);
        self.queue("POST", &format!("{group}/cancel"), &Value::Null);
        self.play_others();
        self.clock.pass(TimeDelta::seconds(6));
        self.queue("GET", &group, &Value::Null);
    }

    fn play_others(&self) {
        let client = json!({"expires": "2036-01-01T00:00:00Z", "description": "d", "scopes": []});
        for verb in ["PUT", "POST"] {
            self.call(verb, "/api/auth/v1/clients/rec%2Frandom", &client);
        }
        self.call("DELETE", "/api/auth/v1/clients/rec%2Frandom", &Value::Null);
        let role = json!({"description": "d", "scopes": ["a"]});
        for verb in ["PUT", "POST"] {
            self.call(verb, "/api/auth/v1/roles/rec%3Arandom", &role);
        }
        self.call("DELETE", "/api/auth/v1/roles/rec%3Arandom", &Value::Null);
        let hook = json!({
            "metadata": {"name": "n", "description": "d", "owner": "a@example.com"}, "task": {}, "schedule": [],
        });
        for verb in ["PUT", "POST"] {
            self.call(verb, "/api/hooks/v1/hooks/rec/random", &hook);
        }
        self.call("DELETE", "/api/hooks/v1/hooks/rec/random", &Value::Null);
        let pool = json!({
            "providerId": "static", "description": "d", "config": {}, "owner": "a@example.com", "emailOnError": false,
        });
        for verb in ["PUT", "POST"] {
            self.call(verb, "/api/worker-manager/v1/worker-pool/rec%2Frandom", &pool);
        }
        let error = json!({
            "workerGroup": "g", "workerId": "i", "kind": "k", "title": "t", "description": "d", "extra": {},
        });
        self.call("POST", "/api/worker-manager/v1/worker-pool-errors/rec%2Frandom", &error);
        self.call("POST", "/api/notify/v1/pulse", &json!({"routingKey": "rec.random", "message": {"a": 1}}));
    }

    /// The words of a routing key with names in the place of IDs.
    fn blur(&self, key: &str) -> String {
        let word = |word: &str| match self.tasks.iter().position(|task| task == word) {
            Some(at) => format!("<task {}>", at + 1),
            None => word.replace(&self.group, "<group>").replace("random", "<random>"),
        };
        key.split('.').map(word).collect::<Vec<_>>().join(".")
    }
}

#[test]
fn messages_are_those_that_were_recorded_on_real_services() {
    let clock = HandClock::at("2026-11-26T00:21:04.500Z");
    let options = Options::default().clock(clock.clone()).dependency_delay(TimeDelta::seconds(5));
    let sandbox = Sandbox::start(options).unwrap();
    let mut events = Events::open(&sandbox, "");
    let mut scene = Scene { sandbox, clock, group: slugid::nice(), tasks: Vec::new() };
    scene.play();
    let mut recorded: Vec<Value> = serde_json::from_str(include_str!("data/pulse-messages.json")).unwrap();
    println!("{} recorded messages", recorded.len());
    let mut published: Vec<Value> = recorded
        .iter()
        .map(|_| {
            let event = events.next();
            let cc: Vec<String> = event["cc"].as_array().unwrap().iter().map(|key| scene.blur(key.as_str().unwrap())).collect();
            json!({
                "exchange": event["exchange"], "routingKey": scene.blur(event["routingKey"].as_str().unwrap()), "cc": cc,
                "payload": members(&event["payload"]),
            })
        })
        .collect();
    for message in &mut recorded {
        let message = message.as_object_mut().unwrap();
        message.shift_remove("contentType");
        message.shift_remove("deliveryMode");
    }
    // The tasks of a group are canceled in no order that could be relied on.
    for messages in [&mut recorded, &mut published] {
        let canceled = |message: &Value| {
            message["exchange"].as_str().unwrap().ends_with("/task-exception")
                && message["payload"]["task"]["tags"] == json!({})
        };
        let first = messages.iter().position(canceled).unwrap();
        messages[first..first + 3].sort_by_key(|message| message["routingKey"].as_str().unwrap().to_owned());
    }
    for (at, (recorded, published)) in recorded.iter().zip(&published).enumerate() {
        assert_eq!(published.to_string(), recorded.to_string(), "message {at}");
    }
}

#[test]
fn a_stream_shows_what_it_is_asked_for() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut roles = Events::open(&sandbox, "?exchange=role-created&exchange=role-deleted");
    let mut routes = Events::open(&sandbox, "?pattern=route.a.%23");
    let send = |verb: &str, target: &str, body: &Value| Wire::new(&sandbox, verb, target).json(body).send();
    send("PUT", "/api/auth/v1/roles/r", &json!({"description": "", "scopes": ["a"]})).is(200, "");
    let message = json!({"routingKey": "a.b", "message": {"x": 1}});
    assert_eq!(send("POST", "/api/notify/v1/pulse", &message).status, 200);
    assert_eq!(roles.next()["payload"], json!({"roleId": "r", "version": 1}));
    assert_eq!(routes.next()["cc"], json!(["route.a.b"]));
    let (status, mut rest) = request(&sandbox, "?exchange=nope");
    let mut text = String::new();
    rest.read_to_string(&mut text).unwrap();
    assert_eq!((status, text.as_str()), (400, "{\"error\":\"unknown exchange `nope`\"}\n"));
}

#[test]
fn notifications_can_be_seen() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let email = json!({"address": "a@example.com", "subject": "s", "content": "c"});
    assert_eq!(Wire::new(&sandbox, "POST", "/api/notify/v1/email").json(&email).send().status, 200);
    let seen = Wire::to(&format!("{}/sandbox/notifications", sandbox.root_url()), "GET").send().value();
    let first = &seen["notifications"][0];
    assert_eq!((&first["kind"], &first["message"]["subject"]), (&json!("email"), &json!("s")));
}

#[cfg(unix)]
mod broker {
    use futures::StreamExt as _;
    use lapin::options::{BasicAckOptions, BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
    use lapin::types::FieldTable;
    use lapin::{Channel, Connection, ConnectionProperties};
    use tc::Secret;

    use super::*;
    use crate::support::rabbit::Rabbit;

    /// A queue with all messages about clients, and those of one route.
    async fn consume(rabbit: &Rabbit) -> (Connection, Channel) {
        let connection = Connection::connect(&rabbit.url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare("q".into(), durable, FieldTable::default()).await.unwrap();
        for (exchange, pattern) in [
            ("exchange/taskcluster-auth/v1/client-created", "#"),
            ("exchange/taskcluster-notify/v1/notification", "route.a.*"),
        ] {
            let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
            channel.queue_bind("q".into(), exchange.into(), pattern.into(), options, arguments).await.unwrap();
        }
        (connection, channel)
    }

    type Messages = BTreeMap<String, (Option<String>, Option<u8>)>;

    /// Body, content type and delivery mode of the next messages, so many; without repetitions, and without those that
    /// came `before`: a broker that is killed may have forgotten that they were acknowledged.
    async fn messages(channel: &Channel, count: usize, before: &Messages) -> Messages {
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let mut consumer = channel.basic_consume("q".into(), "c".into(), options, arguments).await.unwrap();
        let mut found = BTreeMap::new();
        while found.len() < count {
            let delivery = consumer.next().await.unwrap().unwrap();
            delivery.ack(BasicAckOptions::default()).await.unwrap();
            let properties = &delivery.properties;
            let kind = properties.content_type().as_ref().map(|kind| kind.as_str().to_owned());
            let body = String::from_utf8(delivery.data.clone()).unwrap();
            if !before.contains_key(&body) {
                found.insert(body, (kind, *properties.delivery_mode()));
            }
        }
        found
    }

    fn create_client(sandbox: &Sandbox, id: &str) {
        let body = json!({"expires": "2036-01-01T00:00:00Z", "description": "d", "scopes": []});
        Wire::new(sandbox, "PUT", &format!("/api/auth/v1/clients/{id}")).json(&body).send().is(200, "");
    }

    #[test]
    fn messages_reach_a_broker_even_after_it_was_gone() {
        let Some(mut rabbit) = Rabbit::start() else { return };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sandbox = Sandbox::start(Options::default().pulse(Secret::new(rabbit.url()))).unwrap();
        let (connection, channel) = runtime.block_on(consume(&rabbit));
        create_client(&sandbox, "one");
        let message = json!({"routingKey": "a.b", "message": {"x": 1}});
        assert_eq!(Wire::new(&sandbox, "POST", "/api/notify/v1/pulse").json(&message).send().status, 200);
        let persistent_json = (Some("application/json".to_owned()), Some(2));
        let expected = BTreeMap::from([
            (json!({"clientId": "one", "version": 1}).to_string(), persistent_json.clone()),
            (json!({"message": {"x": 1}, "version": 1}).to_string(), persistent_json.clone()),
        ]);
        assert_eq!(runtime.block_on(messages(&channel, 2, &Messages::new())), expected);
        drop((channel, connection));
        rabbit.kill();
        create_client(&sandbox, "two");
        rabbit.launch();
        create_client(&sandbox, "three");
        let (_connection, channel) = runtime.block_on(consume(&rabbit));
        let clients =
            ["two", "three"].map(|id| (json!({"clientId": id, "version": 1}).to_string(), persistent_json.clone()));
        assert_eq!(runtime.block_on(messages(&channel, 2, &expected)), BTreeMap::from(clients));
    }

    #[test]
    fn a_broker_that_is_not_there_is_said_at_once() {
        let url = Secret::new("amqp://user:hidden@127.0.0.1:1/%2f");
        let error = Sandbox::start(Options::default().pulse(url)).err().unwrap().to_string();
        assert!(error.starts_with("cannot publish to the broker at 127.0.0.1:1: "), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }
}
