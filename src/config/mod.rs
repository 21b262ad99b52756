//! What a user keeps: settings, profiles, and stored credentials.
//!
//! Keys, values, the document, precedence and the forms of the files are functions of values;
//! `file`, `private` and the methods of [`Store`] touch the disk.

mod aliases;
mod document;
mod entry;
mod file;
mod go_tool;
mod history;
pub(crate) mod keys;
mod paths;
mod private;
mod profiles;
mod references;
mod settings;
mod store;
mod values;
mod versions;

pub(crate) use document::{Contents, Document};
pub(crate) use entry::Stored;
pub(crate) use file::SettingsFile;
pub(crate) use go_tool::GoTool;
pub(crate) use history::{History, Remembered};
pub(crate) use keys::{KEYS, Slot};
pub(crate) use paths::Paths;
pub(crate) use profiles::Profile;
pub(crate) use references::{KeptReferences, ReferenceCache};
pub(crate) use settings::{Given, Setting, Settings, Source, parse_timeout};
pub(crate) use store::{Lookup, Store};
pub(crate) use values::Value;
pub(crate) use versions::VersionChecks;
