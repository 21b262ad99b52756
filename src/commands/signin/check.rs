//! `--check`: who is signed in, and until when.

use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::client::{ApiError, Client, Credentials};
use crate::commands::Status;
use crate::config::{Store, Stored};
use crate::context::Context;
use crate::error::{Error, Kind, Result};

/// Asks the deployment whether it takes the credentials.
///
/// # Errors
/// [`Kind::Auth`] when there are none, or the deployment does not take them.
pub(super) fn run(context: &Context) -> Result<Status> {
    let client = context.client()?;
    let Some(credentials) = client.credentials() else {
        return Err(
            Error::new(Kind::Auth, format!("not signed in to {}", client.root_url())).hint("To sign in: tc signin")
        );
    };
    let expires = context.block_on(async {
        is_taken(&client).await?;
        Ok(expiry(&client, credentials, context).await)
    })?;
    let client_id = &credentials.client_id;
    if context.globals.json || context.globals.jq.is_some() {
        let expires = expires.map(|expires| expires.to_rfc3339_opts(SecondsFormat::Millis, true));
        let json = json!({"rootUrl": client.root_url().as_str(), "clientId": client_id, "expires": expires});
        context.print_json(json.to_string().as_bytes())?;
        return Ok(Status::DONE);
    }
    let until = expires.map(|expires| format!(" until {}", expires.format("%F %R UTC"))).unwrap_or_default();
    let client_id = context.ui.safe(client_id);
    writeln!(context.ui.out(), "Signed in to {} as {client_id}{until}.", client.root_url())?;
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

/// When the credentials end, where that can be found out.
async fn expiry(client: &Client, credentials: &Credentials, context: &Context) -> Option<DateTime<Utc>> {
    let own = Stored::new(credentials.clone()).expires;
    if own.is_some() {
        return own;
    }
    if let Ok(response) = client.call("auth", "client").arg(&credentials.client_id).send().await
        && let Ok(body) = response.json::<Value>()
        && let Some(expires) = body["expires"].as_str().and_then(|text| text.parse().ok())
    {
        return Some(expires);
    }
    let stored = Store::open(&context.env).get(client.root_url(), context.now()).ok()??;
    (stored.credentials == *credentials).then_some(stored.expires)?
}
