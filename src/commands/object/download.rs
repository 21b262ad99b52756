//! `tc object download`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use futures::stream;

use crate::commands::transfers::{DownloadArgs, DownloadItem, Manifest, Placement, download, sha256, to_stdout};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::transfer::ContentSource;

/// Download an object
///
/// The file appears when it is complete and verified. The same command resumes a download that was cut off.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the object
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// File or folder to write to; `-` is standard output. By default the name, below the working directory
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Expected SHA-256
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    #[command(flatten)]
    download: DownloadArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut options = args.download.options()?;
    if let Some(hex) = &args.sha256 {
        options.checksums.push(sha256(hex)?);
    }
    let client = context.client()?;
    let source = ContentSource::Object { name: args.name.clone() };
    if args.output.as_ref().is_some_and(|output| output.as_os_str() == "-") {
        return to_stdout(&client, &source, &options, context).await;
    }
    let target = match args.output.as_ref().map(|output| context.env.resolve(output)) {
        Some(path) if !path.is_dir() => path,
        Some(folder) => Placement::new(folder, true, context).target(&args.name)?,
        None => Placement::new(context.env.directory.clone(), false, context).target(&args.name)?,
    };
    let items = stream::iter([Ok(DownloadItem::new(source, target))]);
    let manifest = Manifest::default();
    let outcome = context.writing_files(download(&client, items, &args.download, options, &manifest, context)).await;
    manifest.close(outcome, context)
}
