//! What the services tell the world: messages as they publish them over Pulse.
//!
//! Nothing is built while nobody listens: not a stream, a hook or a broker.

mod amqp;
mod stream;
mod topic;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Notify, broadcast};

pub(super) use self::amqp::start as publish_to;
pub(super) use self::stream::respond;
pub(super) use self::topic::fits;
use crate::reference::{Catalogue, Exchange, Service, Source};

/// How many messages a slow reader of the stream may lag behind before it misses some.
const LAG: usize = 16 * 1024;

/// How many messages may wait for the hooks, as each hook's queue on a broker holds only its last ones.
const MAX_WAITING_MESSAGES: usize = 1000;

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    /// `exchange/taskcluster-queue/v1/task-defined`.
    pub exchange: &'static str,
    /// `primary.VESwp9JaRo-XkFN_bemBhw._._.`..
    pub routing_key: String,
    /// Further routing keys: `route.` and a route of the task.
    pub cc: Vec<String>,
    pub payload: Value,
}

impl Event {
    /// Whether a binding with this pattern gets the message.
    pub(super) fn fits(&self, pattern: &str) -> bool {
        fits(pattern, &self.routing_key) || self.cc.iter().any(|key| fits(pattern, key))
    }
}

/// Where all services of one sandbox publish.
pub(super) struct Events {
    readers: broadcast::Sender<Arc<Event>>,
    /// For the hooks, while there are some that listen.
    inbox: Mutex<VecDeque<Arc<Event>>>,
    hooks_listen: AtomicBool,
    muted: AtomicBool,
    /// Tells of messages in the inbox.
    pub(super) arrived: Notify,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            readers: broadcast::channel(LAG).0,
            inbox: Mutex::default(),
            hooks_listen: AtomicBool::new(false),
            muted: AtomicBool::new(false),
            arrived: Notify::new(),
        }
    }
}

impl Events {
    /// Whether it is worth building messages. Tests build and check them all.
    pub(super) fn wanted(&self) -> bool {
        let listened = self.readers.receiver_count() > 0 || self.hooks_listen.load(Ordering::Relaxed);
        (listened || cfg!(test)) && !self.muted.load(Ordering::Relaxed)
    }

    /// Publishes a message of a service's exchange. Words of the routing key that are not given are `_`.
    pub(super) fn publish(
        &self,
        service: &'static str,
        name: &'static str,
        words: &[(&str, &str)],
        routes: &[String],
        payload: Value,
    ) {
        let Some(known) = exchanges().get(&(service, name)) else { return };
        #[cfg(test)]
        tests::check(service, known, &payload);
        let event = Arc::new(Event {
            exchange: &known.full_name,
            routing_key: routing_key(known.exchange, words),
            cc: routes.iter().map(|route| format!("route.{route}")).collect(),
            payload,
        });
        if self.hooks_listen.load(Ordering::Relaxed) {
            let mut inbox = self.inbox();
            if inbox.len() == MAX_WAITING_MESSAGES {
                inbox.pop_front();
            }
            inbox.push_back(Arc::clone(&event));
            drop(inbox);
            self.arrived.notify_one();
        }
        // Nobody reads: that is no fault.
        drop(self.readers.send(event));
    }

    /// What is published from now on. A reader that lags behind misses the oldest messages.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.readers.subscribe()
    }

    /// Says whether hooks are bound to anything.
    pub(super) fn hooks_listen(&self, listen: bool) {
        self.hooks_listen.store(listen, Ordering::Relaxed);
    }

    /// At most so many messages that hooks have not seen yet, oldest first.
    pub(super) fn take(&self, at_most: usize) -> Vec<Arc<Event>> {
        let mut inbox = self.inbox();
        let count = at_most.min(inbox.len());
        inbox.drain(..count).collect()
    }

    /// Whether a history is being replayed.
    pub(super) fn is_muted(&self) -> bool {
        self.muted.load(Ordering::Relaxed)
    }

    /// Publishes nothing while a history is replayed that is long past.
    pub(super) fn mute(&self, muted: bool) {
        self.muted.store(muted, Ordering::Relaxed);
    }

    fn inbox(&self) -> MutexGuard<'_, VecDeque<Arc<Event>>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exchange of the references.
