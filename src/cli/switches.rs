//! Options as people's scripts combine them: given more than once, and switches with a value.
//!
//! A shell function that adds options to the options that it is given must not fail because one is there already,
//! and a script that has `true` or `false` in a variable passes `--all="$all"`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};

/// What stands for true and for false behind a switch in the Go tool, by the documentation of its `strconv.ParseBool`; the
/// first of each is what is shown.
const TRUE: [&str; 6] = ["true", "1", "t", "T", "TRUE", "True"];
const FALSE: [&str; 6] = ["false", "0", "f", "F", "FALSE", "False"];

/// The same tree, in which an option counts as it was given last, and each switch takes `=true` and `=false`.
///
/// Its help is less readable than that of `tree`, so help is to be made from the original.
pub(crate) fn lenient(tree: Command) -> Command {
    let tree = tree.mut_args(lenient_switch).args_override_self(true);
    tree.mut_subcommands(lenient)
}

fn lenient_switch(arg: Arg) -> Arg {
    let given = match arg.get_action() {
        ArgAction::SetTrue => "true",
        ArgAction::SetFalse => "false",
        ArgAction::Count => return switch(arg, "true").action(ArgAction::Append).value_parser(truth().map(u8::from)),
        _ => return arg,
    };
    switch(arg, given).action(ArgAction::Set).value_parser(truth())
}

/// A switch that means `given` where it has no value, and the opposite where it is not there.
fn switch(arg: Arg, given: &'static str) -> Arg {
    let absent = if given == "true" { "false" } else { "true" };
    arg.num_args(0..=1)
        .require_equals(true)
        .default_value(absent)
        .default_missing_value(given)
        .hide_possible_values(true)
        .hide_default_value(true)
}

fn truth() -> impl TypedValueParser<Value = bool> {
    let spelled = |[shown, others @ ..]: [&'static str; 6]| PossibleValue::new(shown).aliases(others);
    PossibleValuesParser::new([TRUE, FALSE].map(spelled)).map(|text| TRUE.contains(&text.as_str()))
}

/// How often a switch of a lenient tree was given that counts.
pub(crate) fn count(matches: &ArgMatches, name: &str) -> u8 {
    matches.get_many::<u8>(name).into_iter().flatten().fold(0, |sum, one| sum.saturating_add(*one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Command {
        let switch = |name: &'static str| Arg::new(name).short('a').long(name).action(ArgAction::SetTrue);
        let time = Arg::new("time").long("time").conflicts_with("all");
        let list = Arg::new("scope").long("scope").action(ArgAction::Append);
        let count = Arg::new("verbose").short('v').long("verbose").action(ArgAction::Count);
        let verb = Command::new("verb").arg(switch("all")).arg(time).arg(list).arg(count).arg(Arg::new("id"));
        lenient(Command::new("tc").subcommand(verb))
    }

    fn parse(words: &str) -> Result<(bool, Option<String>, usize), clap::Error> {
        let matches = tree().try_get_matches_from(words.split(' '))?;
        let (_, verb) = matches.subcommand().unwrap();
        let count = verb.get_many::<String>("scope").unwrap_or_default().count();
        Ok((verb.get_flag("all"), verb.get_one("time").cloned(), count))
    }

    #[test]
    fn a_repeated_option_counts_as_given_last() {
        assert_eq!(parse("tc verb --time 1h --time 2h").unwrap(), (false, Some("2h".into()), 0));
        assert_eq!(parse("tc verb --all -a --all").unwrap(), (true, None, 0));
        assert_eq!(parse("tc verb --scope x --scope y").unwrap(), (false, None, 2), "a list keeps all");
    }

    #[test]
    fn a_switch_takes_true_and_false_behind_an_equals_sign() {
        assert!(parse("tc verb --all=true x").unwrap().0);
        assert!(!parse("tc verb --all --all=false x").unwrap().0);
        assert!(parse("tc verb --all x").unwrap().0, "the next word is not its value");
        assert!(parse("tc verb --all=maybe x").is_err());
    }

    /// The Go tool reads values by `strconv.ParseBool`.
    #[test]
    fn a_switch_takes_what_the_go_tool_takes_for_true_and_false() {
        for text in TRUE {
            assert!(parse(&format!("tc verb --all={text} x")).unwrap().0, "{text}");
            assert!(parse(&format!("tc verb -a={text} x")).unwrap().0, "{text}");
        }
        for text in FALSE {
            assert!(!parse(&format!("tc verb --all={text} x")).unwrap().0, "{text}");
        }
        assert!(parse("tc verb --all=yes x").is_err());
        assert!(parse("tc verb --all= x").is_err());
    }

    #[test]
    fn a_switch_that_counts_takes_true_and_false_too() {
        let times = |words: &str| {
            let matches = tree().try_get_matches_from(words.split(' ')).unwrap();
            count(matches.subcommand().unwrap().1, "verbose")
        };
        assert_eq!(times("tc verb"), 0);
        assert_eq!(times("tc verb -v"), 1);
        assert_eq!(times("tc verb -vv --verbose x"), 3);
        assert_eq!(times("tc verb -v=false x"), 0);
        assert_eq!(times("tc verb --verbose=true x"), 1);
        assert_eq!(times("tc verb -va x"), 1);
    }

    #[test]
    fn a_switch_that_is_not_given_conflicts_with_nothing() {
        assert!(parse("tc verb --time 1h").is_ok());
        assert!(parse("tc verb --time 1h --all").is_err());
    }
}
