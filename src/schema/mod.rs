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
mod outside;
mod sample;
mod shape;
mod skeleton;
mod validator;

pub(crate) use checker::{Checker, Mismatch, escape, positions};
pub(crate) use defaults::Defaults;
pub(crate) use documents::SchemaError;
pub(crate) use faults::Fault;
pub(crate) use fields::{Field, fields, fields_of};
pub(crate) use outside::{bundled, outside};
pub(crate) use skeleton::{skeleton, skeleton_of};
pub(crate) use validator::Validator;

#[cfg(test)]
mod tests;
