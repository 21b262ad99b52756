//! `tc slugid`

mod decode;
mod encode;
mod generate;
mod stable;

use std::io::Write as _;

use serde_json::Value;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Generate IDs of tasks and task groups, and convert them to and from UUIDs
///
/// Without a verb it makes one random ID.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    generate: generate::Args,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Generate(generate::Args),
    Encode(encode::Args),
    Decode(decode::Args),
    Stable(stable::Args),
}

/// Runs the verb.
///
/// # Errors
/// Whatever it ran into.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    if args.verb.is_some() && args.generate.is_given() {
        return Err(Error::usage("--nice and --count go with `tc slugid generate`"));
    }
    match &args.verb {
        None => generate::run(&args.generate, context).await,
        Some(Verb::Generate(args)) => generate::run(args, context).await,
        Some(Verb::Encode(args)) => encode::run(args, context).await,
        Some(Verb::Decode(args)) => decode::run(args, context).await,
        Some(Verb::Stable(args)) => stable::run(args, context).await,
    }
}

/// Prints the IDs one a line, or as the JSON that stands for them.
async fn print(context: &Context, ids: &[String], json: impl FnOnce() -> Value) -> Result<Status> {
    if context.wants_json() {
        context.print_json(json().to_string()).await?;
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    for id in ids {
        writeln!(out, "{id}")?;
    }
    Ok(Status::DONE)
}
