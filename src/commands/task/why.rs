//! `tc task why`

use super::ids::IdArgs;
use super::shown;
use super::status::print_documents;
use crate::commands::bulk::look_up;
use crate::commands::diagnosing::{Comparison, Explained, Gatherer, Logs, PatternArgs, finding_json, print_finding};
use crate::context::Context;
use crate::diagnosis::task::explain;
use crate::error::Result;
use crate::exit::Status;

/// Explain why tasks wait, run or failed
///
/// Looks at what a task waits for, followed to its roots; at the state of its queue and worker pool; at what its log
/// says of a failure; and at what an exception means. Each answer comes with its evidence and with commands that
/// help. Where your scopes do not suffice, the missing scope is named and the rest is answered. Ends with 0 whenever
/// there is an answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// Compare how long a running task takes with the task of the same name in this group, or at this index path;
    /// repeatable
    #[arg(long, value_name = "GROUP|INDEX-PATH")]
    compare: Vec<String>,
    #[command(flatten)]
    patterns: PatternArgs,
}

/// # Errors
/// Those of the calls, except for what may not be seen.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let logs = Logs::new(&args.patterns, context)?;
    let comparison = Comparison { with: args.compare.clone() };
    let mut documents = Vec::new();
    let mut is_first = true;
    let outcome = look_up(
        &named,
        context,
        |client, found| {
            let gatherer = Gatherer::new(client, logs.clone(), comparison.clone(), context);
            async move { gatherer.task(&found.id).await }
        },
        |_, facts| {
            let finding = explain(&facts, context.now());
            let explained = Explained { facts, finding };
            if context.wants_json() {
                documents.push(finding_json(&explained).to_string());
                return Ok(());
            }
            if !std::mem::take(&mut is_first) {
                std::io::Write::write_all(&mut context.ui.out(), b"\n")?;
            }
            print_finding(&explained, shown::style(explained.facts.status.state), context)
        },
    )
    .await;
    if context.wants_json() { print_documents(&named, context, documents, outcome).await } else { outcome }
}
