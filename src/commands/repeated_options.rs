//! Each option of each verb may be given twice, and counts as it was given last: people's shell functions add options to
//! the options that they are given.

use std::cell::Cell;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

/// Values of which every option and argument takes two.
const SAMPLES: [&str; 24] = [
    "1",
    "2",
    "1h",
    "2h",
    "VESwp9JaRo-XkFN_bemBhw",
    "AAAAAAAAQAGAAAAAAAAAAA",
    "a=b",
    "c=d",
    "https://tc.example.com",
    "https://tc.example.org",
    "2030-01-01T00:00:00Z",
    "2031-01-01T00:00:00Z",
    "generic-worker",
    "docker-worker",
    "queue",
    "auth",
    "5%",
    "10%",
    "error=5%",
    "429=2%",
    "106.0.0",
    "105.0.0",
    "me@example.com",
    "you@example.com",
];

/// A verb, as it is parsed by itself.
struct Verb<'a> {
    command: &'a Command,
    lenient: Command,
    path: String,
    /// Words for its arguments, of which one is right.
    arguments: Vec<Vec<String>>,
    /// The options that it needs.
    needed: Vec<String>,
    /// The words for its arguments that were right last.
    right: Cell<usize>,
}

impl<'a> Verb<'a> {
    fn new(command: &'a Command, path: String) -> Self {
        let positional: Vec<&Arg> = command.get_positionals().collect();
        let words = |count: usize, sample: &str| -> Vec<String> {
            let word = |arg: &&Arg| choices(arg).into_iter().next().unwrap_or_else(|| sample.to_owned());
            let least = |arg: &&Arg| arg.get_num_args().map_or(1, |range| range.min_values().max(1));
            positional.iter().take(count).flat_map(|arg| std::iter::repeat_n(word(arg), least(arg))).collect()
        };
        let counts = 1..=positional.len();
        let arguments = std::iter::once(Vec::new())
            .chain(
                counts
                    .flat_map(|count| SAMPLES.iter().map(move |sample| (count, sample)))
                    .map(|(count, sample)| words(count, sample)),
            )
            .collect();
        let lenient = crate::cli::lenient(command.clone());
        let needed: Vec<String> = command
            .get_arguments()
            .filter(|arg| arg.is_required_set() && arg.get_long().is_some())
            .flat_map(|arg| option(arg, SAMPLES[0]))
            .collect();
        let mut verb = Self { command, lenient, path, arguments, needed, right: Cell::new(0) };
        let options = command.get_arguments().filter(|arg| arg.get_long().is_some());
        let options = options.flat_map(|arg| values(arg).into_iter().take(2).map(|value| option(arg, &value)));
        let more = std::iter::once(Vec::new()).chain(options).find(|more| {
            let options = [verb.needed.as_slice(), more].concat();
            verb.arguments.iter().any(|words| verb.parse(&options, words).is_ok())
        });
        verb.needed.extend(more.unwrap_or_default());
        verb
    }

    fn parse(&self, options: &[String], arguments: &[String]) -> Result<ArgMatches, clap::Error> {
        let words =
            [self.command.get_name()].into_iter().map(str::to_owned).chain(options.iter().chain(arguments).cloned());
        self.lenient.clone().try_get_matches_from(words)
    }

    /// The words that `given`, an option, needs before and behind it; none when it is not taken.
    fn around(&self, arg: &Arg, given: &[String]) -> Option<(Vec<String>, &[String])> {
        let others = self.command.get_arguments().filter(|other| other.get_long().is_some());
        let others = others.filter(|other| other.get_id() != arg.get_id());
        let options = others.flat_map(|other| values(other).into_iter().take(2).map(|value| option(other, &value)));
        let name = given.first().and_then(|word| word.split('=').next()).unwrap_or_default();
        let is_other = |word: &&String| word.split('=').next() != Some(name);
        let needed: Vec<String> = self.needed.iter().filter(is_other).cloned().collect();
        let before = std::iter::once(Vec::new()).chain(options);
        for before in before.flat_map(|before| [[needed.as_slice(), &before].concat(), before]) {
            for place in std::iter::once(self.right.get()).chain(0..self.arguments.len()) {
                let behind = &self.arguments[place];
                match self.parse(&[before.as_slice(), given].concat(), behind) {
                    Ok(_) => {
                        self.right.set(place);
                        return Some((before, behind));
                    }
                    Err(fault) if is_about(&fault, arg) => return None,
                    Err(_) => {}
                }
            }
        }
        None
    }

