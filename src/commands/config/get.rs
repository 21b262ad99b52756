//! `tc config get`

use std::io::Write as _;

use serde_json::{Value as Json, json};

use super::form::Form;
use super::key;
use crate::config::Value;
use crate::context::{Context, Origin};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Print the effective value of a setting
///
/// The Go tool's names work too: config.rootUrl, config.clientId, config.accessToken,
/// config.certificate, config.authorizedScopes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the setting
    key: String,
    #[command(flatten)]
    form: Form,
}

/// Prints the value; a list has one item a line.
///
/// # Errors
/// [`Kind::Usage`] when there is no such setting, [`Kind::NotFound`] when nobody set it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    print(&args.key, &args.form, context).await
}

/// The value of a key that counts, if there is one, and where it comes from.
///
/// # Errors
/// [`Kind::Usage`] when there is no such setting.
pub(super) fn find(key: &str, context: &Context) -> Result<Option<(Value, String)>> {
    match key.strip_prefix("config.") {
        Some(name) if name != "rootUrl" => credential(name, context),
        _ => Ok(key::effective(context.settings()?, &key::slot(key)?)),
    }
}

/// Prints the value of a key.
pub(super) async fn print(key: &str, form: &Form, context: &Context) -> Result<Status> {
    let found = find(key, context)?;
    // The Go tool prints what is not set as an empty text, or as nothing.
    if found.is_none() && context.is_taskcluster() && key.starts_with("config.") {
        let nothing = matches!(key, "config.certificate" | "config.authorizedScopes");
        let value = if nothing { Json::Null } else { Json::from("") };
        form.write(&value, context)?;
        return Ok(Status::DONE);
    }
    let (value, source) = found.ok_or_else(|| Error::new(Kind::NotFound, format!("`{key}` is not set")))?;
    if form.is_given() {
        form.write(&value.to_json(), context)?;
    } else if context.wants_json() {
        let json = json!({"key": key, "value": value.to_json(), "source": source});
        context.print_json(json.to_string()).await?;
    } else {
        writeln!(context.ui.out(), "{}", context.ui.safe(&value.to_string()))?;
    }
    Ok(Status::DONE)
}

/// A part of the credentials in use, by the Go tool's name. Whoever asks for the token gets it.
fn credential(name: &str, context: &Context) -> Result<Option<(Value, String)>> {
    let known = ["clientId", "accessToken", "certificate", "authorizedScopes"];
    if !known.contains(&name) {
        let error = Error::usage(format!("unknown setting `config.{name}`"));
        return Err(error.hint(format!("The Go tool's are config.rootUrl, config.{}.", known.join(", config."))));
    }
    // Credentials can be there without a deployment.
    let (credentials, origin) = match context.identity() {
        Ok(identity) => (identity.target.credentials, identity.origin),
        Err(error) if error.kind() == Kind::Usage => (context.credentials()?, Some(Origin::Environment)),
        Err(error) => return Err(error),
    };
    let (Some(credentials), Some(origin)) = (credentials, origin) else { return Ok(None) };
    let value = match name {
        "clientId" => Some(Value::Text(credentials.client_id)),
        "accessToken" => Some(Value::Text(credentials.access_token.reveal().into())),
        "certificate" => credentials.certificate.map(|certificate| Value::Text(certificate.reveal().into())),
        _ => credentials.authorized_scopes.map(Value::List),
    };
    Ok(value.map(|value| (value, origin.to_string())))
}
