//! Pages for the browser.

use std::io::Write as _;

use crate::commands::Status;
use crate::context::Context;
use crate::error::Result;

/// Prints the address of a page and, at a terminal, opens it.
///
/// # Errors
/// When the address cannot be printed. Without a browser there is a hint: the address will do.
pub fn open(url: &str, context: &Context) -> Result<Status> {
    let mut out = context.ui.out();
    writeln!(out, "{url}")?;
    out.flush()?;
    drop(out);
    if context.ui.terminal.stdout && open::that_detached(url).is_err() {
        context.ui.hint("No browser could be opened; open the address yourself.");
    }
    Ok(Status::DONE)
}
