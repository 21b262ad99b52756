//! The worker-manager service as values: no sockets.

use chrono::TimeDelta;

use super::*;
use crate::sandbox::rig::{Request, read};

struct Manager {
    state: WorkerManagerState,
    queue: QueueState,
    now: DateTime<Utc>,
}

const SECRET: &str = "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS";

fn pool(provider: &str, config: &Value) -> Value {
    json!({"providerId": provider, "description": "d", "config": config, "owner": "a@example.com", "emailOnError": false})
}

impl Manager {
    fn new() -> Self {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        Self { state: WorkerManagerState::new("token", Arc::default()), queue: QueueState::new("token"), now }
    }

    fn send(&mut self, request: Request<'_>) -> (u16, Value) {
        let (state, queue) = (&mut self.state, &self.queue);
        read(request.send(self.now, |call| handle(state, queue, call)).unwrap())
    }

    fn on_pool(&mut self, method: &str, body: Value) -> (u16, Value) {
        self.send(Request::new("worker-manager", method).param("workerPoolId", "p/w").body(body))
    }

    fn on_worker(&mut self, method: &str, id: &str, body: Value) -> (u16, Value) {
        let request = Request::new("worker-manager", method).param("workerPoolId", "p/w").param("workerGroup", "g");
        self.send(request.param("workerId", id).body(body))
    }

    fn with_worker() -> Self {
        let mut manager = Self::new();
        let config = json!({"lifecycle": {"reregistrationTimeout": 3600}, "workerConfig": {"a": 1}});
        assert_eq!(manager.on_pool("createWorkerPool", pool(STATIC, &config)).0, 200);
        assert_eq!(manager.on_worker("createWorker", "i", worker(2)).0, 200);
        manager
    }

    fn register(&mut self, secret: &str) -> (u16, Value) {
        let body = json!({
            "workerPoolId": "p/w", "providerId": STATIC, "workerGroup": "g", "workerId": "i",
            "workerIdentityProof": {"staticSecret": secret},
        });
        self.send(Request::new("worker-manager", "registerWorker").body(body))
    }

    fn reregister(&mut self, secret: &Value) -> (u16, Value) {
        let body = json!({"workerPoolId": "p/w", "workerGroup": "g", "workerId": "i", "secret": secret});
        self.send(Request::new("worker-manager", "reregisterWorker").body(body))
    }
}

fn worker(capacity: u64) -> Value {
    json!({"expires": "2026-11-29T12:00:00Z", "capacity": capacity, "providerInfo": {"staticSecret": SECRET}})
}

#[test]
fn a_pool_lives_from_its_creation_to_its_removal() {
    let mut manager = Manager::new();
    let one = pool(STATIC, &json!({}));
    let mut two = one.clone();
    two["description"] = json!("two");
    assert_eq!(manager.on_pool("workerPool", Value::Null).0, 404);
    assert_eq!(manager.on_pool("updateWorkerPool", one.clone()).0, 404);
    assert_eq!(manager.on_pool("createWorkerPool", pool("cloud", &json!({}))).1["message"], "Invalid Provider");
    assert_eq!(manager.on_pool("createWorkerPool", one.clone()).0, 200);
    assert_eq!(manager.on_pool("createWorkerPool", one).0, 200);
    assert_eq!(manager.on_pool("createWorkerPool", two.clone()).0, 409);
    assert_eq!(manager.on_pool("updateWorkerPool", two.clone()).1["description"], "two");
    two["workerPoolId"] = json!("p/other");
    assert_eq!(manager.on_pool("updateWorkerPool", two).0, 400);
    assert_eq!(manager.on_pool("deleteWorkerPool", Value::Null).1["providerId"], NULL);
    assert_eq!(manager.on_pool("workerPool", Value::Null).1["providerId"], NULL);
    let listed = manager.send(Request::new("worker-manager", "listWorkerPools")).1;
    assert_eq!(listed["workerPools"][0]["workerPoolId"], "p/w");
    assert_eq!(manager.on_pool("updateWorkerPool", pool(NULL, &json!({"anything": 1}))).0, 200);
}

