//! One message, as it arrived.

use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lapin::Acker;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::types::{AMQPValue, FieldTable};
use serde_json::value::RawValue;
use thiserror::Error;

use super::binding::ROUTE_PREFIX;

/// The header in which RabbitMQ keeps the further routing keys of a message.
const CARBON_COPY: &str = "CC";

/// How often to look, while an answer of ours is under way, whether its connection is gone.
const SETTLING_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A message, to be acknowledged once it is dealt with.
///
/// One that is not, and all that came on a connection which is lost before it was, come again and are marked
/// as redelivered.
#[derive(Debug)]
pub struct Message {
    /// Name on the wire: `exchange/taskcluster-queue/v1/task-completed`.
    pub exchange: String,
    /// The primary routing key.
    pub routing_key: String,
    /// The routes of the task that it was sent to besides, as they stand in the task.
    pub routes: Vec<String>,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    /// When it arrived.
    pub time: DateTime<Utc>,
    body: Vec<u8>,
    acker: Acker,
}

/// A body that is no JSON.
#[derive(Debug, Error)]
#[error("a message of `{exchange}` is not JSON")]
pub struct NotJson {
    /// Name on the wire.
    pub exchange: String,
    /// What the parser says.
    pub reason: String,
}

impl Message {
    pub(super) fn new(delivery: Delivery, time: DateTime<Utc>) -> Self {
        let routes = delivery.properties.headers().as_ref().map(routes).unwrap_or_default();
        Self {
            exchange: delivery.exchange.to_string(),
            routing_key: delivery.routing_key.to_string(),
            routes,
            redelivered: delivery.redelivered,
            time,
            body: delivery.data,
            acker: delivery.acker,
        }
    }

    /// The body, byte for byte.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON, unparsed.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn payload(&self) -> Result<&RawValue, NotJson> {
        serde_json::from_slice(&self.body)
            .map_err(|error| NotJson { exchange: self.exchange.clone(), reason: error.to_string() })
    }

    /// Tells the broker that this message is dealt with. False when that came too late, because the connection is gone:
    /// the message will come again.
    pub async fn ack(&self) -> bool {
        self.settled(self.acker.ack(BasicAckOptions::default())).await
    }

    /// Tells the broker that this message and all that came before it on its connection are dealt with. False as
    /// with [`Message::ack`].
    pub async fn ack_through(&self) -> bool {
        self.settled(self.acker.ack(BasicAckOptions { multiple: true })).await
    }

    /// Gives the message back: it comes again, to whoever listens to the queue.
    pub async fn requeue(&self) -> bool {
        self.settled(self.acker.nack(BasicNackOptions { multiple: false, requeue: true })).await
    }

    async fn settled(&self, settling: impl Future<Output = lapin::Result<bool>>) -> bool {
        unless_gone(settling, || self.acker.poisoned()).await
    }
}

/// What `settling` comes to; false as soon as the connection is found to be gone.
///
/// `lapin` hands commands to a task of the connection over a queue. One that is put there after the task was told to end,
/// and before it has, is never answered, and waiting for it would be for ever.
async fn unless_gone(settling: impl Future<Output = lapin::Result<bool>>, is_gone: impl Fn() -> bool) -> bool {
    let mut settling = pin!(settling);
    loop {
        match tokio::time::timeout(SETTLING_CHECK_INTERVAL, &mut settling).await {
            Ok(settled) => return settled.unwrap_or(false),
            Err(_) if is_gone() => return false,
            Err(_) => {}
        }
    }
}

/// The routes in the headers of a message. Other further routing keys are of no service of Taskcluster.
fn routes(headers: &FieldTable) -> Vec<String> {
    let Some(AMQPValue::FieldArray(keys)) = headers.inner().get(CARBON_COPY) else { return Vec::new() };
    let text = |value: &AMQPValue| match value {
        AMQPValue::LongString(text) => String::from_utf8(text.as_bytes().to_vec()).ok(),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    };
    let keys = keys.as_slice().iter().filter_map(text);
    keys.filter_map(|key| key.strip_prefix(ROUTE_PREFIX).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(headers: FieldTable, body: &[u8]) -> Message {
        let mut delivery = Delivery::mock(7, "e".into(), "k.é".into(), true, body.to_vec());
        delivery.properties = lapin::BasicProperties::default().with_headers(headers);
        Message::new(delivery, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn routes_are_as_in_the_task() {
        let mut headers = FieldTable::default();
        let keys = [
            AMQPValue::LongString("route.index.rec.latest".into()),
            AMQPValue::ShortString("route.a".into()),
            AMQPValue::LongString("other.key".into()),
            AMQPValue::LongString(vec![0xff].into()),
            AMQPValue::Boolean(true),
        ];
        headers.insert(CARBON_COPY.into(), AMQPValue::FieldArray(keys.to_vec().into()));
        let message = message(headers, b"{}");
        assert_eq!(message.routes, ["index.rec.latest", "a"]);
        assert_eq!((message.exchange.as_str(), message.routing_key.as_str(), message.redelivered), ("e", "k.é", true));
    }

    #[tokio::test(start_paused = true)]
    async fn an_acknowledgement_that_a_lost_connection_swallowed_is_not_waited_for() {
        let began = tokio::time::Instant::now();
        let is_gone = || began.elapsed() > Duration::from_secs(3);
        assert!(!unless_gone(std::future::pending(), is_gone).await);
        assert_eq!(began.elapsed().as_secs(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn an_acknowledgement_may_take_its_time_while_the_connection_is_there() {
        let slow = async {
            tokio::time::sleep(Duration::from_secs(100)).await;
            Ok(true)
        };
        assert!(unless_gone(slow, || false).await);
    }

    #[test]
    fn a_payload_keeps_its_bytes() {
        assert_eq!(message(FieldTable::default(), br#"{"a": 1.0}"#).payload().unwrap().get(), r#"{"a": 1.0}"#);
        let error = message(FieldTable::default(), b"hello").payload().unwrap_err();
        assert_eq!(error.to_string(), "a message of `e` is not JSON");
        assert!(message(FieldTable::default(), b"").payload().is_err());
    }
}
