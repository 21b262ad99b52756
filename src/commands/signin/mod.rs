//! `tc signin`

mod ask;
mod obtain;

use std::io::Write as _;

use chrono::{DateTime, Utc};

use self::ask::Wish;
use crate::client::Credentials;
use crate::commands::Status;
use crate::commands::shared::exports::{self, ShellFlags};
use crate::commands::shared::needs::Narrowing;
use crate::context::Context;
use crate::domain::RootUrl;
use crate::error::Result;

/// Sign in through the browser
///
/// At a terminal the credentials are stored for later commands. In a pipe they are printed as
/// assignments and stored nowhere: `eval "$(tc signin --expires 15m)"`. Unsetting the variables, or
/// closing the shell, is then a full sign-out.
///
/// Ask for little: --for names the verbs or methods that are to be allowed, such as
/// `--for task.rerun`; --preset a set of scopes in the configuration; -s the scopes themselves.
/// Without any of these it asks for all scopes that you have.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ask for this scope; repeatable, also one a line
    #[arg(short, long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Ask for what a verb (task.rerun) or method (queue.rerunTask) needs; repeatable
    #[arg(long = "for", value_name = "VERB|METHOD")]
    purpose: Vec<String>,
    /// Ask for the scopes of a preset in the configuration; repeatable
    #[arg(long, value_name = "NAME")]
    preset: Vec<String>,
    #[command(flatten)]
    narrowing: Narrowing,
    /// Name of the client; random characters are added to it
    #[arg(short, long, default_value = "tc")]
    name: String,
    /// What people see of it in the list of clients
    #[arg(long, value_name = "TEXT", default_value = "Made by tc signin")]
    description: String,
    /// How long the credentials are good: `15m`, `8 hours`
    #[arg(long, value_name = "TIME", default_value = "1 day", allow_hyphen_values = true)]
    expires: String,
    /// Wait for the browser on this port of localhost
    #[arg(short, long)]
    port: Option<u16>,
    /// Open no browser, only print the address
    #[arg(long)]
    no_browser: bool,
    /// Wait for nothing: paste the address at which the browser ends up
    #[arg(long)]
    paste: bool,
    /// Store the credentials, also in a pipe
    #[arg(long, conflicts_with = "no_store")]
    store: bool,
    /// Print the credentials and store nothing, also at a terminal
    #[arg(long)]
    no_store: bool,
    /// Only say who is signed in and until when; exits with 4 when nobody is
    #[arg(long, conflicts_with_all = ["scope", "purpose", "preset", "paste", "store", "no_store", "port"])]
    check: bool,
    #[command(flatten)]
    shell: ShellFlags,
}

/// Credentials fresh from the page.
struct SignedIn {
    root: RootUrl,
    credentials: Credentials,
    expires: DateTime<Utc>,
}

/// Signs in, and stores or prints the credentials.
///
/// # Errors
/// When the arguments make no sense, the port is in use, or nobody answers in time.
pub fn run(args: &Args, context: &Context) -> Result<Status> {
    let root = context.root_url()?;
    let wish = Wish::of(args, context)?;
    let credentials = obtain::credentials(args, &wish, &root, context)?;
    let signed_in = SignedIn { root, credentials, expires: wish.expires };
    print(args, &signed_in, context)?;
    Ok(Status::DONE)
}

fn print(args: &Args, signed_in: &SignedIn, context: &Context) -> Result<()> {
    let SignedIn { root, credentials, expires } = signed_in;
    exports::print(context, args.shell.chosen().unwrap_or_default(), root, credentials, Some(*expires))?;
    // A shell that reads along must not wait for the end of the program.
    context.ui.out().flush()?;
    context.ui.note(format!(
        "Signed in as {} until {}.",
        context.ui.safe(&credentials.client_id),
        expires.format("%F %R UTC")
    ));
    Ok(())
}
