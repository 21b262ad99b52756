//! `tc references reset`

use crate::config::ReferenceCache;
use crate::context::Context;
use crate::domain::RootUrl;
use crate::error::Result;
use crate::exit::Status;
use crate::reference::VERSION;

/// Remove the fetched references of the deployment in use, and use the embedded ones again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove those of all deployments
    #[arg(short, long)]
    all: bool,
}

/// Forgets them; it is no fault when there are none.
///
/// # Errors
/// When no deployment is in use, or a file cannot be removed.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let Some(cache) = ReferenceCache::of(&context.env) else { return Ok(Status::DONE) };
    let roots: Vec<RootUrl> = match args.all {
        false => vec![context.root_url()?],
        true => cache.deployments().iter().filter_map(|kept| RootUrl::parse(&kept.root_url).ok()).collect(),
    };
    let mut removed = 0;
    for root in &roots {
        removed += usize::from(cache.remove(root)?);
    }
    if removed == 0 {
        context.ui.note("No references were kept.");
    } else {
        context.ui.note(format_args!("The references of Taskcluster {VERSION} are in use again."));
    }
    Ok(Status::DONE)
}
