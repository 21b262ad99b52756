//! Which tasks of a group are meant. Pure.

use chrono::{DateTime, Utc};
use regex::Regex;

use super::task::{TaskItem, time};
use super::task_state::TaskState;

/// Tasks that satisfy every criterion; of the values of one criterion, one is enough.
///
/// A criterion without values lets everything through.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskFilter {
    /// The state is one of these.
    pub states: Vec<TaskState>,
    /// The name matches one of these.
    pub names: Vec<Regex>,
    /// The name matches none of these.
    pub not_names: Vec<Regex>,
    /// The `kind` tag is one of these.
    pub kinds: Vec<String>,
    /// The tags have these values, all of them.
    pub tags: Vec<(String, String)>,
    /// The worker pool, or the part after its slash, is one of these.
    pub pools: Vec<String>,
    /// The ID is one of these.
    pub ids: Vec<String>,
    /// The newest run was resolved for one of these reasons.
    pub reasons: Vec<String>,
    /// Created before this time.
    pub before: Option<DateTime<Utc>>,
    /// Created at this time or after it.
    pub after: Option<DateTime<Utc>>,
}

impl TaskFilter {
    /// Whether a task is meant.
    pub(crate) fn matches(&self, item: &TaskItem<'_>) -> bool {
        let is_name = |regex: &Regex| regex.is_match(item.name());
        (self.states.is_empty() || self.states.contains(&item.status.state))
            && one_of(&self.ids, item.id())
            && (self.names.is_empty() || self.names.iter().any(is_name))
            && !self.not_names.iter().any(is_name)
            && one_of(&self.kinds, item.kind())
            && self.tags.iter().all(|(key, value)| item.task.tags.get(key) == Some(value))
            && self.matches_pool(&item.worker_pool())
            && (self.reasons.is_empty() || item.status.reason().is_some_and(|reason| one_of(&self.reasons, reason)))
            && self.matches_time(item)
    }

    /// Whether everything is let through, so that no task needs to be looked at.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { states, names, not_names, kinds, tags, pools, ids, reasons, before, after } = self;
        states.is_empty()
            && names.is_empty()
            && not_names.is_empty()
            && kinds.is_empty()
            && tags.is_empty()
            && pools.is_empty()
            && ids.is_empty()
            && reasons.is_empty()
            && before.is_none()
            && after.is_none()
    }

    fn matches_pool(&self, pool: &str) -> bool {
        let worker_type = pool.rsplit('/').next().unwrap_or(pool);
        self.pools.is_empty() || self.pools.iter().any(|wanted| wanted == pool || wanted == worker_type)
    }

    fn matches_time(&self, item: &TaskItem<'_>) -> bool {
        if self.before.is_none() && self.after.is_none() {
            return true;
        }
        // A task that does not say when it was created is neither older nor newer than anything.
        time(item.task.created.as_deref()).is_some_and(|created| {
            self.before.is_none_or(|before| created < before) && self.after.is_none_or(|after| created >= after)
        })
    }
}

fn one_of(wanted: &[String], value: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: &str = r#"{"status": {"taskId": "a", "state": "failed", "taskQueueId": "gecko-t/linux",
        "runs": [{"runId": 0, "state": "failed", "reasonResolved": "failed"}]},
        "task": {"created": "2026-11-22T12:00:00.000Z", "tags": {"kind": "test", "os": "linux"},
        "metadata": {"name": "test-linux/opt-xpcshell-1"}}}"#;
    const WAITING: &str = r#"{"status": {"taskId": "b", "state": "unscheduled", "taskQueueId": "gecko-3/b-win"},
        "task": {"metadata": {"name": "build-win/opt"}}}"#;

    /// Which of the two tasks a filter lets through.
    fn kept(change: impl FnOnce(&mut TaskFilter)) -> String {
        let mut filter = TaskFilter::default();
        change(&mut filter);
        [FAILED, WAITING]
            .map(|json| TaskItem::parse(json.as_bytes()).unwrap())
            .iter()
            .filter(|item| filter.matches(item))
            .map(TaskItem::id)
            .collect()
    }

    fn regex(text: &str) -> Vec<Regex> {
        vec![Regex::new(text).unwrap()]
    }

    #[test]
    fn every_criterion_counts() {
        assert_eq!(kept(|_| ()), "ab");
        assert_eq!(kept(|f| f.states = vec![TaskState::Failed, TaskState::Unscheduled]), "ab");
        assert_eq!(kept(|f| f.states = vec![TaskState::Failed]), "a");
        assert_eq!(kept(|f| f.names = regex("^build")), "b");
        assert_eq!(kept(|f| f.not_names = regex("xpcshell")), "b");
        assert_eq!(kept(|f| f.kinds = vec!["test".into()]), "a");
        assert_eq!(kept(|f| f.tags = vec![("os".into(), "linux".into()), ("kind".into(), "x".into())]), "");
        assert_eq!(kept(|f| f.ids = vec!["b".into(), "c".into()]), "b");
        assert_eq!(kept(|f| f.reasons = vec!["failed".into()]), "a");
    }

    #[test]
    fn a_pool_goes_by_its_whole_name_or_its_worker_type() {
        assert_eq!(kept(|f| f.pools = vec!["gecko-t/linux".into()]), "a");
        assert_eq!(kept(|f| f.pools = vec!["b-win".into()]), "b");
        assert_eq!(kept(|f| f.pools = vec!["gecko-t".into()]), "");
    }

    #[test]
    fn age_goes_by_the_time_of_creation() {
        let noon: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(kept(|f| f.after = Some(noon)), "a");
        assert_eq!(kept(|f| f.before = Some(noon)), "");
        assert_eq!(kept(|f| f.before = Some(noon + chrono::TimeDelta::seconds(1))), "a");
    }

    #[test]
    fn a_filter_knows_when_it_lets_everything_through() {
        assert!(TaskFilter::default().is_empty());
        assert!(!TaskFilter { ids: vec!["x".into()], ..TaskFilter::default() }.is_empty());
    }
}
