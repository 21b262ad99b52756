//! `tc hook show`

use std::io::Write as _;

use serde_json::Value;

use super::named::{self, NamedHook, text};
use crate::commands::documents::fields_table;
use crate::context::Context;
use crate::domain::web_page;
use crate::error::Result;
use crate::exit::Status;
use crate::schema::fields_of;
use crate::ui::one_line;

/// Show a hook: what it is for, when it fires, and the payload that it takes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hook: GROUP/HOOK, or the address of its page
    #[arg(value_name = "HOOK")]
    hook: String,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let hook = NamedHook::parse(&args.hook, context)?;
    let definition = hook.definition(&hook.deployment.client(context)?).await?;
    if context.wants_json() {
        context.print_json(definition.to_string()).await?;
        return Ok(Status::DONE);
    }
    let ui = &context.ui;
    let root = hook.deployment.root_url(context)?;
    let args = [("hookGroupId", hook.group.as_str()), ("hookId", hook.id.as_str())];
    let mut out = ui.out();
    writeln!(out, "{hook}: {}", ui.safe(&one_line(text(&definition, "/metadata/name"))))?;
    match text(&definition, "/metadata/description").trim() {
        "" => {}
        description => writeln!(out, "\n{}", ui.safe(description))?,
    }
    writeln!(out)?;
    for (label, value) in facts(&definition) {
        writeln!(out, "{label:<12}{}", ui.safe(&one_line(&value)))?;
    }
    writeln!(out, "{:<12}hook-id:{hook}", "Role:")?;
    if let Some(page) = web_page(&root, "hooks", "hook", &args) {
        writeln!(out, "{:<12}{page}", "Page:")?;
    }
    let schema = definition.get("triggerSchema").unwrap_or(&Value::Bool(true));
    match fields_of(schema) {
        Ok(fields) if fields.is_empty() => writeln!(out, "\nIts payload has no listed fields.")?,
        Ok(fields) => {
            writeln!(out, "\nPayload:\n")?;
            write!(out, "{}", fields_table(&fields).render(ui.terminal.width, ui.color()))?;
        }
        Err(fault) => {
            drop(out);
            ui.warn(format_args!("the schema of its payload cannot be read: {}", one_line(&fault.to_string())));
        }
    }
    Ok(Status::DONE)
}

/// What a definition says, one line each.
fn facts(definition: &Value) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Owner:", text(definition, "/metadata/owner").to_owned())];
    let times = named::schedule(definition);
    facts.push(("Schedule:", if times.is_empty() { "none".to_owned() } else { times.join("; ") }));
    for binding in definition.get("bindings").and_then(Value::as_array).into_iter().flatten() {
        facts.push(("Fires on:", format!("{} {}", text(binding, "/exchange"), text(binding, "/routingKeyPattern"))));
    }
    let queue = match text(definition, "/task/taskQueueId") {
        "" => match (text(definition, "/task/provisionerId"), text(definition, "/task/workerType")) {
            ("", _) | (_, "") => String::new(),
            (provisioner, worker) => format!("{provisioner}/{worker}"),
        },
        queue => queue.to_owned(),
    };
    if !queue.is_empty() {
        facts.push(("Task queue:", queue));
    }
    facts
}
