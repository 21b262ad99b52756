//! Whom the notify service writes to, and what. Pure.

use std::str::FromStr;

use serde_json::{Value, json};

/// The longest subject that the service takes, in characters.
const MAX_SUBJECT: usize = 255;

/// Somebody to write to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// An e-mail address.
    Email(String),
    /// The ID of a Slack channel: `C123456GZ`.
    Slack(String),
    /// The ID of a Matrix room: `!room:example.com`.
    Matrix(String),
    /// A routing key of Pulse.
    Pulse(String),
}

/// A message in words, for whatever way it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// What it is about, in one line.
    pub subject: String,
    /// The rest, in Markdown.
    pub content: String,
    /// A page to look at, with what it is called.
    pub link: Option<(String, String)>,
    /// What a program reads, where the message goes to one.
    pub data: Value,
}

/// A text that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither an e-mail address nor slack:CHANNEL, matrix:!ROOM:SERVER or pulse:ROUTING-KEY")]
pub(crate) struct NoRecipient(String);

impl FromStr for Recipient {
    type Err = NoRecipient;

    /// Reads `me@example.com`, `!room:example.com`, `C123456GZ`, or one with its kind: `pulse:my.key`.
    fn from_str(text: &str) -> Result<Self, NoRecipient> {
        let none = || NoRecipient(text.to_owned());
        let is_email = |text: &str| {
            let parts = text.split_once('@');
            let (user, host) = parts.unwrap_or_default();
            !user.is_empty() && !host.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if let Some((kind, to)) = text.split_once(':')
            && !to.is_empty()
        {
            match kind {
                "email" | "mailto" => return if is_email(to) { Ok(Self::Email(to.into())) } else { Err(none()) },
                "slack" => return Ok(Self::Slack(to.trim_start_matches('#').into())),
                "matrix" => return Ok(Self::Matrix(to.into())),
                "pulse" => return Ok(Self::Pulse(to.into())),
                _ => {}
            }
        }
        let is_channel = |text: &str| {
            text.len() >= 9
                && text.starts_with(['C', 'G'])
                && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        match text {
            room if room.starts_with('!') && room.contains(':') => Ok(Self::Matrix(room.into())),
            email if is_email(email) => Ok(Self::Email(email.into())),
            channel if is_channel(channel) => Ok(Self::Slack(channel.into())),
            _ => Err(none()),
        }
    }
}

impl Recipient {
    /// The method of the notify service.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Slack(_) => "slack",
            Self::Matrix(_) => "matrix",
            Self::Pulse(_) => "pulse",
        }
    }

    /// The address, in the form of its kind.
    pub(crate) fn address(&self) -> &str {
        match self {
            Self::Email(to) | Self::Slack(to) | Self::Matrix(to) | Self::Pulse(to) => to,
        }
    }

    /// The scope that one needs to write to them.
    pub(crate) fn scope(&self) -> String {
        let kind = match self {
            Self::Email(_) => "email",
            Self::Slack(_) => "slack-channel",
            Self::Matrix(_) => "matrix-room",
            Self::Pulse(_) => "pulse",
        };
        format!("notify:{kind}:{}", self.address())
    }

    /// The body of the call that writes to them.
    pub(crate) fn body(&self, message: &Message) -> Value {
        let Message { subject, content, link, data } = message;
        let line = link.as_ref().map_or_else(|| subject.clone(), |(_, page)| format!("{subject}: {page}"));
        match self {
            Self::Email(address) => {
                let subject: String = subject.chars().take(MAX_SUBJECT).collect();
                let mut body = json!({"address": address, "subject": subject, "content": content});
                if let (Some((text, href)), Some(members)) = (link, body.as_object_mut()) {
                    members.insert("link".into(), json!({"text": text, "href": href}));
                }
                body
            }
            Self::Slack(channel) => json!({"channelId": channel, "text": line}),
            Self::Matrix(room) => json!({"roomId": room, "body": line}),
            Self::Pulse(key) => json!({"routingKey": key, "message": data}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_which_way_it_is_for() {
        let read = |text: &str| text.parse::<Recipient>().unwrap();
        assert_eq!(read("me@example.com"), Recipient::Email("me@example.com".into()));
        assert_eq!(read("email:me@example.com"), Recipient::Email("me@example.com".into()));
        assert_eq!(read("!room:example.com"), Recipient::Matrix("!room:example.com".into()));
        assert_eq!(read("matrix:!room:example.com"), Recipient::Matrix("!room:example.com".into()));
        assert_eq!(read("C123456GZ"), Recipient::Slack("C123456GZ".into()));
        assert_eq!(read("slack:releng"), Recipient::Slack("releng".into()));
        assert_eq!(read("pulse:my.key"), Recipient::Pulse("my.key".into()));
        for none in ["", "me", "@", "me@", "slack:", "email:me", "a b@example.com", "releng", "http://example.com"] {
            assert!(none.parse::<Recipient>().is_err(), "{none}");
        }
    }

    #[test]
    fn each_way_has_its_own_form_and_scope() {
        let message = Message {
            subject: "it is over".into(),
            content: "all of it".into(),
            link: Some(("Task".into(), "https://tc.example.com/tasks/x".into())),
            data: json!({"taskId": "x"}),
        };
        let sent = |text: &str| {
            let to: Recipient = text.parse().unwrap();
            (to.method(), to.scope(), to.body(&message))
        };
        assert_eq!(
            sent("me@example.com"),
            (
                "email",
                "notify:email:me@example.com".into(),
                json!({
                    "address": "me@example.com", "subject": "it is over", "content": "all of it",
                    "link": {"text": "Task", "href": "https://tc.example.com/tasks/x"},
                })
            )
        );
        let line = "it is over: https://tc.example.com/tasks/x";
        assert_eq!(
            sent("slack:C1"),
            ("slack", "notify:slack-channel:C1".into(), json!({"channelId": "C1", "text": line}))
        );
        assert_eq!(sent("!r:x"), ("matrix", "notify:matrix-room:!r:x".into(), json!({"roomId": "!r:x", "body": line})));
        assert_eq!(
            sent("pulse:a.b"),
            ("pulse", "notify:pulse:a.b".into(), json!({"routingKey": "a.b", "message": {"taskId": "x"}}))
        );
    }
}
