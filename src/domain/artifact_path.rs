//! An artifact's name as a path below a folder. Names come from whoever made the task: none may lead
//! out of the folder, or to something that is no plain file. Pure.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

/// Bytes that a file system allows for one name.
const MAX_PART_BYTES: usize = 255;

/// Names that mean devices on Windows, with any extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// A name that stands for no path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum NameError {
    /// It is empty, or ends with a slash.
    #[error("`{0}` names no file")]
    NoFile(String),
    /// It starts at the root, or at a drive.
    #[error("`{0}` is an absolute path")]
    Absolute(String),
    /// It has `.` or `..` or nothing between two slashes.
    #[error("`{0}` leads to another folder: a part of it is `{1}`")]
    Relative(String, String),
    /// It has a character that no path should have.
    #[error("`{0}` has the character {1:?} in it")]
    Character(String, char),
    /// A part of it is longer than file systems allow.
    #[error("`{0}` has a part that is longer than {MAX_PART_BYTES} bytes")]
    TooLong(String),
    /// It is the same path as another name on systems that do not tell case apart.
    #[error("`{0}` differs from `{1}` in nothing but case")]
    SameButCase(String, String),
    /// It is the same path as another name.
    #[error("`{0}` would be the same file as `{1}`")]
    Same(String, String),
    /// One is a file and a folder of the other.
    #[error("`{0}` would be a file and a folder at once, because of `{1}`")]
    FileAndFolder(String, String),
}

/// A relative path with `/` between its parts, none of which leads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SafePath {
    /// The path.
    pub path: String,
    /// Whether a part had to be changed, because it means a device on Windows.
    pub escaped: bool,
}

/// The path that a name stands for.
///
/// A part that means a device on Windows (`aux.txt`), or that Windows would shorten (`a.`), gets an
/// underscore; so a folder can be shared between systems.
///
/// # Errors
/// For all that cannot be a path below a folder.
pub(crate) fn safe_path(name: &str) -> Result<SafePath, NameError> {
    if let Some(character) = name.chars().find(|c| c.is_control() || *c == '\\') {
        return Err(NameError::Character(shown(name), character));
    }
    if name.starts_with('/') || is_drive(name) {
        return Err(NameError::Absolute(name.to_owned()));
    }
    if name.is_empty() || name.ends_with('/') {
        return Err(NameError::NoFile(name.to_owned()));
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        if matches!(part, "" | "." | "..") {
            return Err(NameError::Relative(name.to_owned(), part.to_owned()));
        }
        let part = escaped(part);
        if part.len() > MAX_PART_BYTES {
            return Err(NameError::TooLong(name.to_owned()));
        }
        parts.push(part);
    }
    let path = parts.join("/");
    Ok(SafePath { escaped: path != name, path })
}

/// The last part of the path that a name stands for.
pub(crate) fn flat_path(name: &str) -> Result<SafePath, NameError> {
    let SafePath { path, escaped } = safe_path(name)?;
    let path = path.rsplit('/').next().unwrap_or_default().to_owned();
    // Below a folder this was a name like any other.
    if is_drive(&path) { Err(NameError::Absolute(name.to_owned())) } else { Ok(SafePath { path, escaped }) }
}

fn shown(name: &str) -> String {
    name.escape_debug().to_string()
}

fn is_drive(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic()) && characters.next() == Some(':')
}

fn escaped(part: &str) -> String {
    let stem = part.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            rest.chars().count() == 1 && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'))
        })
    };
    let device = DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt");
    let mut part = if device { format!("_{part}") } else { part.to_owned() };
    if part.ends_with(['.', ' ']) {
        part.push('_');
    }
    if cfg!(windows) {
        // A colon would name a stream inside of a file.
        part = part.replace(['<', '>', ':', '"', '|', '?', '*'], "_");
    }
    part
}

/// The paths of one download, none of which is in another's way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paths {
    /// Names by their path in lower case.
    files: BTreeMap<String, String>,
    /// Names of files below each folder, by the folder in lower case.
    folders: BTreeMap<String, String>,
    exact: BTreeSet<String>,
}

