//! Pages for the browser.

use std::io::Write as _;
use std::time::Duration;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::signin::browser;

/// A browser that has not failed after so long shows the page; some run until their window is closed.
const BROWSER_START_LIMIT: Duration = Duration::from_secs(2);

/// Prints the address of a page and, at a terminal, opens it.
///
/// # Errors
/// When the address cannot be printed. Without a browser there is a hint: the address will do.
pub(super) async fn open(url: &str, context: &Context) -> Result<Status> {
    let mut out = context.ui.out();
    writeln!(out, "{url}")?;
    out.flush()?;
    drop(out);
    if context.ui.terminal.stdout {
        let opening = browser::open(browser::commands(url, &context.env));
        let opened = tokio::time::timeout(BROWSER_START_LIMIT, opening).await.unwrap_or(true);
        if !opened {
            context.ui.hint("No browser could be opened; open the address yourself.");
        }
    }
    Ok(Status::DONE)
}
