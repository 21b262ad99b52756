//! What a user keeps: settings, profiles, and stored credentials.
//!
//! Keys, values, the document, precedence and the forms of the files are functions of values;
//! `file`, `private` and the methods of [`Store`] touch the disk.

mod document;
mod entry;
mod file;
mod go_tool;
pub mod keys;
mod paths;
mod private;
mod profiles;
mod settings;
mod store;
mod values;

pub use document::{Contents, Document, Fault, Unknown};
pub use entry::Stored;
pub use file::SettingsFile;
pub use go_tool::GoTool;
pub use keys::{KEYS, Key, Slot, UnknownKey};
pub use paths::Paths;
pub use profiles::Profile;
pub use settings::{Given, Setting, Settings, Source, parse_timeout};
pub use store::{Lookup, Store};
pub use values::{Type, Value};
