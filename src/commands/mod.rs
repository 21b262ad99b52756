//! One file a verb: its arguments, whose doc comments are the help, and one `run`.

pub(crate) mod access;
pub(crate) mod action;
pub(crate) mod alias;
pub(crate) mod api;
pub(crate) mod artifact;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod creds;
pub(crate) mod d2g;
mod deployment;
pub(crate) mod documents;
pub(crate) mod download;
mod examples;
mod forms;
pub(crate) mod from_now;
#[cfg(test)]
mod go_tool;
pub(crate) mod group;
mod guesses;
pub(crate) mod help;
pub(crate) mod hints;
pub(crate) mod hook;
pub(crate) mod index;
pub(crate) mod man;
pub(crate) mod notify;
pub(crate) mod object;
mod overview;
pub(crate) mod profile;
pub(crate) mod proxy;
pub(crate) mod pulse;
pub(crate) mod purge_cache;
pub(crate) mod references;
#[cfg(test)]
mod repeated_options;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod signin;
pub(crate) mod signout;
pub(crate) mod slugid;
pub(crate) mod task;
mod topics;
pub(crate) mod update;
pub(crate) mod url;
pub(crate) mod validate_json;
pub(crate) mod version;
pub(crate) mod whoami;
pub(crate) mod worker;

// What several verbs have in common, by what it does.
mod bulk;
mod credentials;
mod diagnosing;
mod listening;
mod lists;
mod logs;
mod notices;
mod nouns;
mod page;
pub(crate) mod programs;
mod selection;
mod transfers;
mod waiting;

pub(crate) use hints::advise;
use nouns::nouns;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::{self, Globals, Reach};
use crate::config::Settings;
use crate::context::Context;
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::exit::{Program, Status};

nouns! {
    Api(api::Args),
    /// Show and change single tasks
    #[command(subcommand)]
    Task(task::Command),
    /// Show and change the tasks of a task group
    #[command(subcommand)]
    Group(group::Command),
    /// List, show and run the actions that a decision task offers for its group
    #[command(subcommand)]
    Action(action::Command),
    /// List, show, trigger and define hooks
    #[command(subcommand)]
    Hook(hook::Command),
    /// Find, list, insert, download and remove what is in the index
    #[command(subcommand)]
    Index(index::Command),
    /// List, print, download and upload artifacts of tasks
    #[command(subcommand)]
    Artifact(artifact::Command),
    /// Download and upload objects of the object service
    #[command(subcommand)]
    Object(object::Command),
    /// Download an artifact or an object to a file
    #[command(subcommand)]
    Download(download::Command),
    /// Show, set and load secrets: JSON objects for CI
    #[command(subcommand, visible_alias = "secrets")]
    Secret(secret::Command),
    /// Show and change worker pools and workers, their capacity and their errors
    #[command(subcommand, visible_alias = "workers")]
    Worker(worker::Command),
    PurgeCache(purge_cache::Args),
    /// Show and change clients: identities that may call the deployment
    #[command(subcommand, visible_alias = "clients")]
    Client(access::client::Command),
    /// Show and change roles: scopes under a name
    #[command(subcommand, visible_alias = "roles")]
    Role(access::role::Command),
    /// Listen to the messages of the services over Pulse (AMQP)
    #[command(subcommand)]
    Pulse(pulse::Command),
    /// Send notifications: e-mail, Slack, Matrix, Pulse
    #[command(subcommand)]
    Notify(notify::Command),
    Signin(signin::Args),
    Signout(signout::Args),
    Whoami(whoami::Args),
    Creds(creds::Args),
    Proxy(proxy::Args),
    Scope(scope::Args),
    Url(url::Args),
    Schema(schema::Args),
    ValidateJson(validate_json::Args),
    D2g(d2g::Args),
    Slugid(slugid::Args),
    FromNow(from_now::Args),
    Config(config::Args),
    Profile(profile::Args),
    Alias(alias::Args),
    /// Show, update and distill the API references that tc works by
    #[command(subcommand)]
    References(references::Command),
    /// Run a Taskcluster of your own on this machine, in memory
    Sandbox(sandbox::Args),
    #[command(visible_alias = "completion")]
    Completions(completions::Args),
    Man(man::Args),
    Version(version::Args),
    Update(update::Args),
    Help(help::Args),
}

