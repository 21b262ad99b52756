//! Downloads and uploads of artifacts and objects: verified, resumed, in parallel where that helps.
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
mod put;
mod ramp;
mod readers;
mod source;
mod storage;
mod stream;
mod upload;
mod writer;

pub use digest::{Algorithm, Checksum};
pub use download::{stored_size, to_file, unfinished, verify_file};
pub use options::{CONNECTIONS, Downloaded, Event, Existing, Options, STALL, Watch};
pub use part::SUFFIXES;
pub use readers::{FileReaders, MemoryReaders, Reader, Readers};
pub use source::Source;
pub use stream::{to_buffer, to_writer};
pub use upload::{ArtifactStorage, NewArtifact, NewObject, Uploaded, create_artifact, upload_artifact, upload_object};
