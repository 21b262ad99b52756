//! One download on standard output.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use tokio::io::AsyncWriteExt as _;

use super::summary::Bars;
use crate::client::Client;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::transfer::{self, ContentSource, Options, Watch};
use crate::ui::{Transfers, sanitize};

/// Prints one on standard output, decoded.
///
/// # Errors
/// Those of the download; what was printed by then is a beginning, or wrong.
pub(crate) async fn to_stdout(
    client: &Client,
    source: &ContentSource,
    options: &Options,
    context: &Context,
) -> Result<Status> {
    let bars = Arc::new(Bars(Transfers::start(&context.ui, "Reading")));
    let mut options = options.clone();
    if !context.ui.terminal.stdout {
        options.watch = Some(Arc::clone(&bars) as Arc<dyn Watch>);
    }
    let mut out = Stdout { context, rest: Vec::new() };
    let outcome = transfer::to_writer(client, source, &mut out, &options).await;
    bars.0.finish();
    // What was cut off in the middle of a character is printed, too.
    let ended = out.shutdown().await;
    outcome?;
    ended?;
    Ok(Status::DONE)
}

/// Standard output as something asynchronous; writing it blocks, and nothing else is to be done meanwhile.
struct Stdout<'a> {
    context: &'a Context,
    /// The beginning of a character, whose end has not come yet.
    rest: Vec<u8>,
}

impl tokio::io::AsyncWrite for Stdout<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut task::Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let ui = &self.context.ui;
        if !ui.terminal.stdout {
            return Poll::Ready(ui.out().write(bytes));
        }
        // A terminal obeys control characters, and these come from anyone.
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        self.rest = all.split_off(whole_characters(&all));
        let text = String::from_utf8_lossy(&all);
        Poll::Ready(ui.out().write_all(sanitize(&text).as_bytes()).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.context.ui.flush())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        let rest = std::mem::take(&mut self.rest);
        let text = String::from_utf8_lossy(&rest);
        let written = self.context.ui.out().write_all(text.as_bytes());
        Poll::Ready(written.and_then(|()| self.context.ui.flush()))
    }
}

/// Where the character begins that the end of these bytes cuts off; else where they end.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let cut = bytes.utf8_chunks().last().filter(|last| !last.invalid().is_empty());
    let cut = cut.map_or(bytes.len(), |last| bytes.len() - last.invalid().len());
    // Only what more bytes can complete is cut off; anything else is wrong as it is.
    let open = bytes.get(cut..).and_then(|rest| rest.first()).is_some_and(|first| *first >= 0xc2 && *first <= 0xf4);
    if cut >= tail && open { cut } else { bytes.len() }
}
