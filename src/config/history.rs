//! The tasks and groups that were named lately, for completions: IDs and names, nothing else.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Paths, private};
use crate::domain::slugid::is_slugid;
use crate::env::Environment;
use crate::error::{Error, Result};

/// How many are kept.
const MAX_REMEMBERED: usize = 100;
/// The largest file that is read, in bytes; one of ours has a tenth of it.
const MAX_FILE_BYTES: u64 = 256 << 10;
/// The longest name that is kept, in characters.
const MAX_NAME_CHARS: usize = 200;

/// A task or a group that was named on a command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remembered {
    /// Its ID.
    pub id: String,
    /// It is a group.
    pub is_group: bool,
    /// Its name; empty where none was seen.
    #[serde(default)]
    pub name: String,
}

/// The file of what was named lately.
#[derive(Debug, Clone)]
pub(crate) struct History {
    path: PathBuf,
}

impl History {
    /// That of the user whose environment this is; none when no home directory is known.
    pub(crate) fn of(environment: &Environment) -> Option<Self> {
        Some(Self { path: Paths::of(environment)?.history })
    }

    /// What was named, the newest first; nothing where the file is absent or broken, as completions tell of no errors.
    pub(crate) fn read(&self) -> Vec<Remembered> {
        let mut text = String::new();
        let read = File::open(&self.path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text));
        let found: Vec<Remembered> = read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default();
        found.into_iter().filter(|one| is_slugid(&one.id)).collect()
    }

    /// Puts these before all others, in a file that only its owner can read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn add(&self, used: &[Remembered]) -> Result<()> {
        let all = merged(used, self.read());
        let text = serde_json::to_string(&all)
            .map_err(|source| Error::failed("cannot record the names that were used").caused_by(source))?;
        private::write(&self.path, &text)
    }
}

/// Each once, the newest first. A name that is known is kept where none was seen this time.
fn merged(used: &[Remembered], before: Vec<Remembered>) -> Vec<Remembered> {
    let mut all: Vec<Remembered> = Vec::new();
    for one in used.iter().cloned().chain(before) {
        let is_full = all.len() >= MAX_REMEMBERED;
        match all.iter_mut().find(|known| known.id == one.id && known.is_group == one.is_group) {
            Some(known) if known.name.is_empty() => known.name = one.name,
            Some(_) => {}
            None if !is_full => {
                let name = one.name.chars().take(MAX_NAME_CHARS).collect();
                all.push(Remembered { name, ..one });
            }
            None => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(number: usize, name: &str) -> Remembered {
        Remembered { id: format!("{number:08}Q0C{:010}A", 0), is_group: false, name: name.to_owned() }
    }

    #[test]
    fn the_newest_is_first_and_each_is_there_once_with_the_name_that_is_known() {
        let before = vec![task(1, "one"), task(2, "two")];
        assert_eq!(merged(&[task(2, "")], before.clone()), [task(2, "two"), task(1, "one")]);
        assert_eq!(merged(&[task(2, "new")], before.clone()), [task(2, "new"), task(1, "one")]);
        let group = Remembered { is_group: true, ..task(1, "") };
        assert_eq!(merged(std::slice::from_ref(&group), before).first(), Some(&group));
        let many: Vec<Remembered> = (0..500).map(|number| task(number, &"x".repeat(900))).collect();
        let kept = merged(&many, Vec::new());
        assert_eq!((kept.len(), kept[0].name.len()), (MAX_REMEMBERED, MAX_NAME_CHARS));
    }

    #[test]
    fn a_file_that_is_broken_or_has_no_ids_is_an_empty_history() {
        let home = tempfile::tempdir().unwrap();
        let history = History { path: home.path().join("x/history.json") };
        assert_eq!(history.read(), []);
        history.add(&[task(1, "one")]).unwrap();
        assert_eq!(history.read(), [task(1, "one")]);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&history.path.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        for text in ["", "{", "[1]", r#"[{"id": "; rm -rf /", "isGroup": false}]"#] {
            std::fs::write(&history.path, text).unwrap();
            assert_eq!(history.read(), [], "{text}");
        }
    }
}
