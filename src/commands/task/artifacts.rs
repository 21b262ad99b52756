//! `tc task artifacts`

use std::io::Write as _;

use super::ids::IdArgs;
use super::shown;
use super::status::print_documents;
use crate::commands::bulk::look_up;
use crate::commands::transfers::{self, ListedArtifact};
use crate::context::Context;
use crate::domain::task::time;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Table;

/// List the artifacts of tasks
///
/// Those of the newest run, unless another is named.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// The artifacts of this run
    #[arg(short, long, value_name = "N")]
    run: Option<u32>,
}

/// Prints the names of artifacts, or all about them.
///
/// # Errors
/// Those of the calls.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let mut documents = Vec::new();
    let mut table = Table::new(["name", "storage", "type", "expires"]);
    let ui = &context.ui;
    let outcome = look_up(
        &named,
        context,
        |client, found| async move { transfers::list(&client, &found.id, args.run.or(found.run)).await },
        |found, artifacts: Vec<ListedArtifact>| {
            if context.wants_json() {
                let list: Vec<&str> = artifacts.iter().map(|artifact| artifact.raw.get()).collect();
                documents.push(if named.is_single {
                    format!("[{}]", list.join(","))
                } else {
                    format!(r#"{{"taskId":"{}","artifacts":[{}]}}"#, found.id, list.join(","))
                });
                return Ok(());
            }
            for artifact in &artifacts {
                if ui.terminal.stdout && named.is_single {
                    table.row([
                        artifact.name.as_str(),
                        &artifact.storage_type,
                        &artifact.content_type,
                        &shown::ago(time(Some(&artifact.expires)), context.now()),
                    ]);
                } else {
                    let id = if named.is_single { String::new() } else { format!("{} ", found.id) };
                    writeln!(ui.out(), "{id}{}", ui.safe(&artifact.name))?;
                }
            }
            if artifacts.is_empty() && ui.terminal.stderr {
                ui.note(format_args!("Task {} has no artifacts in this run.", found.id));
            }
            Ok(())
        },
    )
    .await;
    if !table.is_empty() {
        ui.out().write_all(table.render(ui.terminal.width, ui.color()).as_bytes())?;
    }
    if context.wants_json() { print_documents(&named, context, documents, outcome).await } else { outcome }
}
