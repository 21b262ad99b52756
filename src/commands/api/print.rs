//! An answer on standard output or in a file.

use std::io::Write as _;

use super::Flags;
use crate::client::Response;
use crate::context::Context;
use crate::error::{Error, Result};
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

/// Prints an answer: JSON laid out or filtered, everything else as it is.
///
/// # Errors
/// When the output cannot be written, the filter fails, or binary data would go to a terminal.
pub(super) fn answer(response: &Response, flags: &Flags, context: &Context) -> Result<()> {
    let program = context.jq()?;
    let mut sink = sink(flags, context)?;
    if flags.include {
        let head = head(response);
        let head = if on_terminal(flags, context) { sanitize(&head).into_owned() } else { head };
        sink.write_all(head.as_bytes()).map_err(|source| write_error(flags, source))?;
    }
    match program {
        Some(program) => context.filter(&program, &response.body, on_terminal(flags, context), &mut sink)?,
        None => body(&response.body, flags, context, &mut sink)?,
    }
    finish(sink, flags)
}

fn head(response: &Response) -> String {
    let mut head = format!("HTTP {}\n", response.status);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    head.push('\n');
    head
}

fn body(body: &[u8], flags: &Flags, context: &Context, sink: &mut Sink<'_>) -> Result<()> {
    if body.is_empty() {
        return Ok(());
    }
    let terminal = on_terminal(flags, context);
    let written = if json::check(body).is_ok() {
        let color = context.ui.color() && matches!(sink, Sink::Out(_));
        Layout::indented(color, terminal).write(body, sink).and_then(|()| sink.write_all(b"\n"))
    } else if !terminal {
        sink.write_all(body)
    } else {
        let text = std::str::from_utf8(body).map_err(|_| {
            Error::usage(format!("the answer is {} bytes of binary data, which are not for a terminal", body.len()))
                .hint("Write them to a file with -o FILE, or into a pipe.")
        })?;
        sink.write_all(sanitize(text).as_bytes())
    };
    written.map_err(|source| write_error(flags, source))
}
