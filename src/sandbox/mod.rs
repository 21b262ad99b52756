//! An embedded Taskcluster on loopback, driven by the same references.
//!
//! The layers, outside in: `server` (sockets), routing and input checks, authentication and scopes,
//! then one module of behaviour per service. It shares no code with `client`, or a signing bug
//! would hide on both sides.

mod call;
pub mod certificate;
pub mod index;
pub mod queue;
pub mod secrets;
mod wire;

pub use call::{Answer, Call, Fault, Outcome};

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod rig;