    /// Gives `arg` twice, and says what is wrong with what is read then.
    fn fault(&self, arg: &Arg) -> Option<String> {
        let name = format!("{} {arg}", self.path);
        let mut fitting = values(arg).into_iter().filter_map(|value| {
            let given = option(arg, &value);
            let (before, behind) = self.around(arg, &given)?;
            Some((before, behind, given, value))
        });
        let Some((before, behind, first, value)) = fitting.next() else {
            return Some(format!("{name} cannot be given"));
        };
        let (_, _, second, last) = fitting.next().unwrap_or_else(|| (Vec::new(), behind, first.clone(), value.clone()));
        let line = [before.as_slice(), &first, &second].concat();
        let matches = match self.parse(&line, behind) {
            Ok(matches) => matches,
            Err(fault) => return Some(format!("{name}: {line:?}: {fault}")),
        };
        let read: Vec<String> = matches
            .get_raw(arg.get_id().as_str())
            .unwrap_or_default()
            .map(|value| value.to_string_lossy().into_owned())
            .collect();
        let expected = match arg.get_action() {
            ArgAction::Append => vec![value, last],
            ArgAction::SetTrue | ArgAction::SetFalse => vec!["false".to_owned()],
            _ => vec![last],
        };
        (read != expected).then(|| format!("{name}: {line:?} is read as {read:?}"))
    }
}

fn choices(arg: &Arg) -> Vec<String> {
    arg.get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|value| value.get_name().to_owned())
        .collect()
}

/// Values to try for an option, in the order in which they are given.
fn values(arg: &Arg) -> Vec<String> {
    let owned = |values: &[&str]| values.iter().map(ToString::to_string).collect();
    match arg.get_action() {
        ArgAction::SetTrue | ArgAction::SetFalse => owned(&["true", "false"]),
        action if !action.takes_values() => vec![String::new()],
        _ if choices(arg).is_empty() => owned(&SAMPLES),
        _ => choices(arg),
    }
}

/// The words of an option with this value.
fn option(arg: &Arg, value: &str) -> Vec<String> {
    let name = match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => return Vec::new(),
    };
    if value.is_empty() { vec![name] } else { vec![format!("{name}={value}")] }
}

/// Whether a fault lies in the value of `arg`.
fn is_about(fault: &clap::Error, arg: &Arg) -> bool {
    let is_of_value = matches!(fault.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation);
    let name = fault.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    is_of_value && arg.get_long().is_some_and(|long| name.split([' ', '=']).next() == Some(&*format!("--{long}")))
}

fn walk(command: &Command, path: &str, checked: &mut usize, faults: &mut Vec<String>) {
    let path = format!("{path} {}", command.get_name());
    for next in command.get_subcommands() {
        walk(next, &path, checked, faults);
    }
    if command.is_subcommand_required_set() {
        return;
    }
    let verb = Verb::new(command, path);
    for arg in command.get_arguments() {
        let action = arg.get_action();
        let is_help = matches!(
            action,
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version | ArgAction::Count
        );
        if !arg.is_positional() && !is_help {
            faults.extend(verb.fault(arg));
            *checked += 1;
        }
    }
}

#[test]
fn each_option_of_each_verb_may_be_given_twice_and_the_last_one_counts() {
    let mut tree = super::tree();
    // Global options become options of each verb.
    tree.build();
    let (mut checked, mut faults) = (0, Vec::new());
    walk(&tree, "", &mut checked, &mut faults);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked > 1000, "{checked} options");
}
