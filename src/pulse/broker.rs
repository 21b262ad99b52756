//! Which broker to talk to, and as whom: the rule, once. Pure.

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

use crate::domain::Secret;
use crate::env::{self, Environment};

/// Where Mozilla's deployments publish.
pub(super) const DEFAULT_HOST: &str = "pulse.mozilla.org";

const TLS_PORT: u16 = 5671;
const PLAIN_PORT: u16 = 5672;
const DEFAULT_VIRTUAL_HOST: &str = "/";

/// A broker and the user to be on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether to speak TLS.
    pub is_secure: bool,
    /// The part of the broker to talk to: `/`.
    pub virtual_host: String,
    /// The user, whose name is in the names of queues.
    pub user: String,
    /// Never shown.
    pub password: Secret,
}

/// Why there is no broker to talk to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// No user.
    #[error("no Pulse user: {} is not set", env::PULSE_USERNAME.name)]
    NoUser,
    /// A user without a password.
    #[error("no password for Pulse user {user}: {} is not set", env::PULSE_PASSWORD.name)]
    NoPassword {
        /// The user.
        user: String,
    },
    /// No URL of a broker. It is not shown, because it may hold a password.
    #[error("invalid URL in {name}: {reason}")]
    Url {
        /// The variable, or what else named it.
        name: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Broker {
    /// What the environment says: `PULSE_USERNAME`, `PULSE_PASSWORD`, `PULSE_URL` (which may hold both), or
    /// `PULSE_HOST` (also `PULSE_HOSTNAME`) and `PULSE_VHOST`.
    ///
    /// # Errors
    /// When there is no user or no password, or a URL is invalid.
    pub fn from_environment(environment: &Environment) -> Result<Self, BrokerError> {
        Self::from_settings(environment, None, None)
    }

    /// The same, with what the user's settings say where the environment says nothing.
    pub(crate) fn from_settings(
        environment: &Environment,
        url: Option<&str>,
        user: Option<&str>,
    ) -> Result<Self, BrokerError> {
        let host = environment.get(env::PULSE_HOST).or_else(|| environment.get(env::PULSE_HOSTNAME));
        let given = environment.get(env::PULSE_URL).map(|url| (env::PULSE_URL.name, url));
        let (name, address) = match (given, host, url) {
            (Some((name, url)), _, _) => (name, url.to_owned()),
            (None, Some(host), _) if host.contains("://") => (env::PULSE_HOST.name, host.to_owned()),
            (None, Some(host), _) => (env::PULSE_HOST.name, format!("amqps://{host}")),
            (None, None, Some(url)) => ("pulse-url", url.to_owned()),
            (None, None, None) => ("the default", format!("amqps://{DEFAULT_HOST}")),
        };
        let mut address = Address::parse(&address).map_err(|reason| BrokerError::Url { name, reason })?;
        if let Some(virtual_host) = environment.get(env::PULSE_VHOST) {
            address.virtual_host = Some(virtual_host.to_owned());
        }
        let user = environment.get(env::PULSE_USERNAME).map(str::to_owned).or(address.user).or(user.map(str::to_owned));
        let user = user.ok_or(BrokerError::NoUser)?;
        let password = environment.get(env::PULSE_PASSWORD).map(Secret::new).or(address.password);
        let password = password.ok_or_else(|| BrokerError::NoPassword { user: user.clone() })?;
        Ok(Self {
            host: address.host,
            port: address.port,
            is_secure: address.is_secure,
            virtual_host: address.virtual_host.unwrap_or_else(|| DEFAULT_VIRTUAL_HOST.into()),
            user,
            password,
        })
    }

    /// The broker that a URL names alone; without user and password those of a broker that was just installed.
    ///
    /// # Errors
    /// When it is not the URL of a broker; `name` says what named it.
    pub(crate) fn from_url(name: &'static str, url: &Secret) -> Result<Self, BrokerError> {
        let address = Address::parse(url.reveal()).map_err(|reason| BrokerError::Url { name, reason })?;
        Ok(Self {
            host: address.host,
            port: address.port,
            is_secure: address.is_secure,
            virtual_host: address.virtual_host.unwrap_or_else(|| DEFAULT_VIRTUAL_HOST.into()),
            user: address.user.unwrap_or_else(|| "guest".into()),
            password: address.password.unwrap_or_else(|| Secret::new("guest")),
        })
    }

    /// `pulse.mozilla.org:5671`, for messages.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// The parts of a URL.
struct Address {
    host: String,
    port: u16,
    is_secure: bool,
    virtual_host: Option<String>,
    user: Option<String>,
    password: Option<Secret>,
}

impl Address {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "it is not a URL such as amqps://pulse.mozilla.org:5671")?;
        let is_secure = match url.scheme() {
            "amqps" => true,
            "amqp" => false,
            _ => return Err("it starts with neither amqps:// nor amqp://"),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it has no host")?;
        let decoded = |text: &str| -> Result<Option<String>, &'static str> {
            let text = percent_decode_str(text).decode_utf8().map_err(|_| "it is not UTF-8")?;
            Ok(Some(text.into_owned()).filter(|text| !text.is_empty()))
        };
        let path = url.path();
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(if is_secure { TLS_PORT } else { PLAIN_PORT }),
            is_secure,
            virtual_host: decoded(path.strip_prefix('/').unwrap_or(path))?,
            user: decoded(url.username())?,
            password: decoded(url.password().unwrap_or_default())?.map(Secret::new),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(variables: &[(&str, &str)]) -> Result<Broker, BrokerError> {
        let environment = variables.iter().fold(Environment::empty("/"), |all, (name, value)| all.with(name, value));
        Broker::from_environment(&environment)
    }

    #[test]
    fn mozillas_broker_is_the_default() {
        let broker = broker(&[("PULSE_USERNAME", "bob"), ("PULSE_PASSWORD", "secret")]).unwrap();
        assert_eq!((broker.address().as_str(), broker.is_secure), ("pulse.mozilla.org:5671", true));
        assert_eq!((broker.virtual_host.as_str(), broker.user.as_str()), ("/", "bob"));
        assert!(!format!("{broker:?}").contains("secret"));
    }

    #[test]
    fn a_url_holds_everything() {
        let broker = broker(&[("PULSE_URL", "amqp://bob:s%2Fe@[::1]:1234/my%2Fhost")]).unwrap();
        assert_eq!((broker.host.as_str(), broker.port, broker.is_secure), ("::1", 1234, false));
        assert_eq!((broker.virtual_host.as_str(), broker.password.reveal()), ("my/host", "s/e"));
    }

    #[test]
    fn variables_of_their_own_come_before_the_url() {
        let url = ("PULSE_URL", "amqps://alice:x@broker/v");
        let broker = broker(&[url, ("PULSE_USERNAME", "bob"), ("PULSE_PASSWORD", "y"), ("PULSE_VHOST", "w")]).unwrap();
        assert_eq!((broker.user.as_str(), broker.password.reveal(), broker.virtual_host.as_str()), ("bob", "y", "w"));
        assert_eq!(broker.port, 5671);
    }

    #[test]
    fn a_host_alone_is_asked_over_tls() {
        for (name, host) in [("PULSE_HOST", "broker"), ("PULSE_HOSTNAME", "broker"), ("PULSE_HOST", "amqps://broker/")]
        {
            let broker = broker(&[(name, host), ("PULSE_USERNAME", "b"), ("PULSE_PASSWORD", "y")]).unwrap();
            assert_eq!((broker.address().as_str(), broker.is_secure), ("broker:5671", true));
        }
    }

    #[test]
    fn settings_serve_where_the_environment_says_nothing() {
        let environment = Environment::empty("/").with("PULSE_PASSWORD", "y");
        let broker = Broker::from_settings(&environment, Some("amqp://broker"), Some("bob")).unwrap();
        assert_eq!((broker.address().as_str(), broker.user.as_str()), ("broker:5672", "bob"));
        let environment = environment.with("PULSE_HOST", "other").with("PULSE_USERNAME", "alice");
        let broker = Broker::from_settings(&environment, Some("amqp://broker"), Some("bob")).unwrap();
        assert_eq!((broker.address().as_str(), broker.user.as_str()), ("other:5671", "alice"));
    }

    #[test]
    fn what_is_missing_is_named_and_no_url_is_shown() {
        assert_eq!(broker(&[]), Err(BrokerError::NoUser));
        let error = broker(&[("PULSE_USERNAME", "bob")]).unwrap_err();
        assert_eq!(error.to_string(), "no password for Pulse user bob: PULSE_PASSWORD is not set");
        let error = broker(&[("PULSE_URL", "https://bob:secret@broker")]).unwrap_err();
        assert_eq!(error.to_string(), "invalid URL in PULSE_URL: it starts with neither amqps:// nor amqp://");
        assert!(broker(&[("PULSE_URL", "bob:secret@broker")]).unwrap_err().to_string().find("secret").is_none());
    }
}
