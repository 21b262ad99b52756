//! What clap refuses, as an error of ours: one style for all, whoever found the fault.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::Error;
use crate::reference::suggest;

/// A word of the command line that the tree of commands does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown<'a> {
    /// A command or verb.
    Command(&'a str),
    /// An option, with its dashes.
    Option(&'a str),
}

/// The error that `fault` is; none where it asks for help or for the version.
///
/// `guess` knows what people mean who name something that is not there: it gets the command so far, such as
/// `tc task`, and the unknown word, and answers with a whole hint. Its answer goes before what clap found similar.
/// `names` are the names of the commands below such a command.
pub(crate) fn explain(
    fault: &clap::Error,
    guess: impl Fn(&str, Unknown<'_>) -> Option<String>,
    names: impl Fn(&str) -> Vec<String>,
) -> Option<Error> {
    let message = message(fault)?;
    let mut error = Error::usage(message);
    let usage = usage(fault);
    let command = usage.as_deref().map(command_of);
    let (unknown, place) = (unknown(fault), command.unwrap_or("tc"));
    let guessed = unknown.and_then(|unknown| guess(place, unknown)).or_else(|| similar(fault));
    if let Some(hint) = guessed.or_else(|| slip(unknown?, &names(place))) {
        error = error.hint(hint);
    }
    if let Some(values) = listed(fault, ContextKind::ValidValue) {
        error = error.hint(format!("Possible values: {values}."));
    }
    if let (ErrorKind::MissingRequiredArgument, Some(usage)) = (fault.kind(), &usage) {
        error = error.hint(format!("Usage: {usage}"));
    }
    Some(match command {
        Some(command) => error.hint(format!("For all options: `{command} --help`.")),
        None => error,
    })
}

fn message(fault: &clap::Error) -> Option<String> {
    let argument = || listed(fault, ContextKind::InvalidArg).unwrap_or_default();
    let value = || listed(fault, ContextKind::InvalidValue).unwrap_or_default();
    Some(match fault.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return None;
        }
        ErrorKind::UnknownArgument => match argument() {
            option if option.starts_with("`-") => format!("unknown option {option}"),
            word => format!("unexpected argument {word}"),
        },
        ErrorKind::InvalidSubcommand => {
            format!("unknown command {}", listed(fault, ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::InvalidValue if value() == "``" => format!("{} needs a value", argument()),
        ErrorKind::InvalidValue => format!("invalid value {} for {}", value(), argument()),
        ErrorKind::ValueValidation => match std::error::Error::source(fault) {
            Some(reason) => format!("invalid value {} for {}: {reason}", value(), argument()),
            None => format!("invalid value {} for {}", value(), argument()),
        },
        ErrorKind::ArgumentConflict => match listed(fault, ContextKind::PriorArg) {
            Some(other) if other != argument() => format!("{} cannot be combined with {other}", argument()),
            _ => format!("{} cannot be given twice", argument()),
        },
        ErrorKind::MissingRequiredArgument => format!("missing {}", argument()),
        ErrorKind::MissingSubcommand => "missing command".to_owned(),
        ErrorKind::TooManyValues => format!("too many values for {}", argument()),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("too few values for {}", argument()),
        ErrorKind::NoEquals => format!("{} takes its value behind `=`", argument()),
        ErrorKind::InvalidUtf8 => "an argument is not valid UTF-8".to_owned(),
        _ => first_line(&fault.render().to_string()),
    })
}

fn unknown(fault: &clap::Error) -> Option<Unknown<'_>> {
    let (kind, is_command) = match fault.kind() {
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, false),
        ErrorKind::InvalidSubcommand => (ContextKind::InvalidSubcommand, true),
        _ => return None,
    };
    match fault.get(kind)? {
        ContextValue::String(word) if is_command => Some(Unknown::Command(word)),
        ContextValue::String(word) if word.starts_with('-') => Some(Unknown::Option(word)),
        _ => None,
    }
}

fn similar(fault: &clap::Error) -> Option<String> {
    let kinds = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let found = kinds.into_iter().find_map(|kind| listed(fault, kind))?;
    Some(format!("Did you mean {found}?"))
}

/// The command whose name is nearest to a word, where clap finds none similar: it knows no letters in the wrong order.
fn slip(unknown: Unknown<'_>, names: &[String]) -> Option<String> {
    let Unknown::Command(word) = unknown else { return None };
    let nearest = suggest(word, names.iter().map(String::as_str));
    Some(format!("Did you mean `{}`?", nearest.first()?))
}

/// What clap noted under `kind`, each in backquotes.
fn listed(fault: &clap::Error, kind: ContextKind) -> Option<String> {
    match fault.get(kind)? {
        ContextValue::String(text) => Some(format!("`{}`", without_optional_value(text))),
        ContextValue::Strings(texts) if !texts.is_empty() => {
            Some(texts.iter().map(|text| format!("`{}`", without_optional_value(text))).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}

/// The usage of the command that was reached, in one line, without its title.
fn usage(fault: &clap::Error) -> Option<String> {
    let ContextValue::StyledStr(usage) = fault.get(ContextKind::Usage)? else { return None };
    let text = usage.to_string();
    let text = text.trim().trim_start_matches("Usage:");
    Some(text.split_whitespace().map(without_optional_value).collect::<Vec<_>>().join(" "))
}

/// A switch without the `true` or `false` that it may have, of which no usage speaks.
fn without_optional_value(word: &str) -> &str {
    word.split_once("[=<").map_or(word, |(switch, _)| switch)
}

/// The words of a usage that are names of commands: those before the first placeholder or option.
fn command_of(usage: &str) -> &str {
    let end = [" [", " <", " -"].into_iter().filter_map(|start| usage.find(start)).min();
    usage.get(..end.unwrap_or(usage.len())).unwrap_or(usage)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, ArgAction, Command};

    fn tree() -> Command {
        let verb = Command::new("from-now")
            .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).conflicts_with("jobs"))
            .arg(Arg::new("jobs").long("jobs").value_name("N").value_parser(clap::value_parser!(u16).range(1..)))
            .arg(Arg::new("color").long("color").value_name("WHEN").value_parser(["auto", "never"]))
            .arg(Arg::new("id").value_name("ID").required(true));
        Command::new("tc").subcommand_required(true).subcommand(verb)
    }

    fn explained(words: &str) -> (String, Vec<String>) {
        let fault = crate::cli::lenient(tree()).try_get_matches_from(words.split(' ')).unwrap_err();
        let guess = |command: &str, unknown: Unknown<'_>| match unknown {
            Unknown::Command("login") => Some(format!("Use `{command} signin`.")),
            Unknown::Option("--web") => Some(format!("Not {command}.")),
            _ => None,
        };
        let error = explain(&fault, guess, |_| vec!["from-now".to_owned(), "log".to_owned()]).unwrap();
        (error.message().to_owned(), error.hints().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_fault_has_one_short_message() {
        let cases = [
            ("tc login", "unknown command `login`"),
            ("tc from-now --al x", "unknown option `--al`"),
            ("tc from-now x more", "unexpected argument `more`"),
            ("tc from-now", "missing `<ID>`"),
            ("tc from-now x --all --jobs 2", "`--all` cannot be combined with `--jobs <N>`"),
            ("tc from-now x --jobs 0", "invalid value `0` for `--jobs <N>`: 0 is not in 1..=65535"),
            ("tc from-now x --color no", "invalid value `no` for `--color <WHEN>`"),
            ("tc from-now x --color", "`--color <WHEN>` needs a value"),
        ];
        for (words, expected) in cases {
            assert_eq!(explained(words).0, expected, "{words}");
        }
    }

    #[test]
    fn hints_lead_to_what_there_is() {
        assert_eq!(explained("tc login").1, ["Use `tc signin`.", "For all options: `tc --help`."]);
        assert_eq!(explained("tc lgo").1[0], "Did you mean `log`?");
        assert_eq!(explained("tc from-now --al x").1[0], "Did you mean `--all`?");
        assert_eq!(explained("tc from-now --web x").1[0], "Not tc from-now.");
        assert_eq!(explained("tc from-now x --color no").1[0], "Possible values: `auto`, `never`.");
        assert_eq!(explained("tc from-now --all").1[0], "Usage: tc from-now --all <ID>");
        assert_eq!(explained("tc from-now").1, ["Usage: tc from-now <ID>", "For all options: `tc from-now --help`."]);
    }

    #[test]
    fn a_wish_for_help_is_no_fault() {
        let fault = tree().try_get_matches_from(["tc", "--help"]).unwrap_err();
        assert!(explain(&fault, |_, _| None, |_| Vec::new()).is_none());
    }
}
