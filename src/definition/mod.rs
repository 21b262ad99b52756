//! Task definitions: written, rendered, checked, and turned from one worker's payload into another's. Pure.

pub(crate) mod actions;
pub(crate) mod chain_of_trust;
pub(crate) mod create;
pub(crate) mod d2g;
pub(crate) mod finding;
pub(crate) mod graph;
pub(crate) mod json_e;
pub(crate) mod places;
pub(crate) mod render;
pub(crate) mod validate;
pub(crate) mod version;
