//! `tc index find`

use std::io::Write as _;

use futures::stream::{self, StreamExt as _};
use serde_json::Value;

use super::named;
use crate::commands::bulk::Failures;
use crate::context::{Context, Named};
use crate::error::Result;
use crate::exit::Status;
use crate::ui::one_line;

/// Look-ups at once.
const MAX_CONCURRENT_LOOKUPS: usize = 16;

/// Print the IDs of the tasks at index paths
///
/// With several paths, each line is task ID and path with a tab in between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Index paths, or addresses of pages of the index; `-` reads more from standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no task.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let paths = named::paths(&args.paths, context).await?;
    let is_single = args.paths.len() == 1 && args.paths.iter().all(|word| word != "-");
    let look = |place: &Named| {
        let (client, path) = (place.deployment.client(context), place.id.clone());
        async move { (path.clone(), async { named::find(&client?, &path).await }.await) }
    };
    let mut looking = stream::iter(&paths).map(look).buffered(MAX_CONCURRENT_LOOKUPS);
    let (mut entries, mut failures) = (Vec::new(), Failures::default());
    while let Some((path, found)) = looking.next().await {
        match found {
            Err(error) if is_single => return Err(error),
            Err(error) => failures.add(&path, "", &path, false, error, context),
            Ok(entry) => {
                if !context.wants_json() {
                    let task = one_line(named::task_of(&entry)?);
                    let mut out = context.ui.out();
                    if is_single { writeln!(out, "{task}")? } else { writeln!(out, "{task}\t{path}")? }
                }
                entries.push(entry);
            }
        }
    }
    let found = entries.len();
    if context.wants_json() {
        let document = if is_single { entries.pop().unwrap_or_default() } else { Value::from(entries) };
        context.print_json(document.to_string()).await?;
    }
    failures.finish(found, "index paths could not be looked up", &[], context)?;
    Ok(Status::DONE)
}
