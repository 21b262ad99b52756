//! The files of the user whose home a run has.

use std::fs;

use tc::Environment;
use tc::config::{Paths, Store};

use super::Tc;

impl Tc {
    /// Where the user's files are.
    pub fn paths(&self) -> Paths {
        Paths::of(&Environment::empty("/").with("HOME", self.directory())).unwrap()
    }

    /// The store of credentials.
    pub fn store(&self) -> Store {
        Store::at(self.paths().credentials)
    }

    /// Writes the settings file.
    pub fn settings(self, text: &str) -> Self {
        let paths = self.paths();
        fs::create_dir_all(&paths.directory).unwrap();
        fs::write(&paths.settings, text).unwrap();
        self
    }

    /// Writes the Go tool's file.
    pub fn go_settings(self, text: &str) -> Self {
        let path = self.paths().go_tool;
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// What stands in the settings file.
    pub fn settings_text(&self) -> String {
        fs::read_to_string(self.paths().settings).unwrap()
    }
}
