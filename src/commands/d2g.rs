//! `tc d2g`

use crate::commands::credentials::expanded_scopes;
use crate::commands::documents::Document;
use crate::context::Context;
use crate::definition::d2g::{self, Conversion, D2gError};
use crate::definition::finding::Finding;
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Convert a docker-worker payload to one of generic-worker
///
/// Reads JSON or YAML and prints JSON. Both sides are checked against the schemas of the workers.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The input is a task definition, whose scopes are converted as well
    #[arg(short, long)]
    task_def: bool,
    /// File to read; standard input without it
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: Option<String>,
}

/// Converts and prints.
///
/// # Errors
/// When the input cannot be converted.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let document = Document::read(args.file.as_deref().unwrap_or("-"), context).await?;
    let container = format!("taskcontainer_{}", slugid::nice());
    let converted = if args.task_def {
        let expanded = expanded_scopes(&document.value, context).await?;
        d2g::convert_definition(&document.value, expanded.as_deref(), &container)
    } else {
        d2g::convert_payload(&document.value, &container)
    };
    let base = if args.task_def { "/payload" } else { "" };
    let Conversion { value, omitted_variables } =
        converted.map_err(|error| explained(&error, Some(&document), base, context))?;
    if !omitted_variables.is_empty() {
        let names = omitted_variables.join(", ");
        context.ui.warn(format_args!("the worker sets these variables itself, so the output lacks them: {names}"));
    }
    context.print_json(value.to_string()).await?;
    Ok(Status::DONE)
}

/// The error with all that it found, each at its line.
fn explained(error: &D2gError, document: Option<&Document>, base: &str, context: &Context) -> Error {
    let findings: Vec<Finding> = error
        .faults()
        .iter()
        .map(|fault| Finding::error(format!("{base}{}", fault.path), fault.message.clone()))
        .collect();
    if let (Some(document), D2gError::Payload(_)) = (document, error) {
        for shown in document.show(&findings) {
            context.ui.write_stderr(format!("{}\n", crate::ui::sanitize(&shown)).as_bytes());
        }
    }
    let failure = Error::failed(error.to_string());
    match error {
        D2gError::MissingScopes(missing) => {
            let needs: Vec<String> = missing.iter().map(|need| need.join(" or ")).collect();
            failure.hint(format!("Add to `scopes`: {}", needs.join("; ")))
        }
        D2gError::Converted(_) => {
            let faults: Vec<String> = error.faults().iter().map(ToString::to_string).collect();
            failure.caused_by(faults.join("; "))
        }
        _ => failure,
    }
}