#[test]
fn a_configuration_is_checked_by_its_providers_schema() {
    let mut manager = Manager::new();
    let (status, refusal) = manager.on_pool("createWorkerPool", pool(STATIC, &json!({"x": 1})));
    assert_eq!((status, &refusal["code"]), (400, &json!("InputValidationError")));
    assert!(refusal["message"].as_str().unwrap().ends_with("data must NOT have additional properties: \"x\""));
    let refusal = manager.on_pool("createWorkerPool", pool("proj-google", &json!({}))).1;
    assert!(refusal["message"].as_str().unwrap().contains("config-google.json#"), "{refusal}");
}

#[test]
fn a_simulated_worker_of_a_cloud_reports_errors_of_its_launch_configuration() {
    let mut manager = Manager::new();
    let config = json!({"minCapacity": 0, "maxCapacity": 1, "launchConfigs": [{
        "region": "a", "launchConfig": {"ImageId": "i"}, "capacityPerInstance": 1,
        "workerManager": {"launchConfigId": "lc-a"},
    }]});
    assert_eq!(manager.on_pool("createWorkerPool", pool("proj-aws", &config)).0, 200);
    let now = manager.now;
    manager.state.simulated("p/w", "sandbox", "worker-1", now);
    let error = json!({"workerGroup": "sandbox", "workerId": "worker-1", "kind": "k", "title": "t", "description": "d",
        "extra": {}});
    let (status, told) = manager.on_pool("reportWorkerError", error);
    assert_eq!((status, &told["launchConfigId"]), (200, &json!("lc-a")), "{told}");
}

