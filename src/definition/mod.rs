//! Task definitions: written, rendered, checked, and turned from one worker's payload into another's. Pure.

pub mod chain_of_trust;
pub mod create;
pub mod d2g;
pub mod finding;
pub mod graph;
pub mod json_e;
pub mod places;
pub mod render;
pub mod validate;
pub mod version;
