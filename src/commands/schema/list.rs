//! `tc schema list`

use clap_complete::ArgValueCandidates;
use serde::Serialize;

use super::target::families;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::reference::{self, Method, Service};

/// List the schemas, with the methods and exchanges that use them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only those of this service (queue) or family (docker-worker)
    #[arg(add = ArgValueCandidates::new(families))]
    service: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each schema.
const COLUMNS: [Column; 3] = [Column::new("service"), Column::new("file").whole().naming(), Column::new("used by")];

#[derive(Debug, Serialize)]
struct Entry<'a> {
    service: &'a str,
    file: &'a str,
    inputs: Vec<&'a str>,
    outputs: Vec<&'a str>,
    exchanges: Vec<&'a str>,
}

/// Prints one schema a line.
///
/// # Errors
/// When there is no such service, or standard output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let catalogue = context.catalogue(false);
    let services = catalogue.services()?;
    let uris = uris(&services);
    let mut entries = entries(&uris, &services);
    if let Some(wanted) = &args.service {
        let name = match entries.iter().find(|entry| entry.service == wanted) {
            Some(family) => family.service,
            None => &catalogue.service(wanted)?.service_name,
        };
        entries.retain(|entry| entry.service == name);
    }
    let row = |entry: Entry<'_>| {
        let inputs = entry.inputs.iter().map(|name| format!("{name} (body)"));
        let outputs = entry.outputs.iter().map(|name| format!("{name} (answer)"));
        let exchanges = entry.exchanges.iter().map(|name| format!("{name} (exchange)"));
        let users: Vec<String> = inputs.chain(outputs).chain(exchanges).collect();
        let cells: [Cell; COLUMNS.len()] = [entry.service.into(), entry.file.into(), users.join(", ").into()];
        Row::new(serde_json::json!(entry), cells)
    };
    let rows = entries.into_iter().map(row).collect();
    listing.print(rows, "No schemas.", context, |schemas| serde_json::json!(schemas).to_string()).await
}

/// The schemas of the services, and of the families that belong to none: those are embedded, whatever the deployment.
fn uris(services: &[&Service]) -> Vec<String> {
    let own = services.iter().flat_map(|service| service.schemas.keys().map(|file| service.schema_uri(file)));
    let embedded = reference::family_schema_uris();
    own.chain(embedded).collect()
}

fn entries<'a>(uris: &'a [String], services: &[&'a Service]) -> Vec<Entry<'a>> {
    uris.iter()
        .filter_map(|uri| uri.trim_end_matches('#').strip_prefix("/schemas/")?.split_once('/'))
        .map(|(family, file)| match services.iter().find(|service| service.service_name == family) {
            Some(service) => entry(service, file),
            None => Entry { service: family, file, inputs: Vec::new(), outputs: Vec::new(), exchanges: Vec::new() },
        })
        .collect()
}

fn entry<'a>(service: &'a Service, file: &'a str) -> Entry<'a> {
    let methods = |pick: fn(&Method) -> &Option<String>| {
        let speaks = |method: &&Method| pick(method).as_deref() == Some(file);
        service.methods.iter().filter(speaks).map(|method| method.name.as_str()).collect()
    };
    let exchanges = service.exchanges.iter().filter(|exchange| exchange.schema.as_deref() == Some(file));
    Entry {
        service: &service.service_name,
        file,
        inputs: methods(|method| &method.input),
        outputs: methods(|method| &method.output),
        exchanges: exchanges.map(|exchange| exchange.name.as_str()).collect(),
    }
}
