//! An answer on standard output or in a file.

use std::io::Write as _;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::Flags;
use crate::client::{Request, Response, redacted};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::reference::Verb;
use crate::ui::json::{self, Layout};
use crate::ui::{Sink, sanitize};

/// Opens the place that `-o` names, or standard output.
///
/// # Errors
/// When the file cannot be made.
pub(super) fn sink<'a>(flags: &Flags, context: &'a Context) -> Result<Sink<'a>> {
    match &flags.output {
        Some(path) if path.as_os_str() != "-" => {
            Sink::file(&context.env.resolve(path)).map_err(|source| Error::io("write", quoted(flags), source))
        }
        _ => Ok(Sink::out(&context.ui)),
    }
}

/// Completes what was written to [`sink`].
///
/// # Errors
/// When it cannot be written.
pub(super) fn finish(sink: Sink<'_>, flags: &Flags) -> Result<()> {
    sink.finish().map_err(|source| write_error(flags, source))
}

/// A failure to write the result, which names where it should have gone.
pub(super) fn write_error(flags: &Flags, source: std::io::Error) -> Error {
    match &flags.output {
        Some(path) if path.as_os_str() != "-" => Error::io("write", quoted(flags), source),
        _ => source.into(),
    }
}

fn quoted(flags: &Flags) -> String {
    flags.output.as_ref().map_or_else(String::new, |path| format!("`{}`", path.display()))
}

/// Whether what is written ends up before the user's eyes.
pub(super) fn on_terminal(flags: &Flags, context: &Context) -> bool {
    context.ui.terminal.stdout && flags.output.as_ref().is_none_or(|path| path.as_os_str() == "-")
}

/// Prints an answer of the API as the server sent it: on a terminal it is laid out, in a pipe it ends with a line end. By the
/// Go tool's name it is laid out as the services do it, and in a pipe nothing is added, as there.
///
/// # Errors
/// When the output cannot be written, the filter fails, or binary data would go to a terminal.
pub(super) fn answer(response: &Response, flags: &Flags, context: &Context) -> Result<()> {
    tell_redirect(response, flags, context);
    let is_go_tool = context.is_taskcluster();
    print(response, flags, context, |body, sink| {
        if is_laid_out(context, flags, is_out(sink)) && json::check(body).is_ok() {
            let color = context.ui.color() && is_out(sink);
            let line_end: &[u8] = if is_go_tool && !on_terminal(flags, context) { b"" } else { b"\n" };
            return Layout::indented(color, on_terminal(flags, context))
                .write(body, sink)
                .and_then(|()| sink.write_all(line_end))
                .map_err(|source| write_error(flags, source));
        }
        unchanged(body, flags, context, sink)?;
        if is_out(sink) && !is_go_tool && !body.is_empty() && !body.ends_with(b"\n") {
            sink.write_all(b"\n").map_err(|source| write_error(flags, source))?;
        }
        Ok(())
    })
}

/// Whether answers are laid out for people; programs get them as the server sent them.
pub(super) fn is_laid_out(context: &Context, flags: &Flags, is_stdout: bool) -> bool {
    context.is_taskcluster() || on_terminal(flags, context) || (context.ui.color() && is_stdout)
}

/// Prints what a redirect led to, byte for byte.
pub(super) fn content(response: &Response, flags: &Flags, context: &Context) -> Result<()> {
    print(response, flags, context, |body, sink| unchanged(body, flags, context, sink))
}

/// A failure to print the answer of a call, which says what was called where that may have changed something, and the
/// task that the answer is about.
pub(super) fn after(error: Error, request: &Request, response: &Response) -> Error {
    if matches!(request.verb, Verb::Get | Verb::Head) {
        return error;
    }
    let body: Value = response.json().unwrap_or_default();
    let task = body.get("taskId").or_else(|| body.get("status")?.get("taskId")).and_then(Value::as_str);
    let about = task.map(|task| format!(" (task {task})")).unwrap_or_default();
    error.after(&format!("called {}{about}", request.what))
}

fn print(
    response: &Response,
    flags: &Flags,
    context: &Context,
    write: impl FnOnce(&[u8], &mut Sink<'_>) -> Result<()>,
) -> Result<()> {
    let program = context.jq()?;
    let mut sink = sink(flags, context)?;
    if flags.include {
        let head = head(response.status, &response.headers);
        let head = if on_terminal(flags, context) { sanitize(&head).into_owned() } else { head };
        sink.write_all(head.as_bytes()).map_err(|source| write_error(flags, source))?;
    }
    match program {
        Some(program) => context.filter(&program, &response.body, on_terminal(flags, context), &mut sink)?,
        None => write(&response.body, &mut sink)?,
    }
    finish(sink, flags)
}

/// The status and the headers of an answer, as text.
pub(super) fn head(status: u16, headers: &HeaderMap) -> String {
    let mut head = format!("HTTP {status}\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    head.push('\n');
    head
}

/// Says where a redirect leads whose answer says nothing else.
fn tell_redirect(response: &Response, flags: &Flags, context: &Context) {
    let Some(location) = response.header("location") else { return };
    if response.body.is_empty() && !flags.include {
        let target = response.url.join(location).map_or_else(|_| location.to_owned(), |url| redacted(&url).to_string());
        let (what, status) = (&response.what, response.status);
        context
            .ui
            .hint(format_args!("{what} answered {status}, a redirect to {target}; --follow fetches what is there."));
    }
}

/// Whether it is standard output, which gets a line end where an answer lacks one.
pub(super) fn is_out(sink: &Sink<'_>) -> bool {
    matches!(sink, Sink::Out(_))
}

/// The bytes as they are; on a terminal text without control characters.
fn unchanged(body: &[u8], flags: &Flags, context: &Context, sink: &mut Sink<'_>) -> Result<()> {
    if !on_terminal(flags, context) {
        return sink.write_all(body).map_err(|source| write_error(flags, source));
    }
    let text = std::str::from_utf8(body).map_err(|_| {
        Error::usage(format!("the answer is {} bytes of binary data, which are not for a terminal", body.len()))
            .hint("Write them to a file with -o FILE, or into a pipe.")
    })?;
    sink.write_all(sanitize(text).as_bytes()).map_err(|source| write_error(flags, source))
}
