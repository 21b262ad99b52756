//! The answer to a shell that asks how a word can go on.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;

use clap::ValueEnum as _;
use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;

use super::{Shell, WORDS_ALONE};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::Ui;

/// Prints what the last word of `args` (which start with the program's name) can become.
///
/// Flags are offered only to a word that starts with a dash: among commands and values they would
/// be in the way.
///
/// `known` has what this machine knows of an argument's values; where that is something, nobody else is asked.
/// `asked` has what the deployment answers; where that is something, it is all that is offered.
///
/// # Errors
/// When `shell` is unknown, or the output cannot be written.
pub(crate) fn answer(
    shell: &str,
    args: &[OsString],
    tree_for: impl Fn(&[OsString]) -> clap::Command,
    known: impl Fn(&clap::Command, &[OsString]) -> Vec<CompletionCandidate>,
    asked: impl Fn(&clap::Command, &[OsString]) -> Vec<String>,
    ui: &Ui,
) -> Result<Status> {
    let words_alone = shell.ends_with(WORDS_ALONE);
    let shell = Shell::from_str(shell.trim_end_matches(WORDS_ALONE), false).map_err(|_| {
        Error::usage(format!("unknown shell `{shell}` in TC_COMPLETE"))
            .hint("Unset TC_COMPLETE to run commands; only the shell completions of tc set it.")
    })?;
    let (words, prefix) = words(shell, args);
    let last = words.last().cloned().unwrap_or_default();
    let index = words.len().saturating_sub(1);
    let mut tree = tree_for(&words);
    let mut found = known(&tree, &words);
    if found.is_empty() {
        found = asked(&tree, &words).into_iter().map(CompletionCandidate::new).collect();
    }
    if found.is_empty() {
        found = complete(&mut tree, words, index, None).unwrap_or_default();
    }
    let is_flag = |text: &OsStr| text.as_encoded_bytes().starts_with(b"-");
    let mut offered = 0;
    let mut out = ui.out();
    for candidate in found.iter().filter(|candidate| is_flag(&last) || !is_flag(candidate.get_value())) {
        writeln!(out, "{}", render(shell, candidate, words_alone, &prefix))?;
        offered += 1;
    }
    Ok(Status(u8::from(offered == 0)))
}

/// The words as a user sees them, the last being the one to complete; and how much of that one the
/// shell does not count as part of it.
fn words(shell: Shell, args: &[OsString]) -> (Vec<OsString>, String) {
    let mut words = args.to_vec();
    if words.len() < 2 {
        words.push(OsString::new());
    }
    match shell {
        Shell::Bash => rejoin(&words),
        Shell::Powershell => {
            if let Some(last) = words.last_mut().filter(|last| *last == " ") {
                last.clear();
            }
            (words, String::new())
        }
        Shell::Zsh | Shell::Fish | Shell::Elvish => (words, String::new()),
    }
}

/// Bash makes three words of `--color=al` and of `a:b`.
fn rejoin(words: &[OsString]) -> (Vec<OsString>, String) {
    let mut joined: Vec<OsString> = Vec::new();
    let mut prefix = OsString::new();
    let mut glue = false;
    for word in words {
        let is_break = word == "=" || word == ":";
        match joined.last_mut() {
            Some(before) if is_break || glue => {
                prefix.clone_from(before);
                before.push(word);
            }
            _ => {
                prefix.clear();
                joined.push(word.clone());
            }
        }
        glue = is_break;
    }
    if glue {
        // The cursor stands right behind the break: all of the word is before it.
        prefix = joined.last().cloned().unwrap_or_default();
    }
    (joined, prefix.to_string_lossy().into_owned())
}

fn render(shell: Shell, candidate: &CompletionCandidate, words_alone: bool, prefix: &str) -> String {
    let value = candidate.get_value().to_string_lossy();
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.lines().next().filter(|_| !words_alone).unwrap_or_default();
    match (shell, help) {
        (Shell::Bash, _) => value.strip_prefix(prefix).unwrap_or(&value).to_owned(),
        (Shell::Elvish, _) | (Shell::Fish | Shell::Powershell, "") => value.into_owned(),
        (Shell::Fish | Shell::Powershell, help) => format!("{value}\t{help}"),
        (Shell::Zsh, help) => {
            let value = value.replace('\\', "\\\\").replace(':', "\\:");
            if help.is_empty() { value } else { format!("{value}:{}", help.replace('\\', "\\\\")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejoined(words: &[&str]) -> (Vec<String>, String) {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let (words, prefix) = rejoin(&words);
        (words.into_iter().map(|word| word.into_string().unwrap()).collect(), prefix)
    }

    #[test]
    fn what_bash_took_apart_is_one_word_again() {
        let strings = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(rejoined(&["tc", "--color", "=", "al"]), (strings(&["tc", "--color=al"]), "--color=".into()));
        assert_eq!(rejoined(&["tc", "--color", "="]), (strings(&["tc", "--color="]), "--color=".into()));
        assert_eq!(
            rejoined(&["tc", "-R", "https", ":", "//x", "a"]),
            (strings(&["tc", "-R", "https://x", "a"]), String::new())
        );
        assert_eq!(rejoined(&["tc", ""]), (strings(&["tc", ""]), String::new()));
    }
}
