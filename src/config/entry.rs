//! The form in which credentials are stored: a JSON object whose unknown fields are kept. Pure.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::client::Credentials;
use crate::domain::{RootUrl, Secret};

/// The version of the file's form that is written.
const VERSION: u64 = 1;

/// The last part of a credential's life in which its end is near.
const LAST_PART: i32 = 10;

/// The time before its end in which the end is near, whatever the life.
const LAST_MINUTES: TimeDelta = TimeDelta::minutes(5);

/// Credentials with the time they are valid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The credentials.
    pub credentials: Credentials,
    /// When they were made, where known.
    pub issued: Option<DateTime<Utc>>,
    /// When they end; permanent ones do not.
    pub expires: Option<DateTime<Utc>>,
    /// The name that the sign-in asked for, without its random characters, where known.
    pub name: Option<String>,
    /// The scopes that the sign-in asked for, where known.
    pub scopes: Option<Vec<String>>,
}

impl Stored {
    /// Credentials; a certificate tells from when to when they are valid.
    pub(crate) fn new(credentials: Credentials) -> Self {
        let (issued, expires) = credentials.certificate.as_ref().map_or((None, None), validity);
        Self { credentials, issued, expires, name: None, scopes: None }
    }

    /// The same, made and ending at these times; a certificate can only make the end come sooner.
    #[must_use]
    pub(crate) fn with_life(mut self, issued: DateTime<Utc>, expires: DateTime<Utc>) -> Self {
        self.issued = Some(issued);
        self.expires = Some(self.expires.map_or(expires, |own| own.min(expires)));
        self
    }

    /// The same, with what the sign-in asked for.
    #[must_use]
    pub(crate) fn asked_for(self, name: &str, scopes: &[String]) -> Self {
        Self { name: Some(name.to_owned()), scopes: Some(scopes.to_vec()), ..self }
    }

    /// Whether they have ended.
    pub(crate) fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether they end within 5 minutes, or within the last tenth of their life.
    pub(crate) fn is_nearly_expired(&self, now: DateTime<Utc>) -> bool {
        let Some(expires) = self.expires else { return false };
        let left = expires - now;
        let last_part = self.issued.map_or(TimeDelta::zero(), |issued| (expires - issued) / LAST_PART);
        left < LAST_MINUTES.max(last_part)
    }
}

/// `start` and `expiry` of a certificate, which are milliseconds.
fn validity(certificate: &Secret) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let Ok(Value::Object(fields)) = serde_json::from_str(certificate.reveal()) else { return (None, None) };
    let time = |name: &str| fields.get(name)?.as_i64().and_then(DateTime::from_timestamp_millis);
    (time("start"), time("expiry"))
}

/// Why a text is no file of credentials. Says nothing of what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormError {
    /// No JSON.
    #[error("line {line}, column {column}: not valid JSON")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON of another form.
    #[error("`{0}` is missing or has another form")]
    Form(String),
    /// Written by a later version of the program.
    #[error("its form has version {0}, which is newer than this program")]
    Version(u64),
}

/// The whole file: credentials by root URL, and whatever else stands there.
#[derive(Clone, PartialEq)]
pub(super) struct Contents(Map<String, Value>);

impl Default for Contents {
    fn default() -> Self {
        let mut fields = Map::new();
        fields.insert("version".into(), VERSION.into());
        fields.insert("credentials".into(), Map::new().into());
        Self(fields)
    }
}

