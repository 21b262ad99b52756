//! Exchange and routing-key pattern of what is to be listened to. Pure.

use thiserror::Error;

use super::routing::{squeeze, wire_name, words};
use crate::reference::{Catalogue, Exchange, LookupError, RoutingKeyEntry, Service, Source, suggest};

/// What stands before a task's own route in the routing keys that a message is sent to besides its primary one.
pub(super) const ROUTE_PREFIX: &str = "route.";

/// The longest exchange name or routing key that AMQP 0-9-1 can carry, in bytes (its `shortstr`).
const SHORT_STRING_BYTES: usize = 255;

/// An exchange, and a pattern for the routing keys of its messages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Binding {
    /// Name on the wire: `exchange/taskcluster-queue/v1/task-completed`.
    pub exchange: String,
    /// `*` stands for one word, `#` for any number of them.
    pub pattern: String,
}

/// Why there is no such binding.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BindingError {
    /// There is no such service.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The service has no such exchange.
    #[error("the {service} service has no exchange `{name}`")]
    Exchange {
        /// The service.
        service: String,
        /// As it was asked for.
        name: String,
        /// Names that resemble it, best first.
        similar: Vec<String>,
        /// All exchanges of the service.
        exchanges: Vec<String>,
    },
    /// The routing keys of the exchange have no such word.
    #[error("routing keys of {exchange} have no word `{word}`")]
    Word {
        /// `queue.taskCompleted`.
        exchange: String,
        /// As it was asked for.
        word: String,
        /// The words that can be given.
        words: Vec<String>,
    },
    /// A value with a dot where the routing key has one word.
    #[error("`{word}` is one word of the routing key and cannot hold a dot: `{value}`")]
    Dot {
        /// The word.
        word: String,
        /// As it was given.
        value: String,
        /// Those words of the exchange that may hold dots.
        multiple: Vec<String>,
        /// The words that can be given.
        words: Vec<String>,
    },
    /// A value for a word that is always the same.
    #[error("`{word}` is always `{constant}` in routing keys of {exchange}")]
    Constant {
        /// `queue.taskCompleted`.
        exchange: String,
        /// The word.
        word: String,
        /// What it always is.
        constant: String,
    },
    /// A word without a value.
    #[error("`{word}` has no value")]
    Empty {
        /// The word.
        word: String,
    },
    /// More than AMQP can carry.
    #[error("{what} is longer than {SHORT_STRING_BYTES} bytes")]
    TooLong {
        /// `the routing key pattern`.
        what: &'static str,
    },
    /// A text that names no exchange.
    #[error("invalid binding `{text}`")]
    Text {
        /// As it was given.
        text: String,
    },
}

/// Starts a binding to an exchange by name, in any spelling: `binding("queue", "taskCompleted")`.
pub fn binding(service: impl Into<String>, exchange: impl Into<String>) -> BindingBuilder {
    BindingBuilder {
        source: Source::Current,
        service: service.into(),
        exchange: exchange.into(),
        words: Vec::new(),
        route: None,
    }
}

/// Puts a [`Binding`] together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a builder does nothing until it is built"]
pub struct BindingBuilder {
    source: Source,
    service: String,
    exchange: String,
    words: Vec<(String, String)>,
    route: Option<String>,
}

impl BindingBuilder {
    /// The exchanges of 2018 in place of today's.
    pub fn legacy(mut self) -> Self {
        self.source = Source::Legacy;
        self
    }

    /// Only messages whose routing key has this value at the word of this name (`taskId`, `task-id`).
    pub fn word(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.words.push((name.into(), value.to_string()));
        self
    }

    /// Only messages of what has this route (`index.project.*`), in place of those with certain words.
    pub fn route(mut self, route: impl Into<String>) -> Self {
        self.route = Some(route.into());
        self
    }

    /// Whether words have been given.
    pub(crate) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// The binding.
    ///
    /// # Errors
    /// When there is no such exchange, it has no such word, or a value does not fit.
    pub fn build(self) -> Result<Binding, BindingError> {
        let catalogue = Catalogue::embedded(self.source);
        self.build_in(catalogue)
    }

