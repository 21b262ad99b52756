//! `tc schema list`

use std::io::Write as _;

use serde::Serialize;

use crate::commands::Status;
use crate::context::Context;
use crate::error::Result;
use crate::reference::{Catalogue, Service, Source};

/// List the schemas, with the methods and exchanges that speak them
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those of this service
    service: Option<String>,
}

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
pub fn run(args: &Args, context: &Context) -> Result<Status> {
    let catalogue = Catalogue::embedded(Source::Current);
    let services = match &args.service {
        Some(name) => vec![catalogue.service(name)?],
        None => catalogue.services()?,
    };
    let entries: Vec<Entry<'_>> = services.iter().flat_map(|service| entries(service)).collect();
    if context.wants_json() {
        context.print_json(&serde_json::to_vec(&entries).map_err(std::io::Error::from)?)?;
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    let width = entries.iter().map(|entry| entry.file.len()).max().unwrap_or_default();
    let service_width = entries.iter().map(|entry| entry.service.len()).max().unwrap_or_default();
    for entry in &entries {
        let inputs = entry.inputs.iter().map(|name| format!("{name} (body)"));
        let outputs = entry.outputs.iter().map(|name| format!("{name} (answer)"));
        let exchanges = entry.exchanges.iter().map(|name| format!("{name} (exchange)"));
        let users: Vec<String> = inputs.chain(outputs).chain(exchanges).collect();
        if context.ui.terminal.stdout {
            let line = format!("{:service_width$}  {:width$}  {}", entry.service, entry.file, users.join(", "));
            writeln!(out, "{}", line.trim_end())?;
        } else {
            writeln!(out, "{}\t{}\t{}", entry.service, entry.file, users.join(", "))?;
        }
    }
    Ok(Status::DONE)
}

fn entries(service: &Service) -> Vec<Entry<'_>> {
    let methods = |file: &str, pick: fn(&crate::reference::Method) -> &Option<String>| {
        let speaks = |method: &&crate::reference::Method| pick(method).as_deref() == Some(file);
        service.methods.iter().filter(speaks).map(|method| method.name.as_str()).collect()
    };
    service
        .schemas
        .keys()
        .map(|file| Entry {
            service: &service.service_name,
            file,
            inputs: methods(file, |method| &method.input),
            outputs: methods(file, |method| &method.output),
            exchanges: service
                .exchanges
                .iter()
                .filter(|exchange| exchange.schema.as_deref() == Some(file))
                .map(|exchange| exchange.name.as_str())
                .collect(),
        })
        .collect()
}
