//! `--follow`: what the redirect of a method leads to, unchanged.

use std::io::Write as _;
use std::time::Duration;

use super::{Flags, print};
use crate::client::{Client, Request, StreamOptions, answers_with_redirect};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// How long a storage may send nothing.
const FETCH_STALL: Duration = Duration::from_secs(60);

/// Calls, follows the redirects, and writes the content as it arrives: its size has no limit.
pub(super) async fn run(client: &Client, request: &Request, flags: &Flags, context: &Context) -> Result<Status> {
    // A filter needs the whole, and so does a terminal, for which nothing is cut in the middle of a character.
    if !answers_with_redirect(request) || context.globals.jq.is_some() || print::on_terminal(flags, context) {
        let response = client.send(request).await?;
        let is_content = response.url != request.url;
        let show = if is_content { print::content } else { print::answer };
        show(&response, flags, context).map_err(|error| print::after(error, request, &response))?;
        return Ok(Status::DONE);
    }
    let options = StreamOptions { from: 0, stall: FETCH_STALL, sign: true };
    let mut content = client.stream(request, options).await?;
    let mut sink = print::sink(flags, context)?;
    let failed = |source| print::write_error(flags, source);
    if flags.include {
        sink.write_all(print::head(200, &content.headers).as_bytes()).map_err(failed)?;
    }
    while let Some(piece) = content.next().await? {
        sink.write_all(&piece).map_err(failed)?;
    }
    print::finish(sink, flags)?;
    Ok(Status::DONE)
}
