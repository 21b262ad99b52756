//! The settings that exist, in one table. Pure.

use std::fmt;

use super::values::{Type, is_name};
use crate::env::{self, Variable};
use crate::reference::suggest;

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its name, at the top of the file and in profiles.
    pub name: &'static str,
    /// What it does, in one line.
    pub meaning: &'static str,
    /// What it can be.
    pub kind: Type,
    /// A value in TOML, to show what one looks like.
    pub example: &'static str,
    /// What it is when nobody sets it; none where the effect of that is to do without.
    pub default: Option<&'static str>,
    /// The flag that overrides it.
    pub flag: Option<&'static str>,
    /// The variable that overrides it.
    pub variable: Option<Variable>,
    /// Whether a profile can have its own.
    pub in_profiles: bool,
}

/// Root URL of the deployment to talk to.
pub(crate) static ROOT_URL: Key = Key {
    name: "root-url",
    meaning: "Root URL of the deployment to talk to.",
    kind: Type::Deployment,
    example: "\"https://tc.example.com\"",
    default: None,
    flag: Some("--root-url"),
    variable: Some(env::ROOT_URL),
    in_profiles: true,
};

/// Name of the profile to use.
pub(crate) static PROFILE: Key = Key {
    name: "profile",
    meaning: "Name of the profile to use.",
    kind: Type::Profile,
    example: "\"firefox-ci\"",
    default: None,
    flag: Some("--profile"),
    variable: Some(env::TC_PROFILE),
    in_profiles: false,
};

/// How often to try again after failures that may pass.
pub(crate) static RETRIES: Key = Key {
    name: "retries",
    meaning: "How often to try again after failures that may pass.",
    kind: Type::Count(0, 100),
    example: "5",
    default: Some("5"),
    flag: Some("--retries"),
    variable: None,
    in_profiles: true,
};

/// How long one try may take.
pub(crate) static TIMEOUT: Key = Key {
    name: "timeout",
    meaning: "How long one try may take.",
    kind: Type::Time,
    example: "\"60s\"",
    default: Some("60s"),
    flag: Some("--timeout"),
    variable: None,
    in_profiles: true,
};

/// How many calls a bulk action makes at a time, at most.
pub(crate) static JOBS: Key = Key {
    name: "jobs",
    meaning: "How many calls a bulk action makes at a time, at most.",
    kind: Type::Count(1, 1000),
    example: "16",
    default: None,
    flag: Some("--jobs"),
    variable: None,
    in_profiles: true,
};

/// When to colour: auto, always or never.
pub(crate) static COLOR: Key = Key {
    name: "color",
    meaning: "When to colour: auto, always or never.",
    kind: Type::Choice(&["auto", "always", "never"]),
    example: "\"auto\"",
    default: Some("auto"),
    flag: Some("--color"),
    variable: Some(env::NO_COLOR),
    in_profiles: false,
};

/// File of CA certificates (PEM) to trust besides the system's.
pub(crate) static CACERT: Key = Key {
    name: "cacert",
    meaning: "File of CA certificates (PEM) to trust besides the system's.",
    kind: Type::File,
    example: "\"ca.pem\"",
    default: None,
    flag: Some("--cacert"),
    variable: None,
    in_profiles: true,
};

/// File of further patterns for lines of logs that tell failures.
pub(crate) static PATTERNS: Key = Key {
    name: "patterns",
    meaning: "File of further patterns for lines that tell failures.",
    kind: Type::File,
    example: "\"patterns.txt\"",
    default: None,
    flag: Some("--patterns"),
    variable: None,
    in_profiles: true,
};

/// Pulse broker to listen to. The variable may hold a password, so it is read apart and never shown.
pub(crate) static PULSE_URL: Key = Key {
    name: "pulse-url",
    meaning: "Pulse broker to listen to, where PULSE_URL and PULSE_HOST are not set.",
    kind: Type::Broker,
    example: "\"amqps://pulse.example.com\"",
    default: None,
    flag: None,
    variable: None,
    in_profiles: true,
};

/// Pulse user to listen as.
pub(crate) static PULSE_USERNAME: Key = Key {
    name: "pulse-username",
    meaning: "Pulse user to listen as, where PULSE_USERNAME is not set.",
    kind: Type::User,
    example: "\"release-duty\"",
    default: None,
    flag: None,
    variable: None,
    in_profiles: true,
};

/// Whether tasks and groups that were named are remembered.
pub(crate) static HISTORY: Key = Key {
    name: "history",
    meaning: "Whether completions remember the tasks and groups that were named: on or off.",
    kind: Type::Choice(&["on", "off"]),
    example: "\"off\"",
    default: Some("on"),
    flag: None,
    variable: None,
    in_profiles: false,
};

/// Whether a deployment is asked for its version.
pub(crate) static VERSION_HINT: Key = Key {
    name: "version-hint",
    meaning: "Whether to point out, once a day on a terminal, that a deployment is newer than the references: on or off.",
    kind: Type::Choice(&["on", "off"]),
    example: "\"off\"",
    default: Some("on"),
    flag: None,
    variable: None,
    in_profiles: true,
};

