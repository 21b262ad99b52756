//! `tc task open`

use std::io::Write as _;

use super::ids::IdArgs;
use crate::commands::page;
use crate::commands::selection::NamedRun;
use crate::context::{Context, NamedTask};
use crate::domain::RootUrl;
use crate::error::Result;
use crate::exit::Status;

/// Open the pages of tasks in a browser, and print their addresses
///
/// In a pipe the addresses are printed and nothing is opened.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// The page of this run
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    run: Option<NamedRun>,
}

/// Prints and opens the pages.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when no task or no deployment is named.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let page = |found: &NamedTask| {
        Ok(page(&found.deployment.root_url(context)?, &found.id, NamedRun::number(args.run, found.run)))
    };
    let pages = named.tasks.iter().map(page).collect::<Result<Vec<String>>>()?;
    if context.wants_json() {
        context.print_json(serde_json::json!(pages).to_string()).await?;
        return Ok(Status::DONE);
    }
    // Nobody wants a hundred windows because a list was longer than it looked.
    if let [page] = pages.as_slice() {
        return page::open(page, context).await;
    }
    let mut out = context.ui.out();
    for page in &pages {
        writeln!(out, "{page}")?;
    }
    Ok(Status::DONE)
}

/// The page of a task or of one of its runs; in 2018 the pages had a host of their own.
fn page(root: &RootUrl, id: &str, run: Option<u32>) -> String {
    match (root.is_legacy(), run) {
        (true, None) => format!("https://tools.taskcluster.net/tasks/{id}"),
        (true, Some(run)) => format!("https://tools.taskcluster.net/tasks/{id}/runs/{run}"),
        (false, None) => format!("{root}/tasks/{id}"),
        (false, Some(run)) => format!("{root}/tasks/{id}/runs/{run}"),
    }
}