#[test]
fn launch_configurations_are_named_and_archived() {
    let mut manager = Manager::new();
    let mut events = manager.state.events.subscribe();
    let config = |region: &str| {
        json!({"minCapacity": 0, "maxCapacity": 1, "launchConfigs": [{
            "region": region, "launchConfig": {"ImageId": "i"}, "capacityPerInstance": 1,
        }]})
    };
    assert_eq!(manager.on_pool("createWorkerPool", pool("proj-aws", &config("a"))).0, 200);
    let list = |manager: &mut Manager, all: &str| -> Vec<Value> {
        let request = Request::new("worker-manager", "listWorkerPoolLaunchConfigs").param("workerPoolId", "p/w");
        let listed = manager.send(request.query("includeArchived", all)).1;
        listed["workerPoolLaunchConfigs"].as_array().unwrap().clone()
    };
    let first = list(&mut manager, "false");
    assert!(first[0]["launchConfigId"].as_str().unwrap().starts_with("lc-"));
    assert_eq!(manager.on_pool("updateWorkerPool", pool("proj-aws", &config("b"))).0, 200);
    assert_ne!(list(&mut manager, "false")[0]["launchConfigId"], first[0]["launchConfigId"]);
    assert_eq!(list(&mut manager, "true").len(), 2);
    assert_eq!(manager.on_pool("workerPoolStats", Value::Null).1["launchConfigStats"].as_array().unwrap().len(), 3);
    assert_eq!(manager.on_pool("deleteWorkerPool", Value::Null).0, 200);
    assert_eq!(list(&mut manager, "false").len(), 0);
    let told: Vec<String> = std::iter::from_fn(|| events.try_recv().ok())
        .map(|event| event.exchange.rsplit('/').next().unwrap().to_owned())
        .collect();
    let expected = [
        "worker-pool-created",
        "launch-config-created",
        "worker-pool-updated",
        "launch-config-created",
        "launch-config-archived",
        "worker-pool-updated",
        "launch-config-archived",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_worker_registers_renews_its_credentials_and_is_told_to_end() {
    let mut manager = Manager::with_worker();
    assert_eq!(manager.register(&"x".repeat(44)).0, 400);
    let (status, answer) = manager.register(SECRET);
    assert_eq!(status, 200);
    assert_eq!(answer["expires"], "2026-11-22T13:00:00.000Z");
    assert_eq!(answer["workerConfig"], json!({"a": 1}));
    assert_eq!(answer["credentials"]["clientId"], "worker/static/p/w/g/i");
    let certificate = answer["credentials"]["certificate"].as_str().unwrap();
    assert!(certificate.contains("worker-manager:reregister-worker:p/w/g/i"), "{certificate}");
    assert_eq!(manager.reregister(&json!("x".repeat(44))).0, 400);
    let again = manager.reregister(&answer["secret"]).1;
    assert!(again["secret"].is_string() && again["secret"] != answer["secret"]);
    assert_eq!(manager.reregister(&answer["secret"]).0, 400, "a secret is good once");
    let ask = |manager: &mut Manager| manager.on_worker("shouldWorkerTerminate", "i", Value::Null).1;
    assert_eq!(ask(&mut manager), json!({"terminate": false, "reason": "none"}));
    assert_eq!(manager.on_pool("deleteWorkerPool", Value::Null).0, 200);
    assert_eq!(ask(&mut manager), json!({"terminate": true, "reason": "worker pool was deleted"}));
}

#[test]
fn workers_are_counted_until_they_expire() {
    let mut manager = Manager::with_worker();
    assert_eq!(manager.on_worker("createWorker", "i", worker(2)).0, 200);
    assert_eq!(manager.on_worker("createWorker", "i", worker(3)).0, 409);
    assert_eq!(manager.on_worker("createWorker", "j", json!({"expires": "2026-11-29T12:00:00Z"})).0, 400);
    assert_eq!(manager.on_worker("updateWorker", "i", worker(3)).1["capacity"], 3);
    let counts = |manager: &mut Manager| {
        let pool = manager.on_pool("workerPool", Value::Null).1;
        ["runningCount", "runningCapacity", "stoppedCount", "currentCapacity"].map(|name| pool[name].as_u64().unwrap())
    };
    assert_eq!(counts(&mut manager), [1, 3, 0, 3]);
    assert_eq!(manager.on_worker("removeWorker", "zz", Value::Null).0, 404);
    assert_eq!(manager.on_worker("removeWorker", "i", Value::Null), (200, json!({})));
    assert_eq!(counts(&mut manager), [0, 0, 1, 0]);
    assert_eq!(manager.register(SECRET).0, 400);
    manager.now += TimeDelta::days(8);
    assert_eq!(counts(&mut manager), [0, 0, 0, 0]);
}

#[test]
fn errors_are_listed_and_counted_by_hour_and_day() {
    let mut manager = Manager::with_worker();
    let report = |manager: &mut Manager, title: &str| {
        let body = json!({
            "workerGroup": "g", "workerId": "i", "kind": "k", "title": title, "description": "d", "extra": {"code": "c"},
        });
        assert_eq!(manager.on_pool("reportWorkerError", body).0, 200);
    };
    report(&mut manager, "old");
    manager.now += TimeDelta::days(2);
    report(&mut manager, "new");
    let errors = manager.on_pool("listWorkerPoolErrors", Value::Null).1["workerPoolErrors"].clone();
    assert_eq!(errors[0]["title"], "new");
    assert_eq!(errors.as_array().unwrap().len(), 2);
    let request = Request::new("worker-manager", "workerPoolErrorStats").query("workerPoolId", "p/w");
    let stats = manager.send(request).1;
    let totals = &stats["totals"];
    assert_eq!(totals["total"], 2);
    assert_eq!(totals["title"], json!({"old": 1, "new": 1}));
    let sum = |of: &Value| of.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum(&totals["hourly"]), sum(&totals["daily"])), (1, 2));
    assert_eq!((totals["hourly"].as_object().unwrap().len(), totals["daily"].as_object().unwrap().len()), (24, 7));
}

#[test]
fn simulated_workers_appear_in_pools_that_exist() {
    let mut manager = Manager::with_worker();
    let now = manager.now;
    manager.state.simulated("p/w", "sandbox", "worker-1", now);
    manager.state.simulated("no/pool", "sandbox", "worker-1", now);
    let listed = manager.on_pool("listWorkersForWorkerPool", Value::Null).1;
    assert_eq!(listed["workers"][1]["workerId"], "worker-1");
    assert!(!manager.state.workers.contains_key(&Name::new("no/pool")));
}
