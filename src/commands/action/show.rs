//! `tc action show`

use std::io::Write as _;

use serde_json::{Value, json};

use super::described::described;
use super::published::Published;
use super::subject::SubjectArgs;
use crate::commands::documents::fields_table;
use crate::context::Context;
use crate::definition::actions::ActionKind;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::schema::{fields_of, skeleton_of};
use crate::ui::one_line;

/// Show an action: what it does, and the input that it takes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the action, as `tc action list` shows it
    #[arg(value_name = "NAME")]
    name: String,
    /// Task group or task: an ID, or the address of its page. An ID that is both a task's and its group's means the
    /// group
    #[arg(value_name = "GROUP|TASK")]
    subject: String,
    #[command(flatten)]
    how: SubjectArgs,
    /// Print an input to fill in
    #[arg(long)]
    template: bool,
}

/// # Errors
/// When there is no such action.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let subject = args.how.one(&args.subject, context).await?;
    let published = Published::load(&subject, context).await?;
    let action = published.find(&args.name, &subject)?;
    if args.template {
        let Some(schema) = &action.schema else {
            return Err(Error::usage(format!("the action `{}` takes no input", action.name)));
        };
        context.print_json(skeleton_of(schema, true)?.to_string()).await?;
        return Ok(Status::DONE);
    }
    if context.wants_json() {
        let mut value = described(action);
        let more = match &action.kind {
            ActionKind::Hook { group, id, payload } => {
                json!({"hookGroupId": group, "hookId": id, "hookPayload": payload})
            }
            ActionKind::Task { task } => json!({"task": task}),
        };
        if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
            value.extend(more);
        }
        context.print_json(value.to_string()).await?;
        return Ok(Status::DONE);
    }
    let ui = &context.ui;
    let mut out = ui.out();
    writeln!(out, "{}: {}", ui.safe(&one_line(&action.name)), ui.safe(&one_line(&action.title)))?;
    if !action.description.trim().is_empty() {
        writeln!(out, "\n{}", ui.safe(action.description.trim()))?;
    }
    writeln!(out)?;
    match &action.kind {
        ActionKind::Hook { group, id, .. } => writeln!(out, "{:<10}hook {group}/{id}", "Triggers:")?,
        ActionKind::Task { .. } => {
            writeln!(out, "{:<10}a task, with the scopes of task {}", "Creates:", published.decision)?
        }
    }
    if let Some(scope) = action.kind.caller_scope() {
        writeln!(out, "{:<10}{scope}", "Needs:")?;
    }
    let Some(schema) = &action.schema else {
        writeln!(out, "\nIt takes no input.")?;
        return Ok(Status::DONE);
    };
    match fields_of(schema) {
        Ok(fields) if fields.is_empty() => writeln!(out, "\nIts input has no listed fields.")?,
        Ok(fields) => {
            write!(out, "\nInput:\n\n{}", fields_table(&fields).render(ui.terminal.width, ui.color()))?;
        }
        Err(fault) => {
            drop(out);
            ui.warn(format_args!("the schema of its input cannot be read: {}", one_line(&fault.to_string())));
        }
    }
    Ok(Status::DONE)
}
