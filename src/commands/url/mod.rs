//! `tc url`

use std::io::Write as _;

use chrono::{DateTime, Utc};
use clap::{ArgMatches, Command, FromArgMatches};

use crate::cli::invocation::Invocation;
use crate::client::{Request, unknown_name};
use crate::context::Context;
use crate::domain::time::Offset;
use crate::domain::web_page;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::reference::{Method, Service};

/// Flags of every method; they can stand before the service's name, too.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "URL options")]
struct Flags {
    /// Sign the URL, so that whoever has it can GET it until it expires
    #[arg(long, global = true, conflicts_with = "web")]
    signed: bool,
    /// With --signed: for how long
    #[arg(long, global = true, value_name = "TIME", default_value = "15 minutes", allow_hyphen_values = true)]
    expires: String,
    /// Print the page that shows the thing to people
    #[arg(long, global = true)]
    web: bool,
    /// Use the services of 2018
    #[arg(long, global = true)]
    legacy: bool,
}

/// Print the URL of an API method: `tc url SERVICE METHOD ARGS..`
#[derive(Debug)]
pub(crate) struct Args {
    flags: Flags,
    invocation: Option<Invocation>,
}

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        <Flags as clap::Args>::augment_args(command)
            .about("Print the URL of an API method, or of its web page, and send nothing")
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand_value_name("SERVICE")
            .subcommand_help_heading("Services")
            .disable_help_subcommand(true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = Flags::from_arg_matches(matches)?;
        let invocation = matches.subcommand().and_then(|(service, matches)| {
            let (method, matches) = matches.subcommand()?;
            Some(Invocation::of(service, method, matches))
        });
        Ok(Self { flags, invocation })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Prints the URL. Nothing is sent.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for arguments that make no URL; [`crate::error::Kind::Auth`] when it is
/// to be signed and there are no credentials.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let Some(invocation) = &args.invocation else {
        return Err(Error::usage("no method given").hint("List the methods with `tc api SERVICE`."));
    };
    let catalogue = context.catalogue(args.flags.legacy);
    let (service, method) =
        catalogue.method(&invocation.service, &invocation.method).map_err(|source| unknown_name(&source))?;
    invocation.check(service, method, &context.words)?;
    let url = match (args.flags.web, args.flags.signed) {
        (true, _) => page(service, method, invocation, context)?,
        (false, true) => {
            let expires = expiry(&args.flags.expires, context.now())?;
            let client = context.client()?;
            let request = client.prepare(service, method, &invocation.args, &invocation.query, None)?;
            client.signed_url(&request, expires)?.to_string()
        }
        (false, false) => {
            let root = context.root_url()?;
            Request::build(&root, service, method, &invocation.args, &invocation.query, None)?.url.to_string()
        }
    };
    if context.wants_json() {
        context.print_json(serde_json::json!(url).to_string()).await?;
    } else {
        writeln!(context.ui.out(), "{url}")?;
    }
    Ok(Status::DONE)
}

fn page(service: &Service, method: &Method, invocation: &Invocation, context: &Context) -> Result<String> {
    let root = context.root_url()?;
    let args: Vec<(&str, &str)> =
        method.args.iter().map(String::as_str).zip(invocation.args.iter().map(String::as_str)).collect();
    web_page(&root, &service.service_name, &method.name, &args).ok_or_else(|| {
        Error::usage(format!("no page is known that shows {}.{}", service.service_name, method.name))
            .hint("Tasks, groups, artifacts, hooks, secrets, clients, roles, worker pools and workers have pages.")
    })
}

fn expiry(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let bad = |message: String| Error::usage(message).hint("For example: --expires 15m.");
    let offset: Offset = text.parse().map_err(|_| bad(format!("--expires cannot be `{text}`")))?;
    let expires = offset.from(now).map_err(|error| bad(error.to_string()))?;
    if expires <= now {
        return Err(bad(format!("--expires {text} is over before it starts")));
    }
    Ok(expires)
}
