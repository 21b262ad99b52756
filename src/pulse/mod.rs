//! Pulse: what a deployment's services tell of, over AMQP 0-9-1.
//!
//! Which exchange and which routing keys to ask for is a function of the references ([`binding`]); a [`Consumer`] is a
//! stream of what arrives, which outlives lost connections and restarted brokers.
//!
//! ```no_run
//! use futures::StreamExt as _;
//! use tc::pulse::{Broker, Consumer, binding};
//!
//! # async fn example() -> Result<(), tc::Error> {
//! let broker = Broker::from_environment(&tc::Environment::from_process())?;
//! let failed = binding("queue", "taskFailed").word("taskGroupId", "fN1SbArXTPSVFNUvaOlinQ").build()?;
//! let mut consumer = Consumer::builder(broker).binding(failed).connect().await?;
//! while let Some(message) = consumer.next().await {
//!     let message = message?;
//!     println!("{}", message.payload()?.get());
//!     message.ack().await;
//! }
//! # Ok(())
//! # }
//! ```

mod backoff;
mod binding;
mod broker;
mod classify;
mod consumer;
mod convert;
mod fault;
mod message;
mod queue;
mod routing;
mod session;
mod socket;
mod text;

pub use binding::{Binding, BindingBuilder, BindingError, binding};
pub use broker::{Broker, BrokerError};
pub use consumer::{Consumer, ConsumerBuilder, DEFAULT_PREFETCH, Notice, delete_queue};
pub use fault::PulseError;
pub use message::{Message, NotJson};
pub use queue::Queue;
pub(crate) use routing::describe_by;
pub use routing::{describe, names, wire_name};
pub(crate) use session::open_connection;
pub use socket::Trust;
pub use text::parse_binding;
pub(crate) use text::parse_name;
