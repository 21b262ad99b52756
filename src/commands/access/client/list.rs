//! `tc client list`

use serde_json::Value;

use super::super::definition::scopes;
use super::super::known;
use super::super::shown::{text, time};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Table;

/// List clients
///
/// In a pipe: ID, when it expires, when it was last used (to the nearest day), how many scopes it has, `disabled` or
/// nothing, and its description, with tabs between them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those whose IDs start like this
    #[arg(value_name = "PREFIX", default_value = "")]
    prefix: String,
    /// Only disabled ones
    #[arg(long)]
    disabled: bool,
}

/// Lists them.
///
/// # Errors
/// When a call fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut clients = known::clients(&context.client()?, &args.prefix).await?;
    let is_disabled = |client: &Value| client.get("disabled") == Some(&Value::Bool(true));
    if args.disabled {
        clients.retain(is_disabled);
    }
    if context.wants_json() {
        context.print_json(Value::Array(clients).to_string()).await?;
        return Ok(Status::DONE);
    }
    let header = ["client", "expires", "used", "scopes", "", "description"];
    let mut table = Table::new(header).whole(0).right(3).optional(&[5, 2, 3]);
    for client in &clients {
        table.row([
            text(client, "clientId").to_owned(),
            time(client, "expires", context),
            time(client, "lastDateUsed", context),
            scopes(client).len().to_string(),
            if is_disabled(client) { "disabled" } else { "" }.to_owned(),
            text(client, "description").to_owned(),
        ]);
    }
    if table.is_empty() {
        context.ui.note("There are no such clients.");
        return Ok(Status::DONE);
    }
    context.ui.table(&table)?;
    Ok(Status::DONE)
}
