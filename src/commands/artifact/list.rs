//! `tc artifact list`.

use futures::StreamExt as _;
use serde_json::Value;

use crate::client::Client;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::commands::selection::{self, NamedRun};
use crate::commands::transfers::{self, ListedArtifact};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::transfer::{self, ContentSource, Options};
use crate::ui::size;

/// Sizes that are asked for at once.
const MAX_CONCURRENT_SIZES: usize = 16;

/// List the artifacts of a task
///
/// In a pipe: name, storage type, content type and expiry, one artifact a line, with tabs in between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task: an ID or the address of its page
    task: String,
    /// Read the argument as an index path: `project.branch.latest.build`
    #[arg(long)]
    index: bool,
    /// Run, from 0; the newest one by default
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    run: Option<NamedRun>,
    /// Ask the storage how large each is, too
    #[arg(long)]
    sizes: bool,
    #[command(flatten)]
    list: ListArgs,
}

const NAME: Column = Column::new("name");
const STORAGE: Column = Column::new("storage");
const TYPE: Column = Column::new("type");
const EXPIRES: Column = Column::new("expires");
/// What is said of each artifact.
const COLUMNS: [Column; 4] = [NAME, STORAGE, TYPE, EXPIRES];
/// The same where sizes are asked for.
const SIZED_COLUMNS: [Column; 5] = [NAME, STORAGE, TYPE, EXPIRES, Column::new("size").right()];

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let with_sizes = args.sizes || args.list.names("size");
    let listing = args.list.listing(if with_sizes { &SIZED_COLUMNS } else { &COLUMNS }, context)?;
    let task = selection::indexed_task(&args.task, args.index, context).await?;
    let client = task.deployment.client(context)?;
    let run = NamedRun::number(args.run, task.run);
    let artifacts = transfers::list_some(&client, &task.id, run, listing.enough()).await?;
    let sizes = if with_sizes { sizes(&client, &task.id, run, &artifacts).await } else { Vec::new() };
    let mut rows = Vec::with_capacity(artifacts.len());
    for (index, artifact) in artifacts.iter().enumerate() {
        let bytes = sizes.get(index).copied().flatten();
        let ListedArtifact { name, storage_type, content_type, expires, .. } = artifact;
        let size = bytes.map(|bytes| Cell::from(bytes.to_string()).shown(size(bytes))).unwrap_or_default();
        let cells = [name, storage_type, content_type, expires].map(|text| Cell::from(text.as_str()));
        let item = described(artifact, with_sizes.then_some(bytes))?;
        rows.push(Row::new(item, cells.into_iter().chain(with_sizes.then_some(size))));
    }
    listing.print(rows, "No artifacts.", context, |artifacts| Value::from(artifacts).to_string()).await
}

/// One size each, where it can be had: an artifact without one is no reason to fail.
async fn sizes(client: &Client, task: &str, run: Option<u32>, artifacts: &[ListedArtifact]) -> Vec<Option<u64>> {
    let ask = |artifact: &ListedArtifact| {
        let source = ContentSource::Artifact { task: task.to_owned(), run, name: artifact.name.clone() };
        let known = artifact.length;
        async move {
            match known {
                Some(length) => Some(length),
                None => transfer::content_size(client, &source, &Options::default()).await.ok().flatten(),
            }
        }
    };
    futures::stream::iter(artifacts.iter().map(ask)).buffered(MAX_CONCURRENT_SIZES).collect().await
}

/// An artifact as the queue describes it, with its size where that was asked for.
fn described(artifact: &ListedArtifact, size: Option<Option<u64>>) -> Result<Value> {
    let mut value: Value = serde_json::from_str(artifact.raw.get())
        .map_err(|source| Error::failed("an artifact in the list is not JSON").caused_by(source))?;
    if let (Some(size), Some(fields)) = (size, value.as_object_mut()) {
        fields.insert("size".to_owned(), size.into());
    }
    Ok(value)
}