/// The program that shows long output on a terminal.
pub(crate) static PAGER: Key = Key {
    name: "pager",
    meaning: "Program that shows output longer than the terminal; empty for none. PAGER, or else less, where it is not set.",
    kind: Type::Command,
    example: "\"less -FRX\"",
    default: None,
    flag: None,
    variable: Some(env::TC_PAGER),
    in_profiles: false,
};

/// All settings, in the order in which lists show them.
pub(crate) static KEYS: &[&Key] = &[
    &ROOT_URL,
    &PROFILE,
    &RETRIES,
    &TIMEOUT,
    &JOBS,
    &COLOR,
    &CACERT,
    &PATTERNS,
    &PULSE_URL,
    &PULSE_USERNAME,
    &HISTORY,
    &VERSION_HINT,
    &PAGER,
];

/// The table of profiles.
pub(super) const PROFILES: &str = "profiles";

/// The table of scope presets.
pub(super) const PRESETS: &str = "presets";

/// The table of aliases.
pub(super) const ALIASES: &str = "aliases";

/// A place in the file where a value can stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slot {
    /// `retries`
    Top(&'static Key),
    /// `profiles.corp.retries`
    Profile(String, &'static Key),
    /// `presets.relduty`
    Preset(String),
    /// `aliases.rr`
    Alias(String),
}

/// A key that does not exist, and those that resemble it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownKey {
    /// As it was given.
    pub key: String,
    /// Full keys that may have been meant, best first.
    pub suggestions: Vec<String>,
}

impl Key {
    /// The setting of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Key> {
        KEYS.iter().copied().find(|key| key.name == name)
    }
}

impl Slot {
    /// Reads a dotted key.
    ///
    /// # Errors
    /// When there is no such key.
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownKey> {
        let parts: Vec<&str> = text.split('.').collect();
        let unknown = |wanted: &str, prefix: &str, in_profiles: bool| {
            let names = KEYS.iter().copied().filter(|key| key.in_profiles || !in_profiles).map(|key| key.name);
            let tables = [PROFILES, PRESETS, ALIASES].into_iter().filter(|_| !in_profiles);
            let found = suggest(wanted, names.chain(tables));
            UnknownKey { key: text.into(), suggestions: found.iter().map(|name| format!("{prefix}{name}")).collect() }
        };
        match parts.as_slice() {
            [PRESETS, name] if is_name(name) => Ok(Slot::Preset((*name).into())),
            [ALIASES, name] if is_name(name) => Ok(Slot::Alias((*name).into())),
            [PROFILES, name, setting] if is_name(name) => match Key::named(setting).filter(|key| key.in_profiles) {
                Some(key) => Ok(Slot::Profile((*name).into(), key)),
                None => Err(unknown(setting, &format!("profiles.{name}."), true)),
            },
            [name] => Key::named(name).map(Slot::Top).ok_or_else(|| unknown(name, "", false)),
            [first, ..] => Err(unknown(first, "", false)),
            [] => Err(unknown("", "", false)),
        }
    }

    /// What stands there.
    pub(crate) fn kind(&self) -> Type {
        match self {
            Slot::Top(key) | Slot::Profile(_, key) => key.kind,
            Slot::Preset(_) => Type::Scopes,
            Slot::Alias(_) => Type::Alias,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slot::Top(key) => f.write_str(key.name),
            Slot::Profile(name, key) => write!(f, "profiles.{name}.{}", key.name),
            Slot::Preset(name) => write!(f, "presets.{name}"),
            Slot::Alias(name) => write!(f, "aliases.{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_as_they_were() {
        for text in ["root-url", "profiles.corp.cacert", "presets.relduty", "aliases.rr"] {
            assert_eq!(Slot::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn unknown_keys_name_what_may_have_been_meant() {
        for (text, suggestions) in [
            ("retry", vec!["retries"]),
            ("rooturl", vec!["root-url"]),
            ("profiles.corp.root_url", vec!["profiles.corp.root-url"]),
            ("profiles.corp.color", vec![]),
            ("zzz", vec![]),
        ] {
            let unknown = Slot::parse(text).unwrap_err();
            assert_eq!(
                (unknown.key.as_str(), unknown.suggestions),
                (text, suggestions.iter().map(ToString::to_string).collect())
            );
        }
        for text in ["", ".", "profiles", "profiles.corp", "profiles..root-url", "presets.a b", "retries.x"] {
            assert!(Slot::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn defaults_and_examples_are_of_their_type() {
        for key in KEYS {
            if let Some(default) = key.default {
                assert!(key.kind.parse(&[default.into()]).is_some(), "{}", key.name);
            }
            let example = format!("{} = {}", key.name, key.example);
            let found = crate::config::Document::parse(&example).unwrap().contents().unwrap();
            assert_eq!(found.values.len(), 1, "{example}");
        }
    }
}
