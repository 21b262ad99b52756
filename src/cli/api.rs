//! The API as a command tree: reference entry -> `clap::Command`.

use clap::{Arg, ArgAction, Command};

use super::invocation::{POSITIONAL_GROUP, QUERY_GROUP, example};
use crate::reference::{Catalogue, Item, Method, Service, kebab_case, pattern, summary};

mod documentation;

/// The API as a command line of some words can reach into it.
pub(super) struct View<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) words: &'a [&'a str],
    /// Which services and methods become commands.
    pub(super) reach: Reach,
    /// Whether help is asked for.
    pub(super) documented: bool,
}

/// Which services and methods are added to the tree of commands. Methods are added only to services that are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only the ones that the command line names; if it names none, all of them.
    Named,
    /// All of them. This takes longer, because each one gets a copy of the global options.
    All,
}

impl Reach {
    /// The items of `all` that are added.
    fn of<T>(self, all: impl Iterator<Item = T> + Clone, is_named: impl Fn(&T) -> bool) -> impl Iterator<Item = T> {
        let is_narrow = self == Self::Named && all.clone().any(|item| is_named(&item));
        all.filter(move |item| !is_narrow || is_named(item))
    }
}

impl View<'_> {
    /// Adds the services to a command; the methods only of those that are named.
    pub(super) fn add_services(&self, api: Command) -> Command {
        let named: Vec<(&str, &Service)> =
            self.words.iter().filter_map(|word| Some((*word, self.catalogue.service(word).ok()?))).collect();
        let is_named = |name: &&str| named.iter().any(|(_, service)| service.service_name == **name);
        self.reach.of(self.catalogue.service_names(), is_named).fold(api, |api, name| {
            let mut command = Command::new(name.to_owned())
                .disable_help_subcommand(true)
                // An unknown name is answered by the catalogue, which knows the other services' methods, too.
                .allow_external_subcommands(true)
                .subcommand_value_name("METHOD");
            if let Some(about) = summary(self.catalogue.source(), name, Item::Service, "") {
                command = command.about(about);
            }
            let spelled = named.iter().filter(|(_, service)| service.service_name == name);
            for (word, service) in spelled {
                if *word != name {
                    command = with_other_name(command, word);
                }
                if !command.has_subcommands() {
                    command = self.add_methods(command, service);
                }
            }
            api.subcommand(command)
        })
    }

    /// Adds the methods of a service.
    fn add_methods(&self, command: Command, service: &Service) -> Command {
        let is_named = |method: &&Method| self.words.iter().any(|word| is_called(method, word));
        self.reach.of(service.methods.iter(), is_named).fold(command, |command, method| {
            let mut subcommand = method_command(self.catalogue, service, method);
            // One of them may be the value of an option, or the service.
            let spelled = self.words.iter().filter(|word| is_called(method, word));
            if spelled.clone().next().is_some() {
                subcommand = add_arguments(subcommand, service, method, self.words);
                for word in spelled.filter(|word| service.method(word).is_none()) {
                    subcommand = with_other_name(subcommand, word);
                }
                if self.documented {
                    let text = documentation::of(service, method);
                    subcommand = subcommand.before_help(text.before).after_help(text.after);
                    if let Some(described) = self.catalogue.description(&service.service_name, &method.name) {
                        subcommand = subcommand.about(described.to_owned());
                    }
                }
            }
            command.subcommand(subcommand)
        })
    }
}

/// The command with one more name, which it may have already: words of a command line can be repeated.
fn with_other_name(command: Command, name: &str) -> Command {
    if command.get_all_aliases().any(|known| known == name) { command } else { command.alias(name.to_owned()) }
}

fn is_called(method: &Method, word: &str) -> bool {
    word.eq_ignore_ascii_case(&method.name)
}

/// Behind all options that have a place.
const LAST_DISPLAY_ORDER: usize = 1_000;

/// The reference's facts stand before the flags, which are the same for all methods.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n{usage-heading} {usage}{after-help}\n\n{all-args}\n\n\
    Global options: see `tc help options`";

/// A method without its arguments.
fn method_command(catalogue: &Catalogue, service: &Service, method: &Method) -> Command {
    let mut command = Command::new(method.name.clone());
    let described = catalogue.description(&service.service_name, &method.name);
    let own = summary(catalogue.source(), &service.service_name, Item::Method, &method.name);
    // A method that is newer than our own line for each has the first line of the deployment's.
    if let Some(about) = own.or_else(|| described?.lines().next()) {
        command = command.about(about.to_owned());
    }
    command
}

fn add_arguments(command: Command, service: &Service, method: &Method, words: &[&str]) -> Command {
    let mut command = command.help_template(TEMPLATE).disable_help_flag(true);
    // What only shows something can do without the arguments.
    let shows = words.iter().any(|word| matches!(*word, "--template" | "--scopes"));
    for name in &method.args {
        let mut argument = Arg::new(format!("{POSITIONAL_GROUP}{name}"))
            .value_name(name.clone())
            .required(!shows)
            // IDs can start with a dash.
            .allow_hyphen_values(true)
            .help_heading("Arguments");
        if let Some(pattern) = pattern(&service.service_name, &method.name, name) {
            argument = argument.help(match example(pattern) {
                Some(example) => format!("an ID such as {example}"),
                None => format!("matches {pattern}"),
            });
        }
        command = command.arg(argument);
    }
    for name in &method.query {
        let mut argument = Arg::new(format!("{QUERY_GROUP}{name}"))
            .long(name.clone())
            .value_name("VALUE")
            .action(ArgAction::Set)
            .allow_hyphen_values(true)
            .help_heading("Query arguments");
        let kebab = kebab_case(name);
        if kebab != *name {
            argument = argument.alias(kebab);
        }
        command = command.arg(argument);
    }
    // Behind the arguments, so that their heading comes first.
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::HelpShort)
        .help("Print help")
        .help_heading("Call options")
        .display_order(LAST_DISPLAY_ORDER);
    command.arg(help)
}
