//! What has expired is forgotten, so that a sandbox that runs for long does not grow. Tasks and artifacts go in the queue,
//! at their time; everything else here, when somebody calls.

use chrono::{DateTime, TimeDelta, Utc};

use super::queue::TaskId;
use super::state::State;

/// Between two looks at everything there is at least this time.
const EXPIRY_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// How long an expired object or client is still in the way of another of its name: the services remove them once a day.
const EXPIRED_KEPT_FOR: TimeDelta = TimeDelta::days(1);

impl State {
    /// Drops what has expired, if it was not looked for just now.
    pub(super) fn forget_expired(&mut self, now: DateTime<Utc>) {
        if now < self.swept + EXPIRY_INTERVAL {
            return;
        }
        self.swept = now;
        self.queue.forget_expired_workers(now);
        self.run_times.retain(|id, _| self.queue.has(id));
        self.index.forget_expired(now);
        self.secrets.forget_expired(now);
        self.purge_cache.forget_expired(now);
        self.worker_manager.forget_expired(now);
        self.objects.forget_expired(now - EXPIRED_KEPT_FOR);
        self.auth.forget_expired(now - EXPIRED_KEPT_FOR);
    }

    /// How long a task of a seed takes its worker.
    pub(super) fn run_time(&self, task_id: &str) -> Option<TimeDelta> {
        self.run_times.get(&TaskId::parse(task_id)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::sandbox::rig::{Request, nothing_presented, read, slug};
    use crate::sandbox::service_account::add_artifact;
    use crate::sandbox::storage::{self, Blob, Storage, Stored};
    use crate::sandbox::wire::stamp;

    /// A sandbox's state with a clock that is moved by hand.
    struct Rig {
        state: State,
        now: DateTime<Utc>,
        tasks: u128,
    }

    impl Rig {
        fn new() -> Self {
            let now = "2026-11-22T12:00:00Z".parse().unwrap();
            let state = State::new(now, TimeDelta::zero(), Arc::new(Storage::new("http://localhost:1")));
            let mut rig = Self { state, now, tasks: 0 };
            let pool = json!({
                "providerId": "static", "description": "", "owner": "a@x.de", "config": {}, "emailOnError": false,
            });
            rig.send(Request::new("worker-manager", "createWorkerPool").param("workerPoolId", "p/w").body(pool));
            rig
        }

        fn send(&mut self, request: Request<'_>) -> Value {
            let state = &mut self.state;
            let (status, answer) =
                read(request.send(self.now, |call| state.behave(call, &nothing_presented())).unwrap());
            assert!(status < 300, "{status} {answer}");
            answer
        }

        fn in_a_minute(&self) -> String {
            stamp(self.now + TimeDelta::minutes(1))
        }

        /// A task of the group that expires in a minute, and its ID.
        fn create(&mut self, group: &str, dependencies: &[String]) -> String {
            self.tasks += 1;
            let (id, number) = (slug(self.tasks), self.tasks);
            let body = json!({
                "taskQueueId": format!("proj-{}/linux", number % 3), "provisionerId": format!("proj-{}", number % 3),
                "workerType": "linux", "schedulerId": "rig", "projectId": "none", "taskGroupId": group,
                "priority": "lowest", "retries": 1, "requires": "all-completed", "dependencies": dependencies,
                "created": stamp(self.now), "deadline": stamp(self.now + TimeDelta::seconds(50)),
                "expires": self.in_a_minute(), "routes": [format!("index.a.b{number}.c")],
                "scopes": [format!("scope:{number}")], "payload": {"number": number.to_string()},
                "metadata": {"name": format!("n{number}"), "description": "d", "owner": "a@x.de", "source": "https://x.de"},
            });
            self.send(Request::new("queue", "createTask").param("taskId", &id).body(body));
            id
        }

        fn on(&mut self, method: &str, id: &str, body: Value) -> Value {
            self.send(Request::new("queue", method).param("taskId", id).param("runId", 0).body(body))
        }

        fn claim(&mut self, id: &str) {
            self.on("claimTask", id, json!({"workerGroup": "g", "workerId": format!("w{id}")}));
            let worker = json!({"workerGroup": "g", "workerId": format!("w{id}"), "tasks": 1});
            let request = Request::new("queue", "claimWork").param("taskQueueId", format!("idle/q{}", self.tasks % 7));
            self.send(request.body(worker));
        }

        /// Tasks in every state, with artifacts of every kind, and something of each other service, for a minute.
        fn live(&mut self) {
            let group = slug(1000 + self.tasks);
            let first = self.create(&group, &[]);
            for stored in [Stored::S3, Stored::Object] {
                let id = self.create(&group, std::slice::from_ref(&first));
                self.create(&group, std::slice::from_ref(&id));
                self.send(Request::new("queue", "scheduleTask").param("taskId", &id));
                self.claim(&id);
                let blob = Blob::new("x".repeat(100));
                add_artifact(&mut self.state, (&id, 0), "public/a", stored, blob, self.now).unwrap();
                let reference = json!({
                    "storageType": "reference", "url": format!("https://x.de/{id}"), "contentType": "text/plain",
                    "expires": self.in_a_minute(),
                });
                let request = Request::new("queue", "createArtifact").param("taskId", &id).param("runId", 0);
                self.send(request.param("name", "public/r").body(reference));
                self.on(if stored == Stored::S3 { "reportCompleted" } else { "reportFailed" }, &id, Value::Null);
            }
            let running = self.create(&group, &[]);
            self.claim(&running);
            let canceled = self.create(&group, &[]);
            self.send(Request::new("queue", "cancelTask").param("taskId", &canceled));
            self.create(&group, &[]);

            let expires = self.in_a_minute();
            let path = format!("x.y{}.z", self.tasks);
            let entry = json!({"taskId": slug(1), "rank": 0, "data": {}, "expires": expires});
            self.send(Request::new("index", "insertTask").param("namespace", path).body(entry));
            let secret = json!({"secret": {}, "expires": expires});
            self.send(Request::new("secrets", "set").param("name", format!("s{}", self.tasks)).body(secret));
            let purge = json!({"cacheName": format!("c{}", self.tasks)});
            self.send(Request::new("purge-cache", "purgeCache").param("workerPoolId", "p/w").body(purge));
            let client = json!({"expires": expires, "description": "", "deleteOnExpiration": true, "scopes": []});
            self.send(Request::new("auth", "createClient").param("clientId", format!("c{}", self.tasks)).body(client));
            let upload = json!({
                "projectId": "p", "uploadId": slug(2000 + self.tasks), "expires": expires, "hashes": {},
                "proposedUploadMethods": {"dataInline": {"objectData": "eA==", "contentType": "text/plain"}},
            });
            self.send(Request::new("object", "createUpload").param("name", format!("o{}", self.tasks)).body(upload));
            self.state.worker_manager.simulated("p/w", "g", &format!("w{}", self.tasks), self.now);
            self.state.run_times.insert(TaskId::parse(&running).unwrap(), TimeDelta::seconds(1));
        }

        fn pass(&mut self, time: TimeDelta) {
            self.now += time;
            self.state.advance(self.now);
        }

        /// How many things of each kind there are.
        fn held(&self) -> Vec<(&'static str, usize)> {
            let State { queue, storage, objects, run_times, index, secrets, purge_cache, worker_manager, auth, .. } =
                &self.state;
            let mut held = queue.held();
            held.extend([
                ("stored", storage.len()),
                ("objects", objects.len()),
                ("run times", run_times.len()),
                ("indexed", index.len()),
                ("secrets", secrets.len()),
                ("purge requests", purge_cache.len()),
                ("workers", worker_manager.count()),
                ("clients", auth.deletable()),
            ]);
            held
        }
    }

    #[test]
    fn nothing_is_left_of_what_has_expired() {
        let mut rig = Rig::new();
        (0..5).for_each(|_| rig.live());
        for (what, count) in rig.held() {
            let by_now = ["built-in runs", "resolutions", "completed", "artifact expiries"].contains(&what);
            assert!(count > 0 || by_now, "there is nothing of {what} to forget");
        }
        rig.pass(TimeDelta::minutes(2));
        assert_eq!(rig.held().iter().find(|(what, _)| *what == "tasks"), Some(&("tasks", 0)));
        // Task queues are remembered for longest.
        rig.pass(TimeDelta::days(6));
        let left: Vec<_> = rig.held().into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(left, []);
    }

    /// The storage takes it, as a real one would, and nobody can ask for it any more.
    #[test]
    fn an_upload_that_arrives_after_its_task_has_expired_is_not_kept() {
        let mut rig = Rig::new();
        let id = rig.create(&slug(1000), &[]);
        rig.claim(&id);
        let expires = rig.in_a_minute();
        let artifact = |name: &'static str, stored: &str| {
            let body = json!({"storageType": stored, "contentType": "text/plain", "expires": expires});
            let request = Request::new("queue", "createArtifact").param("taskId", &id).param("runId", 0);
            request.param("name", name).body(body)
        };
        let s3 = rig.send(artifact("public/s", "s3"));
        let object = rig.send(artifact("public/o", "object"));
        let upload = json!({
            "projectId": object["projectId"], "uploadId": object["uploadId"], "expires": expires, "hashes": {},
            "proposedUploadMethods": {"putUrl": {"contentType": "text/plain", "contentLength": 1}},
        });
        let name = object["name"].as_str().unwrap();
        let upload = rig.send(Request::new("object", "createUpload").param("name", name).body(upload));
        let urls = [&s3["putUrl"], &upload["uploadMethod"]["putUrl"]["url"]];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let put = |rig: &Rig| {
            for url in urls {
                let headers = [("host", "localhost:1"), ("content-type", "text/plain"), ("content-length", "1")];
                let request = axum::http::Request::put(url.as_str().unwrap());
                let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
                let request = request.body(axum::body::Body::from("x")).unwrap();
                assert_eq!(runtime.block_on(storage::handle(&rig.state.storage, request, rig.now)).status(), 200);
            }
        };
        put(&rig);
        let held = rig.state.storage.len();
        rig.pass(TimeDelta::minutes(2));
        assert_eq!((held, rig.state.storage.len()), (4, 0));
        put(&rig);
        assert_eq!(rig.state.storage.len(), 0);
    }

    #[test]
    fn a_sandbox_that_runs_for_long_holds_no_more_than_at_first() {
        let mut rig = Rig::new();
        let mut round = || {
            rig.live();
            rig.pass(TimeDelta::hours(8));
            rig.held()
        };
        let early: Vec<_> = (0..30).map(|_| round()).collect();
        let late: Vec<_> = (0..30).map(|_| round()).collect();
        for (at, (what, _)) in early[0].iter().enumerate() {
            let most = |rounds: &[Vec<(&str, usize)>]| rounds.iter().map(|held| held[at].1).max().unwrap();
            assert!(most(&late) <= most(&early), "{what}: {} after {}", most(&late), most(&early));
        }
    }
}
