//! The forms in which results are printed: `-o json|yaml|name|wide`. Pure.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Arg, ArgMatches, Command, ValueEnum as _};

/// The ID of the argument, wherever a command has it.
const FORM: &str = "form";

/// A form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// JSON, as with --json
    Json,
    /// The same as YAML
    Yaml,
    /// Names or IDs alone, one a line
    Name,
    /// All columns, whatever the width of the terminal
    Wide,
}

/// The short option of a command that prints one document, which can be JSON or YAML.
pub(crate) fn document_form() -> Arg {
    let parser = PossibleValuesParser::new(["json", "yaml"]).try_map(|name| Form::from_str(&name, true));
    Arg::new(FORM).short('o').value_name("FORM").value_parser(parser).help("Print JSON or YAML")
}

/// What a command line says of the form: none where its command has no such option, else the form if one is given.
///
/// Whether it has the option says the tree by which the line was parsed: clap's matches know that in debug builds alone.
pub(super) fn form_of(tree: &Command, matches: &ArgMatches) -> Option<Option<Form>> {
    let (mut command, mut matches) = (tree, matches);
    while let Some((name, inner)) = matches.subcommand() {
        (command, matches) = (command.find_subcommand(name)?, inner);
    }
    let has_form = command.get_arguments().any(|arg| arg.get_id() == FORM);
    has_form.then(|| matches.get_one::<Form>(FORM).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_that_of_the_innermost_command() {
        let show = Command::new("show").arg(document_form());
        let tree =
            Command::new("tc").subcommand(Command::new("hook").subcommand(show)).subcommand(Command::new("wait"));
        let form = |line: &str| form_of(&tree, &tree.clone().try_get_matches_from(line.split(' ')).unwrap());
        assert_eq!(form("tc hook show -o yaml"), Some(Some(Form::Yaml)));
        assert_eq!(form("tc hook show"), Some(None));
        assert_eq!(form("tc wait"), None);
        assert!(tree.clone().try_get_matches_from(["tc", "hook", "show", "-o", "wide"]).is_err());
    }
}
