//! `tc hook update`

use std::io::Write as _;

use serde_json::Value;

use super::definitions::{self, Definition, DefinitionArgs};
use crate::commands::bulk::{Confirmation, done_to};
use crate::commands::documents::difference;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::sanitize;

/// Change hooks to what a file says
///
/// The differences are shown, and confirmed on a terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    definitions: DefinitionArgs,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// # Errors
/// When a definition is not valid, or a hook does not exist.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let definitions = args.definitions.read(context).await?;
    let mut changed: Vec<Definition> = Vec::new();
    for definition in definitions {
        let hook = &definition.hook;
        let before = hook.definition(&hook.deployment.client(context)?).await?;
        let lines = difference(&laid_out(&before), &laid_out(&after(&before, &definition.body)));
        if lines.is_empty() {
            context.ui.note(format_args!("{hook} is up to date."));
            continue;
        }
        context.ui.note(format_args!("{hook}:"));
        for line in lines {
            context.ui.note(sanitize(&line));
        }
        changed.push(definition);
    }
    if args.definitions.dry_run {
        definitions::print(&changed, context).await?;
        return Ok(Status::DONE);
    }
    if changed.is_empty() {
        return Ok(Status::DONE);
    }
    let count = if changed.len() == 1 { "1 hook".to_owned() } else { format!("{} hooks", changed.len()) };
    let confirmation = Confirmation {
        action: &format!("update {count}"),
        refusal: "updated nothing",
        question: &format!("Update {count}?"),
        hint: "Use --yes to skip the question, or --dry-run to see the differences.",
        ..Confirmation::default()
    };
    if !args.yes && !confirmation.ask(context).await? {
        return Ok(Status::NOT_CONFIRMED);
    }
    send(&changed, context).await
}

async fn send(changed: &[Definition], context: &Context) -> Result<Status> {
    let mut answers: Vec<Value> = Vec::new();
    for definition in changed {
        let hook = &definition.hook;
        let client = hook.deployment.client(context)?;
        let sent = hook.call(&client, "updateHook").json(&definition.body).send().await;
        let answer: Value = sent
            .map_err(|error| match answers.len() {
                0 => error,
                made => error.hint(format!("{made} of {} hooks were updated before.", changed.len())),
            })?
            .json()?;
        if answer.get("hookId").and_then(Value::as_str) != Some(&hook.id) {
            return Err(Error::failed(format!("the hooks service sent something that is not hook {hook}")));
        }
        answers.push(answer);
        if !context.wants_json() {
            let mut out = context.ui.out();
            writeln!(out, "{hook} updated")?;
            out.flush()?;
        }
    }
    if context.wants_json() {
        let names: Vec<String> = changed.iter().map(|definition| definition.hook.to_string()).collect();
        context.print_done(&done_to("updated", "hook", &names), Value::from(answers).to_string()).await?;
    }
    Ok(Status::DONE)
}

/// What the hook will be: the service keeps the bindings of a hook when a definition has none.
fn after(before: &Value, body: &Value) -> Value {
    let mut after = body.clone();
    if let (Some(members), Some(kept)) = (after.as_object_mut(), before.get("bindings")) {
        members.entry("bindings").or_insert_with(|| kept.clone());
    }
    after
}

/// A definition as text whose lines can be compared: the order of keys does not count.
fn laid_out(definition: &Value) -> String {
    let mut definition = definition.clone();
    definition.sort_all_objects();
    format!("{definition:#}\n")
}