/// Commands below which the API's methods are commands, too.
const CALLERS: [&str; 2] = ["api", "url"];
/// Commands whose IDs may start with a dash: they are read as [`crate::domain::TaskRef`] or by [`cli::unshielded`].
const ID_NOUNS: [&str; 7] = ["action", "artifact", "download", "group", "hook", "index", "task"];

/// The program and the options that every command takes.
#[derive(Debug, clap::Parser)]
#[command(
    name = "tc",
    about = "Talk to any Taskcluster deployment",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
struct Root {
    #[command(flatten)]
    globals: Globals,
}

/// A whole command line.
#[derive(Debug)]
pub(crate) struct CommandLine {
    /// Flags that every command takes.
    pub globals: Globals,
    /// What to do.
    pub command: Command,
    /// Whether the command prints one result, which has an end.
    pub is_finite: bool,
    /// Noun and verb of the command, with a dot between them.
    pub verb: String,
}

impl CommandLine {
    /// What was matched. `form` is what `-o` says, where the command has that option: it then prints one result, which has
    /// an end.
    fn of(matches: &clap::ArgMatches, form: Option<Option<cli::Form>>) -> Result<Self, clap::Error> {
        let mut globals = Globals::from_arg_matches(matches)?;
        let is_finite = form.is_some();
        globals.verbose = cli::count(matches, "verbose");
        globals.form = form.flatten();
        globals.json |= matches!(globals.form, Some(cli::Form::Json | cli::Form::Yaml));
        Ok(Self { globals, command: Command::from_arg_matches(matches)?, is_finite, verb: verb_of(matches) })
    }
}

/// Whether a word is the name of a command, or another name of one.
pub(crate) fn is_command(name: &str) -> bool {
    // The first knows nothing of other names, and the second takes longer.
    <Command as clap::Subcommand>::has_subcommand(name) || all_commands().find_subcommand(name).is_some()
}

fn all_commands() -> clap::Command {
    <Command as clap::Subcommand>::augment_subcommands(Root::command())
}

/// The tree by which the last of these words is completed: the command alone that they name, or else all of them with the
/// user's aliases.
pub(crate) fn tree_to_complete(words: &[OsString], environment: &Environment) -> clap::Command {
    // The word that is being typed may become longer, and another command's name.
    let before = words.split_last().map(|(_, before)| before).unwrap_or_default();
    // Help is about all commands.
    if let Some(narrow) = narrow_tree(before).filter(|narrow| narrow.find_subcommand("help").is_none()) {
        return with_methods(narrow, words, Reach::All, environment);
    }
    let tree = tree_for(words, environment);
    let aliases = Settings::contents_of(environment).unwrap_or_default().aliases();
    let own: Vec<_> = aliases.into_iter().filter(|(name, _)| tree.find_subcommand(name).is_none()).collect();
    own.into_iter()
        .fold(tree, |tree, (name, line)| tree.subcommand(clap::Command::new(name).about(format!("Alias: {line}"))))
}

/// The command tree without the API's methods, for manuals.
pub(crate) fn tree() -> clap::Command {
    let tree = adjusted(all_commands());
    let names = help::names(&tree);
    tree.mut_subcommand("help", |command| help::complete(command, names))
}

/// The tree with the command alone that a command line names; nothing where it names none, or by another name.
///
/// What is parsed by it has the same meaning as by the whole tree.
fn narrow_tree(words: &[OsString]) -> Option<clap::Command> {
    let name = words.get(cli::command_place(words)?)?.to_str()?;
    with_noun(Root::command(), name).map(adjusted)
}

/// What the declarations of commands cannot say.
fn adjusted(tree: clap::Command) -> clap::Command {
    forms::with_forms(changed(tree, "group", group::adjust))
}

/// The tree with this command changed, where it is there.
fn changed(tree: clap::Command, name: &str, change: impl FnOnce(clap::Command) -> clap::Command) -> clap::Command {
    if tree.find_subcommand(name).is_some() { tree.mut_subcommand(name, change) } else { tree }
}

/// The command tree with the API's methods, as far as a command line of these words can reach into it.
pub(crate) fn tree_for(words: &[OsString], environment: &Environment) -> clap::Command {
    with_methods(tree(), words, Reach::All, environment)
}

fn with_methods(tree: clap::Command, words: &[OsString], reach: Reach, environment: &Environment) -> clap::Command {
    let current = || deployment::catalogue(words, environment);
    CALLERS.iter().fold(tree, |tree, name| cli::with_methods(tree, name, words, reach, current))
}

