//! Why a task stands where it does, what its log says about a failure, and what two groups do differently. Pure: facts
//! in, findings out.

pub(crate) mod compare;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzz;
pub(crate) mod log;
pub(crate) mod report;
pub(crate) mod task;
