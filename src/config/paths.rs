//! Where a user's files are: the XDG directories on Linux, the platform's own elsewhere. Pure.

use std::path::{Path, PathBuf};

use crate::env::{self, Environment};
use crate::error::{Error, Result};

/// Where a user's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paths {
    /// The directory of `tc`'s own files.
    pub directory: PathBuf,
    /// The settings.
    pub settings: PathBuf,
    /// The stored credentials.
    pub credentials: PathBuf,
    /// The directory of references that deployments were asked for.
    pub references: PathBuf,
    /// The tasks and groups that were named lately.
    pub history: PathBuf,
    /// When deployments were asked for their versions.
    pub versions: PathBuf,
    /// The settings of the Go tool, read where ours are absent.
    pub go_tool: PathBuf,
}

impl Paths {
    /// The files of the user whose environment this is; none when no home directory is known.
    pub(crate) fn of(environment: &Environment) -> Option<Self> {
        let base = config_directory(environment)?;
        let directory = base.join("tc");
        Some(Self {
            settings: directory.join("config.toml"),
            credentials: directory.join("credentials.json"),
            directory,
            references: cache_directory(environment)?.join("tc/references"),
            history: cache_directory(environment)?.join("tc/history.json"),
            versions: cache_directory(environment)?.join("tc/versions.json"),
            go_tool: go_directory(environment).unwrap_or(base).join("taskcluster.yml"),
        })
    }

    /// The same, for what cannot do without.
    ///
    /// # Errors
    /// When no home directory is known.
    pub(crate) fn required(environment: &Environment) -> Result<Self> {
        Self::of(environment).ok_or_else(|| {
            Error::failed("no home directory is known, so there is no place for settings").hint("Set HOME.")
        })
    }
}

/// `XDG_CONFIG_HOME` where it is absolute, as its specification demands, else `~/.config`.
fn xdg_directory(environment: &Environment) -> Option<PathBuf> {
    let xdg = environment.get(env::XDG_CONFIG_HOME).map(PathBuf::from).filter(|path| path.is_absolute());
    xdg.or_else(|| Some(home(environment)?.join(".config")))
}

/// The Go tool follows XDG on every platform.
fn go_directory(environment: &Environment) -> Option<PathBuf> {
    xdg_directory(environment)
}

/// `XDG_CACHE_HOME` where it is absolute, else `~/.cache`; the platform's own elsewhere.
fn cache_directory(environment: &Environment) -> Option<PathBuf> {
    if cfg!(windows) {
        let local = environment.get(env::LOCALAPPDATA).map(PathBuf::from);
        local.or_else(|| Some(home(environment)?.join("AppData/Local")))
    } else if cfg!(target_os = "macos") {
        Some(home(environment)?.join("Library/Caches"))
    } else {
        let xdg = environment.get(env::XDG_CACHE_HOME).map(PathBuf::from).filter(|path| path.is_absolute());
        xdg.or_else(|| Some(home(environment)?.join(".cache")))
    }
}

fn config_directory(environment: &Environment) -> Option<PathBuf> {
    if cfg!(windows) {
        environment.get(env::APPDATA).map(PathBuf::from).or_else(|| environment.directories.config.clone())
    } else if cfg!(target_os = "macos") {
        Some(home(environment)?.join("Library/Application Support"))
    } else {
        xdg_directory(environment)
    }
}

fn home(environment: &Environment) -> Option<PathBuf> {
    let set = environment.get(env::HOME).map(Path::new).filter(|path| path.is_absolute());
    set.map(Path::to_owned).or_else(|| environment.directories.home.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn the_xdg_directory_is_used_where_it_is_absolute() {
        let settings = |environment: &Environment| Paths::of(environment).unwrap().settings;
        let home = Environment::empty("/").with("HOME", "/home/me");
        assert_eq!(settings(&home), Path::new("/home/me/.config/tc/config.toml"));
        assert_eq!(settings(&home.clone().with("XDG_CONFIG_HOME", "/x")), Path::new("/x/tc/config.toml"));
        assert_eq!(settings(&home.with("XDG_CONFIG_HOME", "x")), Path::new("/home/me/.config/tc/config.toml"));
    }

    #[test]
    fn nothing_is_guessed_without_a_home() {
        assert_eq!(Paths::of(&Environment::empty("/")), None);
        assert_eq!(Paths::of(&Environment::empty("/").with("HOME", "relative")), None);
    }

    #[test]
    fn the_systems_own_record_stands_in_for_home() {
        let mut environment = Environment::empty("/");
        environment.directories.home = Some("/home/recorded".into());
        environment.directories.config = Some("/home/recorded/x".into());
        assert!(Paths::of(&environment).unwrap().directory.starts_with("/home/recorded"));
    }
}
