//! `tc creds temp`

use crate::client::{Credentials, TemporaryOptions, check_credentials, temporary_credentials};
use crate::commands::credentials::child;
use crate::commands::credentials::exports::{self, ShellFlags};
use crate::commands::credentials::needs::{self, Narrowing};
use crate::commands::waiting::point_in_time;
use crate::context::Context;
use crate::domain::{RootUrl, scopes};
use crate::env;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Make temporary credentials from permanent ones, without asking the server
///
/// They can do less and end soon, so they can be handed on: `tc creds temp --for task.rerun
/// --expires 15m --exec ./script.sh`. Temporary credentials cannot make others.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scope that they have; repeatable, also one a line
    #[arg(short, long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Let them do what a verb (task.rerun) or method (queue.rerunTask) needs; repeatable
    #[arg(long = "for", value_name = "VERB|METHOD")]
    purpose: Vec<String>,
    /// Start of their validity: a time, or one relative to now
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    start: String,
    /// Expiry: a time, or one relative to the start; at most 31 days
    #[arg(long, value_name = "TIME", default_value = "1 hour", allow_hyphen_values = true)]
    expires: String,
    /// Give them a client ID of their own; the issuer must be allowed to create a client of that name
    #[arg(long, value_name = "CLIENT-ID")]
    name: Option<String>,
    /// Run CMD in a shell with them, and exit with its status
    #[arg(long, value_name = "CMD", conflicts_with_all = ["csh", "fish", "powershell"])]
    exec: Option<String>,
    #[command(flatten)]
    shell: ShellFlags,
    #[command(flatten)]
    narrowing: Narrowing,
}

/// Makes them, and prints them or runs a command with them.
///
/// # Errors
/// [`Kind::Auth`] without permanent credentials; [`Kind::Usage`] for invalid times and scopes.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let shell = args.shell.or_json(context)?.unwrap_or_default();
    let root = context.root_url()?;
    let options = options(args, context)?;
    let Some(issuer) = context.credentials()? else {
        return Err(Error::new(Kind::Auth, "there are no credentials to make temporary ones from")
            .hint("Set TASKCLUSTER_CLIENT_ID and TASKCLUSTER_ACCESS_TOKEN, or sign in: tc signin"));
    };
    let credentials = temporary_credentials(&issuer, &options)?;
    if let Err(error) = check_credentials(&credentials, &root) {
        context.ui.warn(format!("these credentials cannot be used: {error}"));
        error.hints().iter().for_each(|hint| context.ui.hint(hint));
    }
    match &args.exec {
        Some(command) => execute(command, &root, &credentials, context).await,
        None => {
            exports::print(context, shell, &root, &credentials, Some(options.expiry)).await?;
            Ok(Status::DONE)
        }
    }
}

fn options(args: &Args, context: &Context) -> Result<TemporaryOptions> {
    let mut wanted = needs::split_scopes(&args.scope)?;
    let needs = needs::of(&args.purpose, &args.narrowing.known()?, context)?;
    needs::tell_open(&needs, context);
    wanted.extend(needs.scopes);
    if wanted.is_empty() {
        return Err(Error::usage("temporary credentials without scopes could do nothing")
            .hint("Name what they may do: -s SCOPE, or --for VERB such as --for task.rerun."));
    }
    let start = point_in_time("--start", &args.start, context.now())?;
    Ok(TemporaryOptions {
        name: args.name.clone(),
        scopes: scopes::normalize(wanted),
        start,
        expiry: point_in_time("--expires", &args.expires, start)?,
        seed: format!("{}{}", slugid::v4(), slugid::v4()),
    })
}

async fn execute(command: &str, root: &RootUrl, credentials: &Credentials, context: &Context) -> Result<Status> {
    let mut set = vec![
        (env::ROOT_URL, root.as_str()),
        (env::CLIENT_ID, &credentials.client_id),
        (env::ACCESS_TOKEN, credentials.access_token.reveal()),
    ];
    if let Some(certificate) = &credentials.certificate {
        set.push((env::CERTIFICATE, certificate.reveal()));
    }
    // The proxy of a task would sign with the task's credentials instead.
    child::run(command, &set, &[env::CERTIFICATE, env::PROXY_URL], context).await
}
