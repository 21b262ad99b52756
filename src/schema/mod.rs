//! The services' JSON schemas at work: which faults a body has, a skeleton to fill in, and the
//! fields that a body can have. Pure.
//!
//! Schemas are named as methods name them: `v1/create-task-request.json`, relative to the service.

mod checker;
mod circles;
mod defaults;
mod documents;
mod faults;
mod fields;
mod formats;
mod sample;
mod shape;
mod skeleton;
mod validator;

pub use checker::{Checker, Mismatch, escape, positions};
pub use defaults::Defaults;
pub use documents::SchemaError;
pub use faults::Fault;
pub use fields::{Field, fields};
pub use skeleton::{skeleton, skeleton_of};
pub use validator::Validator;

#[cfg(test)]
mod tests;
