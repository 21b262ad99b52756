//! The other side of Pulse: what the services do.

use std::time::{Duration, Instant};

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use tokio::runtime::Runtime;

/// How long a listener may take until its queue is bound.
const UNTIL_BOUND: Duration = Duration::from_secs(180);

/// A publisher with a connection of its own.
pub struct Publisher {
    runtime: Runtime,
    _connection: Connection,
    channel: Channel,
}

impl Publisher {
    /// Connects to `amqp://user:password@host:port/vhost`.
    pub fn connect(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (connection, channel) = runtime.block_on(async {
            let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
            let channel = connection.create_channel().await.unwrap();
            channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
            (connection, channel)
        });
        Self { runtime, _connection: connection, channel }
    }

    /// A durable queue with everything of an exchange.
    pub fn queue(&self, name: &str, exchange: &str) {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        self.runtime.block_on(async {
            self.channel.queue_declare(name.into(), options, FieldTable::default()).await.unwrap();
            let options = QueueBindOptions::default();
            self.channel
                .queue_bind(name.into(), exchange.into(), "#".into(), options, FieldTable::default())
                .await
                .unwrap();
        });
    }

    /// Publishes a persistent message; false when no queue was bound for it.
    pub fn publish(&self, exchange: &str, key: &str, routes: &[&str], body: &[u8]) -> bool {
        let mut headers = FieldTable::default();
        let routes: Vec<AMQPValue> = routes.iter().map(|route| AMQPValue::LongString((*route).into())).collect();
        headers.insert("CC".into(), AMQPValue::FieldArray(routes.into()));
        let properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_content_type("application/json".into())
            .with_headers(headers);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let confirmation = self.runtime.block_on(async {
            self.channel
                .basic_publish(exchange.into(), key.into(), options, body, properties)
                .await
                .unwrap()
                .await
                .unwrap()
        });
        matches!(confirmation, Confirmation::Ack(None))
    }

    /// Publishes many persistent messages, and waits until the broker has all of them.
    pub fn publish_all(&self, exchange: &str, key: &str, bodies: impl Iterator<Item = Vec<u8>>) {
        self.runtime.block_on(async {
            let mut confirmations = Vec::new();
            for body in bodies {
                let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
                let properties = BasicProperties::default().with_delivery_mode(2);
                let sent = self.channel.basic_publish(exchange.into(), key.into(), options, &body, properties);
                confirmations.push(sent.await.unwrap());
            }
            for confirmation in confirmations {
                assert!(matches!(confirmation.await.unwrap(), Confirmation::Ack(None)), "a message found no queue");
            }
        });
    }

    /// Publishes as soon as somebody listens.
    pub fn publish_when_bound(&self, exchange: &str, key: &str, routes: &[&str], body: &[u8]) {
        let until = Instant::now() + UNTIL_BOUND;
        while !self.publish(exchange, key, routes, body) {
            assert!(Instant::now() < until, "nobody listens to {exchange}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
