//! Task groups to start with, so that there is something to look at.

mod export;
mod file;
mod firefox;
mod platforms;
mod pools;
mod replay;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::TimeDelta;

pub(super) use export::{export, restore};
pub use file::TaskList;
pub(super) use firefox::{FirefoxPush, SeedTask};
pub(super) use pools::furnish;
pub(super) use replay::{Running, replay};

/// A made-up push of Firefox. The same numbers give the same tasks with the same IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Push {
    /// How many tasks it has.
    pub tasks: usize,
    /// What its randomness starts from.
    pub seed: u64,
    /// How long ago it began; workers have been running it since.
    pub age: TimeDelta,
}

/// What was loaded from a list of tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The task groups, in the order of their first tasks.
    pub groups: Vec<String>,
    /// How many tasks there are.
    pub tasks: usize,
    /// How many dependencies were left out, because the list has no such task.
    pub left_out: usize,
}

/// Where tasks to start with come from: `firefox:3000`, `firefox:3000:7` or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seed {
    /// So many tasks of a made-up push of Firefox, with this seed.
    Firefox(usize, u64),
    /// What [`TaskList::parse`] reads.
    File(PathBuf),
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(numbers) = text.strip_prefix("firefox:").or_else(|| (text == "firefox").then_some("300")) else {
            return if text.is_empty() {
                Err("there is no name of a file".into())
            } else {
                Ok(Self::File(text.into()))
            };
        };
        let (tasks, seed) = numbers.split_once(':').unwrap_or((numbers, "1"));
        let count = tasks.parse().ok().filter(|tasks| *tasks > 0);
        let tasks = count.ok_or_else(|| format!("`{tasks}` is not a number of tasks: write firefox:3000"))?;
        let seed = seed.parse().map_err(|_| format!("`{seed}` is not a number: write firefox:3000:7"))?;
        Ok(Self::Firefox(tasks, seed))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Firefox(tasks, seed) => write!(f, "firefox:{tasks}:{seed}"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_push_or_a_file() {
        assert_eq!("firefox:3000".parse(), Ok(Seed::Firefox(3000, 1)));
        assert_eq!("firefox:10:7".parse(), Ok(Seed::Firefox(10, 7)));
        assert_eq!("firefox".parse(), Ok(Seed::Firefox(300, 1)));
        assert_eq!("firefox.json".parse(), Ok(Seed::File("firefox.json".into())));
        for (text, fault) in [
            ("firefox:", "`` is not a number of tasks: write firefox:3000"),
            ("firefox:0", "`0` is not a number of tasks: write firefox:3000"),
            ("firefox:3:x", "`x` is not a number: write firefox:3000:7"),
            ("", "there is no name of a file"),
        ] {
            assert_eq!(text.parse::<Seed>(), Err(fault.to_owned()), "{text}");
        }
    }
}
