//! Files of the user's: read as JSON or YAML, or opened in an editor.

mod document;
mod editor;

pub use document::Document;
pub use editor::edit;
