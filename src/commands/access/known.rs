//! Clients and roles as the auth service has them.

use serde_json::Value;

use super::shown::text;
use crate::client::{Client, Response};
use crate::commands::bulk::lacks;
use crate::commands::selection::{collect, collect_some, or_nearest, texts};
use crate::error::{Error, Result};

/// All clients whose IDs start like this.
pub(super) async fn clients(client: &Client, prefix: &str) -> Result<Vec<Value>> {
    some_clients(client, prefix, usize::MAX, |_| true).await
}

/// Those of them that `keep` takes, up to so many.
pub(super) async fn some_clients(
    client: &Client,
    prefix: &str,
    enough: usize,
    keep: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>> {
    let call = client.call("auth", "listClients");
    let call = if prefix.is_empty() { call } else { call.query("prefix", prefix) };
    collect_some(call, "clients", enough, keep).await
}

/// The roles whose IDs start like this, up to so many; `looked_at` is called for each role that was read.
pub(super) async fn roles(client: &Client, prefix: &str, enough: usize, looked_at: impl Fn()) -> Result<Vec<Value>> {
    let keep = |role: &Value| {
        looked_at();
        text(role, "roleId").starts_with(prefix)
    };
    collect_some(client.call("auth", "listRoles2"), "roles", enough, keep).await
}

/// A client.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] with the IDs that are like it.
pub(super) async fn client(client: &Client, id: &str) -> Result<Value> {
    let answer = client.call("auth", "client").arg(id).send().await;
    let known = async { Ok(texts(&clients(client, "").await?, Some("clientId"))) };
    or_nearest(answer, ("client", id), known).await?.json()
}

/// Nothing, if a client is disabled, or enabled, as it was to be.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when the answer to the change says otherwise.
pub(super) fn expect_disabled(answer: &Response, disabled: bool) -> Result<()> {
    match answer.json::<Value>()?.get("disabled").and_then(Value::as_bool) {
        Some(is) if is == disabled => Ok(()),
        Some(_) => {
            let is = if disabled { "enabled" } else { "disabled" };
            Err(Error::failed(format!("{} answered that the client is {is}", answer.what)))
        }
        None => Err(lacks(answer, "disabled")),
    }
}

/// A role.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] with the IDs that are like it.
pub(super) async fn role(client: &Client, id: &str) -> Result<Value> {
    let answer = client.call("auth", "role").arg(id).send().await;
    let known = async { Ok(texts(&collect(client.call("auth", "listRoleIds"), "roleIds").await?, None)) };
    or_nearest(answer, ("role", id), known).await?.json()
}
