//! `tc validate-json`

use crate::commands::documents::{Document, open_schema};
use crate::context::Context;
use crate::definition::finding::Finding;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::schema::Checker;

/// Check a JSON or YAML file against a JSON schema
///
/// Both can be paths or URLs, and the schema may refer to others. Each fault is shown in its line; the status is 1 when there are any.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// JSON schema: a path, or an http, https or file URL
    #[arg(value_name = "SCHEMA", value_hint = clap::ValueHint::FilePath)]
    schema: String,
    /// File to check: a path, `-` for standard input, or a URL
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: String,
}

/// Tells on standard error whether the file is valid, as the Go tool does.
///
/// # Errors
/// When it is not, or something cannot be read.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let schema = open_schema(&args.schema, context).await?;
    let document = Document::open(&args.file, context).await?;
    let mismatches = Checker::of(&schema)?.mismatches(&document.value);
    if mismatches.is_empty() {
        context.ui.note("The document is valid");
        return Ok(Status::DONE);
    }
    let findings: Vec<Finding> = mismatches.into_iter().map(|mismatch| Finding::of(mismatch, "")).collect();
    for shown in document.show(&findings) {
        context.ui.write_stderr(format!("{}\n", crate::ui::sanitize(&shown)).as_bytes());
    }
    Err(Error::failed("the document is not valid"))
}
