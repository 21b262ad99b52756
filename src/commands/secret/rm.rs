//! `tc secret rm`

use super::stored;
use crate::commands::bulk::{EachAction, EachArgs, each};
use crate::commands::selection::{self, SECRET};
use crate::context::{Context, Deployment};
use crate::error::{Kind, Result};
use crate::exit::Status;

/// Remove secrets
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Secrets: names or addresses of pages; `-` reads them from standard input, one a line
    #[arg(value_name = "SECRET", required = true)]
    secrets: Vec<String>,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction = EachAction { verb: "remove", done: "removed", noun: "secret", asks_for_one: true };

/// Removes them; the service takes the removal of what is not there for done, so that is looked for first.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such secret; [`crate::error::Kind::Usage`] when nobody can be asked.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = SECRET.all_named(&args.secrets, context).await?;
    let mut known: Vec<(&Deployment, Vec<String>)> = Vec::new();
    for one in &named {
        if !known.iter().any(|(deployment, _)| *deployment == &one.deployment) {
            match stored::names(&one.deployment.client(context)?).await {
                // Who may remove a secret need not be allowed to list all of them.
                Err(error) if error.kind() == Kind::Auth => continue,
                names => known.push((&one.deployment, names?)),
            }
        }
        let names = known.iter().find(|(deployment, _)| *deployment == &one.deployment).map(|(_, names)| names);
        if let Some(names) = names.filter(|names| !names.contains(&one.id)) {
            return Err(selection::no_such("secret", &one.id, names));
        }
    }
    each(ACTION, &named, &args.each, context, |client, one| async move {
        client.call("secrets", "remove").arg(&one.id).send().await.map(drop)
    })
    .await
}
