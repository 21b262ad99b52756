//! `tc task artifacts`

use std::io::Write as _;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ids::IdArgs;
use super::shown;
use super::status::print_documents;
use crate::client::Client;
use crate::commands::bulk::look_up;
use crate::context::Context;
use crate::domain::task::{Text, time};
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

/// What the queue says about an artifact.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact<'a> {
    #[serde(borrow)]
    pub(super) storage_type: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    expires: Option<Text<'a>>,
    #[serde(borrow)]
    content_type: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    artifacts: Vec<&'a RawValue>,
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
        |client, found| async move { list(&client, &found.id, args.run.or(found.run)).await },
        |found, artifacts: Vec<Box<RawValue>>| {
            if context.wants_json() {
                let list: Vec<&str> = artifacts.iter().map(|artifact| artifact.get()).collect();
                documents.push(if named.is_single {
                    format!("[{}]", list.join(","))
                } else {
                    format!(r#"{{"taskId":"{}","artifacts":[{}]}}"#, found.id, list.join(","))
                });
                return Ok(());
            }
            for raw in &artifacts {
                let artifact = read(raw)?;
                if ui.terminal.stdout && named.is_single {
                    table.row([
                        &*artifact.name,
                        &artifact.storage_type,
                        artifact.content_type.as_deref().unwrap_or_default(),
                        &shown::ago(time(artifact.expires.as_deref()), context.now()),
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

/// All artifacts of a run, by default the newest, as they were sent.
pub(super) async fn list(client: &Client, task: &str, run: Option<u32>) -> Result<Vec<Box<RawValue>>> {
    let call = match run {
        Some(run) => client.call("queue", "listArtifacts").arg(task).arg(run.to_string()),
        None => client.call("queue", "listLatestArtifacts").arg(task),
    };
    let mut pages = call.pages()?;
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        let Page { artifacts } = serde_json::from_slice(&page.body).map_err(|source| unexpected(&source))?;
        all.extend(artifacts.into_iter().map(ToOwned::to_owned));
    }
    Ok(all)
}

/// Reads one artifact of a list.
pub(super) fn read(raw: &RawValue) -> Result<Artifact<'_>> {
    serde_json::from_str(raw.get()).map_err(|source| unexpected(&source))
}

fn unexpected(source: &serde_json::Error) -> crate::error::Error {
    crate::error::Error::failed("the queue answered something that is not a list of artifacts")
        .caused_by(source.to_string())
}