/// The tree whose help is shown: with examples, and short enough for a screen where that is asked for.
fn for_help(tree: clap::Command, words: &[OsString], environment: &Environment) -> clap::Command {
    let names: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let tree = cli::with_screen_help(tree, &names, &examples::lines);
    // There are too many commands for a screen, so whoever names none gets those that people need.
    match names.get(1..).unwrap_or_default() {
        [] | ["-h"] => tree.override_help(overview::overview(environment)),
        ["--help"] => {
            tree.after_long_help(format!("{}{}", topics::listed(), help::own_commands(environment, is_command)))
        }
        _ => tree.after_help(topics::listed()).after_long_help(topics::listed()),
    }
}

/// Parses a command line.
///
/// # Errors
/// When it makes no sense, or asks for help.
pub(crate) fn parse(words: &[OsString], environment: &Environment) -> Result<CommandLine, clap::Error> {
    let words = cli::shield_ids(words, &ID_NOUNS);
    let words = cli::with_help_first(words, tree);
    let given = words.clone();
    let words = api::spelled_out(words, || deployment::catalogue(&given, environment));
    let is_go_tool = cli::is_taskcluster(&words);
    let reaching = |tree: clap::Command, reach| {
        let tree = with_methods(tree, &words, reach, environment);
        if is_go_tool { adjust_for_go_tool(tree) } else { tree }
    };
    let narrow = || narrow_tree(&words).map(|tree| reaching(tree, Reach::Named));
    let whole = || reaching(tree(), Reach::All);
    let cli::Parsed { matches, form } = cli::parse(narrow, whole, &words, |tree| for_help(tree, &words, environment))?;
    CommandLine::of(&matches, form)
}

/// The tree of a program that is called by the Go tool's name: a command that needs a verb or a shell prints its help without
/// one, as there.
fn adjust_for_go_tool(tree: clap::Command) -> clap::Command {
    let tree = changed(tree, "group", group::adjust_for_go_tool);
    let tree = changed(tree, "task", task::adjust_for_go_tool);
    let asks = |command: clap::Command| command.arg_required_else_help(true);
    ["completions", "slugid"].into_iter().fold(tree, |tree, name| changed(tree, name, asks))
}

/// The names of the commands that were matched, with dots between them.
fn verb_of(matches: &clap::ArgMatches) -> String {
    let levels = std::iter::successors(Some(matches), |matches| matches.subcommand().map(|(_, inner)| inner));
    levels.filter_map(clap::ArgMatches::subcommand_name).collect::<Vec<_>>().join(".")
}

/// The error that a refused command line is; none when it asks for help.
pub(crate) fn usage_error(fault: &clap::Error) -> Option<Error> {
    cli::usage::explain(fault, guesses::guess, names_below)
}

/// The names of the commands below one, such as `tc task`.
fn names_below(command: &str) -> Vec<String> {
    let all = all_commands();
    let below = command.split(' ').skip(1).try_fold(&all, |command, name| command.find_subcommand(name));
    below.into_iter().flat_map(clap::Command::get_subcommands).map(|verb| verb.get_name().to_owned()).collect()
}

impl Command {
    /// Whether `--timeout` is the time limit of the command as a whole, and not that of its calls.
    pub(crate) fn limits_itself(&self) -> bool {
        matches!(
            self,
            Self::Task(task::Command::Wait(_) | task::Command::Watch(_))
                | Self::Group(group::Command::Wait(_) | group::Command::Watch(_))
                | Self::Worker(worker::Command::Watch(_))
        )
    }

    /// Whether it prints something of its own that has an end and can be long; those that take `-o FORM` do anyway.
    pub(crate) fn prints_long(&self) -> bool {
        match self {
            Self::Group(command) => matches!(command, group::Command::Diff(_) | group::Command::Timeline(_)),
            Self::Api(args) => args.prints_long(),
            Self::Help(_) | Self::Man(_) => true,
            _ => false,
        }
    }

    /// Whether `--retries` is not how often its calls are tried again.
    pub(crate) fn has_own_retries(&self) -> bool {
        matches!(self, Self::Task(task::Command::Run(_)))
    }

    /// Whether it downloads or uploads, so that `--timeout` limits all of it.
    pub(crate) fn is_transfer(&self) -> bool {
        match self {
            Self::Artifact(command) => command.is_transfer(),
            Self::Object(_) | Self::Download(_) => true,
            Self::Index(command) => matches!(command, index::Command::Download(_)),
            Self::Group(command) => matches!(command, group::Command::Artifacts(_)),
            _ => false,
        }
    }

