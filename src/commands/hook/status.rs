//! `tc hook status`

use std::io::Write as _;

use serde_json::Value;

use super::named::{NamedHook, failure, text};
use crate::context::Context;
use crate::domain::time::parse_time;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::{ago, one_line};

/// Show when a hook fires next, and how it fired last
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hook: GROUP/HOOK, or the address of its page
    #[arg(value_name = "HOOK")]
    hook: String,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let hook = NamedHook::parse(&args.hook, context)?;
    let answer = hook.call(&hook.deployment.client(context)?, "getHookStatus").send().await?;
    if context.wants_json() {
        context.print_json(answer.body).await?;
        return Ok(Status::DONE);
    }
    let status: Value = answer.json()?;
    let time = |pointer: &str| {
        let text = text(&status, pointer);
        match parse_time(text) {
            Ok(time) if context.ui.terminal.stdout => format!("{text} ({})", ago(time, context.now())),
            _ => one_line(text),
        }
    };
    let mut out = context.ui.out();
    match text(&status, "/nextScheduledDate") {
        "" => writeln!(out, "Next fire: none scheduled")?,
        _ => writeln!(out, "Next fire: {}", time("/nextScheduledDate"))?,
    }
    match text(&status, "/lastFire/result") {
        "success" => {
            let task = one_line(text(&status, "/lastFire/taskId"));
            writeln!(out, "Last fire: {}, created task {task}", time("/lastFire/time"))?;
        }
        "error" => {
            writeln!(out, "Last fire: {}, failed", time("/lastFire/time"))?;
            let error = status.pointer("/lastFire/error").unwrap_or(&Value::Null);
            writeln!(out, "Error:     {}", one_line(&failure(error)))?;
        }
        _ => writeln!(out, "Last fire: never")?,
    }
    Ok(Status::DONE)
}
