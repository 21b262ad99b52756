//! Messages to a broker: whoever listens there gets what real services would have published.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ExchangeKind};
use tokio::runtime::Runtime;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::{Event, Events, exchanges};
use crate::domain::Secret;
use crate::error::{Error, Kind, Result};
use crate::pulse::{Broker, PulseError, Trust, open_connection};

/// How long the first connection may take.
const FIRST_CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// How many messages are sent before their confirmation is waited for.
const UNCONFIRMED_MESSAGES: usize = 256;

/// The first pause after a lost connection, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Messages are kept on the broker's disk, as those of real services are.
const PERSISTENT: u8 = 2;

/// Connects to a broker, declares the exchanges of all services, and publishes from now on.
///
/// A lost connection is made anew, and what was not confirmed is sent again: a consumer may get a message twice.
///
/// # Errors
/// When there is no such broker, or it refuses the credentials or the exchanges.
pub(in crate::sandbox) fn start(runtime: &Runtime, events: &Events, url: &Secret) -> Result<()> {
    let broker = Broker::from_url("the URL of the broker", url).map_err(|fault| Error::usage(fault.to_string()))?;
    let address = broker.address();
    let cannot = |reason: String| {
        Error::new(Kind::Unavailable, format!("cannot publish to the broker at {address}: {reason}"))
            .hint("Check its URL: amqp://USER:PASSWORD@HOST:PORT/VHOST.")
    };
    let (ready, told) = std::sync::mpsc::channel();
    let reader = events.subscribe();
    runtime.spawn(async move {
        let session = loop {
            match open(&broker).await {
                Ok(session) => break session,
                // A broker that is about to start takes connections, and drops them.
                Err(error) if is_starting(&error) => tokio::time::sleep(FIRST_PAUSE).await,
                Err(error) => return ready.send(Err(describe(&error))).unwrap_or_default(),
            }
        };
        ready.send(Ok(())).unwrap_or_default();
        publish(reader, session, &broker).await;
    });
    match told.recv_timeout(FIRST_CONNECTION_TIMEOUT) {
        Ok(outcome) => outcome.map_err(cannot),
        Err(_) => Err(cannot("it does not answer".into())),
    }
}

/// A connection with its channel.
struct Session {
    channel: Channel,
    /// The channel lives as long as its connection.
    _connection: Connection,
}

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Whether somebody listens who does not answer yet.
fn is_starting(error: &Fault) -> bool {
    let is_dropped = |cause: &str| ["reset", "closed", "eof"].iter().any(|word| cause.to_lowercase().contains(word));
    matches!(error.downcast_ref(), Some(PulseError::Unreachable { cause, .. }) if is_dropped(cause))
}

/// What failed, with its cause.
fn describe(error: &Fault) -> String {
    match error.downcast_ref().map_or("", PulseError::cause) {
        "" => error.to_string(),
        cause => format!("{error}: {cause}"),
    }
}

async fn open(broker: &Broker) -> std::result::Result<Session, Fault> {
    let connection = open_connection(broker, &Trust::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    for known in exchanges().values() {
        let name = known.full_name.as_str().into();
        channel.exchange_declare(name, ExchangeKind::Topic, durable, FieldTable::default()).await?;
    }
    Ok(Session { channel, _connection: connection })
}

/// Sends what is published for as long as there is a sandbox.
async fn publish(mut reader: Receiver<Arc<Event>>, mut session: Session, broker: &Broker) {
    while let Some(batch) = next_batch(&mut reader).await {
        while let Err(error) = send(&session.channel, &batch).await {
            tracing::warn!("the connection to the broker is lost: {error}");
            session = reconnect(broker).await;
        }
    }
}

/// The messages that are there, at least one; none when the sandbox is gone.
async fn next_batch(reader: &mut Receiver<Arc<Event>>) -> Option<Vec<Arc<Event>>> {
    let mut batch = Vec::new();
    while batch.len() < UNCONFIRMED_MESSAGES {
        let next = if batch.is_empty() {
            reader.recv().await
        } else {
            match reader.try_recv() {
                Ok(event) => Ok(event),
                Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        };
        match next {
            Ok(event) => batch.push(event),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!("{missed} messages were not published: the broker was too slow or away for too long");
            }
            Err(RecvError::Closed) => return None,
        }
    }
    Some(batch)
}

async fn send(channel: &Channel, batch: &[Arc<Event>]) -> lapin::Result<()> {
    let mut confirmations = Vec::with_capacity(batch.len());
    for event in batch {
        let body = event.payload.to_string();
        let (exchange, key) = (event.exchange.into(), event.routing_key.as_str().into());
        let options = BasicPublishOptions::default();
        confirmations.push(channel.basic_publish(exchange, key, options, body.as_bytes(), properties(event)).await?);
    }
    join_all(confirmations).await.into_iter().try_for_each(|confirmed| confirmed.map(drop))
}

fn properties(event: &Event) -> BasicProperties {
    let mut headers = FieldTable::default();
    if !event.cc.is_empty() {
        let keys: Vec<AMQPValue> = event.cc.iter().map(|key| AMQPValue::LongString(key.as_str().into())).collect();
        headers.insert("CC".into(), AMQPValue::FieldArray(FieldArray::from(keys)));
    }
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_headers(headers)
}

async fn reconnect(broker: &Broker) -> Session {
    let mut pause = FIRST_PAUSE;
    loop {
        match open(broker).await {
            Ok(session) => return session,
            Err(error) => tracing::debug!("the broker cannot be reached: {error}"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
