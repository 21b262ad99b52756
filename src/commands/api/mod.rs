//! `tc api`: every method of a deployment, by name.

mod body;
mod call;
mod curl;
mod follow;
mod header;
mod list;
mod pages;
mod path;
mod print;
mod scopes;

pub(crate) use path::spelled_out;

use std::path::PathBuf;

use clap::{ArgMatches, Command, FromArgMatches};

use crate::cli::invocation::Invocation;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Flags of every method; they can stand before the service's name, too.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Call options")]
pub(crate) struct Flags {
    /// Request body: JSON or YAML, `@FILE`, or `-` for standard input
    #[arg(short, long, global = true, value_name = "BODY", allow_hyphen_values = true)]
    pub data: Option<String>,
    /// Set a string in the body: `a.b[0]=text`; repeatable
    #[arg(short, long = "field", global = true, value_name = "KEY=TEXT")]
    pub field: Vec<String>,
    /// Set a JSON value in the body: `a.b[0]=true`; repeatable
    #[arg(short = 'F', long = "json-field", global = true, value_name = "KEY=JSON")]
    pub json_field: Vec<String>,
    /// Send the body without checking it against the schema
    #[arg(long, global = true)]
    pub no_validate: bool,
    /// Print a skeleton of the body and send nothing
    #[arg(long, global = true, conflicts_with_all = ["scopes", "dry_run", "curl"])]
    pub template: bool,
    /// Print the scopes that the call needs and send nothing
    #[arg(long, global = true, conflicts_with_all = ["dry_run", "curl"])]
    pub scopes: bool,
    /// Print the request and send nothing
    #[arg(long, global = true, conflicts_with = "curl")]
    pub dry_run: bool,
    /// Print a curl command that makes the call, and send nothing
    #[arg(long, global = true)]
    pub curl: bool,
    /// With --curl: include the signed Authorization header
    #[arg(long, global = true)]
    pub show_secrets: bool,
    /// Fetch all pages and merge them into one document
    #[arg(long, global = true)]
    pub paginate: bool,
    /// Fetch all pages and print each listed item on a line
    #[arg(long, global = true)]
    pub jsonl: bool,
    /// Write the answer to a file, byte for byte (`-` for standard output)
    #[arg(short, long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Send this header, too: 'X-Request-Id: 7'; repeatable
    #[arg(short = 'H', long, global = true, value_name = "NAME: VALUE", value_parser = header::parse)]
    pub header: Vec<(String, String)>,
    /// Print status and headers before the body
    #[arg(short, long, global = true)]
    pub include: bool,
    /// Fetch what a redirect leads to, unsigned, instead of printing the redirect
    #[arg(long, global = true)]
    pub follow: bool,
    /// Print a redirect, as is done without --follow
    #[arg(long, global = true, hide = true, overrides_with = "follow")]
    pub no_follow: bool,
    /// Use the services of 2018
    #[arg(long, global = true)]
    pub legacy: bool,
}

/// Call any API method, or list what there is
///
/// `tc api SERVICE METHOD ARGS..` calls, `tc api SERVICE METHOD --help` tells all about a method; without a method the
/// methods are listed. What a GET request fetches can be named by its path, too: `tc api /queue/v1/ping`.
#[derive(Debug)]
pub(crate) struct Args {
    flags: Flags,
    target: Subject,
}

#[derive(Debug)]
enum Subject {
    /// List all services.
    All,
    /// List what matches all words.
    Search(Vec<String>),
    /// List one service.
    Service(String),
    /// Call a method.
    Method(Invocation),
    /// Fetch a path that is not of a known method.
    Path(String),
}

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        let search = Command::new("search")
            .about("Find methods by words in their name, route or summary")
            .arg(clap::Arg::new("word").value_name("WORD").required(true).num_args(1..).help("All of them must occur"));
        let by_path = Command::new(path::PATH_COMMAND)
            .about("Fetch a path as it stands")
            .hide(true)
            .arg(clap::Arg::new("path").value_name("PATH").required(true));
        <Flags as clap::Args>::augment_args(command)
            .about("Call any API method, or list what there is")
            .long_about(
                "Call any API method, or list what there is\n\n`tc api SERVICE METHOD ARGS..` calls, `tc api SERVICE METHOD \
                 --help` tells all about a method; without a method the methods are listed. What a GET request fetches can be \
                 named by its path, too: `tc api /queue/v1/ping`.",
            )
            .subcommand_value_name("SERVICE")
            .subcommand_help_heading("Services")
            .disable_help_subcommand(true)
            .allow_external_subcommands(true)
            .subcommand(search)
            .subcommand(by_path)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = Flags::from_arg_matches(matches)?;
        let target = match matches.subcommand() {
            None => Subject::All,
            Some(("search", matches)) => {
                Subject::Search(matches.get_many::<String>("word").into_iter().flatten().cloned().collect())
            }
            Some((path::PATH_COMMAND, matches)) => {
                Subject::Path(matches.get_one::<String>("path").cloned().unwrap_or_default())
            }
            Some((service, matches)) => match matches.subcommand() {
                None => Subject::Service(service.to_owned()),
                Some((method, matches)) => Subject::Method(Invocation::of(service, method, matches)),
            },
        };
        Ok(Self { flags, target })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args {
    /// Whether what it prints has an end, and is for people to read.
    pub(crate) fn prints_long(&self) -> bool {
        let flags = &self.flags;
        !matches!(self.target, Subject::Method(_) | Subject::Path(_))
            || flags.output.is_none() && !flags.jsonl && !flags.follow && !flags.include
    }
}

/// Lists or calls.
///
/// # Errors
/// Whatever goes wrong on the way; see the exit codes.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.target {
        Subject::All => list::all(&args.flags, context).await,
        Subject::Search(words) => list::search(words, &args.flags, context).await,
        Subject::Service(service) => list::service(service, &args.flags, context).await,
        Subject::Path(path) => call::fetch(path, &args.flags, context).await,
        Subject::Method(invocation) => call::run(invocation, &args.flags, context).await,
    }
}
