//! Files of the user's: read as JSON or YAML, or opened in an editor.

mod document;
mod editor;

pub(crate) use document::Document;
pub(crate) use editor::edit;
