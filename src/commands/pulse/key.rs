//! `tc pulse key`

use std::io::Write as _;

use clap::builder::NonEmptyStringValueParser;
use clap_complete::ArgValueCandidates;
use serde_json::json;

use super::words::WordArgs;
use super::{names, services};
use crate::commands::listening::explain_binding;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::pulse::binding;

/// Print the exchange and the routing key pattern to bind a queue to
///
/// A word without a value stands for any: `*`, or `#` where there may be several words. With --json it is what the
/// clients of other languages give: `{"exchange": .., "routingKeyPattern": ..}`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service, or service and exchange: `queue.taskCompleted`
    #[arg(value_name = "SERVICE", add = ArgValueCandidates::new(services), value_parser = NonEmptyStringValueParser::new())]
    service: String,
    /// The exchange: `taskCompleted`
    #[arg(value_name = "EXCHANGE", add = ArgValueCandidates::new(names))]
    exchange: Option<String>,
    /// An exchange of 2018
    #[arg(long)]
    legacy: bool,
    #[command(flatten)]
    words: WordArgs,
}

/// Prints both on a line, with a tab between them.
///
/// # Errors
/// When there is no such exchange or word, or a value does not fit.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (service, exchange) = match (&args.exchange, args.service.split_once('.')) {
        (Some(exchange), _) => (args.service.as_str(), exchange.as_str()),
        (None, Some(names)) => names,
        (None, None) => {
            return Err(Error::usage(format!("no exchange of {} named", args.service))
                .hint(format!("List them with `tc pulse exchanges {}`.", args.service)));
        }
    };
    let mut builder = binding(service, exchange);
    if args.legacy {
        builder = builder.legacy();
    }
    for (word, value) in &args.words.given {
        builder = builder.word(word, value);
    }
    let built = builder.build_in(context.catalogue(args.legacy)).map_err(explain_binding)?;
    if context.wants_json() {
        let document = json!({"exchange": built.exchange, "routingKeyPattern": built.pattern});
        context.print_json(document.to_string()).await?;
    } else {
        writeln!(context.ui.out(), "{}\t{}", built.exchange, built.pattern)?;
    }
    Ok(Status::DONE)
}
