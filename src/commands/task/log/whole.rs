//! The log of a run that is over: read once, and held against what its storage says of it.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{self, Poll};

use tokio::io::AsyncWrite;

use super::lines::Lines;
use crate::client::Client;
use crate::context::Context;
use crate::error::Result;
use crate::transfer::{self, ContentSource, Options};

/// Prints all of a log that no longer grows.
///
/// # Errors
/// Those of the download, after what was read until then.
pub(super) async fn print(client: &Client, source: &ContentSource, lines: Lines, context: &Context) -> Result<Lines> {
    let mut printed = Printed { lines, context, bytes: 0 };
    let outcome = transfer::to_writer(client, source, &mut printed, &Options::default()).await;
    let Printed { mut lines, bytes, .. } = printed;
    let mut out = context.ui.out();
    lines.finish(&mut out)?;
    out.flush()?;
    drop(out);
    match outcome {
        Ok(_) => Ok(lines),
        Err(error) if bytes > 0 => Err(error.hint(format!("Until then {bytes} bytes of the log were read."))),
        Err(error) => Err(error),
    }
}

/// The lines of a log as something to write to; what comes out goes to standard output.
struct Printed<'a> {
    lines: Lines,
    context: &'a Context,
    bytes: u64,
}

impl AsyncWrite for Printed<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut task::Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { lines, context, bytes: count } = &mut *self;
        *count += bytes.len() as u64;
        Poll::Ready(lines.push(bytes, &mut context.ui.out()).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
