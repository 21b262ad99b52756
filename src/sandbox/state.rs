//! Everything that one sandbox holds.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::auth::{Auth, History};
use super::call::WorkRequest;
use super::events::Events;
use super::hooks::HooksState;
use super::index::{self, IndexState};
use super::notify::{NotifyState, Outbox};
use super::object::Objects;
use super::purge_cache::PurgeCacheState;
use super::queue::{self, QueueState, TaskId};
use super::secrets::SecretsState;
use super::storage::Storage;
use super::worker_manager::{self, WorkerManagerState};

/// The state of all services of one sandbox.
pub(super) struct State {
    pub auth: Auth,
    pub queue: QueueState,
    pub storage: Arc<Storage>,
    pub objects: Arc<Objects>,
    /// Where all services publish.
    pub events: Arc<Events>,
    /// How long a worker takes for tasks of a seed.
    pub run_times: HashMap<TaskId, TimeDelta>,
    pub hooks: HooksState,
    pub history: History,
    pub index: IndexState,
    pub secrets: SecretsState,
    pub notify: NotifyState,
    /// What was sent to people.
    pub outbox: Arc<Outbox>,
    pub purge_cache: PurgeCacheState,
    pub worker_manager: WorkerManagerState,
    pub started: DateTime<Utc>,
    /// When it was last looked for what has expired.
    pub swept: DateTime<Utc>,
}

impl State {
    /// A deployment that was started just now.
    pub(super) fn new(now: DateTime<Utc>, dependency_delay: TimeDelta, storage: Arc<Storage>) -> Self {
        let auth = Auth::new(now);
        let token = |client: &str| auth.access_token(client).map(|token| token.reveal().to_owned()).unwrap_or_default();
        let queue = QueueState::new(token(queue::ISSUER)).with_dependency_delay(dependency_delay);
        let objects = Arc::new(Objects::new(Arc::clone(&storage)));
        let events = Arc::new(Events::default());
        let outbox = Arc::new(Outbox::new(Arc::clone(&events)));
        let queue = queue.with_storage(Arc::clone(&storage), Arc::clone(&objects));
        let queue = queue.with_events(Arc::clone(&events)).with_outbox(Arc::clone(&outbox));
        let notify = NotifyState::new(Arc::clone(&outbox));
        let index = IndexState::new(token(index::ISSUER));
        let worker_manager = WorkerManagerState::new(token(worker_manager::ISSUER), Arc::clone(&events));
        Self {
            auth,
            queue,
            storage,
            objects,
            events,
            run_times: HashMap::new(),
            hooks: HooksState::default(),
            history: History::default(),
            index,
            secrets: SecretsState::default(),
            notify,
            outbox,
            purge_cache: PurgeCacheState::default(),
            worker_manager,
            started: now,
            swept: now,
        }
    }

    /// Does what has fallen due in the queue until `now`, and files what it completed in the index.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        self.forget_expired(now);
        self.queue.advance(now);
        self.index.file(self.queue.take_completed(), now);
    }

    /// Drops what the queue has for the index: it comes from elsewhere.
    pub(super) fn forget_completed(&mut self) {
        drop(self.queue.take_completed());
    }

    /// Hands out tasks to a worker that is waiting for some; `None` when there are none.
    pub(super) fn claim_for(&mut self, request: &WorkRequest, now: DateTime<Utc>) -> Option<String> {
        self.advance(now);
        self.queue.claim_for(request, now)
    }
}
