//! `tc hook create`

use std::io::Write as _;

use serde_json::Value;

use super::definitions::{self, DefinitionArgs};
use crate::commands::bulk::done_to;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Create hooks from a file
///
/// The file is JSON or YAML. A hook that exists already is left as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    definitions: DefinitionArgs,
}

/// # Errors
/// When a definition is not valid, or a hook exists already.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let definitions = args.definitions.read(context).await?;
    if args.definitions.dry_run {
        definitions::print(&definitions, context).await?;
        return Ok(Status::DONE);
    }
    let mut answers: Vec<Value> = Vec::new();
    for definition in &definitions {
        let hook = &definition.hook;
        let client = hook.deployment.client(context)?;
        let created = hook.call(&client, "createHook").json(&definition.body).send().await;
        let answer = created.map_err(|error| {
            let error = match error.kind() {
                Kind::Conflict => error.hint("To change it: tc hook update FILE"),
                _ => error,
            };
            match answers.len() {
                0 => error,
                made => error.hint(format!("{made} of {} hooks were created before.", definitions.len())),
            }
        })?;
        let answer: Value = answer.json()?;
        if answer.get("hookId").and_then(Value::as_str) != Some(&hook.id) {
            return Err(Error::failed(format!("the hooks service sent something that is not hook {hook}")));
        }
        answers.push(answer);
        if !context.wants_json() {
            let mut out = context.ui.out();
            writeln!(out, "{hook} created")?;
            out.flush()?;
        }
    }
    if context.wants_json() {
        let names: Vec<String> = definitions.iter().map(|definition| definition.hook.to_string()).collect();
        context.print_done(&done_to("created", "hook", &names), Value::from(answers).to_string()).await?;
    }
    Ok(Status::DONE)
}
