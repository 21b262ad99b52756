//! `tc references list`

use std::io::Write as _;

use serde::Serialize;

use crate::config::ReferenceCache;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::reference::{Item, summary};

/// List the services that are known, with what they offer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The services of 2018
    #[arg(long)]
    legacy: bool,
    /// List the deployments whose references are kept instead
    #[arg(long, conflicts_with = "legacy")]
    deployments: bool,
}

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
        return deployments(context).await;
    }
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
    if context.wants_json() {
        context.print_json(serde_json::to_vec(&entries).map_err(std::io::Error::from)?).await?;
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    if !context.ui.terminal.stdout {
        for Entry { service, api_version, methods, exchanges, schemas, summary } in &entries {
            writeln!(out, "{service}\t{api_version}\t{methods}\t{exchanges}\t{schemas}\t{summary}")?;
        }
        return Ok(Status::DONE);
    }
    let width = entries.iter().map(|entry| entry.service.len()).max().unwrap_or_default();
    writeln!(out, "{:width$}  methods  exchanges  schemas", "service")?;
    for Entry { service, methods, exchanges, schemas, summary, .. } in &entries {
        writeln!(out, "{service:width$}  {methods:7}  {exchanges:9}  {schemas:7}  {summary}")?;
    }
    writeln!(out, "\nThese are the references of {}.", catalogue.label())?;
    Ok(Status::DONE)
}

/// Prints one deployment a line: root URL, version, time.
async fn deployments(context: &Context) -> Result<Status> {
    let kept = ReferenceCache::of(&context.env).map(|cache| cache.deployments()).unwrap_or_default();
    if context.wants_json() {
        let entry = |kept: &crate::config::KeptReferences| {
            serde_json::json!({
                "rootUrl": kept.root_url,
                "taskclusterVersion": kept.taskcluster_version,
                "fetched": kept.fetched,
            })
        };
        let entries: Vec<serde_json::Value> = kept.iter().map(entry).collect();
        context.print_json(serde_json::Value::from(entries).to_string()).await?;
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    for kept in &kept {
        let version = kept.taskcluster_version.as_deref().unwrap_or("-");
        let line = format!("{}\t{version}\t{}", kept.root_url, kept.fetched.format("%FT%TZ"));
        writeln!(out, "{}", context.ui.safe(&line))?;
    }
    Ok(Status::DONE)
}
