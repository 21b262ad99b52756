//! `tc object upload`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use futures::stream;

use crate::commands::transfers::{content_type, expiry, upload_all, upload_options};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::transfer::{FileReaders, NewObject, upload_object};

/// Upload a file as an object
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the object
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// File
    file: PathBuf,
    /// Project that the object belongs to
    #[arg(long, value_name = "ID")]
    project: String,
    /// Expiry: a time, or one relative to now
    #[arg(long, value_name = "TIME", default_value = "1 year", allow_hyphen_values = true)]
    expires: String,
    /// Content type; by default what the file's name suggests
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Compute the SHA-512 of large files, too: by default only files of up to 64 MiB have one besides the SHA-256
    #[arg(long)]
    sha512: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let readers = FileReaders::new(context.env.resolve(&args.file))?;
    let object = NewObject {
        name: args.name.clone(),
        project: args.project.clone(),
        expires: expiry(&args.expires, context)?,
        content_type: args.content_type.clone().unwrap_or_else(|| content_type(&args.file)),
    };
    let client = context.client()?;
    let (options, bars) = upload_options(args.sha512, context);
    let upload = async { (args.name.clone(), upload_object(&client, &object, &readers, &options).await) };
    upload_all(stream::once(upload), &bars, context).await
}