    /// Runs the command; `program` runs another command line, for a command that shows what others do.
    ///
    /// # Errors
    /// Whatever it ran into.
    pub(crate) async fn run(self, context: &Context, program: Program) -> Result<Status> {
        match self {
            Self::Api(args) => api::run(&args, context).await,
            Self::Group(command) => command.run(context).await,
            Self::Action(command) => task::stay(command.run(context).await?, context).await,
            Self::Hook(command) => task::stay(command.run(context).await?, context).await,
            Self::Index(command) => command.run(context).await,
            Self::Artifact(command) => command.run(context).await,
            Self::Object(command) => command.run(context).await,
            Self::Download(command) => command.run(context).await,
            Self::Secret(command) => command.run(context).await,
            Self::Worker(command) => command.run(context).await,
            Self::PurgeCache(args) => purge_cache::run(&args, context).await,
            Self::Client(command) => command.run(context).await,
            Self::Role(command) => command.run(context).await,
            Self::Pulse(command) => command.run(context).await,
            Self::Notify(command) => command.run(context).await,
            Self::Schema(args) => schema::run(&args, context).await,
            Self::ValidateJson(args) => validate_json::run(&args, context).await,
            Self::D2g(args) => d2g::run(&args, context).await,
            Self::Scope(args) => scope::run(&args, context).await,
            Self::Signin(args) => signin::run(&args, context).await,
            Self::Signout(args) => signout::run(&args, context).await,
            Self::Whoami(args) => whoami::run(&args, context).await,
            Self::Config(args) => config::run(&args, context).await,
            Self::Profile(args) => profile::run(&args, context).await,
            Self::Alias(args) => alias::run(&args, context, is_command).await,
            Self::Creds(args) => creds::run(&args, context).await,
            Self::Proxy(args) => proxy::run(&args, context).await,
            Self::Url(args) => url::run(&args, context).await,
            Self::Slugid(args) => slugid::run(&args, context).await,
            Self::FromNow(args) => from_now::run(&args, context).await,
            Self::Task(command) => command.run(context).await,
            Self::References(command) => command.run(context).await,
            Self::Sandbox(args) => sandbox::run(&args, context, program).await,
            Self::Completions(args) => completions::run(&args, context).await,
            Self::Man(args) => man::run(&args, context, &tree()).await,
            Self::Help(args) => {
                let tree = |words: &[OsString]| {
                    let tree = tree_for(words, &context.env);
                    let tree = if context.is_taskcluster() { adjust_for_go_tool(tree) } else { tree };
                    for_help(tree, words, &context.env)
                };
                help::run(&args, context, tree).await
            }
            Self::Version(args) => version::run(&args, context).await,
            Self::Update(args) => update::run(&args, context).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_by_itself_is_what_it_is_among_all() {
        let shape = |command: &clap::Command| format!("{:?}", command.clone().display_order(0));
        let whole = adjusted(all_commands());
        for command in whole.get_subcommands() {
            let words = ["tc", "-R", "task", "--json", command.get_name()].map(OsString::from);
            let narrow = narrow_tree(&words).unwrap();
            assert_eq!(narrow.get_subcommands().map(shape).collect::<Vec<_>>(), [shape(command)]);
            assert_eq!(
                narrow.get_arguments().map(|arg| format!("{arg:?}")).collect::<Vec<_>>(),
                whole.get_arguments().map(|arg| format!("{arg:?}")).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn help_of_what_is_named_is_that_of_the_whole_tree() {
        let environment = Environment::empty("/nowhere");
        for line in [
            "tc api --help",
            "tc api queue --help",
            "tc api QUEUE listtaskgroup --help",
            "tc api queue status task -h",
            "tc --legacy api queue --help",
            "tc api --legacy queue status --help",
            "tc url queue task --help",
            "tc task --help",
            "tc task status -h",
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let whole = for_help(tree_for(&words, &environment), &words, &environment);
            let expected = whole.try_get_matches_from(&words).unwrap_err().to_string();
            assert_eq!(parse(&words, &environment).unwrap_err().to_string(), expected, "{line}");
        }
    }

    #[test]
    fn a_line_without_a_command_needs_the_whole_tree() {
        for line in ["tc", "tc --json", "tc workers", "tc --unknown task", "tc nothing"] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert!(narrow_tree(&words).is_none(), "{line}");
        }
    }
}
