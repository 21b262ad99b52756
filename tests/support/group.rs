//! A task group on a sandbox, with tasks in any state.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox};
use tc::{Client, Credentials, RootUrl};
use tokio::runtime::Runtime;

use super::Tc;

/// A sandbox with one task group.
pub struct Group {
    pub sandbox: Sandbox,
    pub id: String,
    client: Client,
    runtime: Runtime,
}

impl Group {
    /// A sandbox, and the ID of a group that has no tasks yet.
    pub fn new() -> Self {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let credentials = Credentials::new(sandbox.client_id(), sandbox.access_token().reveal());
        let root = RootUrl::parse(sandbox.root_url()).unwrap();
        let client = Client::builder(root).credentials(Some(credentials)).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { sandbox, id: slugid::nice(), client, runtime }
    }

    /// `tc`, pointed at the sandbox, as its client that may do anything.
    pub fn tc(&self) -> Tc {
        Tc::new()
            .env("TASKCLUSTER_ROOT_URL", self.sandbox.root_url())
            .env("TASKCLUSTER_CLIENT_ID", self.sandbox.client_id())
            .env("TASKCLUSTER_ACCESS_TOKEN", self.sandbox.access_token().reveal())
    }

    /// Calls the queue.
    pub fn queue(&self, method: &str, args: &[&str], body: Option<Value>) -> Value {
        let call = args.iter().fold(self.client.call("queue", method), |call, arg| call.arg(*arg));
        let call = match body {
            Some(body) => call.json(&body),
            None => call,
        };
        let answer = self.runtime.block_on(call.send()).unwrap();
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    /// Makes a task with these additions to its definition, and returns its ID.
    pub fn define(&self, name: &str, more: &Value) -> String {
        let id = slugid::nice();
        let stamp = |hours| (Utc::now() + TimeDelta::hours(hours)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let mut task = json!({
            "taskQueueId": "proj-x/linux", "schedulerId": "s", "taskGroupId": self.id, "retries": 5,
            "created": stamp(0), "deadline": stamp(2), "expires": stamp(72), "payload": {},
            "metadata": {"name": name, "description": "d", "owner": "a@example.com", "source": "https://example.com"},
        });
        for (key, value) in more.as_object().unwrap() {
            task[key] = value.clone();
        }
        self.queue("createTask", &[&id], Some(task));
        id
    }

    /// Makes a task and brings it into this state.
    pub fn task(&self, name: &str, state: &str) -> String {
        if state == "unscheduled" {
            // The task that it waits for is in another group and stays pending.
            let blocker = self.define("blocker", &json!({"taskGroupId": slugid::nice()}));
            return self.define(name, &json!({"dependencies": [blocker]}));
        }
        let id = self.define(name, &json!({}));
        self.advance(&id, state);
        id
    }

    /// Brings a pending task into this state.
    pub fn advance(&self, id: &str, state: &str) {
        if state == "pending" {
            return;
        }
        self.queue("claimTask", &[id, "0"], Some(json!({"workerGroup": "g", "workerId": "w"})));
        match state {
            "running" => {}
            "completed" => drop(self.queue("reportCompleted", &[id, "0"], None)),
            "failed" => drop(self.queue("reportFailed", &[id, "0"], None)),
            "exception" => {
                drop(self.queue("reportException", &[id, "0"], Some(json!({"reason": "malformed-payload"}))));
            }
            other => panic!("no way to make a task {other}"),
        }
    }

    /// The state of a task.
    pub fn state(&self, id: &str) -> String {
        self.queue("status", &[id], None)["status"]["state"].as_str().unwrap().to_owned()
    }
}
