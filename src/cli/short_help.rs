//! Help that fits a screen: what `-h` leaves to `--help`. Pure.

use clap::{Arg, Command};

/// What `-h` says of the options that every command takes.
const GLOBAL_OPTIONS: &str = "Global options: --json, --jq, -R, --profile, -q, -v; all: `tc help options`";

/// Lines that a short help may have, so that it fits a small terminal.
pub(crate) const MAX_SHORT_HELP_LINES: usize = 30;
/// Columns of that terminal.
const COLUMNS: usize = 80;

/// The tree whose help is shown: `-h` fits a screen, `--help` has the examples.
///
/// `examples` are those of a command, by its words: `tc task status`. Only commands that `words` name are changed, because
/// no other one can be shown. The end of the program's own help is the caller's.
pub(crate) fn with_screen_help(
    tree: Command,
    words: &[&str],
    examples: &dyn Fn(&str, &Command) -> Vec<String>,
) -> Command {
    let tree = tree.mut_args(|arg| if arg.is_global_set() { arg.hide_short_help(true) } else { arg });
    let program = tree.get_name().to_owned();
    tree.mut_subcommands(|command| shaped(command, &program, words, examples))
}

fn shaped(command: Command, parent: &str, words: &[&str], examples: &dyn Fn(&str, &Command) -> Vec<String>) -> Command {
    // The API's services and methods have a help of their own, which is made from the references.
    let is_service = command.is_allow_external_subcommands_set() && parent.contains(' ');
    if is_service || !command.get_name_and_visible_aliases().iter().any(|name| words.contains(name)) {
        return command;
    }
    let line = format!("{parent} {}", command.get_name());
    let mut command = command.after_help(GLOBAL_OPTIONS);
    let examples_here = examples(&line, &command);
    if examples_here.is_empty() {
        command = command.after_long_help(format!("`{line} COMMAND --help` shows a command with examples."));
    } else {
        command = command.after_long_help(format!("Examples:\n{}", examples_here.join("\n")));
    }
    fitted(command.mut_subcommands(|subcommand| shaped(subcommand, &line, words, examples)), &line)
}

/// The command with a short help that fits: the options that are declared first are described, because they matter most,
/// and the others are named in one line.
fn fitted(command: Command, line: &str) -> Command {
    if short_help_lines(&command, line) <= MAX_SHORT_HELP_LINES {
        return command;
    }
    let options: Vec<(String, String)> = command.get_arguments().filter_map(optional).collect();
    if options.is_empty() {
        return command;
    }
    let without_last = |count: usize| {
        let (_, hidden) = options.split_at(options.len() - count);
        let command = hidden
            .iter()
            .fold(command.clone(), |command, (id, _)| command.mut_arg(id, |option| option.hide_short_help(true)));
        let names: Vec<&str> = hidden.iter().map(|(_, name)| name.as_str()).collect();
        command.after_help(format!("More options, see --help: {}\n{GLOBAL_OPTIONS}", names.join(", ")))
    };
    (1..=options.len())
        .map(without_last)
        .find(|candidate| short_help_lines(candidate, line) <= MAX_SHORT_HELP_LINES)
        .unwrap_or_else(|| without_last(options.len()))
}

/// ID and name of an option that can do without a line of its own.
fn optional(arg: &Arg) -> Option<(String, String)> {
    // A global one would be gone from the help of what is below, too.
    let is_shown =
        !arg.is_global_set() && !arg.is_hide_set() && !arg.is_hide_short_help_set() && !arg.is_required_set();
    let name = arg.get_long()?;
    is_shown.then(|| (arg.get_id().to_string(), format!("--{name}")))
}

fn short_help_lines(command: &Command, line: &str) -> usize {
    command.clone().bin_name(line.to_owned()).term_width(COLUMNS).render_help().to_string().lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(count: usize) -> Command {
        let options = (0..count).map(|n| Arg::new(format!("o{n}")).long(format!("option-{n}")).help("An option"));
        let global = Arg::new("json").long("json").global(true).help("Print JSON");
        Command::new("tc").arg(global).subcommand(Command::new("verb").about("Does").args(options))
    }

    fn help(count: usize, flag: &str) -> String {
        let examples = |line: &str, _: &Command| match line {
            "tc verb" => vec!["  tc verb x".to_owned()],
            _ => Vec::new(),
        };
        let tree = with_screen_help(tree(count), &["verb"], &examples).term_width(COLUMNS);
        tree.try_get_matches_from(["tc", "verb", flag]).unwrap_err().render().to_string()
    }

    #[test]
    fn global_options_are_one_line_and_in_full_in_the_long_help() {
        let (short, long) = (help(1, "-h"), help(1, "--help"));
        assert!(short.ends_with(&format!("\n\n{GLOBAL_OPTIONS}\n")), "{short}");
        assert!(!short.contains("Print JSON") && !short.contains("Examples"), "{short}");
        assert!(long.contains("Print JSON") && long.trim_end().ends_with("Examples:\n  tc verb x"), "{long}");
    }

    #[test]
    fn options_that_do_not_fit_are_named() {
        let short = help(40, "-h");
        assert!(short.lines().count() <= MAX_SHORT_HELP_LINES, "{short}");
        assert!(short.contains("--option-5 ") && short.contains(", --option-39\n"), "{short}");
        for n in 0..40 {
            assert!(short.contains(&format!("--option-{n}")), "{n}: {short}");
            assert!(help(40, "--help").contains(&format!("--option-{n}")));
        }
    }

    #[test]
    fn a_noun_with_many_verbs_names_no_options_that_it_does_not_have() {
        let verbs = (0..40).map(|n| Command::new(format!("verb-{n}")).about("Does"));
        let tree = Command::new("tc").subcommand(Command::new("noun").subcommand_required(true).subcommands(verbs));
        let tree = with_screen_help(tree, &["noun"], &|_, _| Vec::new()).term_width(COLUMNS);
        let short = tree.try_get_matches_from(["tc", "noun", "-h"]).unwrap_err().render().to_string();
        assert!(!short.contains("More options") && short.contains("verb-39"), "{short}");
    }
}
