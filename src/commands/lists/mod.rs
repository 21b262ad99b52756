//! Lists of things: how many, in which order, which columns, in which form.

mod column;
mod flags;
mod print;
mod row;

pub(crate) use column::Column;
pub(crate) use flags::{ListArgs, Listing};
pub(crate) use print::none;
pub(crate) use row::{Cell, Row};
