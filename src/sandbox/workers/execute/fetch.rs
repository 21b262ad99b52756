//! Brings the content of mounts onto the disk: artifacts, URLs, and what stands in the payload itself.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use flate2::write::MultiGzDecoder;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use reqwest::{Client, Response, Url};
use sha2::{Digest as _, Sha256};

use super::Host;
use super::api::{Api, Refused};
use super::log::TaskLog;
use super::payload::Content;
use super::trouble::{Reason, Trouble};
use crate::domain::root_url::encode_component;

/// How often a download is tried.
const MAX_TRIES: u32 = 4;

/// Connections for downloads, made when they are first needed.
pub(super) struct Fetcher {
    host: Host,
    local: OnceLock<Client>,
    outside: OnceLock<Client>,
}

/// Why one try did not bring all of it.
enum Broken {
    /// Another try may.
    Passing(String),
    Final(Trouble),
}

/// Writes to a file, unpacks what is compressed on the way, and hashes what is written.
struct Sink {
    file: std::fs::File,
    hash: Sha256,
    bytes: u64,
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

enum Decoder {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
}

impl Decoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<Sink> {
        match self {
            Self::Plain(sink) => Ok(sink),
            Self::Gzip(decoder) => decoder.finish(),
        }
    }
}

impl Content {
    /// What it is called in the log.
    fn describe(&self) -> String {
        match self {
            Self::Artifact { task_id, artifact, .. } => format!("artifact {artifact} of task {task_id}"),
            Self::Indexed { namespace, artifact } => format!("artifact {artifact} of the task indexed as {namespace}"),
            Self::Url { url, .. } => format!("url {url}"),
            Self::Raw { .. } => "raw content".to_owned(),
            Self::Base64 { .. } => "base64 content".to_owned(),
        }
    }

    /// The SHA-256 that it must have.
    fn required(&self) -> Option<&str> {
        match self {
            Self::Artifact { sha256, .. } | Self::Url { sha256, .. } => sha256.as_deref(),
            Self::Indexed { .. } | Self::Raw { .. } | Self::Base64 { .. } => None,
        }
    }
}

impl Fetcher {
    pub(super) fn new(host: Host) -> Self {
        Self { host, local: OnceLock::new(), outside: OnceLock::new() }
    }

    /// Writes the content to a file, which is made anew.
    ///
    /// # Errors
    /// [`Trouble::Failed`] when there is no such content or it is another one than required; an exception when it cannot
    /// be had for now, or not be written.
    pub(super) async fn fetch(&self, api: &Api, log: &TaskLog, content: &Content, into: &Path) -> Result<(), Trouble> {
        let text = match content {
            Content::Raw { raw } => Some(raw.clone().into_bytes()),
            Content::Base64 { base64 } => Some(
                STANDARD
                    .decode(base64)
                    .map_err(|error| Trouble::Failed(format!("[mounts] cannot decode the base64 content: {error}")))?,
            ),
            _ => None,
        };
        let what = content.describe();
        if let Some(text) = text {
            std::fs::write(into, text).map_err(|error| cannot_write(into, &error))?;
            log.info(format_args!("[mounts] Wrote {what} to {}", into.display()));
            return Ok(());
        }
        log.info(format_args!("[mounts] Downloading {what} to {}", into.display()));
        let (bytes, hash) = self.download(api, log, content, into).await?;
        log.info(format_args!(
            "[mounts] Downloaded {bytes} bytes with SHA256 {hash} from {what} to {}",
            into.display()
        ));
        match content.required() {
            Some(required) if required != hash => Err(Trouble::Failed(format!(
                "[mounts] the download of {what} has SHA256 {hash}, and the task requires {required}"
            ))),
            Some(_) => Ok(()),
            None => {
                log.warn(format_args!(
                    "[mounts] The task requires no SHA256 of {what}, so nobody knows whether it is genuine"
                ));
                Ok(())
            }
        }
    }

