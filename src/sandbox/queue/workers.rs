//! Which task queues and workers have been seen lately, and which workers are in quarantine.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::id::TaskId;
use super::task::Worker;
use crate::sandbox::wire::Name;

/// A task queue that was seen is not written down again for so long.
const LAST_SEEN_UPDATE_INTERVAL: TimeDelta = TimeDelta::hours(6);
/// How many tasks a worker is remembered by.
const MAX_RECENT_TASKS: usize = 20;

/// All that was seen.
#[derive(Debug, Default)]
pub(super) struct Workers {
    /// By `taskQueueId`.
    pub queues: BTreeMap<Name, SeenQueue>,
    /// By `taskQueueId`, then by `workerGroup` and `workerId`.
    pub workers: BTreeMap<Name, BTreeMap<(Name, Name), SeenWorker>>,
}

/// A task queue that somebody has asked for work.
#[derive(Debug, Clone)]
pub(super) struct SeenQueue {
    pub expires: DateTime<Utc>,
    pub active: DateTime<Utc>,
}

/// A worker that has asked for work.
#[derive(Debug, Clone)]
pub(super) struct SeenWorker {
    pub expires: DateTime<Utc>,
    pub first_claim: DateTime<Utc>,
    pub active: DateTime<Utc>,
    pub quarantine_until: Option<DateTime<Utc>>,
    /// Who put it into quarantine, when, until when and why.
    pub quarantines: Vec<Quarantine>,
    pub recent: VecDeque<(TaskId, usize)>,
}

/// One decision about a worker's quarantine.
#[derive(Debug, Clone)]
pub(super) struct Quarantine {
    pub client_id: String,
    pub at: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub info: String,
}

impl SeenWorker {
    pub(super) fn is_quarantined(&self, now: DateTime<Utc>) -> bool {
        self.quarantine_until.is_some_and(|until| until > now)
    }

    /// Whether it is still listed; a quarantine keeps it.
    pub(super) fn is_known(&self, now: DateTime<Utc>) -> bool {
        self.expires >= now || self.is_quarantined(now)
    }
}

fn key(worker: &Worker) -> (Name, Name) {
    (Name::new(&*worker.group), Name::new(&*worker.id))
}

impl Workers {
    /// Notes that a task queue, and maybe a worker of it, gave a sign of life. A queue whose worker is known lives for a
    /// day after that, else for five days.
    pub(super) fn seen(&mut self, queue: &str, worker: Option<&Worker>, now: DateTime<Utc>) {
        let expires = now + TimeDelta::days(if worker.is_some() { 1 } else { 5 });
        let entry = self.queues.entry(Name::new(queue)).or_insert(SeenQueue { expires, active: now });
        if now - entry.active >= LAST_SEEN_UPDATE_INTERVAL {
            *entry = SeenQueue { expires: expires.max(entry.expires), active: now };
        }
        if let Some(worker) = worker {
            self.worker_seen(queue, key(worker), expires, now);
        }
    }

    /// Notes a worker by name, which then is known at least until `expires`.
    pub(super) fn worker_seen(
        &mut self,
        queue: &str,
        worker: (Name, Name),
        expires: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        let entry = self.workers.entry(Name::new(queue)).or_default().entry(worker).or_insert_with(|| SeenWorker {
            expires,
            first_claim: now,
            active: now,
            quarantine_until: None,
            quarantines: Vec::new(),
            recent: VecDeque::new(),
        });
        if !entry.is_known(now) {
            entry.first_claim = now;
        }
        if now - entry.active >= LAST_SEEN_UPDATE_INTERVAL {
            entry.active = now;
        }
        entry.expires = entry.expires.max(expires);
    }

    /// Notes that a known worker took a run.
    pub(super) fn took(&mut self, queue: &str, worker: &Worker, id: TaskId, run_id: usize) {
        let found = self.workers.get_mut(&Name::new(queue)).and_then(|workers| workers.get_mut(&key(worker)));
        if let Some(found) = found {
            found.recent.push_back((id, run_id));
            if found.recent.len() > MAX_RECENT_TASKS {
                found.recent.pop_front();
            }
        }
    }

    /// Drops what is not listed any more.
    pub(super) fn forget_expired(&mut self, now: DateTime<Utc>) {
        self.queues.retain(|_, queue| queue.expires >= now);
        self.workers.retain(|_, workers| {
            workers.retain(|_, worker| worker.is_known(now));
            !workers.is_empty()
        });
    }

    /// Whether this worker must not get work now.
    pub(super) fn is_quarantined(&self, queue: &str, worker: &Worker, now: DateTime<Utc>) -> bool {
        let found = self.workers.get(&Name::new(queue)).and_then(|workers| workers.get(&key(worker)));
        found.is_some_and(|worker| worker.is_quarantined(now))
    }
}
