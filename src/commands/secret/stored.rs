//! A secret as the service has it.

use chrono::{DateTime, Months, Utc};
use serde_json::{Map, Value, json};

use crate::client::{Client, Response};
use crate::commands::selection::{collect_some, or_nearest, texts};
use crate::domain::time::{parse_time, to_iso};
use crate::error::{Error, Kind, Result};

/// Months that a secret lasts which is given no end, as in the services' own web interface: a thousand years.
const DEFAULT_LIFETIME_MONTHS: u32 = 12_000;

/// A secret that was fetched. It has no `Debug`, so that it is not printed by accident.
pub(super) struct Stored {
    /// The object.
    pub secret: Map<String, Value>,
    /// When it ends, as the service says it.
    pub expires: String,
}

/// The names of all secrets.
pub(super) async fn names(client: &Client) -> Result<Vec<String>> {
    some_names(client, "", usize::MAX, || ()).await
}

/// The names that start like this, up to so many; `looked_at` is called for each name that was read.
pub(super) async fn some_names(
    client: &Client,
    prefix: &str,
    enough: usize,
    looked_at: impl Fn(),
) -> Result<Vec<String>> {
    let keep = |name: &Value| {
        looked_at();
        name.as_str().is_some_and(|name| name.starts_with(prefix))
    };
    Ok(texts(&collect_some(client.call("secrets", "list"), "secrets", enough, keep).await?, None))
}

/// A secret.
///
/// # Errors
/// [`Kind::NotFound`] with the names that are like it; when it is not an object.
pub(super) async fn get(client: &Client, name: &str) -> Result<Stored> {
    let answer = client.call("secrets", "get").arg(name).send().await;
    read(&or_nearest(answer, ("secret", name), names(client)).await?, name)
}

/// A secret, or `None` where there is none.
///
/// # Errors
/// When the call fails otherwise; when it is not an object.
pub(super) async fn find(client: &Client, name: &str) -> Result<Option<Stored>> {
    match client.call("secrets", "get").arg(name).send().await {
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        answer => read(&answer?, name).map(Some),
    }
}

fn read(answer: &Response, name: &str) -> Result<Stored> {
    let mut answer: Value = answer.json()?;
    let expires = answer.get("expires").and_then(Value::as_str).unwrap_or_default().to_owned();
    match answer.get_mut("secret").map(Value::take) {
        Some(Value::Object(secret)) => Ok(Stored { secret, expires }),
        _ => Err(Error::failed(format!("secret `{name}` is not an object"))
            .hint(format!("See what it is with `tc api secrets get {name}`."))),
    }
}

/// Stores a secret.
pub(super) async fn set(client: &Client, name: &str, secret: &Map<String, Value>, expires: &str) -> Result<()> {
    let body = json!({"secret": secret, "expires": expires});
    client.call("secrets", "set").arg(name).json(&body).send().await.map(drop)
}

/// When a secret ends that is given no end: as the one that it replaces, else in a thousand years.
pub(super) fn default_expiry(replaced: Option<&Stored>, now: DateTime<Utc>) -> String {
    let kept =
        replaced.map(|stored| stored.expires.as_str()).filter(|text| parse_time(text).is_ok_and(|end| end > now));
    kept.map_or_else(
        || to_iso(now.checked_add_months(Months::new(DEFAULT_LIFETIME_MONTHS)).unwrap_or(now)),
        str::to_owned,
    )
}
