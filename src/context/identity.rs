//! Whom to talk to and as whom: the flags, the environment, the user's files and the store, in
//! this order.

use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::Context;
use crate::cli::Globals;
use crate::client::{Credentials, Endpoint};
use crate::config::{Given, GoTool, Lookup, Settings, Source, Store, Stored, keys};
use crate::domain::RootUrl;
use crate::env;
use crate::error::Result;

/// What was read of the user's files, and what was said about it, once a run.
#[derive(Default)]
pub(super) struct Loaded {
    settings: OnceLock<Settings>,
    said: Announced,
}

/// What one run says at most once, however many deployments it talks to.
#[derive(Default)]
struct Announced {
    unknown_keys: AtomicBool,
    near_end: AtomicBool,
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The variables of the environment.
    Environment,
    /// The store, in this file.
    Store(PathBuf),
    /// The Go tool's file.
    GoTool(PathBuf),
    /// The proxy of a task, which has them and does not show them.
    Proxy,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Environment => f.write_str("the environment"),
            Origin::Store(path) | Origin::GoTool(path) => path.display().fmt(f),
            Origin::Proxy => f.write_str("the task's proxy"),
        }
    }
}

/// The flags that override settings.
pub(crate) fn given(globals: &Globals) -> Given {
    let color = globals.color.as_ref().and_then(ValueEnum::to_possible_value);
    Given::default()
        .with(&keys::ROOT_URL, globals.root_url.as_ref())
        .with(&keys::PROFILE, globals.profile.as_ref())
        .with(&keys::RETRIES, globals.retries)
        .with(&keys::TIMEOUT, globals.timeout.as_ref())
        .with(&keys::COLOR, color.as_ref().map(PossibleValue::get_name))
        .with(&keys::CACERT, globals.cacert.as_ref().map(|file| file.display()))
}

/// Whom to talk to, as whom, and who says so.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The deployment and the credentials.
    pub target: Endpoint,
    /// Where the root URL comes from.
    pub root_source: Option<Source>,
    /// Where the credentials come from; none when calls go unsigned.
    pub origin: Option<Origin>,
    /// When the credentials were made, where known.
    pub issued: Option<DateTime<Utc>>,
    /// When they end, where known.
    pub expires: Option<DateTime<Utc>>,
}

impl Context {
    /// The settings: flags, environment and the user's files. Read once; keys that mean nothing are warned of.
    ///
    /// # Errors
    /// When a file is broken, or a profile is chosen that does not exist.
    pub(crate) fn settings(&self) -> Result<&Settings> {
        if let Some(settings) = self.loaded.settings.get() {
            return Ok(settings);
        }
        let settings = Settings::load(&self.env, given(&self.globals))?;
        if !self.loaded.said.unknown_keys.swap(true, Ordering::Relaxed) {
            settings.warnings().into_iter().for_each(|warning| self.ui.warn(warning));
        }
        Ok(self.loaded.settings.get_or_init(|| settings))
    }

    /// The deployment to talk to: `-R` or `--profile`, else the environment, else the user's settings.
    ///
    /// # Errors
    /// When none is set, or what is set is no root URL.
    pub(crate) fn root_url(&self) -> Result<RootUrl> {
        match self.settings()?.root_url()? {
            Some((root, _)) => Ok(root),
            None => Endpoint::root_url(&self.env, None),
        }
    }

    /// The credentials to sign with, if there are any.
    ///
    /// # Errors
    /// When they are half set, the certificate is no JSON, or the store is refused.
    pub(crate) fn credentials(&self) -> Result<Option<Credentials>> {
        if self.globals.no_credentials {
            return Ok(None);
        }
        if self.settings()?.root_url()?.is_none() && !self.is_in_task() {
            return Ok(Credentials::from_env(&self.env)?.map(|credentials| self.limited(credentials)));
        }
        Ok(self.identity()?.target.credentials)
    }

    /// Whom to talk to, as whom, and who says so.
    ///
    /// # Errors
    /// When there is no root URL, credentials are half set, or the store is refused.
    pub(crate) fn identity(&self) -> Result<Identity> {
        self.identity_by(self.settings()?)
    }

    /// The same for the deployment that these settings choose.
    pub(super) fn identity_by(&self, settings: &Settings) -> Result<Identity> {
        let no_credentials = self.globals.no_credentials;
        let (root, root_source) = settings.root_url()?.unzip();
        let proxy_comes_first = self.is_in_task() && !no_credentials;
        let given = match (&root, &root_source) {
            (_, Some(Source::Environment(_))) | (None, _) | (_, None) => None,
            (Some(root), Some(source)) => (settings.is_explicit(source) || !proxy_comes_first).then_some(root),
        };
        let target = Endpoint::resolve(&self.env, given.map(RootUrl::as_str), no_credentials)?;
        let root_source = if target.proxied { self.proxy_source() } else { root_source };
        let mut identity = Identity { target, root_source, origin: None, issued: None, expires: None };
        if let Some(credentials) = identity.target.credentials.take() {
            identity.take(Stored::new(credentials), Origin::Environment);
        } else if identity.target.proxied {
            identity.origin = Some(Origin::Proxy);
        } else if !no_credentials {
            self.look_up(settings, &mut identity)?;
        }
        identity.target.credentials = identity.target.credentials.map(|credentials| self.limited(credentials));
        Ok(identity)
    }

