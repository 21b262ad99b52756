//! What a user keeps: settings, profiles, and stored credentials.
//!
//! Parsing, precedence and serialization are functions of values; `file`, `private` and the
//! methods of [`Store`] touch the disk.

mod entry;
mod paths;
mod private;
mod store;

pub use entry::Stored;
pub use paths::Paths;
pub use store::{Lookup, Store};
