//! Messages as a stream that outlives its connections.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::Stream;

use super::backoff::{OUTAGE_LIMIT, Outage};
use super::binding::Binding;
use super::broker::Broker;
use super::classify::reason;
use super::fault::PulseError;
use super::message::Message;
use super::queue::Queue;
use super::session::{self, ConsumerPlan, Session};
use super::socket::Trust;
use crate::clock::{SharedClock, SystemClock};

/// How many messages may be on their way or not yet acknowledged when nobody says otherwise.
pub const DEFAULT_PREFETCH: u16 = 500;

/// How often to try to connect at first, after the first time, when nobody says otherwise.
const DEFAULT_RETRIES: u32 = 5;

/// An event of the connection that a listener may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// There is no connection yet; another try follows.
    Retrying {
        /// Why the last one failed.
        cause: String,
    },
    /// The connection is gone; it is being made anew.
    Lost {
        /// Why.
        reason: String,
    },
    /// The connection is there again, with its bindings.
    Restored {
        /// How long it was gone.
        after: Duration,
        /// Whether messages of that time are lost, because the queue ended with the old connection.
        is_lossy: bool,
    },
}

type Observer = Arc<dyn Fn(&Notice) + Send + Sync>;

/// Puts a [`Consumer`] together.
#[must_use = "a builder does nothing until it connects"]
pub struct ConsumerBuilder {
    plan: ConsumerPlan,
    retries: u32,
    outage_limit: Duration,
    clock: SharedClock,
    observer: Observer,
}

impl ConsumerBuilder {
    /// One more exchange and pattern to listen to.
    pub fn binding(mut self, binding: Binding) -> Self {
        self.plan.bindings.push(binding);
        self
    }

    /// More of them.
    pub fn bindings(mut self, bindings: impl IntoIterator<Item = Binding>) -> Self {
        self.plan.bindings.extend(bindings);
        self
    }

    /// The queue; a transient one by default.
    pub fn queue(mut self, queue: Queue) -> Self {
        self.plan.queue = queue;
        self
    }

    /// How many messages may be on their way or not yet acknowledged: [`DEFAULT_PREFETCH`] by default, at least 1.
    pub fn prefetch(mut self, messages: u16) -> Self {
        self.plan.prefetch = messages.max(1);
        self
    }

    /// Whose certificates to trust: the system's by default.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.plan.trust = trust;
        self
    }

    /// How often to try to connect again before there is a first connection: 5 by default.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How long a connection that was there may be gone: ten minutes by default.
    pub fn outage_limit(mut self, limit: Duration) -> Self {
        self.outage_limit = limit;
        self
    }

    /// Where the time comes from.
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// Called for lost and restored connections.
    pub fn on_notice(mut self, observer: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Connects, declares the queue, binds it, and starts to consume. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// When the broker refuses any of it, or cannot be reached after all tries.
    pub async fn connect(self) -> Result<Consumer, PulseError> {
        let shared = Arc::new(self);
        let session = shared.open(Outage::of_start(shared.retries), false).await?;
        Ok(Consumer { queue: session.queue.clone(), shared, state: State::Live(session) })
    }

    /// Tries until it works, it is enough, or what is wrong will not pass.
    async fn open(&self, mut outage: Outage, is_return: bool) -> Result<Box<Session>, PulseError> {
        let began = self.clock.now();
        loop {
            let error = match Session::open(&self.plan, is_return).await {
                Ok(session) => return Ok(Box::new(session)),
                // The broker may not yet have noticed that the old connection is gone.
                Err(error) if error.may_pass() || is_return && matches!(error, PulseError::QueueBusy { .. }) => error,
                Err(error) => return Err(error),
            };
            let elapsed = (self.clock.now() - began).to_std().unwrap_or_default();
            let Some(wait) = outage.next_wait(elapsed, fastrand::f64()) else {
                return Err(match error {
                    PulseError::Unreachable { address, cause, .. } => {
                        PulseError::Unreachable { address, cause, tries: outage.tries() }
                    }
                    other => other,
                });
            };
            if !is_return && outage.tries() == 1 {
                (self.observer)(&Notice::Retrying { cause: describe(&error) });
            }
            self.clock.sleep(wait).await;
        }
    }

    /// Another connection in place of one that is gone.
    async fn restore(self: Arc<Self>, reason: String) -> Result<Box<Session>, PulseError> {
        (self.observer)(&Notice::Lost { reason });
        let began = self.clock.now();
        let session = self.open(Outage::of_connection(self.outage_limit), true).await?;
        let after = (self.clock.now() - began).to_std().unwrap_or_default();
        (self.observer)(&Notice::Restored { after, is_lossy: !self.plan.queue.is_durable() });
        Ok(session)
    }

    /// The broker ended the consumer and not the connection: the queue has been deleted, or has moved to another node.
    async fn replace(self: Arc<Self>, ended: Box<Session>) -> Result<Box<Session>, PulseError> {
        if let Ok(false) = ended.has_queue(&self.plan.broker).await {
            let queue = ended.queue.clone();
            ended.close().await;
            return Err(PulseError::QueueDeleted { queue });
        }
        self.restore("the broker stopped sending".into()).await
    }
}

