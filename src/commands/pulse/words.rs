//! The words of routing keys as flags: `--task-id ID`, or `--taskId ID`.
//!
//! Each word that an exchange of the references has is a flag; a word of a newer deployment is given as `--word`.

use clap::{Arg, ArgAction, ArgMatches};

use crate::reference::kebab_case;

/// All words that are not the same in all messages, of the exchanges of today and of 2018.
pub(super) const WORDS: [&str; 18] = [
    "taskId",
    "runId",
    "workerGroup",
    "workerId",
    "provisionerId",
    "workerType",
    "schedulerId",
    "taskGroupId",
    "organization",
    "repository",
    "action",
    "topic",
    "providerId",
    "launchConfigId",
    "destination",
    "project",
    "reserved",
    "routingKeyKind",
];

/// Words with the values that were given, in the order of the list above, then those of `--word`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WordArgs {
    pub(super) given: Vec<(String, String)>,
}

impl clap::FromArgMatches for WordArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut words = Self::default();
        words.update_from_arg_matches(matches)?;
        Ok(words)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let named =
            WORDS.iter().filter_map(|word| Some(((*word).to_owned(), matches.get_one::<String>(word)?.clone())));
        self.given.extend(named);
        for pair in matches.get_many::<String>("word").into_iter().flatten() {
            let (word, value) = pair.split_once('=').ok_or_else(|| {
                clap::Error::raw(
                    clap::error::ErrorKind::ValueValidation,
                    format!("invalid word `{pair}`: it has no =\n"),
                )
            })?;
            self.given.push((word.to_owned(), value.to_owned()));
        }
        Ok(())
    }
}

impl clap::Args for WordArgs {
    fn augment_args(mut command: clap::Command) -> clap::Command {
        for word in WORDS {
            // The clients of other languages have the name as it is.
            let kebab = kebab_case(word);
            let named = if kebab == word { Arg::new(word) } else { Arg::new(word).alias(word) };
            let argument = named
                .long(kebab)
                .value_name("VALUE")
                .allow_hyphen_values(true)
                .action(ArgAction::Set)
                .overrides_with(word)
                .help(format!("Value of {word}"))
                .help_heading("Words of the routing key");
            command = command.arg(argument.hide(word == "routingKeyKind" || word == "reserved"));
        }
        command.arg(
            Arg::new("word")
                .long("word")
                .value_name("NAME=VALUE")
                .allow_hyphen_values(true)
                .action(ArgAction::Append)
                .help("Any word by its name")
                .help_heading("Words of the routing key"),
        )
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reference::{Catalogue, Source};

    #[test]
    fn every_word_of_the_references_has_a_flag() {
        let mut found = BTreeSet::new();
        for source in [Source::Current, Source::Legacy] {
            for service in Catalogue::embedded(source).services().unwrap() {
                for exchange in &service.exchanges {
                    found.extend(exchange.routing_key.iter().map(|entry| entry.name.as_str()));
                }
            }
        }
        assert_eq!(found, WORDS.into_iter().collect());
    }
}
