//! Files of the user's: read as JSON or YAML, or opened in an editor; and values given on the command line.

mod difference;
mod document;
mod editor;
mod fields_table;
mod input;
mod report;
mod schema;

pub(crate) use difference::difference;
pub(crate) use document::Document;
pub(crate) use editor::edit;
pub(crate) use fields_table::fields_table;
pub(crate) use input::{FieldArgs, inline, misfit, set_fields};
pub(crate) use report::report;
pub(crate) use schema::open_schema;
