//! Where the options at the start of a command line end. Pure.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

/// What an option that is not among the known ones means for the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownOption {
    /// It is not known whether the next word is its value, so nothing is found.
    Stop,
    /// It is taken for one word.
    Skip,
}

/// The place of the first word, from `start` on, that is neither an option nor the value of one. `options` has the known
/// options as its arguments.
pub(crate) fn word_behind_options(
    words: &[OsString],
    start: usize,
    options: &Command,
    unknown: UnknownOption,
) -> Option<usize> {
    let mut place = start;
    loop {
        let word = words.get(place)?.to_str()?;
        if !word.starts_with('-') || word == "-" {
            return Some(place);
        }
        place += match (words_of_option(word, options), unknown) {
            (Some(count), _) => count,
            (None, UnknownOption::Skip) => 1,
            (None, UnknownOption::Stop) => return None,
        };
    }
}

/// How many words an option takes, its value included; nothing for one that is unknown.
fn words_of_option(word: &str, options: &Command) -> Option<usize> {
    let takes_value = |arg: &Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    if let Some(option) = word.strip_prefix("--") {
        let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let arg = options.get_arguments().find(|arg| arg.get_long() == Some(name))?;
        return Some(1 + usize::from(takes_value(arg) && value.is_none()));
    }
    let letters = word.trim_start_matches('-');
    for (at, letter) in letters.char_indices() {
        let arg = options.get_arguments().find(|arg| arg.get_short() == Some(letter))?;
        if takes_value(arg) {
            // The rest of the word is its value, or else the next word.
            return Some(1 + usize::from(at + letter.len_utf8() == letters.len()));
        }
    }
    Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: &str, unknown: UnknownOption) -> Option<usize> {
        let flag = |name: &'static str, short| Arg::new(name).long(name).short(short);
        let options = Command::new("tc")
            .arg(flag("quiet", 'q').action(ArgAction::SetTrue))
            .arg(flag("verbose", 'v').action(ArgAction::Count))
            .arg(flag("output", 'o'));
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        word_behind_options(&words, 1, &options, unknown)
    }

    #[test]
    fn a_value_of_an_option_is_not_the_word() {
        for (line, expected) in [
            ("tc x", Some(1)),
            ("tc", None),
            ("tc -", Some(1)),
            ("tc -q -vv x", Some(3)),
            ("tc -o /f x", Some(3)),
            ("tc -o/f x", Some(2)),
            ("tc -qo /f x", Some(3)),
            ("tc --output /f x", Some(3)),
            ("tc --output=/f x", Some(2)),
            ("tc --output /f", None),
        ] {
            assert_eq!(place(line, UnknownOption::Stop), expected, "{line}");
            assert_eq!(place(line, UnknownOption::Skip), expected, "{line}");
        }
    }

    #[test]
    fn an_unknown_option_ends_the_search_or_is_one_word() {
        for line in ["tc --legacy x", "tc -z x", "tc -qz x", "tc -- x"] {
            assert_eq!(place(line, UnknownOption::Stop), None, "{line}");
            assert_eq!(place(line, UnknownOption::Skip), Some(2), "{line}");
        }
    }
}
