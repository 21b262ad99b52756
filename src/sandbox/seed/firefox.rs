//! A push of Firefox as a task group: decision, toolchains, builds, signing, tests, in its shape and proportions.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::platforms::{PLATFORMS, Platform, SOURCE_TESTS, SUITES, Suite, TOOLCHAINS};

/// One task to create.
#[derive(Debug, Clone)]
pub(crate) struct SeedTask {
    /// Its ID, made from the seed.
    pub task_id: String,
    /// The body for `createTask`.
    pub definition: Value,
    /// How long a worker would run it.
    pub run_time: Duration,
}

/// A push, being laid out. The same numbers give the same tasks.
pub(crate) struct FirefoxPush {
    rng: Rng,
    now: DateTime<Utc>,
    group: String,
    revision: String,
    /// What there is to create; definitions are made one at a time, for thousands of them are large.
    tasks: Vec<(String, TaskPlan)>,
}

/// What a new task waits for and where it runs.
struct TaskPlan {
    kind: &'static str,
    label: String,
    pool: String,
    dependencies: Vec<String>,
    os: &'static str,
    platform: String,
    seconds: u32,
    routes: Vec<String>,
}

impl FirefoxPush {
    /// Lays out a push of `count` tasks, in an order in which they can be created.
    ///
    /// The first task is the decision task, whose ID is the group's.
    pub(crate) fn tasks(count: usize, seed: u64, now: DateTime<Utc>) -> impl ExactSizeIterator<Item = SeedTask> {
        let mut rng = Rng::with_seed(seed);
        let group = slugid(&mut rng);
        let revision = (0..40).map(|_| char::from_digit(rng.u32(0..16), 16).unwrap_or('0')).collect();
        let mut push = Self { rng, now, group, revision, tasks: Vec::with_capacity(count) };
        push.lay_out(count);
        push.tasks.truncate(count);
        let tasks = std::mem::take(&mut push.tasks);
        tasks.into_iter().map(move |(task_id, plan)| SeedTask {
            task_id,
            definition: push.definition(&plan),
            run_time: Duration::seconds(i64::from(plan.seconds)),
        })
    }

    fn lay_out(&mut self, count: usize) {
        let decision = self.add(TaskPlan {
            kind: "decision-task",
            label: "Gecko Decision Task".into(),
            pool: "gecko-3/decision-gcp".into(),
            dependencies: Vec::new(),
            os: "linux",
            platform: "gecko-decision/opt".into(),
            seconds: 300,
            routes: vec![format!("index.gecko.v2.mozilla-central.revision.{}.taskgraph.decision", self.revision)],
        });
        // A small push has few of everything; half of it is tests all the same.
        let upstream = (count / 2).max(2);
        let toolchains: Vec<String> =
            TOOLCHAINS.iter().take(upstream / 6 + 1).map(|name| self.toolchain(name, &decision)).collect();
        for name in SOURCE_TESTS.iter().take(upstream / 8) {
            self.source_test(name, &decision);
        }
        let mut builds = Vec::new();
        for platform in PLATFORMS {
            for build_type in platform.types {
                if builds.is_empty() || self.tasks.len() + 2 <= upstream {
                    builds.push((platform, *build_type, self.build(platform, build_type, &toolchains)));
                }
            }
        }
        self.tests(&builds, count);
    }

    fn toolchain(&mut self, name: &str, decision: &str) -> String {
        self.add(TaskPlan {
            kind: "toolchain",
            label: format!("toolchain-{name}"),
            pool: "gecko-3/b-linux-gcp".into(),
            dependencies: vec![decision.into()],
            os: "linux",
            platform: "toolchains/opt".into(),
            seconds: 1500,
            routes: vec![format!("index.gecko.cache.level-3.toolchains.v3.{name}.latest")],
        })
    }

    fn source_test(&mut self, name: &str, decision: &str) {
        self.add(TaskPlan {
            kind: "source-test",
            label: format!("source-test-{name}"),
            pool: "gecko-t/t-linux-docker-noscratch-amd".into(),
            dependencies: vec![decision.into()],
            os: "linux",
            platform: "lint/opt".into(),
            seconds: 420,
            routes: Vec::new(),
        });
    }

    /// A build and its signing; tests wait for the signed build.
    fn build(&mut self, platform: &'static Platform, build_type: &str, toolchains: &[String]) -> String {
        let name = format!("{}/{build_type}", platform.build);
        let chosen = toolchains.iter().filter(|_| self.rng.u32(0..3) > 0).cloned().collect::<Vec<_>>();
        let build = self.add(TaskPlan {
            kind: "build",
            label: format!("build-{name}"),
            pool: format!("gecko-3/{}", platform.builder),
            dependencies: chosen,
            os: platform.os,
            platform: name.clone(),
            seconds: 2700,
            routes: vec![format!("index.gecko.v2.mozilla-central.latest.firefox.{}-{build_type}", platform.build)],
        });
        self.add(TaskPlan {
            kind: "build-signing",
            label: format!("build-signing-{name}"),
            pool: "scriptworker-k8s/gecko-3-signing".into(),
            dependencies: vec![build],
            os: "scriptworker",
            platform: name,
            seconds: 180,
            routes: Vec::new(),
        })
    }

