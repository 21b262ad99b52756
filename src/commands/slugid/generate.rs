//! `tc slugid generate`

use crate::context::Context;
use crate::domain::slugid;
use crate::error::Result;
use crate::exit::Status;

/// Make random IDs
// It stands in `tc slugid` as well, which has a group of the same name already.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Make IDs that start with a letter, never with a dash
    #[arg(short, long)]
    nice: bool,
    /// How many, 1 by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: Option<u32>,
}

impl Args {
    /// Whether any of these flags is on the command line.
    pub(super) fn is_given(&self) -> bool {
        self.nice || self.count.is_some()
    }
}

/// Prints as many as were asked for.
///
/// # Errors
/// When standard output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let make = if args.nice { slugid::nice } else { slugid::random };
    let ids: Vec<String> = (0..args.count.unwrap_or(1)).map(|_| make()).collect();
    super::print(context, &ids, || ids.clone().into()).await
}
