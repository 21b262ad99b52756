//! Where the time of a group went: when each task waited and ran, and the path that decided when
//! the group was done. Pure.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::task::{TaskItem, time};
use super::task_state::TaskState;

/// A task with the times of its newest run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// Its ID.
    pub id: Arc<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its worker pool.
    pub pool: Arc<str>,
    /// Its state.
    pub state: TaskState,
    /// When it was defined.
    pub created: DateTime<Utc>,
    /// When its first run became pending.
    pub scheduled: Option<DateTime<Utc>>,
    /// When its newest run was started.
    pub started: Option<DateTime<Utc>>,
    /// When its newest run was resolved.
    pub resolved: Option<DateTime<Utc>>,
    /// The tasks that it waited for.
    pub dependencies: Box<[Arc<str>]>,
}

/// How long a task waited for others, waited for a worker, and ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Split {
    /// From its creation (or, on the critical path, from the end of the task before it) until it was
    /// pending.
    pub dependency: TimeDelta,
    /// From then until it was started; runs that were given up count here, too.
    pub queue: TimeDelta,
    /// From then until it was resolved.
    pub run: TimeDelta,
}

/// A group's tasks in the order in which they started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    /// All tasks, by the time at which they were started, those that were not at the end.
    pub spans: Vec<Span>,
    /// Indexes of the tasks that decided when the group was done, in order of time.
    pub critical: Vec<usize>,
    /// When the first task was created.
    pub start: Option<DateTime<Utc>>,
    /// When the last task was resolved, or now while tasks are running.
    pub end: Option<DateTime<Utc>>,
}

/// Collects the spans of a group's tasks. Worker pools and IDs that several tasks name are kept once.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    spans: Vec<Span>,
    texts: HashSet<Arc<str>>,
}

impl Spans {
    /// Adds the span of an item, unless it does not say when it was created.
    pub(crate) fn add(&mut self, item: &TaskItem<'_>) {
        let Some(created) = time(item.task.created.as_deref()) else { return };
        let runs = &item.status.runs;
        let span = Span {
            id: self.shared(item.id()),
            name: item.name().into(),
            pool: self.shared(&item.worker_pool()),
            state: item.status.state,
            created,
            scheduled: runs.first().and_then(|run| run.scheduled_at()),
            started: runs.last().and_then(|run| run.started_at()),
            resolved: runs.last().and_then(|run| run.resolved_at()),
            dependencies: item.task.dependencies.iter().map(|id| self.shared(id)).collect(),
        };
        self.spans.push(span);
    }

    /// All spans.
    pub(crate) fn into_vec(self) -> Vec<Span> {
        self.spans
    }

    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&shared));
        shared
    }
}

impl Span {
    /// How its time was spent, counted from `from`; what has not ended goes on until `now`.
    pub(crate) fn split(&self, from: DateTime<Utc>, now: DateTime<Utc>) -> Split {
        let positive = |length: TimeDelta| length.max(TimeDelta::zero());
        let end = self.resolved.unwrap_or(now);
        let scheduled = self.scheduled.unwrap_or(end);
        let started = self.started.unwrap_or(end);
        Split {
            dependency: positive(scheduled - from),
            queue: positive(started - scheduled.max(from)),
            run: positive(end - started),
        }
    }
}

impl Timeline {
    /// Puts tasks in order and finds the critical path.
    pub(crate) fn new(mut spans: Vec<Span>, now: DateTime<Utc>) -> Self {
        spans.sort_by(|one, other| {
            let key = |span: &Span| (span.started.is_none(), span.started, span.created);
            key(one).cmp(&key(other)).then_with(|| one.id.cmp(&other.id))
        });
        let start = spans.iter().map(|span| span.created).min();
        let end = spans
            .iter()
            .filter_map(|span| if span.state == TaskState::Running { Some(now) } else { span.resolved })
            .max();
        let critical = critical_path(&spans);
        Self { spans, critical, start, end }
    }

