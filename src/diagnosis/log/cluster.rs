//! Failures of many tasks, put together where they are the same. Pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::FailureKind;
use super::normalize::normalize;

/// Why a task failed, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskFailure {
    /// The task.
    pub task: String,
    /// Its name.
    pub name: String,
    /// Its platform; empty where it has none.
    pub platform: String,
    /// The line that tells the failure.
    pub line: String,
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// The test that failed.
    pub test: Option<String>,
}

/// What failures are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ClusterBy {
    /// Lines that are the same but for what changes from run to run.
    #[default]
    Line,
    /// The test that failed; lines, where none is named.
    Test,
    /// The platform of the task.
    Platform,
    /// The kind of failure.
    Kind,
}

/// Failures that are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// The line of the example; what the failures were put together by, for platforms and kinds.
    pub line: String,
    /// What kind of failure it is; that of most tasks.
    pub kind: FailureKind,
    /// How many tasks have failures of each kind, which differ only where they were put together by something else.
    pub kinds: BTreeMap<FailureKind, usize>,
    /// The test, where all name the same.
    pub test: Option<String>,
    /// The tasks that failed so, with their names.
    pub tasks: Vec<(String, String)>,
    /// Their platforms.
    pub platforms: BTreeSet<String>,
    /// One of them to look at.
    pub example: String,
    /// By what its failures can be found again in another group: see [`TaskFailure::key`].
    pub keys: BTreeSet<String>,
}

/// How much two lines of the same kind must have in common to be near each other, in words of the shorter one.
const NEAR_SHARE: f64 = 0.8;
/// Shorter lines say too little to be near any other.
const MIN_NEAR_WORDS: usize = 5;

/// Puts failures together, the largest cluster first.
pub(crate) fn cluster(failures: Vec<TaskFailure>, by: ClusterBy) -> Vec<Cluster> {
    let mut clusters: BTreeMap<String, Cluster> = BTreeMap::new();
    for failure in failures {
        let key = failure.key_by(by);
        let found = clusters.entry(key).or_insert_with(|| Cluster {
            line: match by {
                ClusterBy::Platform if failure.platform.is_empty() => "(no platform)".to_owned(),
                ClusterBy::Platform => failure.platform.clone(),
                ClusterBy::Kind => failure.kind.as_str().to_owned(),
                ClusterBy::Line | ClusterBy::Test => failure.line.clone(),
            },
            kind: failure.kind,
            kinds: BTreeMap::new(),
            test: failure.test.clone(),
            tasks: Vec::new(),
            platforms: BTreeSet::new(),
            example: failure.task.clone(),
            keys: BTreeSet::new(),
        });
        found.keys.insert(failure.key());
        *found.kinds.entry(failure.kind).or_default() += 1;
        if found.test != failure.test {
            found.test = None;
        }
        if !failure.platform.is_empty() {
            found.platforms.insert(failure.platform);
        }
        found.tasks.push((failure.task, failure.name));
    }
    let mut clusters: Vec<Cluster> = clusters.into_values().collect();
    for cluster in &mut clusters {
        let most = cluster.kinds.iter().rev().max_by_key(|(_, count)| **count);
        cluster.kind = most.map_or(cluster.kind, |(kind, _)| *kind);
    }
    largest_first(&mut clusters);
    if by == ClusterBy::Line {
        clusters = merge_near(clusters);
        largest_first(&mut clusters);
    }
    clusters
}

fn largest_first(clusters: &mut [Cluster]) {
    clusters.sort_by(|one, other| other.tasks.len().cmp(&one.tasks.len()).then_with(|| one.line.cmp(&other.line)));
}

impl Cluster {
    /// Whether all of its failures look like the machines and what is between them.
    pub(crate) fn is_infrastructure(&self) -> bool {
        self.kinds.keys().all(|kind| kind.is_infrastructure())
    }
}

impl TaskFailure {
    /// What is the same in all failures that are the same.
    pub(crate) fn key(&self) -> String {
        self.key_by(ClusterBy::Line)
    }

    fn key_by(&self, by: ClusterBy) -> String {
        match (by, &self.test) {
            (ClusterBy::Platform, _) => self.platform.clone(),
            (ClusterBy::Kind, _) => self.kind.as_str().to_owned(),
            (ClusterBy::Test, Some(test)) => format!("test {test}"),
            (ClusterBy::Test, None) | (ClusterBy::Line, _) => format!("{} {}", self.kind, normalize(&self.line)),
        }
    }
}

