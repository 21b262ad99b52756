//! `tc secret edit`

use serde_json::{Map, Value};

use super::changes::changed_keys;
use super::private_file::PrivateFile;
use super::set::object;
use super::stored;
use crate::commands::bulk::Confirmation;
use crate::commands::documents::{self, Document};
use crate::commands::selection::SECRET;
use crate::commands::waiting::future_time;
use crate::context::Context;
use crate::domain::time::to_iso;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::Reply;

/// Change a secret in your editor, or create one
///
/// The editor is that of VISUAL or EDITOR. The file is one that nobody else can read, and is overwritten and removed
/// afterwards, whatever happens. It can be left as JSON or YAML. The keys that change are shown, without values, and
/// confirmed on a terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Secret: a name or the address of its page
    #[arg(value_name = "SECRET")]
    secret: String,
    /// When the secret expires: a time, or one relative to now; by default as before, or in 1000 years
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: Option<String>,
    /// Set it without being asked
    #[arg(short, long)]
    yes: bool,
}

/// # Errors
/// When the editor fails or what it leaves is no object; [`Kind::Conflict`] when somebody else has changed the secret
/// meanwhile.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = SECRET.named(&args.secret, context)?;
    let expires = args.expires.as_deref().map(|text| future_time("--expires", text, context.now())).transpose()?;
    let client = named.deployment.client(context)?;
    let before = stored::find(&client, &named.id).await?;
    let old = before.as_ref().map(|before| before.secret.clone()).unwrap_or_default();
    let new = edited(&old, context).await?;
    let changes = changed_keys(&old, &new);
    if changes.is_empty() && expires.is_none() && before.is_some() {
        context.ui.note("Nothing has changed.");
        return Ok(Status::DONE);
    }
    for line in &changes {
        context.ui.note(context.ui.safe(line));
    }
    let confirmation = Confirmation {
        action: "set an edited secret",
        refusal: "changed nothing",
        question: "Set this secret?",
        hint: "Add --yes",
        ..Confirmation::default()
    };
    if !args.yes && !confirmation.ask(context).await? {
        return Ok(Status(1));
    }
    let now_there = stored::find(&client, &named.id).await?.map(|stored| stored.secret);
    if now_there != before.as_ref().map(|before| before.secret.clone()) {
        return Err(Error::new(
            Kind::Conflict,
            format!("secret `{}` was changed by somebody else meanwhile", named.id),
        )
        .hint("Edit it again."));
    }
    let expires = expires.map_or_else(|| stored::default_expiry(before.as_ref(), context.now()), to_iso);
    stored::set(&client, &named.id, &new, &expires).await?;
    let action = if before.is_some() { "replaced" } else { "created" };
    context.ui.note(format_args!("Secret {} {action}", named.id));
    Ok(Status::DONE)
}

/// What the editor makes of a secret. Where that is no object, people at a terminal can go on editing.
async fn edited(old: &Map<String, Value>, context: &Context) -> Result<Map<String, Value>> {
    let text = format!("{:#}\n", Value::Object(old.clone()));
    let file = PrivateFile::create("secret.json", &text, &context.env.temporary_directory())?;
    loop {
        documents::edit(file.path(), context).await?;
        let read = Document::parse("the edited text", file.read()?)
            .and_then(|document| object(document.value, "the edited text"));
        match read {
            Ok(new) => return Ok(new),
            Err(error) if context.ui.terminal.stdin => {
                context.ui.warn(error.message());
                if context.ask("Edit it again?").await? != Reply::Yes {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
}
