//! Where the content of an artifact is, whatever kind of storage it is in.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::client::{Client, Credentials, Request, StreamOptions, Streamed};
use crate::error::{Error, Result};

/// How long nothing may come of a log that is written meanwhile, before its connection counts as dead: a task can be silent.
pub(crate) const LIVE_STALL: Duration = Duration::from_secs(600);

/// A place to read from.
pub(crate) struct Source {
    request: Request,
    /// Only the deployment gets a signature.
    sign: bool,
}

#[derive(Deserialize)]
#[serde(tag = "storageType", rename_all = "lowercase")]
enum Content {
    S3 { url: String },
    Reference { url: String },
    Object { name: String, credentials: ObjectCredentials },
    Error { reason: String, message: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectCredentials {
    client_id: String,
    access_token: String,
    certificate: Option<String>,
}

#[derive(Deserialize)]
struct Download {
    url: String,
}

impl Source {
    /// Where this artifact of a run is now: such a place may be good for a minute only.
    ///
    /// # Errors
    /// Those of the calls; [`crate::error::Kind::Failed`] for an artifact that stands for an error.
    pub(crate) async fn of(client: &Client, task: &str, run: u32, name: &str) -> Result<Self> {
        let call = |method| client.call("queue", method).arg(task).arg(run.to_string()).arg(name);
        // The services of 2018 only know how to redirect.
        if client.catalogue().method("queue", "artifact").is_err() {
            return Ok(Self { request: call("getArtifact").request()?, sign: true });
        }
        match call("artifact").send().await?.json()? {
            Content::S3 { url } | Content::Reference { url } => Self::at(&url, name, true),
            Content::Error { reason, message } => {
                Err(Error::failed(format!("{name} of task {task} could not be stored: {reason}: {message}")))
            }
            Content::Object { name: object, credentials } => {
                let mut own = Credentials::new(credentials.client_id, credentials.access_token);
                if let Some(certificate) = credentials.certificate {
                    own = own.with_certificate(certificate);
                }
                let client = client.with_credentials(Some(own));
                let call = client.call("object", "startDownload").arg(object);
                let accepted = json!({"acceptDownloadMethods": {"getUrl": true, "simple": true}});
                let Download { url } = call.json(&accepted).send().await?.json()?;
                Self::at(&url, name, false)
            }
        }
    }

    fn at(url: &str, name: &str, follow: bool) -> Result<Self> {
        let url =
            Url::parse(url).map_err(|source| Error::failed(format!("{name} has an invalid URL")).caused_by(source))?;
        let request = Request { follow, ..Request::get(format!("reading {name}"), url) };
        Ok(Self { request, sign: false })
    }

    /// Starts to read, from this byte on. `stall` is how long nothing may arrive before it gives up.
    pub(crate) async fn open(&self, client: &Client, from: u64, stall: Duration) -> Result<Streamed> {
        client.stream(&self.request, StreamOptions { from, stall, sign: self.sign }).await
    }

    /// Starts to read the last `most` bytes. Where the server cannot send them alone, or there are no more, it reads all.
    /// The second value is true when only the end is read.
    pub(crate) async fn open_end(&self, client: &Client, most: u64, stall: Duration) -> Result<(Streamed, bool)> {
        client.stream_end(&self.request, StreamOptions { from: 0, stall, sign: self.sign }, most).await
    }
}
