//! Which argument the last word of a command line is. Pure.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

/// A value that is being typed.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    /// Names of the commands, without that of the program.
    pub(super) commands: Vec<String>,
    /// What the value is for.
    pub(super) argument: Arg,
    /// What stands before the value in the same word: `--profile=`.
    pub(super) attached: String,
    /// The arguments before it that belong to no option.
    pub(super) before: Vec<String>,
    /// The value so far.
    pub(super) value: String,
}

impl Typed {
    /// The value that the last of `words`, which start with the program's name, is in a command line of `tree`; none
    /// where it is an option or a command.
    pub(super) fn of(tree: &Command, words: &[OsString]) -> Option<Self> {
        let (last, before) = words.split_last()?;
        let last = last.to_str()?;
        let mut place =
            Position { tree, command: tree, commands: Vec::new(), positionals: Vec::new(), is_literal: false };
        let mut waiting = None;
        for word in before.get(1..)? {
            waiting = match waiting {
                Some(_) => None,
                None => place.pass(word.to_str()?),
            };
        }
        let typed = |argument: &Arg, attached: &str, value: &str| Self {
            commands: place.commands.clone(),
            argument: argument.clone(),
            before: place.positionals.clone(),
            attached: attached.to_owned(),
            value: value.to_owned(),
        };
        if let Some(argument) = waiting {
            return Some(typed(argument, "", last));
        }
        if last.starts_with('-') && !place.is_literal {
            let (name, value) = last.split_once('=')?;
            let argument = place.option(name).filter(|argument| argument.get_action().takes_values())?;
            return Some(typed(argument, &format!("{name}="), value));
        }
        place.positional().map(|argument| typed(argument, "", last))
    }
}

/// How far a command line has come.
struct Position<'t> {
    tree: &'t Command,
    command: &'t Command,
    commands: Vec<String>,
    positionals: Vec<String>,
    /// Behind `--` nothing is an option.
    is_literal: bool,
}

impl<'t> Position<'t> {
    /// Goes on by a word, and returns the option that the next word is the value of.
    fn pass(&mut self, word: &str) -> Option<&'t Arg> {
        if word == "--" && !self.is_literal {
            self.is_literal = true;
            return None;
        }
        if word.starts_with('-') && word.len() > 1 && !self.is_literal {
            if word.starts_with("--") {
                let is_whole = !word.contains('=');
                return self.option(word).filter(|argument| is_whole && argument.get_action().takes_values());
            }
            // The first letter that takes a value has the rest of the word, or else the next one.
            let mut letters = word.chars().skip(1);
            let taker = letters.find_map(|letter| {
                let argument = self.option(&format!("-{letter}"))?;
                argument.get_action().takes_values().then_some(argument)
            });
            return taker.filter(|_| letters.next().is_none());
        }
        match self.command.find_subcommand(word) {
            Some(command) if self.positionals.is_empty() => {
                self.command = command;
                self.commands.push(command.get_name().to_owned());
            }
            _ => self.positionals.push(word.to_owned()),
        }
        None
    }

    fn option(&self, name: &str) -> Option<&'t Arg> {
        let named = |argument: &&Arg| match name.strip_prefix("--") {
            Some(long) => {
                argument.get_long() == Some(long)
                    || argument.get_all_aliases().is_some_and(|aliases| aliases.contains(&long))
            }
            None => argument.get_short().is_some_and(|letter| name.chars().nth(1) == Some(letter)),
        };
        let global = || self.tree.get_arguments().filter(|argument| argument.is_global_set()).find(named);
        self.command.get_arguments().find(named).or_else(global)
    }

    /// The positional argument that comes next; the last one where it takes many.
    fn positional(&self) -> Option<&'t Arg> {
        let all: Vec<&Arg> = self.command.get_positionals().collect();
        let last = all.last().filter(|argument| matches!(argument.get_action(), ArgAction::Append));
        all.get(self.positionals.len()).or(last).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Command {
        let value = |id: &'static str| Arg::new(id).long(id).global(true);
        let tasks = Arg::new("tasks").action(ArgAction::Append);
        let yes = Arg::new("yes").short('y').action(ArgAction::SetTrue);
        let verb = |name: &'static str, argument: Arg| Command::new(name).arg(argument);
        Command::new("tc")
            .args([value("root-url").short('R'), value("profile")])
            .subcommand(
                Command::new("task").subcommands([verb("status", tasks.clone()), verb("cancel", tasks).arg(yes)]),
            )
            .subcommand(Command::new("group").subcommand(verb("list", Arg::new("group"))))
            .subcommand(verb("signin", Arg::new("purpose").long("for")))
    }

    fn typed(line: &str) -> Option<String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let typed = Typed::of(&tree(), &words)?;
        let name = typed.argument.get_id();
        Some(format!("{} {name} {}[{}]", typed.commands.join("."), typed.attached, typed.value))
    }

    #[test]
    fn a_word_is_the_value_of_the_option_before_it_or_the_next_argument() {
        for (line, expected) in [
            ("tc -R f", " root-url [f]"),
            ("tc task status --profile=co", "task.status profile --profile=[co]"),
            ("tc task cancel -yR ", "task.cancel root-url []"),
            ("tc -R x task status ", "task.status tasks []"),
            ("tc task status a b", "task.status tasks [b]"),
            ("tc signin --for task.r", "signin purpose [task.r]"),
            ("tc group list --profile x -- ", "group.list group []"),
        ] {
            assert_eq!(typed(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn options_and_commands_are_no_values() {
        for line in ["tc", "tc ta", "tc task status --pro", "tc group list a b", "tc -x=y"] {
            assert_eq!(typed(line), None, "{line}");
        }
    }
}