#[derive(Debug)]
pub(super) struct Known {
    pub exchange: &'static Exchange,
    /// With its prefix.
    pub full_name: String,
}

/// All exchanges of the references by service and name.
pub(super) fn exchanges() -> &'static HashMap<(&'static str, &'static str), Known> {
    static EXCHANGES: OnceLock<HashMap<(&'static str, &'static str), Known>> = OnceLock::new();
    EXCHANGES.get_or_init(|| {
        // The tests parse each embedded reference, so none is lost here.
        let services = Catalogue::embedded(Source::Current).services().unwrap_or_default();
        let of = |service: &'static Service| {
            let prefix = service.exchange_prefix.as_deref().unwrap_or_default();
            service.exchanges.iter().map(move |exchange| {
                let full_name = format!("{prefix}{}", exchange.exchange);
                ((&*service.service_name, &*exchange.name), Known { exchange, full_name })
            })
        };
        services.into_iter().flat_map(of).collect()
    })
}

fn routing_key(exchange: &Exchange, words: &[(&str, &str)]) -> String {
    let word = |entry: &crate::reference::RoutingKeyEntry| -> String {
        let given = words.iter().find(|(name, _)| *name == entry.name).map(|(_, word)| *word);
        entry.constant.as_deref().or(given).filter(|word| !word.is_empty()).unwrap_or("_").to_owned()
    };
    exchange.routing_key.iter().map(word).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Validator;
    use serde_json::json;
    use std::cell::RefCell;

    /// Checks a message against the schema of its exchange.
    pub(super) fn check(service: &str, known: &'static Known, payload: &Value) {
        thread_local! {
            static VALIDATORS: RefCell<HashMap<&'static str, Validator>> = RefCell::default();
        }
        let Some(file) = &known.exchange.schema else { return };
        let faults = VALIDATORS.with_borrow_mut(|validators| {
            let fresh =
                || Validator::new(Catalogue::embedded(Source::Current).service(service).unwrap(), file).unwrap();
            validators.entry(&known.full_name).or_insert_with(fresh).faults(payload)
        });
        assert!(faults.is_empty(), "{} published {payload}: {faults:?}", known.full_name);
    }

    #[test]
    fn a_routing_key_has_a_word_for_each_entry() {
        let events = Events::default();
        let mut reader = events.subscribe();
        let payload = json!({"clientId": "a/b", "version": 1});
        events.publish("auth", "clientCreated", &[], &[], payload.clone());
        let payload_of_notify = json!({"message": {}, "version": 1});
        events.publish("notify", "notify", &[("topic", "a.b")], &["a.b".into()], payload_of_notify);
        let event = reader.try_recv().unwrap();
        assert_eq!(event.exchange, "exchange/taskcluster-auth/v1/client-created");
        assert_eq!((event.routing_key.as_str(), &event.payload), ("_", &payload));
        let event = reader.try_recv().unwrap();
        assert_eq!((event.routing_key.as_str(), event.cc.as_slice()), ("primary.a.b", &["route.a.b".to_owned()][..]));
        assert!(event.fits("route.#") && event.fits("primary.*.b") && !event.fits("a.#"));
    }

    #[test]
    fn hooks_get_what_is_published_while_they_listen() {
        let events = Events::default();
        let publish = || events.publish("auth", "roleCreated", &[], &[], json!({"roleId": "r", "version": 1}));
        publish();
        events.hooks_listen(true);
        (0..MAX_WAITING_MESSAGES + 5).for_each(|_| publish());
        assert_eq!(events.take(10).len(), 10);
        assert_eq!(events.take(usize::MAX).len(), MAX_WAITING_MESSAGES - 10);
        events.mute(true);
        assert!(!events.wanted());
    }
}
