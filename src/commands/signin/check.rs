//! `--check`: who is signed in, and until when.

use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::client::{ApiError, Client};
use crate::commands::credentials::sign_in_hint;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Asks the deployment whether it takes the credentials.
///
/// # Errors
/// [`Kind::Auth`] when there are none, or the deployment does not take them.
pub(super) async fn run(context: &Context) -> Result<Status> {
    let identity = context.identity()?;
    let root = &identity.target.root;
    let client_id = identity.target.credentials.as_ref().map(|credentials| credentials.client_id.as_str());
    if client_id.is_none() && !identity.target.proxied {
        let error = Error::new(Kind::Auth, format!("not signed in to {root}"));
        let error = match &identity.target.unsigned_because {
            Some(why) => error.hint(why.clone()),
            None => error,
        };
        return Err(error.hint(sign_in_hint(context)));
    }
    let client = context.client()?;
    is_taken(&client).await?;
    let expires = match (identity.expires, client_id) {
        (None, Some(client_id)) => expiry(&client, client_id).await,
        (known, _) => known,
    };
    if context.wants_json() {
        let expires = expires.map(|expires| expires.to_rfc3339_opts(SecondsFormat::Millis, true));
        let json = json!({"rootUrl": root.as_str(), "clientId": client_id, "expires": expires});
        context.print_json(json.to_string()).await?;
        return Ok(Status::DONE);
    }
    if context.is_taskcluster() {
        // The Go tool says it with its exit status alone.
        return Ok(Status::DONE);
    }
    let who = client_id.map_or("the task, by way of its proxy".into(), |client_id| context.ui.safe(client_id));
    let until = expires.map(|expires| format!(" until {}", expires.format("%F %R UTC"))).unwrap_or_default();
    writeln!(context.ui.out(), "Signed in to {root} as {who}{until}.")?;
    Ok(Status::DONE)
}

async fn is_taken(client: &Client) -> Result<()> {
    match client.call("auth", "currentScopes").send().await {
        Ok(_) => Ok(()),
        // Whoever is refused for want of scopes has been recognized.
        Err(error) if ApiError::of(&error).is_some_and(|refusal| refusal.status == 403) => Ok(()),
        Err(error) => Err(error),
    }
}

/// When a client ends, where the deployment tells.
async fn expiry(client: &Client, client_id: &str) -> Option<DateTime<Utc>> {
    let response = client.call("auth", "client").arg(client_id).send().await.ok()?;
    response.json::<Value>().ok()?["expires"].as_str()?.parse().ok()
}
