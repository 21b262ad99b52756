//! What a queue is called and how long it lives. Pure.

/// A queue, before it is declared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue {
    name: Option<String>,
    durable: bool,
}

impl Queue {
    /// A queue of this consumer's own, which ends with its connection.
    pub fn transient() -> Self {
        Self::default()
    }

    /// A queue that goes on collecting while nobody listens. Whoever does not empty it may lose it: Pulse deletes
    /// queues that grow too long.
    pub fn durable(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), durable: true }
    }

    /// The same as [`Queue::transient`] with a name that can be recognised.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), durable: false }
    }

    /// Whether it goes on collecting while nobody listens.
    pub fn is_durable(&self) -> bool {
        self.durable
    }

    /// Its full name, for which Pulse has a rule: `queue/<user>/<name>`. A full name stays as it is; `unique` stands
    /// in where there is none.
    pub fn full_name(&self, user: &str, unique: impl FnOnce() -> String) -> String {
        match &self.name {
            Some(name) if name.starts_with("queue/") => name.clone(),
            Some(name) => format!("queue/{user}/{name}"),
            None => format!("queue/{user}/{}", unique()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_full() {
        let full = |queue: Queue| queue.full_name("bob", || "unique".into());
        assert_eq!(full(Queue::transient()), "queue/bob/unique");
        assert_eq!(full(Queue::named("mine")), "queue/bob/mine");
        assert_eq!(full(Queue::durable("queue/alice/hers")), "queue/alice/hers");
        assert!(Queue::durable("x").is_durable() && !Queue::named("x").is_durable());
    }
}
