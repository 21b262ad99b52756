//! Command lines: global flags, and the API's methods as subcommands. Pure. The tree of commands is handed in.

mod alias;
mod api;
mod called;
mod form;
mod globals;
pub(crate) mod invocation;
mod options;
mod short_help;
mod switches;
pub(crate) mod usage;

#[cfg(any(fuzzing, test))]
pub(crate) use alias::expanded;
pub(crate) use alias::{Resolved, command_place, resolve};
pub(crate) use api::Reach;
pub(crate) use called::{is_taskcluster, prints_plainly, with_help_first};
pub(crate) use form::{Form, document_form};
pub(crate) use globals::Globals;
pub(crate) use options::{UnknownOption, word_behind_options};
pub(crate) use short_help::with_screen_help;
pub(crate) use switches::{count, lenient};

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command};

use crate::domain::slugid::is_slugid;
use crate::reference::{Catalogue, Source};

/// Parses a command line by `tree`, in which options may be repeated and switches take a value. `for_help` makes of it
/// the tree whose help is shown; the tree is made again for that, because a copy of it costs every start as much.
/// A line that seems to ask for help is read by that one first.
///
/// Where `narrow` makes one, it is tried first: the tree with the command alone that the line names. Whatever it refuses
/// the whole tree refuses, too, which knows the names of the others; its help is the same.
///
/// # Errors
/// When it makes no sense, or asks for help.
pub(crate) fn parse(
    narrow: impl Fn() -> Option<Command>,
    tree: impl Fn() -> Command,
    words: &[OsString],
    for_help: impl Fn(Command) -> Command,
) -> Result<Parsed, clap::Error> {
    let fault_for_help = |tree: Command| for_help(tree).try_get_matches_from(words).err();
    let help = |tree: Command, fault| fault_for_help(tree).unwrap_or(fault);
    if seems_to_ask_for_help(words)
        && let Some(shown) = narrow().and_then(fault_for_help).filter(is_wish_for_help)
    {
        return Err(shown);
    }
    match narrow().map(|narrow| parse_by(narrow, words)) {
        Some(Ok(parsed)) => return Ok(parsed),
        Some(Err(fault)) if is_wish_for_help(&fault) => return Err(help(narrow().unwrap_or_else(tree), fault)),
        Some(Err(_)) | None => {}
    }
    parse_by(tree(), words).map_err(|fault| if is_wish_for_help(&fault) { help(tree(), fault) } else { fault })
}

/// Whether one of the words with which people ask for help is there; it may still be the value of an option.
fn seems_to_ask_for_help(words: &[OsString]) -> bool {
    let mut before_arguments = words.iter().take_while(|word| *word != "--");
    before_arguments.any(|word| word == "-h" || word == "--help" || word == "help")
}

fn is_wish_for_help(fault: &clap::Error) -> bool {
    matches!(fault.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

fn parse_by(tree: Command, words: &[OsString]) -> Result<Parsed, clap::Error> {
    let mut lenient = lenient(tree);
    let matches = lenient.try_get_matches_from_mut(words)?;
    Ok(Parsed { form: form::form_of(&lenient, &matches), matches })
}

/// A command line that makes sense.
pub(crate) struct Parsed {
    /// What was given.
    pub matches: ArgMatches,
    /// The form that `-o` chose; none where the command has no such option.
    pub form: Option<Option<Form>>,
}

/// Adds the API's services below the command `name`, and the methods of those services that `words` name. Those of today
/// are in `current`, which is asked for only where they are needed.
///
/// What is left out cannot be named without a word that is not there, so parsing, help and completion come out as
/// with the whole API, and no reference is parsed for nothing.
pub(crate) fn with_methods(
    tree: Command,
    name: &str,
    words: &[OsString],
    reach: Reach,
    current: impl FnOnce() -> &'static Catalogue,
) -> Command {
    let documented = seems_to_ask_for_help(words);
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    if !words.contains(&name) || tree.find_subcommand(name).is_none() {
        return tree;
    }
    let is_legacy = words.iter().take_while(|word| **word != "--").any(|word| *word == "--legacy");
    let catalogue = if is_legacy { Catalogue::embedded(Source::Legacy) } else { current() };
    tree.mut_subcommand(name, |api| api::View { catalogue, words: &words, reach, documented }.add_services(api))
}

/// The same words, with IDs that start with a dash made safe from being taken for options, where the command is one of
/// `nouns`.
///
/// Half of all IDs of tasks made elsewhere are not *nice* ones. The dash is percent-encoded, as it
/// may be in the address of a page, so what reads an ID as one of a page needs to know nothing of this;
/// [`unshielded`] is for what does not.
pub(crate) fn shield_ids(words: &[OsString], nouns: &[&str]) -> Vec<OsString> {
    let command = command_place(words).and_then(|place| words.get(place));
    let takes_ids = command.is_some_and(|command| nouns.iter().any(|noun| command == noun));
    let shield = |word: &OsString| match word.to_str() {
        Some(text) if takes_ids && text.starts_with('-') && is_slugid(text) => text.replacen('-', "%2D", 1).into(),
        _ => word.clone(),
    };
    words.iter().map(shield).collect()
}

/// The word that was given, where it may be an ID made safe by [`shield_ids`].
pub(crate) fn unshielded(word: &str) -> String {
    match word.strip_prefix("%2D").map(|rest| format!("-{rest}")) {
        Some(id) if is_slugid(&id) => id,
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_a_dash_is_not_an_option() {
        let shielded = |words: &[&str]| -> Vec<String> {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            let shielded = shield_ids(&words, &["group", "task"]);
            shielded.into_iter().map(|word| word.into_string().unwrap()).collect()
        };
        let id = "-8-U5J46TnidyFvAZAaJLg";
        assert_eq!(
            shielded(&["tc", "group", "list", id, "-f"]),
            ["tc", "group", "list", "%2D8-U5J46TnidyFvAZAaJLg", "-f"]
        );
        assert_eq!(shielded(&["tc", "api", "queue", "task", id]), ["tc", "api", "queue", "task", id]);
        assert_eq!(shielded(&["tc", "slugid", "decode", id]), ["tc", "slugid", "decode", id]);
        assert_eq!(shielded(&["tc", "url", "queue", "task", id]), ["tc", "url", "queue", "task", id]);
        assert_eq!(shielded(&["tc", "--json", "task", "def", id])[4], "%2D8-U5J46TnidyFvAZAaJLg");
        assert_eq!(unshielded("%2D8-U5J46TnidyFvAZAaJLg"), id);
        assert_eq!(unshielded("%2Dno-id"), "%2Dno-id");
    }
}
