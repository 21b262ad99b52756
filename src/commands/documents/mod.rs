//! Files of the user's: read as JSON or YAML, built from fields, compared, or opened in an editor.

mod difference;
mod document;
mod editor;
pub(crate) mod fields;

pub(crate) use difference::difference;
pub(crate) use document::Document;
pub(crate) use editor::edit;
