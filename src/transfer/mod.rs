//! Downloads and uploads of artifacts and objects: verified, resumed, in parallel where that helps.
//!
//! [`to_file`], [`to_writer`] and [`to_buffer`] download what a [`ContentSource`] names; [`upload_artifact`] and
//! [`upload_object`] upload; [`verify_file`] checks a file that is there. [`Options`] says with how many connections,
//! what to do with files that exist, and who [watches](Watch).
//!
//! ```
//! use tc::sandbox::{Options as SandboxOptions, Sandbox};
//! use tc::transfer::{MemoryReaders, NewObject, Options, ContentSource, to_buffer, to_file, upload_object};
//! use tc::{Client, Credentials, RootUrl};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start(SandboxOptions::default())?;
//! let credentials = Credentials::new(sandbox.client_id(), sandbox.access_token().reveal());
//! let client = Client::builder(RootUrl::parse(sandbox.root_url())?).credentials(Some(credentials)).build()?;
//!
//! let object = NewObject {
//!     name: "doc/hello".to_owned(),
//!     project: "doc".to_owned(),
//!     expires: "2100-01-01T00:00:00Z".parse()?,
//!     content_type: "text/plain".to_owned(),
//! };
//! upload_object(&client, &object, &MemoryReaders("hello".into()), &Options::default()).await?;
//!
//! let source = ContentSource::Object { name: "doc/hello".to_owned() };
//! assert_eq!(to_buffer(&client, &source, 1 << 20, &Options::default()).await?, b"hello");
//! assert!(to_buffer(&client, &source, 4, &Options::default()).await.is_err());
//!
//! let folder = tempfile::tempdir()?;
//! let found = to_file(&client, &source, &folder.path().join("hello"), &Options::default()).await?;
//! assert_eq!((found.bytes, std::fs::read(folder.path().join("hello"))?), (5, b"hello".to_vec()));
//! let again = to_file(&client, &source, &folder.path().join("hello"), &Options::default()).await?;
//! assert!(again.skipped);
//! # Ok(())
//! # }
//! ```

// What is decided is decided by functions of values: `source` and `head` read answers, `digest` says what must match,
// `plan` which bytes to ask for, `ramp` with how many connections. `storage` makes one request, `job` strings requests
// together, and one thread a file writes (`writer`), beside which others hash (`hashing`) and sync (`flush`).
mod awaited;
mod decode;
mod digest;
mod download;
mod flush;
mod hashing;
mod head;
mod inspect;
mod job;
mod options;
mod own;
mod part;
mod place;
mod plan;
mod put;
mod ramp;
mod readers;
mod small;
mod source;
mod storage;
mod stream;
mod trailer;
mod upload;
mod writer;

pub use digest::{Algorithm, Checksum};
pub use download::{to_file, unfinished};
pub(crate) use inspect::content_size;
pub use inspect::{has_content, stored_size, verify_file};
pub use options::{DEFAULT_CONNECTIONS, DEFAULT_STALL_TIMEOUT, Downloaded, Event, Existing, Options, Watch};
pub(crate) use part::SUFFIXES;
pub use readers::{FileReaders, MemoryReaders, Reader, Readers};
pub use source::ContentSource;
pub use stream::{to_buffer, to_writer};
pub use upload::{
    ArtifactStorage, NewArtifact, NewObject, SHA512_UP_TO, Uploaded, create_artifact, upload_artifact, upload_object,
};
