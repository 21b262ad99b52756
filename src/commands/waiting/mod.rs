//! What waits and watches: lengths of time, and deployments that are away for a while.

mod length;
mod outage;

pub use length::length;
pub use outage::Outage;