    /// Takes stored credentials for the deployment, or those of the Go tool's file.
    fn look_up(&self, settings: &Settings, identity: &mut Identity) -> Result<()> {
        let store = Store::open(&self.env);
        let root = &identity.target.root;
        match (store.look_up(root, self.now())?, store.path()) {
            (Lookup::Found(stored), Some(path)) => identity.take(stored, Origin::Store(path.to_owned())),
            (Lookup::Expired(end), _) => {
                identity.target.unsigned_because = Some(format!(
                    "The call was not signed: the credentials stored for {root} expired at {}.",
                    end.format("%F %R UTC")
                ));
                identity.expires = Some(end);
            }
            _ => {
                let own = |file: &&GoTool| file.root_url.as_deref().and_then(|text| RootUrl::parse(text).ok());
                let file = settings.go_tool().filter(|file| own(file).as_ref() == Some(root));
                let credentials = file.and_then(|file| file.credentials.clone());
                if let (Some(credentials), Some(paths)) = (credentials, settings.paths()) {
                    identity.take(Stored::new(credentials), Origin::GoTool(paths.go_tool.clone()));
                }
            }
        }
        Ok(())
    }

    /// Warns, once and on a terminal only, of credentials that will soon be of no use.
    pub(super) fn warn_before_expiry(&self, identity: &Identity) {
        let (Some(credentials), Some(expires)) = (&identity.target.credentials, identity.expires) else { return };
        let life = Stored { issued: identity.issued, expires: Some(expires), ..Stored::new(credentials.clone()) };
        let now = self.now();
        if !self.ui.terminal.stderr || !life.is_nearly_expired(now) {
            return;
        }
        if self.loaded.said.near_end.swap(true, Ordering::Relaxed) {
            return;
        }
        let root = &identity.target.root;
        let end =
            if life.is_expired(now) { "have expired".into() } else { format!("expire in {}", left(expires - now)) };
        self.ui.warn(format_args!("the credentials for {root} {end}"));
        self.ui.hint("Sign in again with `tc signin`.");
    }

    fn limited(&self, credentials: Credentials) -> Credentials {
        match self.globals.authorized_scope.as_slice() {
            [] => credentials,
            scopes => credentials.with_authorized_scopes(scopes.to_vec()),
        }
    }

    pub(super) fn is_in_task(&self) -> bool {
        self.env.get(env::PROXY_URL).or(self.env.get(env::TASK_ID)).is_some()
    }

    fn proxy_source(&self) -> Option<Source> {
        let variable = if self.env.get(env::PROXY_URL).is_some() { env::PROXY_URL } else { env::TASK_ID };
        Some(Source::Environment(variable.name))
    }
}

impl Identity {
    fn take(&mut self, stored: Stored, origin: Origin) {
        self.target.credentials = Some(stored.credentials);
        self.target.unsigned_because = None;
        self.origin = Some(origin);
        self.issued = stored.issued;
        self.expires = stored.expires;
    }
}

/// How long something still lasts, in its largest unit, rounded down: `4 minutes`.
pub(crate) fn left(time: TimeDelta) -> String {
    let (number, unit) = match (time.num_days(), time.num_hours(), time.num_minutes()) {
        (days, ..) if days > 1 => (days, "day"),
        (_, hours, _) if hours > 1 => (hours, "hour"),
        (.., minutes) if minutes > 1 => (minutes, "minute"),
        _ => (time.num_seconds().max(0), "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;
    use crate::config::KEYS;

    #[test]
    fn every_global_flag_that_is_a_setting_overrides_it() {
        let tree = Globals::augment_args(clap::Command::new("tc"));
        let mut flags = 0;
        for key in KEYS {
            let Some(flag) = key.flag.filter(|flag| tree.get_arguments().any(|arg| arg.get_long() == flag.get(2..)))
            else {
                continue;
            };
            let value = if key.name == "color" { "never" } else { "7" };
            let matches = tree.clone().try_get_matches_from(["tc", flag, value]).unwrap();
            let given = given(&Globals::from_arg_matches(&matches).unwrap());
            assert_eq!(given.get(key).map(ToString::to_string).as_deref(), Some(value), "{flag}");
            flags += 1;
        }
        assert_eq!(flags, 6);
    }

    #[test]
    fn what_is_left_is_told_in_one_unit() {
        for (seconds, expected) in [
            (-1, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(left(TimeDelta::seconds(seconds)), expected);
        }
    }
}