/// What failed, with its cause, in one line.
fn describe(error: &PulseError) -> String {
    match error.cause() {
        "" => error.to_string(),
        cause => format!("{error}: {cause}"),
    }
}

/// Messages, as they arrive; ends after an error that will not pass.
///
/// Lost connections are made anew with all bindings. Each message is to be acknowledged through [`Message::ack`] or
/// [`Message::ack_through`]; no more than the prefetch arrive before.
pub struct Consumer {
    shared: Arc<ConsumerBuilder>,
    queue: String,
    state: State,
}

enum State {
    Live(Box<Session>),
    Away(BoxFuture<'static, Result<Box<Session>, PulseError>>),
    Ended,
}

impl Consumer {
    /// Starts with a transient queue and nothing bound to it.
    pub fn builder(broker: Broker) -> ConsumerBuilder {
        ConsumerBuilder {
            plan: ConsumerPlan {
                broker,
                bindings: Vec::new(),
                queue: Queue::transient(),
                prefetch: DEFAULT_PREFETCH,
                trust: Trust::default(),
            },
            retries: DEFAULT_RETRIES,
            outage_limit: OUTAGE_LIMIT,
            clock: Arc::new(SystemClock),
            observer: Arc::new(|_| {}),
        }
    }

    /// The queue's full name; a transient queue without a name of its own has another one on each connection.
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// Ends the connection politely: what is not acknowledged is free for others at once.
    pub async fn close(mut self) {
        if let State::Live(session) = std::mem::replace(&mut self.state, State::Ended) {
            session.close().await;
        }
    }
}

impl Stream for Consumer {
    type Item = Result<Message, PulseError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            this.state = match &mut this.state {
                State::Live(session) => match ready!(Pin::new(&mut session.deliveries).poll_next(context)) {
                    Some(Ok(delivery)) => {
                        return Poll::Ready(Some(Ok(Message::new(delivery, this.shared.clock.now()))));
                    }
                    Some(Err(error)) => State::Away(Arc::clone(&this.shared).restore(reason(&error)).boxed()),
                    None => match std::mem::replace(&mut this.state, State::Ended) {
                        State::Live(ended) => State::Away(Arc::clone(&this.shared).replace(ended).boxed()),
                        other => other,
                    },
                },
                State::Away(restoring) => match ready!(restoring.poll_unpin(context)) {
                    Ok(session) => {
                        this.queue.clone_from(&session.queue);
                        State::Live(session)
                    }
                    Err(error) => {
                        this.state = State::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                State::Ended => return Poll::Ready(None),
            };
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("queue", &self.queue).finish_non_exhaustive()
    }
}

/// Deletes a queue with what is in it; the number of messages that were. Must run inside a tokio runtime.
///
/// # Errors
/// When there is no such queue, or the broker refuses.
pub async fn delete_queue(broker: &Broker, trust: &Trust, queue: &Queue) -> Result<u32, PulseError> {
    session::delete(broker, trust, queue).await
}
