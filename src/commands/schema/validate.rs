//! `tc schema validate`

use std::io::Write as _;

use serde_json::{Value, json};

use super::target::SchemaTarget;
use crate::context::Context;
use crate::domain::yaml;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::schema::Validator;

/// Check a JSON or YAML file against a schema
///
/// Prints each fault with its path, and exits with 1 when there are any.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: SchemaTarget,
    /// File to check; `-` for standard input
    #[arg(value_name = "DOCUMENT", value_hint = clap::ValueHint::FilePath)]
    document: String,
}

/// Prints the faults.
///
/// # Errors
/// When the schema is not found, or the file cannot be read.
pub async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (service, file) = args.target.find()?;
    let document = read(&args.document, context).await?;
    let faults = Validator::new(service, &file)?.faults(&document);
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

async fn read(document: &str, context: &Context) -> Result<Value> {
    let name = if document == "-" { "standard input" } else { document };
    let bytes = match document {
        "-" => context.read_stdin().await?,
        path => std::fs::read(context.env.resolve(path)).map_err(|source| Error::io("read", name, source))?,
    };
    let text =
        std::str::from_utf8(&bytes).map_err(|source| Error::usage(format!("{name} is not UTF-8")).caused_by(source))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let not_json = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };
    let error = match yaml::parse(text) {
        Ok(value) if value.is_object() || value.is_array() => return Ok(value),
        // Any word is a YAML string; nobody means a document by that.
        Ok(_) if text.trim().is_empty() => Error::usage(format!("{name} is empty")),
        Ok(_) => Error::usage(format!("{name} is a single value, not a map or a list")),
        // A brace or a bracket in front says that JSON was meant.
        Err(not_yaml) if !text.trim_start().starts_with(['{', '[']) => {
            Error::usage(format!("{name} is neither JSON nor YAML")).caused_by(not_yaml)
        }
        _ => Error::usage(format!("{name} is neither JSON nor YAML")).caused_by(not_json),
    };
    Err(error)
}
