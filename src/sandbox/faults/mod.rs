//! Faults on purpose, by a seeded plan: errors, delays, hang-ups, cut and wrong answers. So a script can be rehearsed
//! before it meets a bad day.

mod body;
mod inject;
mod plan;
mod spec;
mod units;

pub(super) use inject::{Origin, around};
pub(super) use plan::Plan;
pub use spec::Faults;
pub use units::Share;
