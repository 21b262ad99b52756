//! `tc secret set`

use std::fs;
use std::io::Write as _;

use serde_json::{Map, Value, json};

use super::changes::changed_keys;
use super::content::merge;
use super::stored;
use crate::client::Client;
use crate::commands::documents::Document;
use crate::commands::selection::SECRET;
use crate::commands::waiting::future_time;
use crate::context::Context;
use crate::domain::fields::set_field;
use crate::domain::time::to_iso;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Create or replace a secret
///
/// The content is an object: JSON or YAML from a file or standard input, or single values with `-f`, `-F` and
/// `--from-file`, or both. Values from files and standard input stay out of the command line, where others could see
/// them. Prints which keys change, but no values.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Secret: a name or the address of its page
    #[arg(value_name = "SECRET")]
    secret: String,
    /// The content: a file of JSON or YAML, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: Option<String>,
    /// Set a key to a string; nested keys are `a.b` and `a[0]`; repeatable
    #[arg(short, long = "field", value_name = "KEY=TEXT")]
    field: Vec<String>,
    /// Set a key to a JSON value; repeatable
    #[arg(short = 'F', long = "json-field", value_name = "KEY=JSON")]
    json_field: Vec<String>,
    /// Set a key to the text of a file, such as a private key; repeatable
    #[arg(long, value_name = "KEY=FILE")]
    from_file: Vec<String>,
    /// Keep what the secret has, and change only what is given
    #[arg(long)]
    merge: bool,
    /// When the secret expires: a time, or one relative to now; by default as before, or in 1000 years
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: Option<String>,
    /// Only print which keys would change
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Sets it.
///
/// # Errors
/// [`crate::error::Kind::Usage`] without content or with one that is no object.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = SECRET.named(&args.secret, context)?;
    let expires = args.expires.as_deref().map(|text| future_time("--expires", text, context.now())).transpose()?;
    let given = given(args, context).await?;
    let client = named.deployment.client(context)?;
    let before = match stored::find(&client, &named.id).await {
        // Who may set a secret need not be allowed to read it.
        Err(error) if error.kind() == Kind::Auth && !args.merge => match expires {
            Some(expires) => return set_unread(args, &client, &named.id, given, &to_iso(expires), context).await,
            None => return Err(error.hint("Give --expires to set the secret without reading it.")),
        },
        found => found?,
    };
    let mut after = match &before {
        Some(before) if args.merge => before.secret.clone(),
        _ => Map::new(),
    };
    merge(&mut after, given);
    let after = with_fields(after, args, context)?;
    let expires = expires.map_or_else(|| stored::default_expiry(before.as_ref(), context.now()), to_iso);
    let changes = changed_keys(before.as_ref().map_or(&Map::new(), |before| &before.secret), &after);
    if !args.dry_run {
        stored::set(&client, &named.id, &after, &expires).await?;
    }
    let action = if before.is_some() { "replaced" } else { "created" };
    if context.wants_json() {
        let keys: Vec<&String> = after.keys().collect();
        let json = json!({"name": named.id, "action": action, "expires": expires, "keys": keys, "changes": changes});
        let done = if args.dry_run { String::new() } else { format!("{action} secret {}", named.id) };
        context.print_done(&done, json.to_string()).await?;
    } else {
        let mut out = context.ui.out();
        for line in &changes {
            writeln!(out, "{}", context.ui.safe(line))?;
        }
        if !args.dry_run {
            writeln!(out, "Secret {} {action}", context.ui.safe(&named.id))?;
        }
    }
    if args.dry_run {
        context.ui.note(format_args!("Secret {} would be {action}; nothing was sent.", named.id));
    }
    Ok(Status::DONE)
}

/// Sets a secret that the caller may not read, so that nothing can be said of what changes.
async fn set_unread(
    args: &Args,
    client: &Client,
    name: &str,
    given: Map<String, Value>,
    expires: &str,
    context: &Context,
) -> Result<Status> {
    let content = with_fields(given, args, context)?;
    if args.dry_run {
        context.ui.note(format_args!("Secret {name} would be set; nothing was sent."));
        return Ok(Status::DONE);
    }
    stored::set(client, name, &content, expires).await?;
    if context.wants_json() {
        let keys: Vec<&String> = content.keys().collect();
        let json = json!({"name": name, "action": "set", "expires": expires, "keys": keys, "changes": null});
        context.print_done(&format!("set secret {name}"), json.to_string()).await?;
    } else {
        writeln!(context.ui.out(), "Secret {} set", context.ui.safe(name))?;
    }
    Ok(Status::DONE)
}

/// The object in the file.
async fn given(args: &Args, context: &Context) -> Result<Map<String, Value>> {
    let Some(file) = &args.file else {
        if args.field.is_empty() && args.json_field.is_empty() && args.from_file.is_empty() {
            return Err(Error::usage("the content of the secret is missing")
                .hint("Name a file of JSON or YAML, or `-` for standard input; or set values with -f KEY=TEXT."));
        }
        return Ok(Map::new());
    };
    let document = Document::read(file, context).await?;
    object(document.value, &document.name)
}

/// The object that the content of a secret must be.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for anything else.
pub(super) fn object(value: Value, origin: &str) -> Result<Map<String, Value>> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Error::usage(format!("{origin} is not an object"))
            .hint("The content of a secret is an object of keys and values, such as {\"token\": \"..\"}.")),
    }
}

/// An object with what `-f`, `-F` and `--from-file` set in it.
fn with_fields(content: Map<String, Value>, args: &Args, context: &Context) -> Result<Map<String, Value>> {
    let mut content = Value::Object(content);
    for text in &args.field {
        let (key, value) = pair(text, "-f")?;
        set_field(&mut content, key, value.into()).map_err(Error::usage)?;
    }
    for text in &args.json_field {
        let (key, value) = pair(text, "-F")?;
        // The value is a secret, and the parser's message could show some of it.
        let value = serde_json::from_str(value)
            .map_err(|_| Error::usage(format!("the value of `{key}` is not JSON")).hint("Use -f for a string."))?;
        set_field(&mut content, key, value).map_err(Error::usage)?;
    }
    for text in &args.from_file {
        let (key, path) = pair(text, "--from-file")?;
        let bytes = fs::read(context.env.resolve(path)).map_err(|source| Error::io("read", path, source))?;
        let value = String::from_utf8(bytes).map_err(|_| Error::usage(format!("{path} is not UTF-8")))?;
        set_field(&mut content, key, value.into()).map_err(Error::usage)?;
    }
    match content {
        Value::Object(content) => Ok(content),
        _ => Err(Error::usage("the content of a secret is an object").hint("Start each key with a name.")),
    }
}

fn pair<'a>(text: &'a str, flag: &str) -> Result<(&'a str, &'a str)> {
    // What is given may be the secret itself, so it is not repeated.
    text.split_once('=').ok_or_else(|| Error::usage(format!("the value of {flag} is not KEY=VALUE")))
}