impl Paths {
    /// Takes note of `path`, which `name` stands for.
    ///
    /// # Errors
    /// When it is in the way of an earlier one; `reserved` are suffixes under which unfinished files
    /// are kept beside their targets.
    pub(crate) fn add(&mut self, name: &str, path: &str, reserved: &[&str]) -> Result<(), NameError> {
        let folded = path.to_lowercase();
        if let Some(other) = self.files.get(&folded) {
            let (name, other) = (name.to_owned(), other.clone());
            return Err(if self.exact.contains(path) {
                NameError::Same(name, other)
            } else {
                NameError::SameButCase(name, other)
            });
        }
        if let Some(other) = self.folders.get(&folded) {
            return Err(NameError::FileAndFolder(name.to_owned(), other.clone()));
        }
        let folders: Vec<&str> = folded.match_indices('/').map(|(at, _)| &folded[..at]).collect();
        for folder in &folders {
            if let Some(other) = self.files.get(*folder) {
                return Err(NameError::FileAndFolder(name.to_owned(), other.clone()));
            }
        }
        let owner = reserved.iter().filter_map(|suffix| folded.strip_suffix(suffix)).find_map(|of| self.files.get(of));
        let owned = reserved.iter().find_map(|suffix| self.files.get(&format!("{folded}{suffix}")));
        if let Some(other) = owner.or(owned) {
            return Err(NameError::Same(name.to_owned(), other.clone()));
        }
        for folder in folders {
            self.folders.entry(folder.to_owned()).or_insert_with(|| name.to_owned());
        }
        self.files.insert(folded.clone(), name.to_owned());
        self.exact.insert(path.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    fn path(name: &str) -> Result<String, NameError> {
        safe_path(name).map(|found| found.path)
    }

    #[test]
    fn plain_names_are_their_own_paths() {
        for name in ["public/build/target.zip", "a", "a b/ü%2F..x/…", "public/.hidden", "COM10/lptx"] {
            assert_eq!(safe_path(name), Ok(SafePath { path: name.into(), escaped: false }));
        }
        // Windows drops trailing dots, so such a name would be another one there.
        assert_eq!(safe_path("public/..."), Ok(SafePath { path: "public/..._".into(), escaped: true }));
        assert_eq!(flat_path("public/build/target.zip").unwrap().path, "target.zip");
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for name in ["../x", "a/../../x", "..", ".", "./x", "a/./b", "a//b"] {
            assert!(matches!(path(name), Err(NameError::Relative(..))), "{name}");
        }
        for name in ["/etc/passwd", "//host/share", "C:/x", "c:x", "C:"] {
            assert!(matches!(path(name), Err(NameError::Absolute(_))), "{name}");
        }
        for name in ["a\\..\\b", "\\\\host\\share", "a\nb", "a\0", "\u{1b}[2J", "a\u{85}"] {
            assert!(matches!(path(name), Err(NameError::Character(..))), "{name:?}");
        }
        for name in ["", "a/", "public/"] {
            assert!(matches!(path(name), Err(NameError::NoFile(_))), "{name:?}");
        }
        assert!(matches!(path(&"x".repeat(256)), Err(NameError::TooLong(_))));
        assert!(flat_path("../x").is_err(), "what is flat is checked as a whole");
        assert!(cfg!(windows) || flat_path("public/C:x").is_err(), "and by itself");
    }

    #[test]
    fn devices_of_windows_are_escaped() {
        for (name, expected) in [
            ("public/aux.txt", "public/_aux.txt"),
            ("NUL", "_NUL"),
            ("Com1.log/x", "_Com1.log/x"),
            ("lpt9", "_lpt9"),
            ("a. /b.", "a. _/b._"),
        ] {
            assert_eq!(safe_path(name), Ok(SafePath { path: expected.into(), escaped: true }));
        }
    }

    fn add(names: &[&str]) -> Result<(), NameError> {
        let mut paths = Paths::default();
        names.iter().try_for_each(|name| paths.add(name, name, &[".tc.part"]))
    }

    #[test]
    fn no_file_is_in_the_way_of_another() {
        assert_eq!(add(&["a/b", "a/c", "ab", "a.b/c"]), Ok(()));
        assert_eq!(add(&["a/B", "A/b"]), Err(NameError::SameButCase("A/b".into(), "a/B".into())));
        assert_eq!(add(&["a/b", "a/b"]), Err(NameError::Same("a/b".into(), "a/b".into())));
        assert_eq!(add(&["a", "a/b"]), Err(NameError::FileAndFolder("a/b".into(), "a".into())));
        assert_eq!(add(&["a/b/c", "A"]), Err(NameError::FileAndFolder("A".into(), "a/b/c".into())));
        assert_eq!(add(&["a", "a.tc.part"]), Err(NameError::Same("a.tc.part".into(), "a".into())));
        assert_eq!(add(&["a.tc.part", "a"]), Err(NameError::Same("a".into(), "a.tc.part".into())));
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_stays_below_the_folder(name in "([a-zA-Z:./\\\\ ~\u{0}-\u{1f}ä]|\\.\\./|[A-C]:|//){0,12}") {
            if let Ok(found) = safe_path(&name) {
                prop_assert!(!found.path.is_empty());
                prop_assert!(Path::new(&found.path).components().all(|part| matches!(part, Component::Normal(_))));
                prop_assert!(!found.path.contains(['\\', '\0']));
                prop_assert_eq!(safe_path(&found.path).map(|again| again.path), Ok(found.path));
            }
        }

        #[test]
        fn what_is_flat_is_one_part_that_means_itself(name in "([a-zA-Z:./\\\\ ~ä]|\\.\\./|[A-C]:|//|/){0,12}") {
            if let Ok(found) = flat_path(&name) {
                prop_assert_eq!(Path::new(&found.path).components().count(), 1);
                prop_assert_eq!(safe_path(&found.path).map(|again| again.path), Ok(found.path));
            }
        }

        #[test]
        fn any_name_is_accepted_or_refused(name in any::<String>()) {
            if let Ok(found) = safe_path(&name) {
                prop_assert!(Path::new(&found.path).components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
