//! The API as a command tree: reference entry -> `clap::Command`.

use clap::{Arg, ArgAction, Command};

use crate::commands::shared::invocation::{POSITIONAL_GROUP, QUERY_GROUP};
use crate::reference::{Catalogue, Item, Method, Service, kebab_case, pattern, summary};

mod documentation;

/// Adds all services to a command; the methods only of those that `words` name.
pub(super) fn add_services(api: Command, catalogue: &Catalogue, words: &[&str], documented: bool) -> Command {
    let named: Vec<(&str, &Service)> =
        words.iter().filter_map(|word| Some((*word, catalogue.service(word).ok()?))).collect();
    catalogue.service_names().fold(api, |api, name| {
        let mut command = Command::new(name)
            .disable_help_subcommand(true)
            // An unknown name is answered by the catalogue, which knows the other services' methods, too.
            .allow_external_subcommands(true)
            .subcommand_value_name("METHOD");
        if let Some(about) = summary(catalogue.source(), name, Item::Service, "") {
            command = command.about(about);
        }
        let spelled = named.iter().filter(|(_, service)| service.service_name == name);
        for (word, service) in spelled {
            if *word != name {
                command = command.alias((*word).to_owned());
            }
            if !command.has_subcommands() {
                command = add_methods(command, catalogue, service, words, documented);
            }
        }
        api.subcommand(command)
    })
}

fn add_methods(
    command: Command,
    catalogue: &Catalogue,
    service: &Service,
    words: &[&str],
    documented: bool,
) -> Command {
    service.methods.iter().fold(command, |command, method| {
        let named = words.iter().find(|word| word.eq_ignore_ascii_case(&method.name));
        let mut subcommand = method_command(catalogue, service, method);
        if let Some(word) = named {
            subcommand = add_arguments(subcommand, service, method, words);
            if **word != method.name && service.method(word).is_none() {
                subcommand = subcommand.alias((*word).to_owned());
            }
            if documented {
                let text = documentation::of(service, method);
                subcommand = subcommand.before_help(text.before).after_help(text.after);
            }
        }
        command.subcommand(subcommand)
    })
}

/// The reference's facts stand before the flags, which are the same for all methods.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n{usage-heading} {usage}\n\n{after-help}\n\n{all-args}";

/// A method without its arguments, which cost a megabyte for all the methods of a large service.
fn method_command(catalogue: &Catalogue, service: &Service, method: &Method) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort).help("Print help");
    let help = help.help_heading("Global options");
    let mut command = Command::new(method.name.clone()).help_template(TEMPLATE).disable_help_flag(true).arg(help);
    if let Some(about) = summary(catalogue.source(), &service.service_name, Item::Method, &method.name) {
        command = command.about(about);
    }
    command
}

fn add_arguments(mut command: Command, service: &Service, method: &Method, words: &[&str]) -> Command {
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
            argument = argument.help(format!("matches {pattern}"));
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
    command
}