impl Contents {
    /// Reads a file; every entry must be whole.
    pub(super) fn parse(text: &str) -> Result<Self, FormError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|fault| FormError::Json { line: fault.line(), column: fault.column() })?;
        let Value::Object(fields) = value else { return Err(FormError::Form("{..}".into())) };
        match fields.get("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(newer) => return Err(FormError::Version(newer)),
            None => return Err(FormError::Form("version".into())),
        }
        let contents = Self(fields);
        match contents.0.get("credentials") {
            Some(Value::Object(entries)) => entries.iter().try_for_each(|(root, entry)| read(root, entry).map(drop)),
            _ => Err(FormError::Form("credentials".into())),
        }?;
        Ok(contents)
    }

    /// The file's text.
    pub(super) fn render(&self) -> String {
        // A map of strings always has a JSON form; `{:#}` indents it.
        format!("{:#}\n", Value::Object(self.0.clone()))
    }

    /// What is stored for a deployment, expired or not.
    pub(super) fn get(&self, root: &RootUrl) -> Option<Stored> {
        read(root.as_str(), self.entries()?.get(root.as_str())?).ok()
    }

    /// Puts credentials in the place of those that were there.
    pub(super) fn put(&mut self, root: &RootUrl, stored: &Stored) {
        if let Some(entries) = self.entries_mut() {
            entries.insert(root.as_str().into(), Value::Object(write(stored)));
        }
    }

    /// Takes credentials away; tells whether there were any.
    pub(super) fn remove(&mut self, root: &RootUrl) -> bool {
        self.entries_mut().is_some_and(|entries| entries.shift_remove(root.as_str()).is_some())
    }

    /// Takes away what has expired.
    pub(super) fn drop_expired(&mut self, now: DateTime<Utc>) {
        if let Some(entries) = self.entries_mut() {
            entries.retain(|root, entry| !read(root, entry).is_ok_and(|stored| stored.is_expired(now)));
        }
    }

    /// All root URLs that have an entry.
    pub(super) fn roots(&self) -> Vec<String> {
        self.entries().map(|entries| entries.keys().cloned().collect()).unwrap_or_default()
    }

    /// Takes all credentials away.
    pub(super) fn clear(&mut self) {
        if let Some(entries) = self.entries_mut() {
            entries.clear();
        }
    }

    fn entries(&self) -> Option<&Map<String, Value>> {
        self.0.get("credentials").and_then(Value::as_object)
    }

    fn entries_mut(&mut self) -> Option<&mut Map<String, Value>> {
        self.0.get_mut("credentials").and_then(Value::as_object_mut)
    }
}

fn read(root: &str, entry: &Value) -> Result<Stored, FormError> {
    let wrong = |field: &str| FormError::Form(format!("credentials[\"{root}\"].{field}"));
    let Value::Object(fields) = entry else { return Err(FormError::Form(format!("credentials[\"{root}\"]"))) };
    let text = |field: &str| match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(wrong(field)),
    };
    let time = |field: &str| match text(field)?.map(DateTime::parse_from_rfc3339) {
        None => Ok(None),
        Some(Ok(time)) => Ok(Some(time.with_timezone(&Utc))),
        Some(Err(_)) => Err(wrong(field)),
    };
    let required = |field: &str| text(field)?.ok_or_else(|| wrong(field));
    let mut credentials = Credentials::new(required("clientId")?, required("accessToken")?);
    if let Some(certificate) = text("certificate")? {
        credentials = credentials.with_certificate(certificate);
    }
    let list = |field: &str| match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(Into::into)).collect();
            texts.map(Some).ok_or_else(|| wrong(field))
        }
        Some(_) => Err(wrong(field)),
    };
    if let Some(scopes) = list("authorizedScopes")? {
        credentials = credentials.with_authorized_scopes(scopes);
    }
    Ok(Stored {
        credentials,
        issued: time("issued")?,
        expires: time("expires")?,
        name: text("name")?.map(str::to_owned),
        scopes: list("scopes")?,
    })
}

fn write(stored: &Stored) -> Map<String, Value> {
    let Credentials { client_id, access_token, certificate, authorized_scopes } = &stored.credentials;
    let time = |time: DateTime<Utc>| Value::from(time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let mut fields = Map::new();
    fields.insert("clientId".into(), client_id.as_str().into());
    fields.insert("accessToken".into(), access_token.reveal().into());
    if let Some(certificate) = certificate {
        fields.insert("certificate".into(), certificate.reveal().into());
    }
    if let Some(scopes) = authorized_scopes {
        fields.insert("authorizedScopes".into(), scopes.clone().into());
    }
    for (name, value) in [("issued", stored.issued), ("expires", stored.expires)] {
        if let Some(value) = value {
            fields.insert(name.into(), time(value));
        }
    }
    if let Some(name) = &stored.name {
        fields.insert("name".into(), name.as_str().into());
    }
    if let Some(scopes) = &stored.scopes {
        fields.insert("scopes".into(), scopes.clone().into());
    }
    fields
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
