//! `tc slugid stable`

use serde_json::{Map, Value};

use crate::context::Context;
use crate::domain::slugid;
use crate::error::Result;
use crate::exit::Status;

/// Print an ID for each name, the same for the same name
///
/// Without --seed the IDs differ from call to call; with it they depend on the seed and the name alone.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Names of your choice
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Derive the IDs from this text instead of at random
    #[arg(long, value_name = "TEXT")]
    seed: Option<String>,
}

/// Prints one ID a name, in the order of the names.
///
/// # Errors
/// When standard output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let seed = args.seed.clone().unwrap_or_else(slugid::random);
    let ids: Vec<String> = args.names.iter().map(|name| slugid::stable(&seed, name)).collect();
    super::print(context, &ids, || {
        let by_name = args.names.iter().cloned().zip(ids.iter().cloned().map(Value::from));
        Value::Object(by_name.collect::<Map<_, _>>())
    })
    .await
}