    /// The critical path's tasks with their times, each counted from the end of the one before it.
    pub(crate) fn critical_splits(&self, now: DateTime<Utc>) -> Vec<(&Span, Split)> {
        let mut before: Option<DateTime<Utc>> = None;
        let spans = self.critical.iter().filter_map(|index| self.spans.get(*index));
        spans
            .map(|span| {
                let from = before.map_or(span.created, |end| end.max(span.created));
                before = span.resolved;
                (span, span.split(from, now))
            })
            .collect()
    }
}

/// From the task that was resolved last, back through the dependency that was resolved last each time.
fn critical_path(spans: &[Span]) -> Vec<usize> {
    let index: HashMap<&str, usize> = spans.iter().enumerate().map(|(at, span)| (&*span.id, at)).collect();
    let resolved = |at: &usize| spans.get(*at).and_then(|span| span.resolved);
    let mut path: Vec<usize> = Vec::new();
    let mut next = (0..spans.len()).filter(|at| resolved(at).is_some()).max_by_key(resolved);
    while let Some(at) = next {
        path.push(at);
        let dependencies = spans.get(at).map(|span| &*span.dependencies).unwrap_or_default();
        next = dependencies
            .iter()
            .filter_map(|id| index.get(&**id).copied())
            // A malformed group may have circles.
            .filter(|dependency| resolved(dependency).is_some() && !path.contains(dependency))
            .max_by_key(resolved);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-11-22T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    fn span(id: &str, scheduled: i64, started: i64, resolved: i64, dependencies: &[&str]) -> Span {
        Span {
            id: id.into(),
            name: id.into(),
            pool: "p/w".into(),
            state: TaskState::Completed,
            created: at(0),
            scheduled: Some(at(scheduled)),
            started: Some(at(started)),
            resolved: Some(at(resolved)),
            dependencies: dependencies.iter().map(|id| Arc::from(*id)).collect(),
        }
    }

    #[test]
    fn the_critical_path_goes_back_through_what_ended_last() {
        let timeline = Timeline::new(
            vec![
                span("test", 21, 25, 60, &["build", "image"]),
                span("image", 0, 1, 5, &["decision"]),
                span("build", 6, 10, 20, &["decision"]),
                span("decision", 0, 0, 4, &[]),
                span("lint", 5, 6, 30, &["decision"]),
            ],
            at(100),
        );
        let path: Vec<&str> = timeline.critical.iter().map(|at| &*timeline.spans[*at].id).collect();
        assert_eq!(path, ["decision", "build", "test"]);
        let minutes: Vec<[i64; 3]> = timeline
            .critical_splits(at(100))
            .iter()
            .map(|(_, split)| [split.dependency, split.queue, split.run].map(|length| length.num_minutes()))
            .collect();
        assert_eq!(minutes, [[0, 0, 4], [2, 4, 10], [1, 4, 35]]);
        // Nothing is counted twice and nothing is lost.
        assert_eq!(minutes.iter().flatten().sum::<i64>(), 60);
        assert_eq!((timeline.start, timeline.end), (Some(at(0)), Some(at(60))));
    }

    #[test]
    fn a_circle_ends() {
        let timeline = Timeline::new(vec![span("a", 0, 1, 2, &["b"]), span("b", 0, 1, 3, &["a", "b"])], at(9));
        assert_eq!(timeline.critical.len(), 2);
        assert!(Timeline::new(Vec::new(), at(0)).critical.is_empty());
    }

    #[test]
    fn what_has_not_ended_goes_on_until_now() {
        let mut running = span("a", 5, 10, 0, &[]);
        (running.state, running.resolved) = (TaskState::Running, None);
        let split = running.split(at(0), at(30));
        assert_eq!(
            (split.dependency, split.queue, split.run),
            (TimeDelta::minutes(5), TimeDelta::minutes(5), TimeDelta::minutes(20))
        );
        let timeline = Timeline::new(vec![running], at(30));
        assert_eq!((timeline.end, timeline.critical.len()), (Some(at(30)), 0));
    }
}