    /// Fills the push up with tests: chunks of suites, over all builds.
    fn tests(&mut self, builds: &[(&'static Platform, &str, String)], count: usize) {
        if builds.is_empty() {
            return;
        }
        let weights: u32 = SUITES.iter().map(|suite| suite.weight).sum();
        let wanted = count.saturating_sub(self.tasks.len());
        let per_build = wanted.div_ceil(builds.len());
        for (platform, build_type, signed) in builds {
            for suite in SUITES {
                let chunks = (per_build * suite.weight as usize).div_ceil(weights as usize);
                for chunk in 1..=chunks {
                    if self.tasks.len() >= count {
                        return;
                    }
                    self.test(platform, build_type, signed, suite, chunk);
                }
            }
        }
    }

    fn test(&mut self, platform: &'static Platform, build_type: &str, signed: &str, suite: &Suite, chunk: usize) {
        let name = format!("{}/{build_type}", platform.test);
        let spread = suite.seconds / 2 + self.rng.u32(0..suite.seconds);
        self.add(TaskPlan {
            kind: "test",
            label: format!("test-{name}-{}-{chunk}", suite.name),
            pool: format!("gecko-t/{}", platform.tester),
            dependencies: vec![signed.into()],
            os: platform.os,
            platform: name,
            seconds: spread,
            routes: Vec::new(),
        });
    }

    fn add(&mut self, plan: TaskPlan) -> String {
        let task_id = if self.tasks.is_empty() { self.group.clone() } else { slugid(&mut self.rng) };
        self.tasks.push((task_id.clone(), plan));
        task_id
    }

    fn definition(&self, plan: &TaskPlan) -> Value {
        let time = |after: Duration| (self.now + after).to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut routes = vec![format!("tc-treeherder.v2.mozilla-central.{}", self.revision)];
        routes.extend(plan.routes.iter().cloned());
        let priority = if plan.kind == "test" { "low" } else { "medium" };
        json!({
            "taskQueueId": plan.pool,
            "schedulerId": "gecko-level-3",
            "projectId": "none",
            "taskGroupId": self.group,
            "dependencies": plan.dependencies,
            "requires": "all-completed",
            "routes": routes,
            "priority": priority,
            "retries": 5,
            "created": time(Duration::zero()),
            "deadline": time(Duration::days(1)),
            "expires": time(Duration::days(28)),
            "scopes": [],
            "payload": self.payload(plan),
            "metadata": {
                "name": plan.label,
                "description": format!("{} of a made-up push", plan.label),
                "owner": "sheriff@example.com",
                "source": format!("https://hg.example.com/mozilla-central/file/{}/taskcluster/kinds/{}", self.revision, plan.kind),
            },
            "tags": {
                "kind": plan.kind,
                "label": plan.label,
                "os": plan.os,
                "project": "mozilla-central",
                "createdForUser": "sheriff@example.com",
                "worker-implementation": if plan.os == "scriptworker" { "scriptworker" } else { "generic-worker" },
            },
            "extra": {
                "index": {"rank": self.now.timestamp()},
                "parent": self.group,
                "treeherder": {
                    "machine": {"platform": plan.platform.split('/').next().unwrap_or_default()},
                    "symbol": plan.kind.chars().next().unwrap_or('?').to_uppercase().to_string(),
                    "tier": 1,
                },
            },
        })
    }

    fn payload(&self, plan: &TaskPlan) -> Value {
        let mut env = Map::new();
        for (name, value) in [
            ("GECKO_BASE_REPOSITORY", "https://hg.example.com/mozilla-unified"),
            ("GECKO_HEAD_REPOSITORY", "https://hg.example.com/mozilla-central"),
            ("GECKO_HEAD_REV", self.revision.as_str()),
            ("MOZ_SCM_LEVEL", "3"),
            ("MOZ_AUTOMATION", "1"),
            ("TASKCLUSTER_CACHES", "/builds/worker/checkouts"),
        ] {
            env.insert(name.into(), value.into());
        }
        json!({
            "command": [["/usr/local/bin/run-task", "--gecko-checkout=/builds/worker/checkouts/gecko", "--",
                "bash", "-cx", format!("/builds/worker/checkouts/gecko/taskcluster/scripts/{}.sh '{}'", plan.kind, plan.label)]],
            "env": env,
            "maxRunTime": 7200,
            "artifacts": [
                {"name": "public/logs", "path": "logs", "type": "directory"},
                {"name": "public/build", "path": "artifacts", "type": "directory"},
            ],
        })
    }
}

/// A nice slugid (a v4 UUID with its first bit cleared) from seeded randomness.
fn slugid(rng: &mut Rng) -> String {
    use base64::Engine as _;
    let mut bytes: [u8; 16] = rng.u128(..).to_be_bytes();
    bytes[0] &= 0x7f;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn push(count: usize, seed: u64) -> Vec<SeedTask> {
        FirefoxPush::tasks(count, seed, DateTime::UNIX_EPOCH).collect()
    }

    #[test]
    fn a_push_has_exactly_as_many_tasks_as_asked_for() {
        for count in [1, 2, 3, 10, 100, 300, 3000] {
            assert_eq!(push(count, 7).len(), count);
        }
    }

    #[test]
    fn tasks_come_after_what_they_wait_for() {
        let mut known = HashSet::new();
        for task in push(500, 7) {
            for dependency in task.definition["dependencies"].as_array().unwrap() {
                assert!(known.contains(dependency.as_str().unwrap()), "{}", task.definition);
            }
            assert!(known.insert(task.task_id), "an ID occurs twice");
        }
    }

    #[test]
    fn labels_are_unique_and_the_same_seed_gives_the_same_push() {
        let labels: HashSet<String> =
            push(3000, 1).iter().map(|task| task.definition["metadata"]["name"].to_string()).collect();
        assert_eq!(labels.len(), 3000);
        assert_eq!(push(50, 1)[49].task_id, push(50, 1)[49].task_id);
        assert_ne!(push(50, 1)[49].task_id, push(50, 2)[49].task_id);
    }

    #[test]
    fn most_of_a_push_is_tests() {
        let tests = push(300, 1).iter().filter(|task| task.definition["tags"]["kind"] == "test").count();
        assert!((150..270).contains(&tests), "{tests} of 300");
    }
}
