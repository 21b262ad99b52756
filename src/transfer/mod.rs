//! Downloads of artifacts and objects: verified, resumed, in parallel where that helps.
//!
//! What is decided is decided by functions of values: `source` and `head` read answers, `digest` says
//! what must match, `plan` which bytes to ask for, `ramp` with how many connections. `storage` makes
//! one request, `job` strings requests together, and one thread a file writes (`writer`).

mod decode;
mod digest;
mod download;
mod head;
mod job;
mod options;
mod part;
mod place;
mod plan;
mod ramp;
mod source;
mod storage;
mod stream;
mod writer;

pub use digest::{Algorithm, Checksum};
pub use download::{to_file, unfinished};
pub use options::{CONNECTIONS, Downloaded, Event, Existing, Options, STALL, Watch};
pub use part::SUFFIXES;
pub use source::Source;
pub use stream::{to_buffer, to_writer};
