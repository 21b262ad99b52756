//! What waits and watches: lengths of time, and deployments that are away for a while.

mod created;
mod length;
mod limit;
mod outage;
mod point;

pub(super) use created::{Ended, StayArgs};
pub(super) use length::length;
pub(super) use limit::Limit;
pub(super) use outage::Outage;
pub(super) use point::{future_time, point_in_time};
