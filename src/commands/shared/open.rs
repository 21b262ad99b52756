//! Pages for the browser.

use std::io::Write as _;
use std::time::Duration;

use crate::commands::Status;
use crate::context::Context;
use crate::error::Result;
use crate::signin::browser;

/// A program that still runs after this long has not failed to start; it may run as long as its window.
const STARTED: Duration = Duration::from_secs(2);

/// Prints the address of a page and, at a terminal, opens it.
///
/// # Errors
/// When the address cannot be printed. Without a browser there is a hint: the address will do.
pub fn open(url: &str, context: &Context) -> Result<Status> {
    let mut out = context.ui.out();
    writeln!(out, "{url}")?;
    out.flush()?;
    drop(out);
    if context.ui.terminal.stdout && !start(url, context)? {
        context.ui.hint("No browser could be opened; open the address yourself.");
    }
    Ok(Status::DONE)
}

fn start(url: &str, context: &Context) -> Result<bool> {
    let commands = browser::commands(url, &context.env);
    context.block_on(async {
        tokio::select! {
            opened = browser::open(commands) => Ok(opened),
            () = context.env.clock.sleep(STARTED) => Ok(true),
        }
    })
}
