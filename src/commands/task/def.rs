//! `tc task def`

use super::ids::IdArgs;
use super::status::print_documents;
use crate::commands::bulk::look_up;
use crate::context::Context;
use crate::definition::create::template;
use crate::error::Result;
use crate::exit::Status;

/// Print the definitions of tasks, as JSON
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// Print it as `tc task create` takes it: times count from now, and what the queue added is left out
    #[arg(long)]
    template: bool,
}

/// Prints definitions: one as it is, many as a list of `{taskId, task}`.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let mut documents = Vec::new();
    let outcome = look_up(
        &named,
        context,
        |client, found| async move { client.call("queue", "task").arg(found.id.as_str()).send().await },
        |found, answer| {
            let definition = match args.template {
                true => template(&answer.json()?).to_string().into(),
                false => answer.text(),
            };
            documents.push(if named.is_single {
                definition.into_owned()
            } else {
                format!(r#"{{"taskId":"{}","task":{definition}}}"#, found.id)
            });
            Ok(())
        },
    )
    .await;
    print_documents(&named, context, documents, outcome).await
}
