//! Many actions at once: as many as the server and the machine bear, each item reported exactly once.
//!
//! [`Controller`] decides how many may be in flight, from what comes back; [`run`] keeps that many in
//! flight, starting while the list of items is still being fetched; [`Watch`] says when to stop. Pure but for [`run`] and
//! [`connections_available`].

mod controller;
mod engine;
mod futility;
mod limits;
mod report;

pub(crate) use controller::Controller;
pub(crate) use engine::{Ended, Rest, run};
pub(crate) use futility::{Futility, Verdict, Watch};
pub(crate) use limits::connections_available;
pub(crate) use report::{Report, alike};