/// Puts smaller clusters into larger ones that they are near to.
fn merge_near(clusters: Vec<Cluster>) -> Vec<Cluster> {
    let mut merged: Vec<(Cluster, HashSet<String>)> = Vec::new();
    for cluster in clusters {
        let words: HashSet<String> = normalize(&cluster.line).split(' ').map(str::to_owned).collect();
        let near = merged.iter_mut().find(|(kept, kept_words)| {
            let shared = words.intersection(kept_words).count() as f64;
            let (most, least) = (words.len().max(kept_words.len()), words.len().min(kept_words.len()));
            kept.kind == cluster.kind
                && kept.test == cluster.test
                && least >= MIN_NEAR_WORDS
                && shared >= NEAR_SHARE * most as f64
        });
        match near {
            Some((kept, _)) => {
                kept.tasks.extend(cluster.tasks);
                kept.platforms.extend(cluster.platforms);
                kept.keys.extend(cluster.keys);
                for (kind, count) in cluster.kinds {
                    *kept.kinds.entry(kind).or_default() += count;
                }
            }
            None => merged.push((cluster, words)),
        }
    }
    merged.into_iter().map(|(cluster, _)| cluster).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(task: usize, line: &str, kind: FailureKind, test: Option<&str>) -> TaskFailure {
        let platform = ["linux64/opt", "win64/debug", "macosx/opt"][task % 3].to_owned();
        TaskFailure {
            task: format!("t{task}"),
            name: format!("n{task}"),
            platform,
            line: line.to_owned(),
            kind,
            test: test.map(str::to_owned),
        }
    }

    /// A group with known causes, each reported in lines that differ in what changes from run to run.
    #[test]
    fn a_synthetic_group_is_put_together_by_its_causes() {
        type Cause = (FailureKind, fn(usize) -> String, Option<&'static str>);
        let causes: [Cause; 8] = [
            (
                FailureKind::Test,
                |n| format!("TEST-UNEXPECTED-FAIL | dom/tests/test_a.html | got {n}, expected 7"),
                Some("dom/tests/test_a.html"),
            ),
            (
                FailureKind::Test,
                |n| format!("TEST-UNEXPECTED-FAIL | dom/tests/test_b.html | got {n}, expected 7"),
                Some("dom/tests/test_b.html"),
            ),
            (
                FailureKind::Test,
                |n| format!("TEST-UNEXPECTED-TIMEOUT | layout/test_c.html | application timed out after {n} seconds"),
                Some("layout/test_c.html"),
            ),
            (
                FailureKind::Build,
                |n| {
                    format!(
                        "/builds/worker/checkouts/gecko/gfx/a.cpp:{n}:7: error: no member named 'size' in 'gfx::Frame'"
                    )
                },
                None,
            ),
            (FailureKind::Disk, |n| format!("cp: error writing '/tmp/x{n}/y': No space left on device"), None),
            (
                FailureKind::Network,
                |n| format!("curl: (56) Recv failure: Connection reset by peer after {n} bytes"),
                None,
            ),
            (
                FailureKind::Crash,
                |n| format!("PROCESS-CRASH | dom/x.html | application crashed [@ foo::bar + 0x{n:x}]"),
                Some("dom/x.html"),
            ),
            (
                FailureKind::Exception,
                |n| format!("AssertionError: {n} not less than or equal to the budget of {} on this platform", n * 2),
                None,
            ),
        ];
        let mut failures = Vec::new();
        let mut cause_of = Vec::new();
        for task in 0..400 {
            let cause = task * task % 8 % causes.len();
            let cause = if cause == 0 || cause == 1 || cause == 4 { task % causes.len() } else { cause };
            let (kind, line, test) = causes[cause];
            failures.push(failure(task, &line(task * 37 + 11), kind, test));
            cause_of.push(cause);
        }
        let clusters = cluster(failures, ClusterBy::Line);
        let mut right = 0;
        for cluster in &clusters {
            let causes: Vec<usize> =
                cluster.tasks.iter().map(|(id, _)| cause_of[id[1..].parse::<usize>().unwrap()]).collect();
            let most = (0..8).max_by_key(|cause| causes.iter().filter(|it| *it == cause).count()).unwrap();
            right += causes.iter().filter(|it| **it == most).count();
        }
        // Each cause in one cluster, and no task in a wrong one: far above the 95 % that are asked for.
        assert_eq!((clusters.len(), right), (8, 400));
        assert!(clusters.is_sorted_by(|one, other| one.tasks.len() >= other.tasks.len()));
    }

    #[test]
    fn near_lines_are_one_cluster_and_others_are_not() {
        let line = |what: &str| format!("ERROR - could not install the package {what} for this build of the product");
        let near = cluster(
            vec![
                failure(1, &line("alpha"), FailureKind::Error, None),
                failure(2, &line("beta"), FailureKind::Error, None),
                failure(3, "ERROR - something else went wrong with the whole machine here", FailureKind::Error, None),
            ],
            ClusterBy::Line,
        );
        assert_eq!(near.iter().map(|cluster| cluster.tasks.len()).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn clusters_by_test_platform_and_kind() {
        let failures = vec![
            failure(0, "a 1", FailureKind::Test, Some("x")),
            failure(1, "b 2", FailureKind::Test, Some("x")),
            failure(2, "c 3", FailureKind::Disk, None),
        ];
        let lines =
            |by| cluster(failures.clone(), by).into_iter().map(|it| (it.line, it.tasks.len())).collect::<Vec<_>>();
        assert_eq!(lines(ClusterBy::Test), [("a 1".into(), 2), ("c 3".into(), 1)]);
        assert_eq!(lines(ClusterBy::Kind), [("test".into(), 2), ("disk".into(), 1)]);
        assert_eq!(lines(ClusterBy::Platform).len(), 3);
        let here = |failure: &TaskFailure| TaskFailure { platform: "here".into(), ..failure.clone() };
        let together = cluster(failures.iter().rev().map(here).collect(), ClusterBy::Platform);
        let [one] = together.as_slice() else { panic!("{together:?}") };
        assert_eq!((one.kind, one.is_infrastructure()), (FailureKind::Test, false));
        assert_eq!(one.kinds, BTreeMap::from([(FailureKind::Test, 2), (FailureKind::Disk, 1)]));
    }
}
