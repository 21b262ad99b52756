//! How the program was called: by the Go tool's name it behaves as that does, where people would stumble. Pure.

use std::ffi::OsString;
use std::path::Path;

use clap::Command;

/// The name of the Go tool.
const GO_TOOL: &str = "taskcluster";

/// Verbs that print lines for programs on a terminal, too, when they are called by the Go tool's name.
const PLAIN_VERBS: [[&str; 2]; 3] = [["group", "status"], ["group", "list"], ["task", "status"]];

/// Whether `words` start with the Go tool's name, as a link or a copy of that name makes them.
pub(crate) fn is_taskcluster(words: &[OsString]) -> bool {
    words.first().is_some_and(|name| Path::new(name).file_stem().is_some_and(|stem| stem == GO_TOOL))
}

/// Whether standard output is to be written as if it were no terminal.
pub(crate) fn prints_plainly(words: &[OsString]) -> bool {
    let mut pairs = words.windows(2);
    is_taskcluster(words)
        && pairs.any(|pair| PLAIN_VERBS.iter().any(|verb| pair.iter().zip(verb).all(|(word, name)| word == name)))
}

/// `tc help task wait` for `tc task help wait`: people write it either way. `tree` is asked for only where `help` is there.
pub(crate) fn with_help_first(mut words: Vec<OsString>, tree: impl FnOnce() -> Command) -> Vec<OsString> {
    let noun = match words.as_slice() {
        [_, noun, help, ..] if help == "help" => noun.to_str(),
        _ => None,
    };
    let Some(noun) = noun else { return words };
    // Some have a verb of this name.
    let has_verbs = |noun: &Command| noun.has_subcommands() && noun.find_subcommand("help").is_none();
    if tree().find_subcommand(noun).is_some_and(has_verbs) {
        words.swap(1, 2);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_link_or_a_copy_has_the_name() {
        for line in ["taskcluster version", "/usr/bin/taskcluster version", "./taskcluster.exe version"] {
            assert!(is_taskcluster(&words(line)), "{line}");
        }
        for line in ["tc version", "taskcluster/tc version", "taskcluster2 version"] {
            assert!(!is_taskcluster(&words(line)), "{line}");
        }
        assert!(!is_taskcluster(&[]));
    }

    #[test]
    fn verbs_whose_lines_scripts_read_print_them_everywhere() {
        assert!(prints_plainly(&words("taskcluster group list x --all")));
        assert!(prints_plainly(&words("taskcluster -v task status x")));
        assert!(!prints_plainly(&words("tc group list x")));
        assert!(!prints_plainly(&words("taskcluster group watch x")));
    }

    #[test]
    fn help_may_stand_behind_the_noun() {
        let tree = Command::new("tc")
            .subcommand(Command::new("task").subcommand(Command::new("wait")))
            .subcommand(Command::new("version"));
        let first = |line: &str| with_help_first(words(line), || tree.clone());
        assert_eq!(first("tc task help wait"), words("tc help task wait"));
        assert_eq!(first("tc task help"), words("tc help task"));
        for line in ["tc task wait help", "tc version help", "tc help task", "tc task", "tc"] {
            assert_eq!(first(line), words(line));
        }
    }
}
