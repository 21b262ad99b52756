//! One call: arguments and body checked, then shown, or sent and printed.

use std::io::{Read as _, Seek as _, Write as _};

use super::curl::Shown;
use super::pages::Merger;
use super::{Flags, Invocation, body, follow, print, scopes};
use crate::client::{Client, Page, Request};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::reference::{Method, Service, page_list};
use crate::schema;
use crate::ui::json::Layout;

/// A merged document up to this size is kept in memory, a larger one in a temporary file.
const SPOOL_MEMORY_BYTES: usize = 1 << 20;

/// Runs the call, or shows what was asked for instead.
///
/// # Errors
/// Whatever is wrong with the arguments, or goes wrong on the way.
pub(super) async fn run(invocation: &Invocation, flags: &Flags, context: &Context) -> Result<Status> {
    let catalogue = context.catalogue(flags.legacy);
    let (service, method) = catalogue.method(&invocation.service, &invocation.method)?;
    if flags.template {
        return template(service, method, context).await;
    }
    invocation.check(service, method, &context.words)?;
    if flags.scopes {
        let given = flags.data.is_some() || !flags.field.is_empty() || !flags.json_field.is_empty();
        let body = if given { body::read(service, method, flags, context).await? } else { None };
        return scopes::print(method, invocation, body.as_deref(), context).await;
    }
    if (flags.paginate || flags.jsonl) && !method.is_paginated() {
        return Err(Error::usage(format!("{}.{} does not answer in pages", service.service_name, method.name))
            .hint("Leave out --paginate and --jsonl."));
    }
    let body = body::read(service, method, flags, context).await?;
    if let (Some(body), false) = (&body, flags.no_validate) {
        validate(service, method, body)?;
    }
    let client = context.client()?;
    let request = client.prepare(service, method, &invocation.args, &invocation.query, body.map(bytes::Bytes::from))?;
    let request = request.with_headers(flags.header.clone());
    // What is asked for with a signature is the answer of the deployment, and no other place's.
    let request = if flags.follow { request } else { request.no_follow() };
    if flags.dry_run || flags.curl {
        return show(&client, &request, flags, context);
    }
    let list = page_list(service, method);
    match (flags.jsonl, flags.paginate) {
        (true, _) => lines(&client, request, list, flags, context).await,
        (false, true) => merged(&client, request, list, flags, context).await,
        (false, false) => {
            if flags.follow {
                return follow::run(&client, &request, flags, context).await;
            }
            let response = client.send(&request).await?;
            print::answer(&response, flags, context).map_err(|error| print::after(error, &request, &response))?;
            Ok(Status::DONE)
        }
    }
}

/// Fetches what stands at a path of the deployment, which is that of no known method.
///
/// # Errors
/// For flags that need a method.
pub(super) async fn fetch(path: &str, flags: &Flags, context: &Context) -> Result<Status> {
    let needs_method = [
        ("--template", flags.template),
        ("--scopes", flags.scopes),
        ("--paginate", flags.paginate),
        ("--jsonl", flags.jsonl),
        ("--data", flags.data.is_some()),
        ("--field", !flags.field.is_empty()),
        ("--json-field", !flags.json_field.is_empty()),
    ];
    if let Some((flag, _)) = needs_method.into_iter().find(|(_, is_given)| *is_given) {
        return Err(Error::usage(format!("{flag} needs a method, and `{path}` is the path of none"))
            .hint("Name service and method; `tc api` lists all services."));
    }
    let request = Request::of_path(&context.root_url()?, path)?.with_headers(flags.header.clone());
    let client = context.client()?;
    let request = if flags.follow { request } else { request.no_follow() };
    if flags.dry_run || flags.curl {
        return show(&client, &request, flags, context);
    }
    if flags.follow {
        return follow::run(&client, &request, flags, context).await;
    }
    print::answer(&client.send(&request).await?, flags, context)?;
    Ok(Status::DONE)
}

async fn template(service: &Service, method: &Method, context: &Context) -> Result<Status> {
    let Some(input) = &method.input else {
        return Err(Error::usage(format!("{}.{} takes no body", service.service_name, method.name)));
    };
    let skeleton = schema::skeleton(service, input, false)?;
    context.print_json(skeleton.to_string()).await?;
    Ok(Status::DONE)
}

