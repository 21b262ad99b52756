//! `tc task artifacts`

use std::io::Write as _;

use super::ids::IdArgs;
use super::status::print_documents;
use crate::commands::bulk::look_up;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::commands::selection::NamedRun;
use crate::commands::transfers::{self, ListedArtifact};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// List the artifacts of tasks
///
/// Lists those of the newest run by default.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// The artifacts of this run
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    run: Option<NamedRun>,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each artifact.
const COLUMNS: [Column; 5] = [
    Column::new("name"),
    Column::new("storage"),
    Column::new("type"),
    Column::new("expires"),
    Column::new("task").extra(),
];

/// Prints the names of artifacts, or all about them.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let named = args.ids.read(context).await?;
    let mut documents = Vec::new();
    let mut rows = Vec::new();
    // However many tasks there are.
    let mut left = listing.most();
    let (ui, enough, listing_ref) = (&context.ui, listing.enough(), &listing);
    let is_table = listing.is_shaped() || ui.terminal.stdout && named.is_single;
    let outcome = look_up(
        &named,
        context,
        |client, found| async move {
            transfers::list_some(&client, &found.id, NamedRun::number(args.run, found.run), enough).await
        },
        |found, artifacts: Vec<ListedArtifact>| {
            if artifacts.is_empty() && ui.terminal.stderr && !context.wants_json() {
                ui.note(format_args!("Task {} has no artifacts in this run.", found.id));
            }
            let of_task = artifacts.into_iter().map(|artifact| row(artifact, &found.id, context));
            if !context.wants_json() {
                rows.extend(of_task);
                return Ok(());
            }
            let mut of_task = listing_ref.ordered(of_task.collect());
            of_task.truncate(left);
            left -= of_task.len();
            let list: Vec<&str> = of_task.iter().map(|row| row.item.raw.get()).collect();
            documents.push(if named.is_single {
                format!("[{}]", list.join(","))
            } else {
                format!(r#"{{"taskId":"{}","artifacts":[{}]}}"#, found.id, list.join(","))
            });
            Ok(())
        },
    )
    .await;
    if context.wants_json() {
        return print_documents(&named, context, documents, outcome).await;
    }
    if is_table && !rows.is_empty() {
        listing.print(rows, "", context, |_| String::new()).await?;
    } else {
        for row in listing.ordered(rows) {
            let id = |row: &Row<ListedArtifact>| row.cells.last().map(|task| format!("{} ", task.plain));
            let id = if named.is_single { None } else { id(&row) };
            writeln!(ui.out(), "{}{}", id.unwrap_or_default(), ui.safe(&row.item.name))?;
        }
    }
    outcome
}

fn row(artifact: ListedArtifact, task: &str, context: &Context) -> Row<ListedArtifact> {
    let cells: [Cell; COLUMNS.len()] = [
        artifact.name.as_str().into(),
        artifact.storage_type.as_str().into(),
        artifact.content_type.as_str().into(),
        Cell::time(&artifact.expires, context.now()),
        task.into(),
    ];
    Row::new(artifact, cells)
}
