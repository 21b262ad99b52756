//! Commands of the user's own: where the command stands in a command line, and what an alias makes of it. Pure.

use std::ffi::{OsStr, OsString};

use clap::{Args as _, Command};

use super::Globals;
use super::options::{UnknownOption, word_behind_options};
use crate::error::{Error, Result};

/// How often a command line is expanded: an alias may stand for another one, and that for none.
const MAX_EXPANSIONS: usize = 2;

/// What a command line comes down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// A command of this program, or something for its parser to refuse.
    Own(Vec<OsString>),
    /// A word that is neither a command nor an alias, at this place.
    Unknown(Vec<OsString>, usize),
    /// A line for the shell.
    Shell {
        /// The alias.
        name: String,
        /// The line.
        line: String,
        /// What was given to the alias.
        arguments: Vec<OsString>,
        /// The words before it: the program's name and global options.
        before: Vec<OsString>,
    },
}

/// Expands the alias that a command line starts with. `is_command` knows the commands, which come first.
///
/// # Errors
/// When an alias leads to an alias that leads to another, or lacks an argument, or has quotes that are not closed; those of
/// `alias`, which looks up an alias and is not asked about commands.
pub(crate) fn resolve(
    words: Vec<OsString>,
    is_command: impl Fn(&str) -> bool,
    alias: impl Fn(&str) -> Result<Option<String>>,
) -> Result<Resolved> {
    let mut words = words;
    for expansions in 0.. {
        let Some(place) = command_place(&words) else { break };
        let Some(name) = words.get(place).and_then(|word| word.to_str()).map(str::to_owned) else { break };
        if is_command(&name) {
            break;
        }
        let Some(expansion) = alias(&name)? else { return Ok(Resolved::Unknown(words, place)) };
        if expansions == MAX_EXPANSIONS {
            return Err(Error::usage(format!("the alias `{name}` is reached through two others"))
                .hint("Let an alias stand for a command, or for one other alias: `tc alias list`."));
        }
        let arguments = words.split_off(place + 1);
        words.truncate(place);
        if let Some(line) = expansion.trim_start().strip_prefix('!') {
            return Ok(Resolved::Shell { name, line: line.to_owned(), arguments, before: words });
        }
        words.extend(expanded(&name, &expansion, &arguments)?);
    }
    Ok(Resolved::Own(words))
}

/// The place of the command in a command line: behind the options that every command takes. Nothing where no command is
/// there, or an unknown option stands before it.
pub(crate) fn command_place(words: &[OsString]) -> Option<usize> {
    word_behind_options(words, 1, &Globals::augment_args(Command::new("tc")), UnknownOption::Stop)
}

/// The words that an alias stands for, with arguments in place of `$1`, `$2`.. and `$@`. Arguments without a placeholder are
/// added at the end.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when a placeholder has no argument, or a quote is not closed.
pub(crate) fn expanded(name: &str, expansion: &str, arguments: &[OsString]) -> Result<Vec<OsString>> {
    let words = shlex::split(expansion).ok_or_else(|| {
        Error::usage(format!("the alias `{name}` has a quote that is not closed: {expansion}"))
            .hint(format!("Set it again: `tc alias set {name} 'COMMAND ..'`."))
    })?;
    let highest = words.iter().flat_map(|word| parts(word)).filter_map(|part| part.number()).max().unwrap_or(0);
    if highest > arguments.len() {
        return Err(Error::usage(format!(
            "the alias `{name}` needs {highest} argument{}, and {} given",
            if highest == 1 { "" } else { "s" },
            match arguments.len() {
                0 => "none is".to_owned(),
                1 => "1 is".to_owned(),
                count => format!("{count} are"),
            }
        ))
        .hint(format!("It stands for: tc {expansion}")));
    }
    let others = arguments.get(highest..).unwrap_or_default();
    let takes_all = words.iter().flat_map(|word| parts(word)).any(|part| part == WordPiece::Others);
    let mut result = Vec::new();
    for word in &words {
        if word == "$@" {
            result.extend_from_slice(others);
            continue;
        }
        let mut filled = OsString::new();
        for part in parts(word) {
            match part {
                WordPiece::Text(text) => filled.push(text),
                WordPiece::Argument(number) => {
                    filled.push(arguments.get(number - 1).map_or(OsStr::new(""), OsString::as_os_str))
                }
                WordPiece::Others => filled.push(others.join(OsStr::new(" "))),
            }
        }
        result.push(filled);
    }
    if !takes_all {
        result.extend_from_slice(others);
    }
    Ok(result)
}

/// A piece of a word of an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordPiece<'a> {
    Text(&'a str),
    /// `$1`, from 1 to 9.
    Argument(usize),
    /// `$@`
    Others,
}

