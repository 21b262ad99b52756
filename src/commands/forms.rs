//! Verbs that print one document, which `-o` makes JSON or YAML.

use clap::Command;

use crate::cli;

/// The verbs, by their words. Those that list things have the option themselves, with more forms.
const DOCUMENT_VERBS: [&[&str]; 31] = [
    &["task", "status"],
    &["task", "def"],
    &["task", "deps"],
    &["task", "errors"],
    &["task", "name"],
    &["task", "group"],
    &["task", "why"],
    &["group", "status"],
    &["group", "failures"],
    &["group", "flaky"],
    &["group", "why"],
    &["action", "show"],
    &["hook", "show"],
    &["hook", "status"],
    &["index", "find"],
    &["secret", "get"],
    &["worker", "show"],
    &["worker", "pool", "show"],
    &["client", "show"],
    &["role", "show"],
    &["pulse", "show"],
    &["pulse", "key"],
    &["scope", "check"],
    &["scope", "expand"],
    &["scope", "match"],
    &["scope", "required"],
    &["schema", "show"],
    &["schema", "skeleton"],
    &["references", "show"],
    &["version"],
    &["whoami"],
];

/// The tree with `-o json|yaml` for these verbs.
pub(super) fn with_forms(tree: Command) -> Command {
    below(tree, &[])
}

fn below(command: Command, words: &[&str]) -> Command {
    command.mut_subcommands(|verb| {
        let name = verb.get_name().to_owned();
        let words = [words, &[name.as_str()]].concat();
        let verb = if DOCUMENT_VERBS.contains(&words.as_slice()) { with_form(verb) } else { verb };
        if DOCUMENT_VERBS.iter().any(|known| known.starts_with(&words)) { below(verb, &words) } else { verb }
    })
}

/// `--output` is something else for some verbs; those have the short option alone.
fn with_form(verb: Command) -> Command {
    let is_taken = verb.get_arguments().any(|arg| arg.get_long() == Some("output"));
    let form = cli::document_form();
    verb.arg(if is_taken { form } else { form.long("output") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_that_is_named_has_the_option() {
        let tree = crate::commands::tree();
        for words in DOCUMENT_VERBS {
            let mut verb = &tree;
            for word in words {
                verb = verb.find_subcommand(word).unwrap_or_else(|| panic!("there is no {words:?}"));
            }
            assert!(verb.get_arguments().any(|arg| arg.get_short() == Some('o')), "{words:?}");
        }
    }
}
