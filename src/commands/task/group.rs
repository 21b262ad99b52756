//! `tc task group`

use std::io::Write as _;

use serde_json::json;

use super::ids::IdArgs;
use super::lookup;
use super::status::print_documents;
use crate::commands::bulk::look_up;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Print the groups that tasks belong to
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
}

/// Prints the IDs of groups: one as it is, many after the IDs of the tasks.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let mut documents = Vec::new();
    let outcome = look_up(
        &named,
        context,
        |client, found| async move { lookup::status(&client, &found.id).await },
        |found, looked_up| {
            let group = looked_up.status()?.task_group_id.into_owned();
            if context.wants_json() {
                documents.push(json!({"taskId": found.id, "taskGroupId": group}).to_string());
                return Ok(());
            }
            let mut out = context.ui.out();
            let id = if named.is_single { String::new() } else { format!("{} ", found.id) };
            Ok(writeln!(out, "{id}{group}")?)
        },
    )
    .await;
    if context.wants_json() { print_documents(&named, context, documents, outcome).await } else { outcome }
}
