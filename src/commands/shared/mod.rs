//! What several verbs take or do alike.

pub mod exports;
pub mod needs;
