//! `tc hook trigger`

use std::io::Write as _;

use serde_json::{Value, json};

use super::named::NamedHook;
use crate::cli::unshielded;
use crate::client::{ApiError, Client, Response};
use crate::commands::documents::{FieldArgs, inline, misfit};
use crate::commands::waiting::{Ended, StayArgs};
use crate::context::Context;
use crate::domain::slugid::is_slugid;
use crate::domain::{Secret, web_page};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::schema::skeleton_of;

/// Trigger a hook
///
/// The payload is checked against the hook's schema first. A call whose answer is lost is not sent again: the hook
/// may have fired; `tc hook fires` shows whether it did.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hook: GROUP/HOOK, or the address of its page
    #[arg(value_name = "HOOK")]
    hook: String,
    /// Payload: JSON or YAML, @FILE, or `-` for standard input; {} by default
    #[arg(short, long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
    #[command(flatten)]
    fields: FieldArgs,
    /// Trigger with the hook's token instead of credentials: `@FILE` or `-` keep it out of the list of processes
    #[arg(long, value_name = "TOKEN|@FILE|-")]
    token: Option<String>,
    /// Print a payload to fill in, and trigger nothing
    #[arg(long)]
    template: bool,
    /// Print what would be sent, and trigger nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Send a payload that does not fit the schema; the service may refuse it
    #[arg(long)]
    no_validate: bool,
    #[command(flatten)]
    stay: StayArgs,
}

/// # Errors
/// When the payload is not one that the hook takes.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Ended> {
    let hook = NamedHook::parse(&args.hook, context)?;
    let token = token(args, context).await?;
    let client = hook.deployment.client(context)?;
    let schema = schema(&hook, &client, context).await?;
    if args.template {
        let schema = schema.ok_or_else(|| Error::failed(format!("the schema of {hook} is not known")))?;
        context.print_json(skeleton_of(&schema, false)?.to_string()).await?;
        return Ok(Status::DONE.into());
    }
    let data = match &args.data {
        Some(data) => Some(inline(data, "the payload", context).await?),
        None => None,
    };
    let payload = args.fields.apply(data)?.unwrap_or_else(|| json!({}));
    if let (Some(schema), false) = (&schema, args.no_validate) {
        check(&hook, schema, &payload, context).await?;
    }
    if args.dry_run {
        return plan(&hook, &payload, context).await.map(Ended::Done);
    }
    let answer = send(&hook, &payload, token.as_ref(), &client).await?;
    let task = task_in(&answer)?;
    tell(&hook, &answer, task.as_deref(), context).await?;
    Ok(args.stay.with(task.into_iter().collect(), hook.deployment))
}

async fn token(args: &Args, context: &Context) -> Result<Option<Secret>> {
    let Some(given) = args.token.as_deref() else { return Ok(None) };
    let bytes = match given.strip_prefix('@') {
        Some(path) => std::fs::read(context.env.resolve(path))
            .map_err(|source| Error::io("read the token from", format_args!("`{path}`"), source))?,
        None if given == "-" && args.data.as_deref() == Some("-") => {
            return Err(Error::usage("standard input cannot be both the payload and the token"));
        }
        None if given == "-" => context.read_stdin().await?,
        None => unshielded(given).into_bytes(),
    };
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    if text.is_empty() || text.contains(['/', '?', '#']) || !text.is_ascii() {
        return Err(Error::usage("invalid trigger token"));
    }
    Ok(Some(Secret::new(text)))
}

/// The hook's schema; none, with a note, where it cannot be read.
async fn schema(hook: &NamedHook, client: &Client, context: &Context) -> Result<Option<Value>> {
    match hook.definition(client).await {
        // A hook without a schema takes anything.
        Ok(definition) => Ok(Some(definition.get("triggerSchema").cloned().unwrap_or(Value::Bool(true)))),
        Err(error) if ApiError::of(&error).is_some_and(|refusal| matches!(refusal.status, 401 | 403)) => {
            context.ui.note("The payload is not checked: the hook's definition cannot be read.");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn check(hook: &NamedHook, schema: &Value, payload: &Value, context: &Context) -> Result<()> {
    let faults = match misfit(schema, payload).await {
        Ok(faults) => faults,
        Err(error) => {
            let why = error.message();
            context.ui.warn(format_args!("the payload is not checked: {}", crate::ui::one_line(why)));
            return Ok(());
        }
    };
    for fault in &faults {
        context.ui.write_stderr(format!("{fault}\n").as_bytes());
    }
    let count = match faults.len() {
        0 => return Ok(()),
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    };
    Err(Error::usage(format!("the payload does not fit the schema of {hook}: {count}"))
        .hint(format!("`tc hook show {hook}` lists the fields; --no-validate sends it as it is.")))
}

async fn plan(hook: &NamedHook, payload: &Value, context: &Context) -> Result<Status> {
    let plan = json!({"hookGroupId": hook.group, "hookId": hook.id, "payload": payload});
    context.print_json(plan.to_string()).await?;
    context.ui.note(format_args!("Hook {hook} would be triggered; nothing was sent."));
    Ok(Status::DONE)
}

async fn send(hook: &NamedHook, payload: &Value, token: Option<&Secret>, client: &Client) -> Result<Response> {
    let sent = match token {
        None => hook.call(client, "triggerHook").json(payload).send().await,
        Some(token) => {
            // The token is all that counts; credentials could only be refused.
            let client = client.with_credentials(None);
            let call = hook.call(&client, "triggerHookWithToken").arg(token.reveal());
            call.json(payload).send().await.map_err(|error| match ApiError::of(&error) {
                Some(refusal) if refusal.status == 401 => {
                    Error::new(Kind::Auth, format!("the trigger token of {hook} is not valid"))
                        .hint(format!("`tc hook token {hook}` prints the current one."))
                }
                _ => error,
            })
        }
    };
    sent.map_err(|error| match error.kind() {
        Kind::Unavailable => error.hint(format!("`tc hook fires {hook}` shows whether it has fired.")),
        _ => error,
    })
}

/// The task that was created; none where the hook's template made none.
fn task_in(answer: &Response) -> Result<Option<String>> {
    let body: Value = answer.json()?;
    match (&body, body.get("taskId").and_then(Value::as_str)) {
        (_, Some(id)) if is_slugid(id) => Ok(Some(id.to_owned())),
        (Value::Object(members), None) if members.is_empty() => Ok(None),
        _ => Err(Error::failed("the hooks service answered without a task ID")),
    }
}

async fn tell(hook: &NamedHook, answer: &Response, task: Option<&str>, context: &Context) -> Result<()> {
    if context.wants_json() {
        let made = task.map(|task| format!(" and created task {task}")).unwrap_or_default();
        return context.print_done(&format!("triggered hook {hook}{made}"), answer.body.clone()).await;
    }
    let Some(task) = task else {
        context.ui.note(format_args!("Hook {hook} fired and created no task."));
        return Ok(());
    };
    let page = web_page(&hook.deployment.root_url(context)?, "queue", "status", &[("taskId", task)]);
    let mut out = context.ui.out();
    writeln!(out, "Task {task} created: {}", page.unwrap_or_default())?;
    Ok(out.flush()?)
}