    async fn download(
        &self,
        api: &Api,
        log: &TaskLog,
        content: &Content,
        into: &Path,
    ) -> Result<(u64, String), Trouble> {
        let clock = &api.shared().clock;
        let mut attempt = 1;
        loop {
            let broken = match self.attempt(api, content, into).await {
                Ok(done) => return Ok(done),
                Err(Broken::Final(trouble)) => return Err(trouble),
                Err(Broken::Passing(reason)) => reason,
            };
            if attempt == MAX_TRIES {
                let message = format!("[mounts] cannot download {} in {MAX_TRIES} tries: {broken}", content.describe());
                return Err(Trouble::Exception(Reason::ResourceUnavailable, message));
            }
            log.warn(format_args!("[mounts] Download of {} broke off: {broken}", content.describe()));
            clock.sleep(std::time::Duration::from_millis(200 << attempt)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, api: &Api, content: &Content, into: &Path) -> Result<(u64, String), Broken> {
        let url = locate(api, content).await?;
        let failed = |message: String| Broken::Final(Trouble::Failed(message));
        let url = Url::parse(&url).map_err(|error| failed(format!("[mounts] {url} is not a URL: {error}")))?;
        let client = self.client(&url).map_err(Broken::Final)?;
        // What is stored compressed comes so even to those who do not ask for it.
        let answer = client.get(url).header(ACCEPT_ENCODING, "gzip").send().await.map_err(passing)?;
        let status = answer.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(Broken::Passing(format!("the server answered {status}")));
        }
        if !status.is_success() {
            return Err(failed(format!(
                "[mounts] cannot download {}: the server answered {status}",
                content.describe()
            )));
        }
        let sink = receive(answer, into).await?;
        Ok((sink.bytes, HEXLOWER.encode(&sink.hash.finalize())))
    }

    fn client(&self, url: &Url) -> Result<&Client, Trouble> {
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let held = if is_local { &self.local } else { &self.outside };
        if let Some(client) = held.get() {
            return Ok(client);
        }
        let client = self.host.client(is_local).map_err(|reason| {
            Trouble::Exception(Reason::InternalError, format!("[mounts] cannot set up TLS: {reason}"))
        })?;
        Ok(held.get_or_init(|| client))
    }
}

/// Where the content is: artifacts are asked for with the task's own scopes.
async fn locate(api: &Api, content: &Content) -> Result<String, Broken> {
    let path = match content {
        Content::Url { url, .. } => return Ok(url.clone()),
        Content::Artifact { task_id, artifact, .. } => {
            format!("queue/v1/task/{}/artifacts/{}", encode_component(task_id), encode_component(artifact))
        }
        Content::Indexed { namespace, artifact } => {
            format!("index/v1/task/{}/artifacts/{}", encode_component(namespace), encode_component(artifact))
        }
        Content::Raw { .. } | Content::Base64 { .. } => return Ok(String::new()),
    };
    api.redirect(&path).await.map_err(|Refused { status, message, .. }| {
        let text = format!("[mounts] cannot download {}: status {status}: {message}", content.describe());
        Broken::Final(Trouble::Failed(text))
    })
}

async fn receive(mut answer: Response, into: &Path) -> Result<Sink, Broken> {
    let gzip = answer.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding.as_bytes() == b"gzip");
    let write = |error: io::Error| Broken::Final(cannot_write(into, &error));
    let sink = Sink { file: std::fs::File::create(into).map_err(write)?, hash: Sha256::new(), bytes: 0 };
    let mut decoder = if gzip { Decoder::Gzip(Box::new(MultiGzDecoder::new(sink))) } else { Decoder::Plain(sink) };
    while let Some(chunk) = answer.chunk().await.map_err(passing)? {
        decoder.write(&chunk).map_err(write)?;
        // Chunks that are there already must not keep the thread from others.
        tokio::task::yield_now().await;
    }
    decoder.finish().map_err(write)
}

fn passing(error: reqwest::Error) -> Broken {
    Broken::Passing(with_causes(&error))
}

/// An error with all that lies behind it, on one line.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn cannot_write(path: &Path, error: &io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::InvalidInput || error.kind() == io::ErrorKind::InvalidData {
        return Trouble::Failed(format!("[mounts] what was downloaded is not gzip: {error}"));
    }
    Trouble::io(format_args!("[mounts] cannot write {}", path.display()), error)
}
