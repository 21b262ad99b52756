//! What was found out about a task, and what can be done.

use chrono::{DateTime, Utc};

/// Why a task stands where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A word for the cause that is the same for all tasks with it: `dependency-failed`.
    pub kind: &'static str,
    /// What is the matter, in a sentence without its full stop.
    pub cause: String,
    /// What has the same cause in other tasks: an ID, a worker pool, a line.
    pub root: String,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// The facts that it follows from. What is only likely begins with `inferred:`.
    pub evidence: Vec<String>,
    /// What can be done, the most useful first.
    pub next: Vec<Remedy>,
}

impl Finding {
    /// A finding with nothing to support it yet.
    pub(crate) fn new(kind: &'static str, cause: impl Into<String>) -> Self {
        let (root, evidence, next) = (String::new(), Vec::new(), Vec::new());
        Self { kind, cause: cause.into(), root, since: None, evidence, next }
    }

    /// The same with what other tasks may have it in common with.
    #[must_use]
    pub(crate) fn root(mut self, root: impl Into<String>) -> Self {
        self.root = root.into();
        self
    }

    /// The same since a time.
    #[must_use]
    pub(crate) fn since(mut self, since: Option<DateTime<Utc>>) -> Self {
        self.since = since;
        self
    }

    /// The same with a fact.
    #[must_use]
    pub(crate) fn fact(mut self, fact: impl Into<String>) -> Self {
        self.evidence.push(fact.into());
        self
    }

    /// The same with facts.
    #[must_use]
    pub(crate) fn facts(mut self, facts: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(facts);
        self
    }

    /// The same with something that can be done.
    #[must_use]
    pub(crate) fn next(mut self, remedy: Remedy) -> Self {
        if !self.next.contains(&remedy) {
            self.next.push(remedy);
        }
        self
    }
}

/// Something that can be done. Its words are for those who know the commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Give these tasks another run; what waits for them goes on when they complete.
    Rerun(Vec<String>),
    /// Give this task another run, whether or not what it waits for is completed.
    RerunAnyway(String),
    /// Make the queue schedule this task now.
    Schedule(String),
    /// Wait until the task is over.
    Wait(String),
    /// Wait until a worker has it.
    WaitForRun(String),
    /// Read the log of this run.
    ReadLog(String, u32),
    /// Follow the log of a running task.
    FollowLog(String),
    /// See all lines that tell errors.
    ReadErrors(String),
    /// Ask the same of another task.
    Why(String),
    /// See the whole list of dependencies.
    ShowDependencies(String),
    /// Check the definition, each fault with its place.
    Validate(String),
    /// Make a task like this one with another definition.
    Edit(String),
    /// Make a new task like this one.
    Retrigger(String),
    /// Give the task a higher priority.
    RaisePriority(String),
    /// See the worker pool.
    ShowPool(String),
    /// See what went wrong with the pool's workers.
    ShowPoolErrors(String),
    /// See the workers of a pool that get no work.
    ShowQuarantined(String),
    /// See the names of all worker pools.
    ListPools,
    /// See what waits in the task queue.
    ShowPending(String),
    /// See what a worker did.
    ShowWorker(String, String),
    /// Get scopes that are missing.
    GetScopes(Vec<String>),
}
