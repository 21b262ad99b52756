//! `tc secret load`

use std::io::Write as _;

use serde_json::Value;

use super::content::{self, HIDDEN, SHOW_HINT};
use super::set::object;
use super::stored;
use super::variables::{self, Format, Pair};
use crate::commands::credentials::child;
use crate::commands::credentials::exports::ShellFlags;
use crate::commands::documents::Document;
use crate::commands::selection::{SECRET, or_nearest};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::helper::{LoadOptions, Secrets, load_secrets, select};

/// Load settings from a secret, for a program or a shell
///
/// Reads the secret, or some of its sections, on top of defaults, and checks that nothing required is missing. Prints
/// export statements for a shell, JSON with `--json`, or variables in a file's format; or runs a command that has
/// them in its environment. A value that is not a string is printed as JSON. On a terminal the values are hidden,
/// except with `--show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Secret: a name or the address of its page
    #[arg(value_name = "SECRET", required_unless_present = "local")]
    secret: Option<String>,
    /// Only this section of the secret; repeatable, later ones override earlier ones
    #[arg(long, value_name = "SECTION")]
    prefix: Vec<String>,
    /// Fail when this key is missing; repeatable
    #[arg(long, value_name = "KEY")]
    required: Vec<String>,
    /// A default, which the secret overrides; repeatable
    #[arg(long, value_name = "KEY=TEXT")]
    existing: Vec<String>,
    /// Read a JSON or YAML file in place of the secret, and make no call; `-` is standard input
    #[arg(long, value_name = "FILE")]
    local: Option<String>,
    /// Print variables in this format
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["csh", "fish", "powershell", "exec"])]
    format: Option<FileFormat>,
    #[command(flatten)]
    shell: ShellFlags,
    /// Run CMD in a shell with the variables, and exit with its status
    #[arg(long, value_name = "CMD", conflicts_with_all = ["csh", "fish", "powershell"])]
    exec: Option<String>,
    /// Show values on a terminal, too
    #[arg(long)]
    show: bool,
}

/// Formats of files that hold variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FileFormat {
    /// Export statements of sh, bash and zsh
    Export,
    /// A .env file
    Dotenv,
    /// A file as GITHUB_ENV names it, also where values have more than one line
    Github,
}

/// Loads, and prints or runs.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such secret; [`crate::error::Kind::Failed`] without something required;
/// [`crate::error::Kind::Usage`] for a local file that is no object and for keys that cannot be variables.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let shell = args.shell.chosen();
    if context.wants_json() && (shell.is_some() || args.format.is_some() || args.exec.is_some()) {
        return Err(Error::usage("settings are loaded as JSON or as variables, not both")
            .hint("Leave out --json and --jq, or the format."));
    }
    let secrets = load(args, context).await?;
    let hide = context.ui.terminal.stdout && !args.show;
    if context.wants_json() {
        let map = Value::Object(secrets.into_map());
        context.print_json(if hide { content::hidden(&map) } else { map }.to_string()).await?;
        if hide {
            context.ui.hint(SHOW_HINT);
        }
        return Ok(Status::DONE);
    }
    let mut pairs: Vec<Pair> = secrets.iter().map(|(key, value)| (key.to_owned(), content::raw(value))).collect();
    variables::check(&pairs)?;
    if let Some(command) = &args.exec {
        let set: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        return child::run_with(command, &set, &[], context).await;
    }
    if hide {
        pairs.iter_mut().for_each(|(_, value)| HIDDEN.clone_into(value));
    }
    let format = match args.format {
        Some(FileFormat::Dotenv) => Format::Dotenv,
        Some(FileFormat::Github) => Format::Github,
        Some(FileFormat::Export) | None => Format::Shell(shell.unwrap_or_default()),
    };
    context.ui.out().write_all(variables::write(&pairs, format).as_bytes())?;
    if hide {
        context.ui.hint(SHOW_HINT);
    }
    Ok(Status::DONE)
}

async fn load(args: &Args, context: &Context) -> Result<Secrets> {
    let mut options = LoadOptions::default();
    options = args.prefix.iter().fold(options, LoadOptions::prefix);
    options = args.required.iter().fold(options, LoadOptions::required);
    for text in &args.existing {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| Error::usage("the value of --existing is not KEY=TEXT").hint("For example: PORT=8080"))?;
        options = options.existing(key, value);
    }
    if let Some(file) = &args.local {
        let document = Document::read(file, context).await?;
        return select(&object(document.value, &document.name)?, &document.name, &options);
    }
    let name = args.secret.as_deref().ok_or_else(|| Error::usage("no secret is named"))?;
    let named = SECRET.named(name, context)?;
    let client = named.deployment.client(context)?;
    let loaded = load_secrets(&client, Some(&named.id), &options).await;
    or_nearest(loaded, ("secret", &named.id), stored::names(&client)).await
}
