//! `tc config get`

use std::io::Write as _;

use serde_json::json;

use super::key;
use crate::config::Value;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Print the value of a setting that counts
///
/// The Go tool's names work too: config.rootUrl, config.clientId, config.accessToken,
/// config.certificate, config.authorizedScopes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the setting
    key: String,
}

/// Prints the value; a list has one item a line.
///
/// # Errors
/// [`Kind::Usage`] when there is no such setting, [`Kind::NotFound`] when nobody set it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (value, source) = match args.key.strip_prefix("config.") {
        Some(name) if name != "rootUrl" => credential(name, context)?,
        _ => key::effective(context.settings()?, &key::slot(&args.key)?),
    }
    .ok_or_else(|| Error::new(Kind::NotFound, format!("`{}` is not set", args.key)))?;
    if context.wants_json() {
        let json = json!({"key": args.key, "value": value.to_json(), "source": source});
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
    let identity = context.identity()?;
    let (Some(credentials), Some(origin)) = (identity.target.credentials, identity.origin) else { return Ok(None) };
    let value = match name {
        "clientId" => Some(Value::Text(credentials.client_id)),
        "accessToken" => Some(Value::Text(credentials.access_token.reveal().into())),
        "certificate" => credentials.certificate.map(|certificate| Value::Text(certificate.reveal().into())),
        _ => credentials.authorized_scopes.map(Value::List),
    };
    Ok(value.map(|value| (value, origin.to_string())))
}