impl WordPiece<'_> {
    fn number(self) -> Option<usize> {
        match self {
            WordPiece::Argument(number) => Some(number),
            WordPiece::Text(_) | WordPiece::Others => None,
        }
    }
}

fn parts(word: &str) -> Vec<WordPiece<'_>> {
    let mut parts = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        let placeholder = match from.as_bytes().get(1) {
            Some(digit @ b'1'..=b'9') => Some(WordPiece::Argument(usize::from(digit - b'0'))),
            Some(b'@') => Some(WordPiece::Others),
            _ => None,
        };
        let (part, length) = placeholder.map_or((WordPiece::Text("$"), 1), |part| (part, 2));
        if !before.is_empty() {
            parts.push(WordPiece::Text(before));
        }
        parts.push(part);
        rest = from.get(length..).unwrap_or_default();
    }
    if !rest.is_empty() {
        parts.push(WordPiece::Text(rest));
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALIASES: [(&str, &str); 9] = [
        ("rr", "group rerun --state failed"),
        ("rrf", "rr --dry-run"),
        ("deep", "rrf -y"),
        ("loop", "loop x"),
        ("ff", "-R firefox-ci group list $1 --name $2"),
        ("all", "group list '$@' --jq \".[] | $1 as $x | $x\""),
        ("hello", "!echo \"$1\" | wc -c"),
        ("list", "task status"),
        ("broken", "group 'list"),
    ];

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn resolved(line: &str) -> Result<Resolved> {
        let alias =
            |name: &str| Ok(ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, text)| (*text).to_owned()));
        resolve(words(line), |name| ["group", "task"].contains(&name), alias)
    }

    fn own(line: &str) -> String {
        match resolved(line).unwrap() {
            Resolved::Own(words) => words.join(OsStr::new(" ")).into_string().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_alias_is_the_words_that_it_stands_for() {
        for (line, expected) in [
            ("tc rr G1 -y", "tc group rerun --state failed G1 -y"),
            ("tc -v -R x rr G1", "tc -v -R x group rerun --state failed G1"),
            ("tc --root-url=x -qvRx rr", "tc --root-url=x -qvRx group rerun --state failed"),
            ("tc rrf G1", "tc group rerun --state failed --dry-run G1"),
            ("tc ff G1 build -v", "tc -R firefox-ci group list G1 --name build -v"),
            ("tc all .x G1 -a", "tc group list G1 -a --jq .[] | .x as $x | $x"),
            ("tc group list", "tc group list"),
            ("tc", "tc"),
            ("tc --help rr", "tc --help rr"),
            ("tc -- rr", "tc -- rr"),
        ] {
            assert_eq!(own(line), expected);
        }
    }

    #[test]
    fn an_argument_stays_one_word() {
        let arguments = [OsString::from("a b"), OsString::from("c d")];
        assert_eq!(expanded("x", "group list '$1' $@", &arguments).unwrap().len(), 4);
        assert_eq!(expanded("x", "group list --name=^$1 '[$@]'", &arguments).unwrap().last().unwrap(), "[c d]");
    }

    #[test]
    fn a_line_for_the_shell_keeps_its_arguments_apart() {
        let Resolved::Shell { name, line, arguments, before } = resolved("tc -R x hello a b").unwrap() else {
            panic!()
        };
        assert_eq!((name.as_str(), line.as_str()), ("hello", "echo \"$1\" | wc -c"));
        assert_eq!((arguments, before), (words("a b"), words("tc -R x")));
    }

    #[test]
    fn what_is_neither_a_command_nor_an_alias_is_unknown_at_its_place() {
        assert_eq!(resolved("tc -R x nope a").unwrap(), Resolved::Unknown(words("tc -R x nope a"), 3));
    }

    #[test]
    fn a_loop_and_a_missing_argument_are_refused() {
        for (line, message) in [
            ("tc loop", "the alias `loop` is reached through two others"),
            ("tc deep", "the alias `rr` is reached through two others"),
            ("tc ff G1", "the alias `ff` needs 2 arguments, and 1 is given"),
            ("tc ff", "the alias `ff` needs 2 arguments, and none is given"),
            ("tc broken", "the alias `broken` has a quote that is not closed: group 'list"),
        ] {
            assert_eq!(resolved(line).unwrap_err().message(), message);
        }
    }

    proptest! {
        #[test]
        fn any_alias_and_any_words_come_to_an_end(
            expansion in "\\PC{0,20}",
            line in prop::collection::vec("[-$a-zR ]{0,5}", 0..5),
        ) {
            let words: Vec<OsString> = std::iter::once("tc".into()).chain(line.into_iter().map(Into::into)).collect();
            drop(resolve(words, |name| name == "group", |_| Ok(Some(expansion.clone()))));
        }
    }
}
