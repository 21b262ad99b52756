//! `tc task name`

use std::io::Write as _;

use serde_json::json;

use super::ids::IdArgs;
use super::status::print_documents;
use crate::commands::bulk::look_up;
use crate::context::Context;
use crate::domain::task::Definition;
use crate::error::Result;
use crate::exit::Status;

/// Print the names of tasks
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
}

/// Prints names: one as it is, many after their IDs.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let mut documents = Vec::new();
    let outcome = look_up(
        &named,
        context,
        |client, found| async move { client.call("queue", "task").arg(found.id.as_str()).send().await },
        |found, answer| {
            let definition: Definition<'_> = super::lookup::definition_in(&answer.body)?;
            let name = definition.metadata.name;
            context.remember_name(&found.id, &name);
            if context.wants_json() {
                documents.push(json!({"taskId": found.id, "name": name}).to_string());
                return Ok(());
            }
            let mut out = context.ui.out();
            let id = if named.is_single { String::new() } else { format!("{} ", found.id) };
            Ok(writeln!(out, "{id}{}", context.ui.safe(&name))?)
        },
    )
    .await;
    if context.wants_json() { print_documents(&named, context, documents, outcome).await } else { outcome }
}