    /// The binding to an exchange of this catalogue, whichever was chosen before.
    pub(crate) fn build_in(self, catalogue: &Catalogue) -> Result<Binding, BindingError> {
        let (service, exchange) = find(catalogue, &self.service, &self.exchange)?;
        let pattern = match self.route {
            Some(route) if route.is_empty() => return Err(BindingError::Empty { word: "route".into() }),
            Some(route) => format!("{ROUTE_PREFIX}{route}"),
            None => pattern(service, exchange, &self.words)?,
        };
        Binding { exchange: wire_name(service, exchange), pattern }.checked()
    }
}

impl Binding {
    /// A binding by its names on the wire, which need not be Taskcluster's.
    ///
    /// # Errors
    /// When one is longer than AMQP can carry, or the exchange has no name.
    pub fn raw(exchange: impl Into<String>, pattern: impl Into<String>) -> Result<Self, BindingError> {
        let binding = Self { exchange: exchange.into(), pattern: pattern.into() };
        if binding.exchange.is_empty() {
            return Err(BindingError::Empty { word: "exchange".into() });
        }
        binding.checked()
    }

    fn checked(self) -> Result<Self, BindingError> {
        if self.exchange.len() > SHORT_STRING_BYTES {
            return Err(BindingError::TooLong { what: "the name of the exchange" });
        }
        if self.pattern.len() > SHORT_STRING_BYTES {
            return Err(BindingError::TooLong { what: "the routing key pattern" });
        }
        Ok(self)
    }
}

/// The service and the exchange of these names, in any spelling.
///
/// # Errors
/// When there is none, with the names that resemble it.
pub(super) fn find<'c>(
    catalogue: &'c Catalogue,
    service: &str,
    name: &str,
) -> Result<(&'c Service, &'c Exchange), BindingError> {
    let service = catalogue.service(service)?;
    let wanted = squeeze(name);
    let found = service.exchanges.iter().find(|exchange| exchange.name == name).or_else(|| {
        service
            .exchanges
            .iter()
            .find(|exchange| squeeze(&exchange.name) == wanted || squeeze(&exchange.exchange) == wanted)
    });
    found.map(|exchange| (service, exchange)).ok_or_else(|| {
        let names = service.exchanges.iter().map(|exchange| exchange.name.as_str());
        BindingError::Exchange {
            service: service.service_name.clone(),
            name: name.into(),
            similar: suggest(name, names.clone()).into_iter().map(Into::into).collect(),
            exchanges: names.map(Into::into).collect(),
        }
    })
}

/// The routing-key pattern: each word's value, else its constant, else a wildcard.
fn pattern(service: &Service, exchange: &Exchange, given: &[(String, String)]) -> Result<String, BindingError> {
    let name = || format!("{}.{}", service.service_name, exchange.name);
    for (word, value) in given {
        let wanted = squeeze(word);
        let entry = exchange.routing_key.iter().find(|entry| squeeze(&entry.name) == wanted);
        match entry {
            None => return Err(BindingError::Word { exchange: name(), word: word.clone(), words: words(exchange) }),
            Some(entry) => check(entry, value, exchange, name)?,
        }
    }
    let value = |entry: &RoutingKeyEntry| {
        let wanted = squeeze(&entry.name);
        let given = given.iter().rev().find(|(word, _)| squeeze(word) == wanted).map(|(_, value)| value.as_str());
        let wildcard = if entry.multiple_words { "#" } else { "*" };
        entry.constant.as_deref().or(given).unwrap_or(wildcard).to_owned()
    };
    Ok(exchange.routing_key.iter().map(value).collect::<Vec<_>>().join("."))
}