fn validate(service: &Service, method: &Method, body: &[u8]) -> Result<()> {
    let Some(input) = &method.input else { return Ok(()) };
    // The services of 2018 come without schemas.
    if !service.schemas.contains_key(input) {
        return Ok(());
    }
    let value = serde_json::from_slice(body)
        .map_err(|source| Error::usage("the body is not JSON that can be checked").caused_by(source))?;
    let faults = schema::Validator::new(service, input)?.faults(&value);
    if faults.is_empty() {
        return Ok(());
    }
    let mut message = format!("the body is not one that {}.{} takes:", service.service_name, method.name);
    for fault in &faults {
        let place = if fault.path.is_empty() { "body" } else { &fault.path };
        message.push_str(&format!("\n  {place} {}", fault.message));
    }
    Err(Error::usage(message).hint(format!(
        "`tc api {} {} --help` lists the fields; --no-validate sends it as it is.",
        service.service_name, method.name
    )))
}

fn show(client: &Client, request: &Request, flags: &Flags, context: &Context) -> Result<Status> {
    let mut headers = client.sign(request)?;
    let all = headers.len();
    if !flags.show_secrets {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    }
    if flags.curl && headers.len() < all {
        context.ui.hint("The call would be signed; --show-secrets adds the header, which is valid for 15 minutes.");
    }
    let mut out = context.ui.out();
    if flags.curl {
        let shown = Shown {
            verb: request.verb.as_str(),
            url: request.url.as_str(),
            headers: &headers,
            body: request.body.as_deref(),
            follow: flags.follow,
        };
        out.write_all(shown.curl().as_bytes())?;
        return Ok(Status::DONE);
    }
    writeln!(out, "{} {}", request.verb, request.url)?;
    for (name, value) in &headers {
        writeln!(out, "{name}: {value}")?;
    }
    if let Some(body) = &request.body {
        writeln!(out)?;
        Layout::indented(context.ui.color(), context.ui.terminal.stdout).write(body, &mut out)?;
        writeln!(out)?;
    }
    Ok(Status::DONE)
}

fn page<'a>(body: &'a [u8], list: Option<&str>) -> Result<Page<'a>> {
    Page::parse(body, list).map_err(|fault| Error::failed(format!("an answer is not a page of a list: {fault}")))
}

/// `--jsonl`: each item on a line, as soon as its page is there.
async fn lines(
    client: &Client,
    request: Request,
    list: Option<&str>,
    flags: &Flags,
    context: &Context,
) -> Result<Status> {
    let program = context.jq()?;
    let mut sink = print::sink(flags, context)?;
    let mut pages = client.pages_of(request);
    while let Some(response) = pages.next().await? {
        let page = page(&response.body, list)?;
        for item in page.items.iter().map(|item| item.get().as_bytes()) {
            if let Some(program) = &program {
                context.filter(program, item, false, &mut sink)?;
                continue;
            }
            Layout::write_line(item, &mut sink).map_err(|source| print::write_error(flags, source))?;
        }
        sink.flush().map_err(|source| print::write_error(flags, source))?;
    }
    print::finish(sink, flags)?;
    Ok(Status::DONE)
}

/// `--paginate`: one document, which is printed when it is complete: laid out for people, and in a pipe or a file on one line,
/// as the services send theirs.
async fn merged(
    client: &Client,
    request: Request,
    list: Option<&str>,
    flags: &Flags,
    context: &Context,
) -> Result<Status> {
    let program = context.jq()?;
    let terminal = print::on_terminal(flags, context);
    let layout = match program {
        Some(_) => Layout::COMPACT,
        None if print::is_laid_out(context, flags, flags.output.is_none()) => {
            Layout::indented(context.ui.color() && flags.output.is_none(), terminal)
        }
        None => Layout::COMPACT,
    };
    // A failure on a later page must leave nothing behind, so the document waits until it is whole.
    let directory = context.env.temporary_directory();
    let kept = format!("the pages in a temporary file in {}", directory.display());
    let spool_error = |source| Error::io("keep", &kept, source).hint("Set TMPDIR to a directory with room for it.");
    let mut spool = tempfile::spooled_tempfile_in(SPOOL_MEMORY_BYTES, directory);
    let mut merger = Merger::new(layout, &mut spool);
    let mut pages = client.pages_of(request);
    while let Some(response) = pages.next().await? {
        merger.page(&page(&response.body, list)?).map_err(spool_error)?;
    }
    merger.finish().map_err(spool_error)?;
    spool.rewind().map_err(spool_error)?;
    let mut sink = print::sink(flags, context)?;
    match program {
        Some(program) => {
            let mut document = Vec::new();
            spool.read_to_end(&mut document).map_err(spool_error)?;
            context.filter(&program, &document, terminal, &mut sink)?;
        }
        None => {
            let line_end: &[u8] = if print::is_out(&sink) { b"\n" } else { b"" };
            std::io::copy(&mut spool, &mut sink)
                .and_then(|_| sink.write_all(line_end))
                .map_err(|source| print::write_error(flags, source))?;
        }
    }
    print::finish(sink, flags)?;
    Ok(Status::DONE)
}
