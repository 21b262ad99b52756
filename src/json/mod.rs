//! JSON taken apart as text, at the speed of a search for quotes: what is passed over is neither checked nor copied.

mod blocks;
mod list;
mod scan;

pub use list::{Member, Picked, Split, pick, pick_each, split, string};
pub use scan::Wanted;
