//! `tc schema validate`

use std::io::Write as _;

use serde_json::json;

use super::target::SchemaTarget;
use crate::commands::documents::Document;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::schema::Validator;

/// Check a JSON or YAML file against a schema
///
/// Prints each fault with its path, and exits with 1 when there are any.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: SchemaTarget,
    /// File to check; `-` for standard input
    #[arg(value_name = "DOCUMENT", value_hint = clap::ValueHint::FilePath, required_unless_present = "schema")]
    document: Option<String>,
}

/// Prints the faults.
///
/// # Errors
/// When the schema is not found, or the file cannot be read.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (validator, document) = match args.target.own(context).await? {
        // With --schema the first word is the document.
        Some(schema) => (Validator::of(&schema)?, args.target.service.as_deref()),
        None => {
            let (service, file) = args.target.find(context)?;
            (Validator::new(service, &file)?, args.document.as_deref())
        }
    };
    if args.target.has_own() && args.document.is_some() {
        return Err(Error::usage("--schema takes the place of the service and the method"));
    }
    let document = document.ok_or_else(|| Error::usage("there is no document to check"))?;
    let faults = validator.faults(&Document::read(document, context).await?.value);
    if context.wants_json() {
        let verdict = json!({"valid": faults.is_empty(), "faults": faults});
        context.print_json(verdict.to_string()).await?;
    } else if faults.is_empty() {
        writeln!(context.ui.out(), "valid")?;
    } else {
        let mut out = context.ui.out();
        for fault in &faults {
            writeln!(out, "{}", context.ui.safe(&fault.to_string()))?;
        }
    }
    Ok(Status(u8::from(!faults.is_empty())))
}
