//! One connection: the queue is declared, bound and consumed anew on each.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Channel, Connection, ConnectionProperties};
use rustls::ClientConfig;

use super::binding::Binding;
use super::broker::Broker;
use super::classify::{Step, classify};
use super::fault::PulseError;
use super::queue::Queue;
use super::socket::{Kit, Trust, connect};

/// How long it may take from the first packet to the first message.
const OPENING_LIMIT: Duration = Duration::from_secs(30);

/// How long a polite end may take.
const CLOSING_LIMIT: Duration = Duration::from_secs(2);

/// Both sides speak at least this often. A connection that is silent for twice as long is gone.
const HEARTBEAT_SECONDS: u16 = 30;

/// The largest piece of a message, in bytes. `lapin` keeps room for 32 of them in each direction.
const FRAME_BYTES: u32 = 1 << 16;

/// A normal end, as AMQP 0-9-1 calls it.
const REPLY_SUCCESS: u16 = 200;

/// What is wanted of a broker.
#[derive(Debug, Clone)]
pub(super) struct ConsumerPlan {
    pub(super) broker: Broker,
    pub(super) bindings: Vec<Binding>,
    pub(super) queue: Queue,
    /// How many messages may be on their way or not yet acknowledged.
    pub(super) prefetch: u16,
    pub(super) trust: Trust,
}

/// A connection on which messages arrive.
pub(super) struct Session {
    connection: Connection,
    // The channel lives as long as somebody holds it.
    _channel: Channel,
    pub(super) deliveries: lapin::Consumer,
    pub(super) queue: String,
}

impl Session {
    /// Connects, declares, binds and consumes. `is_return` after a connection that worked: a durable queue must be
    /// there then.
    pub(super) async fn open(plan: &ConsumerPlan, is_return: bool) -> Result<Self, PulseError> {
        within_limit(&plan.broker, Self::open_now(plan, is_return)).await
    }

    async fn open_now(plan: &ConsumerPlan, is_return: bool) -> Result<Self, PulseError> {
        let broker = &plan.broker;
        let connection = open_connection(broker, &plan.trust).await?;
        let failed = |step| move |error: lapin::Error| classify(&error, step, broker);
        let channel = connection.create_channel().await.map_err(failed(Step::Connect))?;
        let queue = plan.queue.full_name(&broker.user, || format!("tc-{}", slugid::nice()));
        let durable = plan.queue.is_durable();
        let options = QueueDeclareOptions {
            passive: durable && is_return,
            durable,
            exclusive: !durable,
            auto_delete: !durable,
            nowait: false,
        };
        let declared = channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await;
        declared.map_err(failed(Step::Queue(&queue))).map_err(|error| match error {
            PulseError::QueueMissing { queue } if is_return => PulseError::QueueDeleted { queue },
            other => other,
        })?;
        for Binding { exchange, pattern } in &plan.bindings {
            let (queue_name, options) = (queue.as_str().into(), QueueBindOptions::default());
            let bound = channel
                .queue_bind(
                    queue_name,
                    exchange.as_str().into(),
                    pattern.as_str().into(),
                    options,
                    FieldTable::default(),
                )
                .await;
            bound.map_err(failed(Step::Bind(&queue, exchange)))?;
        }
        let limited = channel.basic_qos(plan.prefetch, BasicQosOptions::default()).await;
        limited.map_err(failed(Step::Queue(&queue)))?;
        let options = BasicConsumeOptions::default();
        let deliveries = channel.basic_consume(queue.as_str().into(), "".into(), options, FieldTable::default()).await;
        let deliveries = deliveries.map_err(failed(Step::Queue(&queue)))?;
        Ok(Self { connection, _channel: channel, deliveries, queue })
    }

    /// Whether the queue is there: asked when the broker ends the consumer while the connection lives on.
    pub(super) async fn has_queue(&self, broker: &Broker) -> Result<bool, PulseError> {
        within_limit(broker, has_queue(&self.connection, &self.queue, broker)).await
    }

    /// Ends the connection, so that what is not acknowledged is free for others at once.
    pub(super) async fn close(self) {
        close(&self.connection).await;
    }
}

/// Deletes a queue with what is in it; the number of messages that were.
pub(super) async fn delete(broker: &Broker, trust: &Trust, queue: &Queue) -> Result<u32, PulseError> {
    let work = async {
        let name = queue.full_name(&broker.user, String::new);
        let connection = open_connection(broker, trust).await?;
        // A broker calls it a success to delete what is not there.
        if !has_queue(&connection, &name, broker).await? {
            return Err(PulseError::QueueMissing { queue: name });
        }
        let failed = |error: lapin::Error| classify(&error, Step::Queue(&name), broker);
        let channel = connection.create_channel().await.map_err(failed)?;
        let deleted = channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await;
        let messages = deleted.map_err(failed)?;
        close(&connection).await;
        Ok(messages)
    };
    within_limit(broker, work).await
}

async fn has_queue(connection: &Connection, queue: &str, broker: &Broker) -> Result<bool, PulseError> {
    let failed = |error: lapin::Error| classify(&error, Step::Queue(queue), broker);
    let channel = connection.create_channel().await.map_err(failed)?;
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    match channel.queue_declare(queue.into(), options, FieldTable::default()).await.map_err(failed) {
        Ok(_) => Ok(true),
        Err(PulseError::QueueMissing { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}

pub(crate) async fn open_connection(broker: &Broker, trust: &Trust) -> Result<Connection, PulseError> {
    let tls: Option<Arc<ClientConfig>> = broker.is_secure.then(|| trust.config()).transpose()?;
    let (host, port) = (broker.host.clone(), broker.port);
    let connect = async move |_: AMQPUri, _| Ok(connect(&host, port, tls.clone()).await?);
    let name = concat!("tc/", env!("CARGO_PKG_VERSION"));
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    Connection::connector(address(broker), Kit::current(), connect, properties)
        .await
        .map_err(|error| classify(&error, Step::Connect, broker))
}

/// The broker in the words of `lapin`, which is told of TLS by the stream that it gets.
fn address(broker: &Broker) -> AMQPUri {
    let userinfo = AMQPUserInfo { username: broker.user.clone(), password: broker.password.reveal().to_owned() };
    AMQPUri {
        scheme: AMQPScheme::AMQP,
        authority: AMQPAuthority { userinfo, host: broker.host.clone(), port: broker.port },
        vhost: broker.virtual_host.clone(),
        query: AMQPQueryString {
            frame_max: Some(FRAME_BYTES),
            heartbeat: Some(HEARTBEAT_SECONDS),
            ..AMQPQueryString::default()
        },
    }
}

async fn close(connection: &Connection) {
    let close = connection.close(REPLY_SUCCESS, "OK".into());
    // The connection ends with the process anyway, only later.
    drop(tokio::time::timeout(CLOSING_LIMIT, close).await);
}

async fn within_limit<T>(broker: &Broker, work: impl Future<Output = Result<T, PulseError>>) -> Result<T, PulseError> {
    tokio::time::timeout(OPENING_LIMIT, work).await.unwrap_or_else(|_| {
        let cause = format!("no answer within {} s", OPENING_LIMIT.as_secs());
        Err(PulseError::Unreachable { address: broker.address(), cause, tries: 1 })
    })
}
