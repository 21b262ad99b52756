//! `tc config`: what counts, under the Go tool's names.

use serde_json::{Map, Value, json};

use super::form::Form;
use super::get;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// The Go tool's names that hold what nobody should see over a shoulder.
const SECRETS: [&str; 2] = ["accessToken", "certificate"];

/// One key, or all.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Print the value of this setting, as `get` does
    #[arg(value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    form: Form,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    if let Some(key) = &args.key {
        return get::print(key, &args.form, context).await;
    }
    let mut settings = Map::new();
    // In the order of their names, as the Go tool prints them in either form.
    for (name, unset) in [
        ("accessToken", json!("")),
        ("authorizedScopes", Value::Null),
        ("certificate", Value::Null),
        ("clientId", json!("")),
        ("rootUrl", json!("")),
    ] {
        let value = match get::find(&format!("config.{name}"), context)? {
            Some(_) if SECRETS.contains(&name) && args.form.is_on_screen(context) => json!("(redacted)"),
            Some((value, _)) => value.to_json(),
            None => unset,
        };
        settings.insert(name.to_owned(), value);
    }
    args.form.write(&json!({"config": settings}), context)?;
    Ok(Status::DONE)
}
