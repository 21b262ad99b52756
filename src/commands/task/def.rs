//! `tc task def`

use super::each::each;
use super::ids::IdArgs;
use super::status::print_documents;
use crate::commands::Status;
use crate::context::Context;
use crate::error::Result;

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
pub fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context)?;
    let context = &named.targets.context;
    let client = &context.client()?;
    let mut documents = Vec::new();
    let outcome = context.block_on(each(
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
    ));
    print_documents(&named, documents, outcome)
}
