//! `tc references list`

use std::io::Write as _;

use serde::Serialize;

use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::config::ReferenceCache;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::reference::{Item, summary};

/// List the known services with what they offer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The services of 2018
    #[arg(long)]
    legacy: bool,
    /// List the deployments whose references have been fetched, instead
    #[arg(long, conflicts_with = "legacy")]
    deployments: bool,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each service.
const COLUMNS: [Column; 6] = [
    Column::new("service").whole(),
    Column::new("version"),
    Column::new("methods").right(),
    Column::new("exchanges").right(),
    Column::new("schemas").right(),
    Column::new("summary"),
];
/// What is said of each deployment.
const DEPLOYMENT_COLUMNS: [Column; 3] =
    [Column::new("root url").whole(), Column::new("version"), Column::new("fetched")];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    service: &'a str,
    api_version: &'a str,
    methods: usize,
    exchanges: usize,
    schemas: usize,
    summary: &'a str,
}

/// Prints one service a line.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    if args.deployments {
        return deployments(args, context).await;
    }
    let listing = args.list.listing(&COLUMNS, context)?;
    let catalogue = context.catalogue(args.legacy);
    let (source, services) = (catalogue.source(), catalogue.services()?);
    let entries: Vec<Entry<'_>> = services
        .iter()
        .map(|service| Entry {
            service: &service.service_name,
            api_version: &service.api_version,
            methods: service.methods.len(),
            exchanges: service.exchanges.len(),
            schemas: service.schemas.len(),
            summary: summary(source, &service.service_name, Item::Service, "").unwrap_or_default(),
        })
        .collect();
    let row = |entry: Entry<'_>| {
        let cells: [Cell; COLUMNS.len()] = [
            entry.service.into(),
            entry.api_version.into(),
            entry.methods.to_string().into(),
            entry.exchanges.to_string().into(),
            entry.schemas.to_string().into(),
            entry.summary.into(),
        ];
        Row::new(serde_json::json!(entry), cells)
    };
    let rows = entries.into_iter().map(row).collect();
    let list = |entries: Vec<serde_json::Value>| serde_json::json!(entries).to_string();
    let status = listing.print(rows, "No services.", context, list).await?;
    if context.ui.terminal.stdout && !context.wants_json() && !listing.is_shaped() {
        writeln!(context.ui.out(), "\nThese are the references of {}.", catalogue.label())?;
    }
    Ok(status)
}

/// Prints one deployment a line: root URL, version, time.
async fn deployments(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&DEPLOYMENT_COLUMNS, context)?;
    let kept = ReferenceCache::of(&context.env).map(|cache| cache.deployments()).unwrap_or_default();
    let row = |kept: crate::config::KeptReferences| {
        let version = kept.taskcluster_version.as_deref().unwrap_or("-");
        let fetched = kept.fetched.format("%FT%TZ").to_string();
        let cells: [Cell; DEPLOYMENT_COLUMNS.len()] =
            [kept.root_url.as_str().into(), version.into(), Cell::time(&fetched, context.now())];
        let item = serde_json::json!({
            "rootUrl": kept.root_url,
            "taskclusterVersion": kept.taskcluster_version,
            "fetched": kept.fetched,
        });
        Row::new(item, cells)
    };
    let rows = kept.into_iter().map(row).collect();
    let list = |kept: Vec<serde_json::Value>| serde_json::json!(kept).to_string();
    listing.print(rows, "No references are kept.", context, list).await
}
