//! `tc secret get`

use std::io::Write as _;

use serde_json::{Map, Value, json};

use super::content::{self, HIDDEN, SHOW_HINT};
use super::stored::{self, Stored};
use crate::commands::selection::{self, SECRET};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Print a secret, or values of it
///
/// Without keys the whole secret as JSON; with one key its value, a string without quotes; with more keys an object. A
/// key can be a path: `bot.token`. With `--json` the answer of the service, which also says when the secret expires.
/// On a terminal the values are hidden, except with `--show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Secret: a name or the address of its page
    #[arg(value_name = "SECRET")]
    secret: String,
    /// Only these keys
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// Show values on a terminal, too
    #[arg(long)]
    show: bool,
}

/// Prints it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such secret, or no such key in it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = SECRET.named(&args.secret, context)?;
    let client = named.deployment.client(context)?;
    let stored = stored::get(&client, &named.id).await?;
    let hide = context.ui.terminal.stdout && !args.show;
    if let ([key], false) = (args.keys.as_slice(), context.wants_json()) {
        let text = content::raw(value(&stored, &named.id, key)?);
        let mut out = context.ui.out();
        let text = if hide { HIDDEN } else { &text };
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
    } else {
        let chosen = chosen(&args.keys, &stored, &named.id, context.wants_json())?;
        let shown = if hide { masked(&chosen, args.keys.is_empty() && context.wants_json()) } else { chosen };
        context.print_json(shown.to_string()).await?;
    }
    if hide {
        context.ui.hint(SHOW_HINT);
    }
    Ok(Status::DONE)
}

/// The answer as a whole has an end that is no secret.
fn masked(value: &Value, is_answer: bool) -> Value {
    let mut shown = content::hidden(value);
    if let (true, Some(expires), Some(members)) = (is_answer, value.get("expires"), shown.as_object_mut()) {
        members.insert("expires".into(), expires.clone());
    }
    shown
}

fn chosen(keys: &[String], stored: &Stored, name: &str, wants_json: bool) -> Result<Value> {
    match keys {
        [] if wants_json => Ok(json!({"secret": stored.secret, "expires": stored.expires})),
        [] => Ok(Value::Object(stored.secret.clone())),
        [key] => value(stored, name, key).cloned(),
        keys => {
            let pairs = keys.iter().map(|key| Ok((key.clone(), value(stored, name, key)?.clone())));
            Ok(Value::Object(pairs.collect::<Result<Map<_, _>>>()?))
        }
    }
}

fn value<'a>(stored: &'a Stored, name: &str, key: &str) -> Result<&'a Value> {
    content::find(&stored.secret, key).ok_or_else(|| {
        let known: Vec<String> = stored.secret.keys().cloned().collect();
        let error = Error::new(Kind::NotFound, format!("key `{key}` does not exist"));
        let error = selection::with_nearest(error, key, &known);
        let keys =
            if known.is_empty() { "It has no keys.".to_owned() } else { format!("It has {}.", known.join(", ")) };
        let error = if error.hints().is_empty() { error.hint(keys) } else { error };
        error.caused_by(format!("secret `{name}` was read"))
    })
}