fn check(
    entry: &RoutingKeyEntry,
    value: &str,
    exchange: &Exchange,
    name: impl Fn() -> String,
) -> Result<(), BindingError> {
    if let Some(constant) = entry.constant.as_deref().filter(|constant| *constant != value) {
        let (word, constant) = (entry.name.clone(), constant.to_owned());
        return Err(BindingError::Constant { exchange: name(), word, constant });
    }
    if value.is_empty() {
        return Err(BindingError::Empty { word: entry.name.clone() });
    }
    if value.contains('.') && !entry.multiple_words {
        let multiple = exchange.routing_key.iter().filter(|entry| entry.multiple_words);
        return Err(BindingError::Dot {
            word: entry.name.clone(),
            value: value.into(),
            multiple: multiple.map(|entry| entry.name.clone()).collect(),
            words: words(exchange),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern_of(builder: BindingBuilder) -> String {
        builder.build().unwrap().pattern
    }

    #[test]
    fn absent_words_are_wildcards_and_constants_stand() {
        let binding = binding("queue", "taskCompleted").word("taskId", "VESwp9JaRo-XkFN_bemBhw").build().unwrap();
        assert_eq!(binding.exchange, "exchange/taskcluster-queue/v1/task-completed");
        assert_eq!(binding.pattern, "primary.VESwp9JaRo-XkFN_bemBhw.*.*.*.*.*.*.*.#");
    }

    #[test]
    fn names_are_taken_in_every_spelling() {
        let one = pattern_of(binding("QueueEvents", "task-completed").word("task-group-id", "a"));
        assert_eq!(one, pattern_of(binding("queue", "TASKCOMPLETED").word("taskGroupId", "a")));
        assert_eq!(one, "primary.*.*.*.*.*.*.*.a.#");
        assert_eq!(binding("workerManager", "workerPoolCreated").build().unwrap().pattern, "primary.*.*.*.*.*.*.#");
        assert_eq!(pattern_of(binding("auth", "roleCreated")), "#");
    }

    #[test]
    fn word_given_twice_counts_as_last_given() {
        assert_eq!(
            pattern_of(binding("github", "push").word("organization", "a").word("organization", "b")),
            "primary.b.*"
        );
    }

    #[test]
    fn dots_are_for_words_that_may_be_several() {
        assert_eq!(pattern_of(binding("notify", "notify").word("topic", "a.b.c")), "primary.a.b.c");
        let error = binding("queue", "taskFailed").word("taskGroupId", "a.b").build().unwrap_err();
        assert_eq!(error.to_string(), "`taskGroupId` is one word of the routing key and cannot hold a dot: `a.b`");
        let BindingError::Dot { words, multiple, .. } = error else { panic!() };
        assert_eq!(multiple, ["reserved"]);
        assert_eq!(words.len(), 9);
    }

    #[test]
    fn unknown_word_lists_the_words_of_the_exchange() {
        let error = binding("github", "push").word("taskId", "a").build().unwrap_err();
        assert_eq!(error.to_string(), "routing keys of github.push have no word `taskId`");
        let BindingError::Word { words, .. } = error else { panic!() };
        assert_eq!(words, ["organization", "repository"]);
    }

    #[test]
    fn constants_accept_only_their_value() {
        assert_eq!(pattern_of(binding("github", "push").word("routingKeyKind", "primary")), "primary.*.*");
        let error = binding("github", "push").word("routingKeyKind", "route").build().unwrap_err();
        assert_eq!(error.to_string(), "`routingKeyKind` is always `primary` in routing keys of github.push");
    }

    #[test]
    fn unknown_exchange_comes_with_near_names() {
        let BindingError::Exchange { similar, exchanges, .. } = binding("queue", "taskComplete").build().unwrap_err()
        else {
            panic!()
        };
        assert_eq!(similar[0], "taskCompleted");
        assert_eq!(exchanges.len(), 11);
        assert!(matches!(binding("nosuch", "x").build(), Err(BindingError::Lookup(_))));
    }

    #[test]
    fn legacy_exchanges_are_apart() {
        let legacy = binding("purge-cache", "purgeCache").legacy().word("workerType", "w").build().unwrap();
        assert_eq!(legacy.pattern, "primary.*.w");
        assert!(binding("purge-cache", "purgeCache").build().is_err());
    }

    #[test]
    fn routes_stand_in_place_of_words() {
        assert_eq!(pattern_of(binding("queue", "taskCompleted").route("index.project.*")), "route.index.project.*");
        assert!(binding("queue", "taskCompleted").route("").build().is_err());
    }

    #[test]
    fn what_amqp_cannot_carry_is_refused() {
        let long = binding("notify", "notify").word("topic", "x".repeat(300)).build().unwrap_err();
        assert_eq!(long.to_string(), "the routing key pattern is longer than 255 bytes");
        assert!(Binding::raw("e".repeat(256), "#").is_err());
        assert!(Binding::raw("", "#").is_err());
    }
}
