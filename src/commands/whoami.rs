//! `tc whoami`

use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::ApiError;
use crate::commands::credentials::sign_in_hint;
use crate::context::{Context, Identity, left};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Show the current client and its scopes
///
/// The scopes are those that the deployment sees. Exits with 4 when you are not signed in.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Asks the deployment for the scopes, and prints them with where the credentials come from.
///
/// # Errors
/// [`Kind::Auth`] when there are no credentials, or the deployment does not take them.
pub(crate) async fn run(_args: &Args, context: &Context) -> Result<Status> {
    let identity = context.identity()?;
    if identity.origin.is_none() {
        return Err(not_signed_in(&identity, context));
    }
    let scopes = match context.client()?.call("auth", "currentScopes").send().await {
        Ok(response) => Some(response.json::<CurrentScopes>()?.scopes),
        // Who is refused for lack of this scope has been recognized all the same.
        Err(error) if ApiError::of(&error).is_some_and(|refusal| refusal.status == 403) => None,
        Err(error) => return Err(error),
    };
    if context.wants_json() {
        context.print_json(to_json(&identity, scopes.as_deref()).to_string()).await?;
    } else {
        print(&identity, scopes.as_deref(), context)?;
    }
    if scopes.is_none() {
        context.ui.note("The scopes are unknown: these credentials lack auth:current-scopes.");
    }
    Ok(Status::DONE)
}

#[derive(Deserialize)]
struct CurrentScopes {
    scopes: Vec<String>,
}

fn not_signed_in(identity: &Identity, context: &Context) -> Error {
    let error = Error::new(Kind::Auth, format!("not signed in to {}", identity.target.root));
    let error = match &identity.target.unsigned_because {
        Some(reason) => error.hint(reason.clone()),
        None => error,
    };
    if context.globals.no_credentials { error } else { error.hint(sign_in_hint(context)) }
}

fn to_json(identity: &Identity, scopes: Option<&[String]>) -> Value {
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

fn print(identity: &Identity, scopes: Option<&[String]>, context: &Context) -> Result<()> {
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
    let Some(scopes) = scopes else { return Ok(()) };
    writeln!(out, "{}", if scopes.is_empty() { "Scopes:    none" } else { "Scopes:" })?;
    for scope in scopes {
        writeln!(out, "  {}", ui.safe(scope))?;
    }
    Ok(())
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
