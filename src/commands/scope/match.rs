//! `tc scope match`

use std::io::Write as _;

use serde::de::DeserializeOwned;
use serde_json::json;

use crate::context::Context;
use crate::domain::scopes;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Tell whether scopes satisfy others
///
/// Exits with 0 when they do and with 1 when they do not. Roles (`assume:..`) are taken as they
/// stand: what they expand to is known to the deployment only.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scopes that are there: ["queue:*", "secrets:get:a"]
    #[arg(long, value_name = "JSON")]
    assumed: String,
    /// Alternatives, of which all scopes of one must be satisfied: [["queue:a", "queue:b"], ["c"]]
    #[arg(long, value_name = "JSON")]
    required: String,
}

/// Prints the verdict, and for each alternative what it lacks.
///
/// # Errors
/// When an argument is no such list.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let assumed: Vec<String> = parse("--assumed", &args.assumed, "a list of scopes: [\"queue:*\"]")?;
    let required: Vec<Vec<String>> =
        parse("--required", &args.required, "a list of lists of scopes: [[\"queue:a\", \"queue:b\"]]")?;
    for scope in assumed.iter().chain(required.iter().flatten()) {
        if !scopes::is_valid(scope) {
            return Err(
                Error::usage(format!("{scope:?} is not a scope")).hint("Scopes are of printable ASCII characters.")
            );
        }
    }
    let satisfied = scopes::satisfies(&assumed, &required);
    let missing: Vec<Vec<&str>> = match satisfied {
        true => Vec::new(),
        false => required.iter().map(|scopes| scopes::missing(&assumed, scopes)).collect(),
    };
    if context.wants_json() {
        context.print_json(json!({"satisfied": satisfied, "missing": missing}).to_string()).await?;
        return Ok(Status(u8::from(!satisfied)));
    }
    let mut out = context.ui.out();
    if satisfied {
        writeln!(out, "satisfied")?;
    } else {
        writeln!(out, "not satisfied")?;
        for scopes in missing {
            writeln!(out, "missing: {}", scopes.join(", "))?;
        }
    }
    Ok(Status(u8::from(!satisfied)))
}

fn parse<T: DeserializeOwned>(flag: &str, text: &str, form: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| Error::usage(format!("{flag} is not {form}")).caused_by(source))
}
