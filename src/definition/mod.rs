//! Task definitions: written, rendered, checked, and turned from one worker's payload into another's. Pure.

pub mod d2g;
pub mod graph;
pub mod json_e;
pub mod render;
