//! `tc pulse exchanges`

use std::io::Write as _;

use clap_complete::ArgValueCandidates;
use serde::Serialize;

use super::{services, source};
use crate::commands::listening::explain_binding;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::pulse::wire_name;
use crate::reference::{Exchange, Item, RoutingKeyEntry, Service, Source, summary};

/// List the exchanges with the words of their routing keys
///
/// A word with `?` is absent from some messages, one with `..` may be several words.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those of this service
    #[arg(add = ArgValueCandidates::new(services))]
    service: Option<String>,
    /// The exchanges of 2018
    #[arg(long)]
    legacy: bool,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each exchange.
const COLUMNS: [Column; 3] =
    [Column::new("exchange").whole(), Column::new("words"), Column::new("summary").optional(0)];

/// An exchange as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry<'a> {
    pub(super) service: &'a str,
    pub(super) name: &'a str,
    pub(super) exchange: String,
    pub(super) summary: &'a str,
    pub(super) routing_key: &'a [RoutingKeyEntry],
    pub(super) schema: Option<&'a str>,
}

impl<'a> Entry<'a> {
    pub(super) fn of(source: Source, service: &'a Service, exchange: &'a Exchange) -> Self {
        Self {
            service: &service.service_name,
            name: &exchange.name,
            exchange: wire_name(service, exchange),
            summary: summary(source, &service.service_name, Item::Exchange, &exchange.name).unwrap_or_default(),
            routing_key: &exchange.routing_key,
            schema: exchange.schema.as_deref(),
        }
    }

    /// `queue.taskCompleted`
    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", self.service, self.name)
    }

    /// The words that can be given: `taskId runId? reserved..`
    fn words(&self) -> String {
        let given = self.routing_key.iter().filter(|entry| entry.constant.is_none());
        given.map(word).collect::<Vec<_>>().join(" ")
    }
}

fn word(entry: &RoutingKeyEntry) -> String {
    let mark = match (entry.multiple_words, entry.required) {
        (true, _) => "..",
        (false, true) => "",
        (false, false) => "?",
    };
    format!("{}{mark}", entry.name)
}

/// Prints one exchange a line; on a terminal its words are on a line below.
///
/// # Errors
/// When there is no such service, or standard output cannot be written.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let source = source(args.legacy);
    let catalogue = context.catalogue(args.legacy);
    let services = match &args.service {
        Some(name) => vec![catalogue.service(name).map_err(|error| explain_binding(error.into()))?],
        None => catalogue.services()?,
    };
    let entries: Vec<Entry<'_>> = services
        .into_iter()
        .flat_map(|service| service.exchanges.iter().map(move |exchange| Entry::of(source, service, exchange)))
        .collect();
    let row = |entry: Entry<'static>| {
        let cells: [Cell; COLUMNS.len()] = [entry.full_name().into(), entry.words().into(), entry.summary.into()];
        Row::new(entry, cells)
    };
    let rows: Vec<Row<Entry<'_>>> = entries.into_iter().map(row).collect();
    if !context.ui.terminal.stdout || context.wants_json() || listing.is_shaped() || rows.is_empty() {
        let list = |entries: Vec<Entry<'_>>| serde_json::json!(entries).to_string();
        return listing.print(rows, "the service has no exchanges", context, list).await;
    }
    let entries = listing.ordered(rows);
    let width = entries.iter().map(|row| row.item.full_name().len()).max().unwrap_or_default();
    let mut out = context.ui.out();
    for Row { item: entry, .. } in &entries {
        writeln!(out, "{:width$}  {}\n  {}", entry.full_name(), entry.summary, entry.words())?;
    }
    Ok(Status::DONE)
}
