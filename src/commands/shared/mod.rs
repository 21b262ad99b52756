//! What several verbs take or do alike.

pub mod child;
pub mod exports;
pub mod invocation;
pub mod needs;
