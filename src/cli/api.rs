//! The API as a command tree: reference entry -> `clap::Command`.

use clap::{Arg, ArgAction, Command};

use crate::commands::api::{POSITIONAL_GROUP, QUERY_GROUP};
use crate::reference::{Catalogue, Item, Method, Service, kebab_case, summary};

mod documentation;

/// Adds all services to `api`; the methods only of those that `words` name.
pub(super) fn add_services(api: Command, catalogue: &Catalogue, words: &[&str], documented: bool) -> Command {
    let named: Vec<(&str, &Service)> =
        words.iter().filter_map(|word| Some((*word, catalogue.service(word).ok()?))).collect();
    catalogue.service_names().fold(api, |api, name| {
        let mut command = Command::new(name).disable_help_subcommand(true).subcommand_value_name("METHOD");
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

fn method_command(catalogue: &Catalogue, service: &Service, method: &Method) -> Command {
    let mut command = Command::new(method.name.clone());
    if let Some(about) = summary(catalogue.source(), &service.service_name, Item::Method, &method.name) {
        command = command.about(about);
    }
    for name in &method.args {
        command = command.arg(
            Arg::new(format!("{POSITIONAL_GROUP}{name}"))
                .value_name(name.clone())
                .required_unless_present_any(["template", "scopes"])
                // IDs can start with a dash.
                .allow_hyphen_values(true)
                .help_heading("Arguments"),
        );
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
