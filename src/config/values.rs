//! Values of settings: their types, their text, their form in TOML and JSON. Pure.

use std::fmt;
use std::time::Duration;

use toml_edit::Item;

use crate::domain::RootUrl;
use crate::domain::time::parse_duration;

/// What a setting can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// A root URL, or the name of a profile that is built in.
    Deployment,
    /// The name of a profile.
    Profile,
    /// A whole number between these.
    Count(u32, u32),
    /// A time limit such as `30s`.
    Time,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A file; a relative one starts from the directory of the settings file.
    File,
    /// The URL of a Pulse broker, without a password.
    Broker,
    /// The name of a user.
    User,
    /// A command line of a program, or nothing.
    Command,
    /// What an alias stands for.
    Alias,
    /// A list of scopes.
    Scopes,
}

/// A setting's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Count(u32),
    /// A list.
    List(Vec<String>),
}

impl Type {
    /// What it must look like, for messages.
    pub(crate) fn expects(self) -> String {
        match self {
            Type::Deployment => "a root URL such as https://tc.example.com, or firefox-ci, community or staging".into(),
            Type::Profile => "the name of a profile: letters, digits, - and _".into(),
            Type::Count(least, most) => format!("a whole number from {least} to {most}"),
            Type::Time => "a time such as 30s, 2m or 500ms".into(),
            Type::Choice(words) => format!("one of {}", words.join(", ")),
            Type::File => "the path of a file".into(),
            Type::Broker => "a URL such as amqps://pulse.mozilla.org:5671, without a password".into(),
            Type::Command => "a command on one line, or nothing".into(),
            Type::Alias => "the words of a command, or `!` and a line for the shell".into(),
            Type::User => "the name of a user, without spaces".into(),
            Type::Scopes => "a list of scopes".into(),
        }
    }

    /// Reads a value from the words of a command line; none when it has another form.
    pub(crate) fn parse(self, words: &[String]) -> Option<Value> {
        let word = match (self, words) {
            (Type::Scopes, scopes) => {
                let lines: Vec<String> = scopes
                    .iter()
                    .flat_map(|scope| scope.lines())
                    .filter(|line| !line.is_empty())
                    .map(Into::into)
                    .collect();
                return (!lines.is_empty() && lines.iter().all(|scope| is_scope(scope))).then_some(Value::List(lines));
            }
            (_, [word]) => word,
            _ => return None,
        };
        match self {
            Type::Count(..) => word.parse().ok().and_then(|number| self.counted(number)),
            _ => self.is_text(word).then(|| Value::Text(word.clone())),
        }
    }

    /// Reads a value from TOML; none when it has another form.
    pub(crate) fn read(self, item: &Item) -> Option<Value> {
        match self {
            Type::Scopes => {
                let scopes: Option<Vec<String>> =
                    item.as_array()?.iter().map(|scope| scope.as_str().map(Into::into)).collect();
                scopes.filter(|scopes| scopes.iter().all(|scope| is_scope(scope))).map(Value::List)
            }
            Type::Count(..) => u32::try_from(item.as_integer()?).ok().and_then(|number| self.counted(number)),
            // A bare number is as good as the same text: seconds.
            Type::Time if item.is_integer() => self.parse(&[item.as_integer()?.to_string()]),
            _ => item.as_str().filter(|text| self.is_text(text)).map(|text| Value::Text(text.into())),
        }
    }

    fn counted(self, number: u32) -> Option<Value> {
        let Type::Count(least, most) = self else { return None };
        (least..=most).contains(&number).then_some(Value::Count(number))
    }

    fn is_text(self, text: &str) -> bool {
        match self {
            Type::Deployment => RootUrl::well_known(text).is_some() || RootUrl::parse(text).is_ok(),
            Type::Profile => is_name(text),
            Type::Time => parse_time(text).is_some(),
            Type::Choice(words) => words.contains(&text),
            Type::File => !text.is_empty(),
            Type::Broker => is_broker(text),
            Type::Command => !text.contains(char::is_control),
            Type::Alias => !text.trim().is_empty(),
            Type::User => !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control()),
            Type::Count(..) | Type::Scopes => false,
        }
    }
}

/// Settings are shown and shared, so a password has no place in them.
fn is_broker(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "amqp" | "amqps")
            && url.has_host()
            && url.password().is_none()
            && url.username().is_empty()
    })
}

impl Value {
    /// The text, where it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Count(_) | Value::List(_) => None,
        }
    }

    /// The value as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Text(text) => text.as_str().into(),
            Value::Count(number) => (*number).into(),
            Value::List(items) => items.clone().into(),
        }
    }

    /// The value as TOML.
    pub(super) fn to_toml(&self) -> toml_edit::Value {
        match self {
            Value::Text(text) => text.as_str().into(),
            Value::Count(number) => i64::from(*number).into(),
            Value::List(items) => toml_edit::Value::Array(items.iter().map(String::as_str).collect()),
        }
    }
}

impl fmt::Display for Value {
    /// Lists have one item a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Count(number) => number.fmt(f),
            Value::List(items) => f.write_str(&items.join("\n")),
        }
    }
}

/// Whether a text can name a profile or a preset: it stands in dotted keys and on command lines.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Scopes are printable ASCII.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// A time limit: any duration but none at all.
pub(super) fn parse_time(text: &str) -> Option<Duration> {
    parse_duration(text).ok().filter(|limit| !limit.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    #[test]
    fn each_type_takes_its_own() {
        let choice = Type::Choice(&["auto", "never"]);
        for (kind, good, bad) in [
            (
                Type::Deployment,
                ["https://tc.example.com", "firefox-ci"],
                ["tc.example.com", "https://tc.example.com/x"],
            ),
            (Type::Profile, ["corp", "my-1_x"], ["", "-x"]),
            (Type::Count(1, 20), ["1", "20"], ["0", "21"]),
            (Type::Time, ["30s", "7"], ["0s", "soon"]),
            (choice, ["auto", "never"], ["Auto", ""]),
            (Type::File, ["a", "/b"], ["", ""]),
            (Type::Scopes, ["queue:*", "a\nb"], ["", "é"]),
        ] {
            assert!(good.iter().all(|text| kind.parse(&words(text)).is_some()), "{kind:?}");
            assert!(bad.iter().all(|text| kind.parse(&words(text)).is_none()), "{kind:?}");
        }
    }

    #[test]
    fn only_lists_take_several_words() {
        let two = ["a".to_owned(), "b".to_owned()];
        assert_eq!(Type::Scopes.parse(&two), Some(Value::List(two.to_vec())));
        assert_eq!(Type::File.parse(&two), None);
        assert_eq!(Type::File.parse(&[]), None);
    }

    #[test]
    fn time_limits_have_units() {
        for (text, milliseconds) in [("30s", 30_000), ("2m", 120_000), ("500ms", 500), ("7", 7000), ("1 h", 3_600_000)]
        {
            assert_eq!(parse_time(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "0s", "0", "-1s", "2 months", "99999999999999999999s"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
