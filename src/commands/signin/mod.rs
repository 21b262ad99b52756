//! `tc signin`

mod add;
mod check;
mod granted;
mod obtain;
mod request;

use self::request::SignInRequest;
use crate::client::Credentials;
use crate::commands::credentials::exports::{self, ShellFlags};
use crate::commands::credentials::needs::Narrowing;
use crate::config::{Store, Stored};
use crate::context::Context;
use crate::domain::{RootUrl, Shell};
use crate::env;
use crate::error::Result;
use crate::exit::Status;

/// Sign in through the browser
///
/// At a terminal the credentials are stored for later commands. In a pipe they are printed as
/// assignments and stored nowhere: `eval "$(tc signin --expires 15m)"`. Unsetting the variables, or
/// closing the shell, is then a full sign-out.
///
/// Ask for as little as you need: --for names the verbs or methods that are to be allowed, such as `--for
/// task.rerun`; --preset a set of scopes in the configuration; -s the scopes themselves. Without any of these it asks
/// for all scopes that you have. --add keeps what the stored credentials have and asks for more. Scopes that were
/// asked for and not granted are named. With --timeout it waits no longer than that.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ask for this scope; repeatable, also one a line
    #[arg(short, long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Ask for what a verb (task.rerun) or method (queue.rerunTask) needs; repeatable
    #[arg(long = "for", value_name = "VERB|METHOD")]
    purpose: Vec<String>,
    /// Ask for the scopes of a preset in the configuration; repeatable
    #[arg(long, value_name = "NAME")]
    preset: Vec<String>,
    /// Ask for the scopes of the stored credentials as well; keeps their name and lifetime
    #[arg(long, conflicts_with_all = ["no_store", "check"])]
    add: bool,
    /// Name of the client; random characters are added to it [default: tc]
    #[arg(short, long)]
    name: Option<String>,
    /// Description in the list of clients
    #[arg(long, value_name = "TEXT", default_value = "Made by tc signin")]
    description: String,
    /// Lifetime of the credentials: `15m`, `8 hours` [default: 1 day]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: Option<String>,
    /// Wait for the browser on this port of localhost
    #[arg(short, long)]
    port: Option<u16>,
    /// Open no browser, only print the address
    #[arg(long)]
    no_browser: bool,
    /// Do not wait for the browser: paste the address at which it ends up
    #[arg(long)]
    paste: bool,
    /// Store the credentials, also in a pipe
    #[arg(long, conflicts_with = "no_store")]
    store: bool,
    /// Print the credentials and store nothing, also at a terminal
    #[arg(long)]
    no_store: bool,
    /// Only print who is signed in and until when; exits with 4 when nobody is
    #[arg(long, conflicts_with_all = ["scope", "purpose", "preset", "paste", "store", "no_store", "port"])]
    check: bool,
    #[command(flatten)]
    shell: ShellFlags,
    #[command(flatten)]
    narrowing: Narrowing,
}

/// Signs in, and stores or prints the credentials.
///
/// # Errors
/// When the arguments make no sense, the store is refused, the port is in use, or nobody answers in time.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    if args.check {
        return check::run(context).await;
    }
    let root = context.root_url()?;
    let shell = args.shell.or_json(context)?;
    let output = Output::of(args, shell, context);
    let store = output.store.then(|| Store::open(&context.env));
    // A store that cannot be used is better found out before the token is made than after.
    let stored = store.as_ref().map(|store| store.look_up(&root, context.now())).transpose()?;
    let before = if args.add { Some(add::before(stored, &root, context).await?) } else { None };
    let request = SignInRequest::of(args, before.as_ref(), context).await?;
    let credentials = obtain::credentials(args, &request, &root, context).await?;
    let client_id = context.ui.safe(&credentials.client_id).into_owned();
    let signed_in = format!("Signed in to {root} as {client_id} until {}.", request.expires.format("%F %R UTC"));
    if output.print {
        exports::print(context, shell.unwrap_or_default(), &root, &credentials, Some(request.expires)).await?;
        context.ui.flush()?;
    }
    if let Some(store) = store {
        keep(&store, &root, credentials.clone(), &request, context)?;
        let path = store.path().map(|path| format!(" Stored in {}.", path.display())).unwrap_or_default();
        context.ui.note(format!("{signed_in}{path}"));
    } else {
        context.ui.note(signed_in);
    }
    granted::tell(&request.scopes, credentials, context).await;
    Ok(Status::DONE)
}

/// What becomes of the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Output {
    store: bool,
    print: bool,
}

impl Output {
    /// Flags decide; without any, a terminal is where people work on and a pipe is where a shell reads.
    fn of(args: &Args, shell: Option<Shell>, context: &Context) -> Self {
        let form = shell.is_some() || context.wants_json();
        let store = args.store || args.add || (context.ui.terminal.stdout && !args.no_store && !form);
        Self { store, print: form || !store }
    }
}

fn keep(
    store: &Store,
    root: &RootUrl,
    credentials: Credentials,
    request: &SignInRequest,
    context: &Context,
) -> Result<()> {
    let now = context.now();
    let stored = Stored::new(credentials).with_life(now, request.expires).asked_for(&request.name, &request.scopes);
    store.put(root, &stored, now)?;
    if context.env.get(env::CLIENT_ID).is_some() {
        context.ui.warn(format!(
            "{} is set and takes precedence over stored credentials; unset it to use this sign-in.",
            env::CLIENT_ID.name
        ));
    }
    Ok(())
}
