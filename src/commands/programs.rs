//! Programs `tc-NAME` in PATH, which are commands `tc NAME`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::env::{self, Environment};

/// What the names of such programs start with.
const PREFIX: &str = "tc-";
/// The endings that Windows' programs have.
const ENDINGS: [&str; 3] = ["exe", "cmd", "bat"];

/// The program of this name; `None` when there is none.
pub(crate) fn find(name: &str, environment: &Environment) -> Option<PathBuf> {
    if !is_name(name) {
        return None;
    }
    let endings = if cfg!(windows) { &ENDINGS[..] } else { &[] };
    let candidates = |directory: PathBuf| {
        let plain = directory.join(format!("{PREFIX}{name}"));
        let with_endings: Vec<PathBuf> = endings.iter().map(|ending| plain.with_added_extension(ending)).collect();
        std::iter::once(plain).chain(with_endings)
    };
    directories(environment).flat_map(candidates).find(|path| is_program(path))
}

/// All such programs, by the names that they have as commands; the first of a name in PATH counts.
pub(super) fn all(environment: &Environment) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for directory in directories(environment) {
        // Directories in PATH that are not there, or cannot be read, are common.
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let stem = if cfg!(windows) { path.file_stem() } else { path.file_name() };
            let name = stem.and_then(|stem| stem.to_str()?.strip_prefix(PREFIX));
            if let Some(name) = name.filter(|name| is_name(name) && is_program(&path)) {
                found.entry(name.to_owned()).or_insert(path);
            }
        }
    }
    found
}

/// The directories of PATH; relative ones would run what lies in the folder where one happens to work.
fn directories(environment: &Environment) -> impl Iterator<Item = PathBuf> {
    let path = environment.get(env::PATH).unwrap_or_default().to_owned();
    std::env::split_paths(&path).filter(|directory| directory.is_absolute()).collect::<Vec<_>>().into_iter()
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
        && path.extension().is_some_and(|found| ENDINGS.iter().any(|ending| found.eq_ignore_ascii_case(ending)))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_first_program_in_path_counts() {
        let directory = tempfile::tempdir().unwrap();
        let write = |path: &str, mode: u32| {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let first = write("a/tc-foo", 0o755);
        write("b/tc-foo", 0o755);
        let second = write("b/tc-bar", 0o755);
        write("b/tc-plain", 0o644);
        write("b/other", 0o755);
        let path = std::env::join_paths(["a", "b", "none"].map(|name| directory.path().join(name))).unwrap();
        let environment = Environment::empty(directory.path()).with("PATH", path);
        assert_eq!(find("foo", &environment), Some(first.clone()));
        for name in ["plain", "other", "", "../b/tc-bar", "-x", "nope"] {
            assert_eq!(find(name, &environment), None, "{name}");
        }
        let all: Vec<_> = all(&environment).into_iter().collect();
        assert_eq!(all, [("bar".to_owned(), second), ("foo".to_owned(), first)]);
        let relative = Environment::empty(directory.path()).with("PATH", "a:b::.");
        assert_eq!(find("foo", &relative), None);
    }
}
