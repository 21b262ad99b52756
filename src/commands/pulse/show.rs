//! `tc pulse show`

use std::io::Write as _;

use clap_complete::ArgValueCandidates;
use serde_json::json;

use super::exchanges::Entry;
use super::{names, source};
use crate::commands::documents::fields_table;
use crate::commands::listening::explain_binding;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::pulse::parse_name;
use crate::reference::{RoutingKeyEntry, Service};
use crate::schema::{self, Field};
use crate::ui::Table;

/// Show the routing key and the message of an exchange
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The exchange: `queue.taskCompleted`
    #[arg(value_name = "EXCHANGE", add = ArgValueCandidates::new(names))]
    exchange: String,
    /// An exchange of 2018
    #[arg(long)]
    legacy: bool,
}

/// Prints the words of the routing key, then the fields of the message.
///
/// # Errors
/// When there is no such exchange, or standard output cannot be written.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let source = source(args.legacy);
    let catalogue = context.catalogue(args.legacy);
    let (service, exchange) = parse_name(&args.exchange, catalogue).map_err(explain_binding)?;
    let entry = Entry::of(source, service, exchange);
    let fields = fields(service, entry.schema)?;
    if context.wants_json() {
        let mut document = serde_json::to_value(&entry).map_err(std::io::Error::from)?;
        if let Some(document) = document.as_object_mut() {
            document.insert("fields".into(), json!(fields));
        }
        context.print_json(document.to_string()).await?;
        return Ok(Status::DONE);
    }
    let width = context.ui.terminal.stdout.then(|| context.ui.size()).flatten().map(|(width, _)| width);
    let color = context.ui.color();
    let mut out = context.ui.out();
    writeln!(out, "{}: {}\n{}\n", entry.full_name(), entry.summary, entry.exchange)?;
    out.write_all(words_table(entry.routing_key).render(width, color).as_bytes())?;
    match (entry.schema, fields.as_slice()) {
        (None, _) => writeln!(out, "\nThe schema of its messages is not known.")?,
        (Some(schema), []) => writeln!(out, "\nIts messages ({schema}) have no fixed fields.")?,
        (Some(schema), fields) => {
            writeln!(out, "\n{schema}\n")?;
            out.write_all(fields_table(fields).render(width, color).as_bytes())?;
        }
    }
    Ok(Status::DONE)
}

/// The fields of the message; none where the references do not hold its schema.
fn fields(service: &Service, file: Option<&str>) -> Result<Vec<Field>> {
    match file.map(|file| schema::fields(service, file)) {
        Some(Ok(fields)) => Ok(fields),
        None | Some(Err(schema::SchemaError::Missing { .. })) => Ok(Vec::new()),
        Some(Err(error)) => Err(Error::from(error)),
    }
}

fn words_table(entries: &[RoutingKeyEntry]) -> Table {
    let mut table = Table::new(["word", "in messages", "words", "value"]).whole(0);
    for entry in entries {
        let presence = if entry.required || entry.constant.is_some() { "always" } else { "sometimes" };
        let count = if entry.multiple_words { "any number" } else { "one" };
        table.row([entry.name.as_str(), presence, count, entry.constant.as_deref().unwrap_or("")]);
    }
    table
}
