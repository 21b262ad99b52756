//! What there is: all methods, one service's, or those that match.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::Flags;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::reference::{Catalogue, Item, Method, ScopeExpression, Service, Source, Stability, Verb, summary};

const SERVICE: Style = AnsiColor::Green.on_default().bold();
const CATEGORY: Style = Style::new().bold();
const METHOD: Style = AnsiColor::Cyan.on_default();

/// One method, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    service: &'a str,
    api_version: &'a str,
    name: &'a str,
    verb: &'a str,
    route: String,
    args: &'a [String],
    query: &'a [String],
    scopes: Option<&'a ScopeExpression>,
    input: Option<&'a str>,
    output: Option<&'a str>,
    category: &'a str,
    stability: Stability,
    summary: &'a str,
    /// Only on the methods of 2018, so that the two kinds can be told apart.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    legacy: bool,
}

/// Lists everything.
///
/// # Errors
/// When a reference is broken or the output cannot be written.
pub(super) async fn all(flags: &Flags, context: &Context) -> Result<Status> {
    print(&entries(flags, context)?, context).await
}

/// Lists one service.
///
/// # Errors
/// When there is no such service or the output cannot be written.
pub(super) async fn service(name: &str, flags: &Flags, context: &Context) -> Result<Status> {
    let catalogue = context.catalogue(flags.legacy);
    print(&entries_of(catalogue, catalogue.service(name)?), context).await
}

/// Lists what matches all words.
///
/// # Errors
/// [`Kind::NotFound`] when nothing does.
pub(super) async fn search(words: &[String], flags: &Flags, context: &Context) -> Result<Status> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut found = entries(flags, context)?;
    found.retain(|entry| matches(entry, &words));
    if found.is_empty() {
        return Err(Error::new(Kind::NotFound, format!("no method matches `{}`", words.join(" ")))
            .hint("Try fewer or shorter words; `tc api` lists all methods."));
    }
    print(&found, context).await
}

/// What is listed: with `--legacy` the services of 2018; as data, those besides today's.
fn entries(flags: &Flags, context: &Context) -> Result<Vec<Entry<'static>>> {
    let as_data = context.wants_json();
    let sources: &[Source] = match (flags.legacy, as_data) {
        (false, _) => &[Source::Current],
        (true, true) => &[Source::Current, Source::Legacy],
        (true, false) => &[Source::Legacy],
    };
    let mut entries = Vec::new();
    for source in sources {
        let catalogue = context.catalogue(*source == Source::Legacy);
        for service in catalogue.services()? {
            entries.extend(entries_of(catalogue, service));
        }
    }
    Ok(entries)
}

fn entries_of(catalogue: &'static Catalogue, service: &'static Service) -> Vec<Entry<'static>> {
    service.methods.iter().map(|method| entry(catalogue, service, method)).collect()
}

fn entry(catalogue: &'static Catalogue, service: &'static Service, method: &'static Method) -> Entry<'static> {
    let source = catalogue.source();
    let described = catalogue.description(&service.service_name, &method.name).and_then(|text| text.lines().next());
    let own = summary(source, &service.service_name, Item::Method, &method.name);
    Entry {
        service: &service.service_name,
        api_version: &service.api_version,
        name: &method.name,
        verb: Verb::as_str(method.verb),
        route: method.route.to_string(),
        args: &method.args,
        query: &method.query,
        scopes: method.scopes.as_ref(),
        input: method.input.as_deref(),
        output: method.output.as_deref(),
        category: &method.category,
        stability: method.stability,
        summary: own.or(described).unwrap_or_default(),
        legacy: source == Source::Legacy,
    }
}

fn matches(entry: &Entry<'_>, words: &[String]) -> bool {
    let text = format!("{} {} {} {} {}", entry.service, entry.name, entry.category, entry.route, entry.summary);
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

async fn print(entries: &[Entry<'_>], context: &Context) -> Result<Status> {
    if context.wants_json() {
        let json = serde_json::to_vec(entries).map_err(std::io::Error::from)?;
        context.print_json(json).await?;
    } else if context.ui.terminal.stdout {
        print_headed(entries, context)?;
    } else {
        let mut out = context.ui.out();
        for entry in entries {
            writeln!(out, "{}\t{}\t{}", entry.service, entry.name, entry.summary)?;
        }
    }
    Ok(Status::DONE)
}

/// Methods under their service and category, both in the order of the references.
fn print_headed(entries: &[Entry<'_>], context: &Context) -> Result<()> {
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut out = context.ui.out();
    let mut first = true;
    for group in entries.chunk_by(|a, b| a.service == b.service) {
        let source = if group.iter().any(|entry| entry.legacy) { Source::Legacy } else { Source::Current };
        let service = group.first().map_or("", |entry| entry.service);
        let about = summary(source, service, Item::Service, "").unwrap_or_default();
        if !std::mem::take(&mut first) {
            writeln!(out)?;
        }
        let line = format!("{}  {about}", context.ui.paint(SERVICE, service));
        writeln!(out, "{}", context.ui.wrapped(&line, "  "))?;
        let mut categories: Vec<&str> = group.iter().map(|entry| entry.category).collect();
        let mut seen = std::collections::HashSet::new();
        categories.retain(|category| seen.insert(*category));
        for category in categories {
            if !category.is_empty() {
                writeln!(out, "  {}", context.ui.paint(CATEGORY, category))?;
            }
            for entry in group.iter().filter(|entry| entry.category == category) {
                let mark = match entry.stability {
                    Stability::Deprecated => " (deprecated)",
                    Stability::Stable | Stability::Experimental => "",
                };
                let name = context.ui.paint(METHOD, format_args!("{:width$}", entry.name));
                let line = format!("    {name}  {}{mark}", entry.summary);
                writeln!(out, "{}", context.ui.wrapped(&line, &" ".repeat(width + 2)))?;
            }
        }
    }
    Ok(())
}
