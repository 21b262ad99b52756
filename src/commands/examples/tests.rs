use super::*;
use crate::commands::{parse, tree};
use crate::env::Environment;

/// Paths of all commands that do something by themselves.
fn verbs(command: &clap::Command, parent: &str, found: &mut Vec<(String, clap::Command)>) {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let line = format!("{parent} {}", subcommand.get_name());
        let has_own_arguments = subcommand.get_arguments().next().is_some();
        if !subcommand.has_subcommands() || has_own_arguments {
            found.push((line.clone(), subcommand.clone()));
        }
        verbs(subcommand, &line, found);
    }
}

/// The words of the call of tc in a line of shell.
fn words(line: &str) -> Vec<String> {
    let words = shlex::split(line).unwrap().into_iter().skip_while(|word| word != "tc");
    words.take_while(|word| !["|", "<", ">"].contains(&word.as_str())).collect()
}

#[test]
fn every_verb_has_two_to_five_examples() {
    let mut found = Vec::new();
    verbs(&tree(), "tc", &mut found);
    let counts = found.iter().map(|(line, command)| (line, of(line, command).len()));
    let wrong: Vec<_> = counts.filter(|(_, count)| !(2..=5).contains(count)).collect();
    assert_eq!(wrong, []);
}

#[test]
fn every_example_belongs_to_one_verb_and_is_short() {
    let mut found = Vec::new();
    verbs(&tree(), "tc", &mut found);
    let owned: Vec<Example> = found.iter().flat_map(|(line, command)| of(line, command)).collect();
    let mut wrong: Vec<String> = Vec::new();
    for example in all() {
        if owned.iter().filter(|other| **other == example).count() != 1 {
            wrong.push(format!("not of one verb: {}", example.line));
        }
        if example.line.len() > 110 || example.meaning.len() > 76 {
            wrong.push(format!("too long: {}", example.line));
        }
    }
    assert_eq!(TABLE.lines().count(), all().count(), "each line has ` ## `");
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_example_parses() {
    let environment = Environment::empty("/nowhere");
    let mut wrong = Vec::new();
    for example in all() {
        let words: Vec<_> = words(&example.line).into_iter().map(Into::into).collect();
        if let Err(fault) = parse(&words, &environment) {
            wrong.push(format!("{}: {fault}", example.line));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// Commands whose short help is longer, each with its reason.
const LONGER: [&str; 3] = [
    // The options of all methods are theirs, too.
    "tc api",
    "tc api search",
    // It has a line for each of its verbs, of which there are more than twenty.
    "tc task",
];

#[test]
fn short_help_fits_a_screen() {
    fn paths(command: &clap::Command, parent: &str, found: &mut Vec<String>) {
        for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
            let line = format!("{parent} {}", subcommand.get_name());
            paths(subcommand, &line, found);
            found.push(line);
        }
    }
    let mut found = Vec::new();
    paths(&tree(), "tc", &mut found);
    let names: Vec<&str> = found.iter().flat_map(|line| line.split(' ').skip(1)).collect();
    let helped = crate::cli::with_screen_help(tree(), &names, &lines).term_width(80);
    let mut wrong = Vec::new();
    for line in &found {
        let words = line.split(' ').chain(["-h"]);
        let help = helped.clone().try_get_matches_from(words).unwrap_err().render().to_string();
        let count = help.lines().count();
        if (count > 30) != LONGER.contains(&line.as_str()) {
            wrong.push(format!("{line}: {count} lines\n{help}"));
        }
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        assert!(help.contains("Global options: "), "{help}");
    }
    assert_eq!(wrong, [""; 0]);
}
