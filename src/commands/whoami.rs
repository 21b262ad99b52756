//! `tc whoami`

use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::context::{Context, Identity, left};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Show the current client and its scopes
///
/// The scopes are those that the deployment sees. Exits with 4 when you are not signed in.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Asks the deployment for the scopes, and prints them with where the credentials come from.
///
/// # Errors
/// [`Kind::Auth`] when there are no credentials, or the deployment does not take them.
pub async fn run(_args: &Args, context: &Context) -> Result<Status> {
    let identity = context.identity()?;
    if identity.origin.is_none() {
        return Err(not_signed_in(&identity));
    }
    let client = context.client()?;
    let answer: Value = client.call("auth", "currentScopes").send().await?.json()?;
    if context.wants_json() {
        context.print_json(to_json(&identity, &answer["scopes"]).to_string()).await?;
    } else {
        print(&identity, &answer["scopes"], context)?;
    }
    Ok(Status::DONE)
}

fn not_signed_in(identity: &Identity) -> Error {
    let error = Error::new(Kind::Auth, format!("not signed in to {}", identity.target.root));
    match &identity.target.unsigned_because {
        Some(reason) => error.hint(reason.clone()),
        None => error.hint("To sign in: tc signin"),
    }
}

fn to_json(identity: &Identity, scopes: &Value) -> Value {
    let credentials = identity.target.credentials.as_ref();
    json!({
        "clientId": credentials.map(|credentials| &credentials.client_id),
        "rootUrl": identity.target.root.as_str(),
        "rootUrlFrom": identity.root_source.as_ref().map(ToString::to_string),
        "credentialsFrom": identity.origin.as_ref().map(ToString::to_string),
        "expires": identity.expires.map(rfc3339),
        "scopes": scopes,
    })
}

fn print(identity: &Identity, scopes: &Value, context: &Context) -> Result<()> {
    let ui = &context.ui;
    let mut out = ui.out();
    if let Some(credentials) = &identity.target.credentials {
        writeln!(out, "Client ID: {}", ui.safe(&credentials.client_id))?;
    }
    match &identity.root_source {
        Some(source) => writeln!(out, "Root URL:  {} (from {source})", identity.target.root)?,
        None => writeln!(out, "Root URL:  {}", identity.target.root)?,
    }
    if let Some(origin) = &identity.origin {
        writeln!(out, "From:      {origin}")?;
    }
    if let Some(expires) = identity.expires {
        let now = context.now();
        let rest = if ui.terminal.stdout { format!(" ({} left)", left(expires - now)) } else { String::new() };
        writeln!(out, "Expires:   {}{rest}", rfc3339(expires))?;
    }
    let scopes: Vec<&str> = scopes.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    writeln!(out, "{}", if scopes.is_empty() { "Scopes:    none" } else { "Scopes:" })?;
    for scope in scopes {
        writeln!(out, "  {}", ui.safe(scope))?;
    }
    Ok(())
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
