//! `tc task def`

use super::each::each;
use super::ids::IdArgs;
use super::status::print_documents;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Print the definitions of tasks, as JSON
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ids: IdArgs,
}

/// Prints definitions: one as it is, many as a list of `{taskId, task}`.
///
/// # Errors
/// Those of the calls.
pub async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let context = &named.targets.context;
    let client = &context.client()?;
    let mut documents = Vec::new();
    let outcome = each(
        &named,
        context,
        |found| client.call("queue", "task").arg(found.id.as_str()).send(),
        |found, answer| {
            let definition = answer.text();
            documents.push(if named.single {
                definition.into_owned()
            } else {
                format!(r#"{{"taskId":"{}","task":{definition}}}"#, found.id)
            });
            Ok(())
        },
    )
    .await;
    print_documents(&named, documents, outcome).await
}
