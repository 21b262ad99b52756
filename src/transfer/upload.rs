//! Uploads of objects and artifacts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use tokio::io::AsyncReadExt as _;
use url::Url;

use super::digest::{Algorithm, Checksum, Digests};
use super::options::{Event, Options};
use super::put::{Put, Slot, put};
use super::readers::{MemoryReaders, Readers};
use super::source::{is_usable, read_credentials};
use crate::client::Client;
use crate::error::{Error, Result};

/// What is smaller goes to the object service itself.
const MAX_INLINE_BYTES: u64 = 8 << 10;
/// Objects up to this many bytes get a SHA-512 besides the SHA-256.
///
/// One of the two is enough for every client. For a large object on a fast network a SHA-512 takes three times
/// as long as the upload, so these get one when it is asked for ([`Options::sha512`]).
pub const SHA512_UP_TO: u64 = 64 << 20;
/// A bucket wants none: this one is for the record, and costs less than sending.
const OF_BUCKETS: [Algorithm; 1] = [Algorithm::Sha256];

/// An object to be made.
#[derive(Debug, Clone)]
pub struct NewObject {
    /// Its name.
    pub name: String,
    /// The project that it belongs to.
    pub project: String,
    /// When it goes away.
    pub expires: DateTime<Utc>,
    /// Its content type.
    pub content_type: String,
}

/// How an artifact is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactStorage {
    /// In a bucket of the deployment's.
    S3,
    /// In the object service, with hashes.
    Object,
}

/// An artifact to be made.
#[derive(Debug, Clone)]
pub struct NewArtifact {
    /// The task's ID.
    pub task: String,
    /// The run, which must be running.
    pub run: u32,
    /// The artifact's name.
    pub name: String,
    /// When it goes away: not after the task does.
    pub expires: DateTime<Utc>,
    /// Its content type.
    pub content_type: String,
}

/// What an upload came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uploaded {
    /// Bytes of content.
    pub bytes: u64,
    /// Its digests.
    pub checksums: Vec<Checksum>,
    /// Tries after failures.
    pub retries: u64,
}

/// The digests of an object of so many bytes.
fn of_object(length: u64, options: &Options) -> &'static [Algorithm] {
    if length <= SHA512_UP_TO || options.sha512 {
        &[Algorithm::Sha256, Algorithm::Sha512]
    } else {
        &[Algorithm::Sha256]
    }
}

fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Uploads an object, by whatever method the object service chooses. Every try starts at the first
/// byte, under the same upload ID.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when the content changed meanwhile or the storage refuses it;
/// [`crate::error::Kind::Unavailable`] after all tries; those of the calls.
pub async fn upload_object(
    client: &Client,
    object: &NewObject,
    readers: &dyn Readers,
    options: &Options,
) -> Result<Uploaded> {
    let what = format!("object `{}`", object.name);
    let outcome = Upload { client, object, upload_id: slugid::nice(), what: &what, options }.run(readers).await;
    options.tell(&Event::Ended { what: &what });
    outcome
}

/// Uploads an artifact of a task, as the task or with its credentials.
///
/// # Errors
/// Those of [`upload_object`]; [`crate::error::Kind::Conflict`] when the run is over or the artifact exists.
pub async fn upload_artifact(
    client: &Client,
    artifact: &NewArtifact,
    storage: ArtifactStorage,
    readers: &dyn Readers,
    options: &Options,
) -> Result<Uploaded> {
    let what = format!("artifact `{}`", artifact.name);
    let outcome = match storage {
        ArtifactStorage::S3 => s3(client, artifact, &what, readers, options).await,
        ArtifactStorage::Object => object(client, artifact, &what, readers, options).await,
    };
    options.tell(&Event::Ended { what: &what });
    outcome
}

/// Makes an artifact that is not stored: `body` has the fields of its storage type.
///
/// # Errors
/// Those of the call.
pub async fn create_artifact(client: &Client, artifact: &NewArtifact, body: Value) -> Result<Value> {
    let mut body = match body {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    body.insert("expires".to_owned(), stamp(artifact.expires).into());
    let NewArtifact { task, run, name, .. } = artifact;
    let call = client.call("queue", "createArtifact").arg(task).arg(run.to_string()).arg(name);
    call.json(&body).send().await?.json()
}

async fn s3(
    client: &Client,
    artifact: &NewArtifact,
    what: &str,
    readers: &dyn Readers,
    options: &Options,
) -> Result<Uploaded> {
    let content_type = &artifact.content_type;
    let slot = || async {
        let body = json!({"storageType": "s3", "contentType": content_type});
        let answer = create_artifact(client, artifact, body).await?;
        let url = read_url(what, answer.get("putUrl"))?;
        Ok(Slot { url, headers: vec![("Content-Type".to_owned(), content_type.clone())] })
    };
    let put_once = Put { client, what, readers, algorithms: &OF_BUCKETS, options };
    let (checksums, retries) = put(&put_once, slot).await?;
    Ok(Uploaded { bytes: readers.length(), checksums, retries })
}

async fn object(
    client: &Client,
    artifact: &NewArtifact,
    what: &str,
    readers: &dyn Readers,
    options: &Options,
) -> Result<Uploaded> {
    let body = json!({"storageType": "object", "contentType": artifact.content_type});
    let answer = create_artifact(client, artifact, body).await?;
    let text = |key: &str| {
        let value = answer.get(key).and_then(Value::as_str);
        value.ok_or_else(|| Error::failed(format!("{what}: the queue's answer has no `{key}`")))
    };
    let upload_id = text("uploadId")?.to_owned();
    let object = NewObject {
        name: text("name")?.to_owned(),
        project: text("projectId")?.to_owned(),
        expires: text("expires")?.parse().unwrap_or(artifact.expires),
        content_type: artifact.content_type.clone(),
    };
    let credentials = answer.get("credentials").and_then(read_credentials).filter(is_usable);
    let own = client.with_credentials(credentials.or_else(|| client.credentials().cloned()));
    let upload = Upload { client: &own, object: &object, upload_id: upload_id.clone(), what, options };
    let uploaded = upload.run(readers).await?;
    let NewArtifact { task, run, name, .. } = artifact;
    let finish = client.call("queue", "finishArtifact").arg(task).arg(run.to_string()).arg(name);
    finish.json(&json!({"uploadId": upload_id})).send().await?;
    Ok(uploaded)
}

fn read_url(what: &str, value: Option<&Value>) -> Result<Url> {
    let url = value.and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
    url.ok_or_else(|| Error::failed(format!("{what}: there is no URL to upload to")))
}

/// One upload to the object service.
struct Upload<'a> {
    client: &'a Client,
    object: &'a NewObject,
    upload_id: String,
    what: &'a str,
    options: &'a Options,
}

impl Upload<'_> {
    async fn run(&self, readers: &dyn Readers) -> Result<Uploaded> {
        let small = if readers.length() < MAX_INLINE_BYTES { Some(self.read(readers).await?) } else { None };
        let first = self.create(small.as_ref(), readers.length()).await?;
        let (checksums, retries) = match (first, small) {
            (None, Some(content)) => {
                let mut digests = Digests::new(of_object(content.len() as u64, self.options));
                digests.update(&content);
                (digests.finish(), 0)
            }
            (None, None) => return Err(Error::failed(format!("{}: there is no way to upload it", self.what))),
            (Some(slot), small) => self.put(slot, small, readers).await?,
        };
        let hashes: Map<String, Value> =
            checksums.iter().map(|sum| (sum.algorithm.name().to_owned(), sum.hex().into())).collect();
        let body = json!({"projectId": self.object.project, "uploadId": self.upload_id, "hashes": hashes});
        self.client.call("object", "finishUpload").arg(&self.object.name).json(&body).send().await?;
        Ok(Uploaded { bytes: readers.length(), checksums, retries })
    }

    async fn put(&self, first: Slot, small: Option<Bytes>, readers: &dyn Readers) -> Result<(Vec<Checksum>, u64)> {
        let memory = small.map(MemoryReaders);
        let readers = memory.as_ref().map_or(readers, |memory| memory as &dyn Readers);
        let (client, what, options) = (self.client, self.what, self.options);
        let algorithms = of_object(readers.length(), options);
        let put_once = Put { client, what, readers, algorithms, options };
        let mut first = Some(first);
        put(&put_once, || {
            let known = first.take();
            async {
                match known {
                    Some(slot) => Ok(slot),
                    None => self.create(None, readers.length()).await?.ok_or_else(|| {
                        Error::failed(format!("{}: the object service has no other URL to upload to", self.what))
                    }),
                }
            }
        })
        .await
    }

    /// All of something small, which must be as long as it says.
    async fn read(&self, readers: &dyn Readers) -> Result<Bytes> {
        let unread = |source| Error::io("read", self.what, source);
        let mut content = Vec::new();
        let mut reader = readers.open().await.map_err(unread)?.take(MAX_INLINE_BYTES);
        reader.read_to_end(&mut content).await.map_err(unread)?;
        readers.check()?;
        if content.len() as u64 != readers.length() {
            return Err(Error::failed(format!("{}: its length changed while it was uploaded", self.what)));
        }
        Ok(Bytes::from(content))
    }

    /// Starts the upload, or asks for another URL of it. None when the object service has it all.
    async fn create(&self, inline: Option<&Bytes>, length: u64) -> Result<Option<Slot>> {
        let content_type = &self.object.content_type;
        let mut methods = Map::new();
        methods.insert("putUrl".to_owned(), json!({"contentType": content_type, "contentLength": length}));
        if let Some(content) = inline {
            let inline = json!({"contentType": content_type, "objectData": STANDARD.encode(content)});
            methods.insert("dataInline".to_owned(), inline);
        }
        let body = json!({
            "projectId": self.object.project,
            "uploadId": self.upload_id,
            "expires": stamp(self.object.expires),
            "proposedUploadMethods": methods,
        });
        let call = self.client.call("object", "createUpload").arg(&self.object.name);
        let answer: Value = call.json(&body).send().await?.json()?;
        let method = answer.get("uploadMethod");
        if inline.is_some() && method.and_then(|method| method.get("dataInline")).is_some() {
            return Ok(None);
        }
        let Some(chosen) = method.and_then(|method| method.get("putUrl")) else {
            return Err(Error::failed(format!("{}: the object service offers no way to upload it", self.what)));
        };
        let headers = chosen.get("headers").and_then(Value::as_object);
        let headers = headers.into_iter().flatten();
        let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
        Ok(Some(Slot { url: read_url(self.what, chosen.get("url"))?, headers }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_object_gets_a_sha512_when_it_is_asked_for() {
        let (usual, both) = (Options::default(), Options { sha512: true, ..Options::default() });
        let names = |length, options| of_object(length, options).iter().map(|a| a.name()).collect::<Vec<_>>();
        for (length, options) in [(0, &usual), (SHA512_UP_TO, &usual), (SHA512_UP_TO + 1, &both)] {
            assert_eq!(names(length, options), ["sha256", "sha512"], "{length}");
        }
        assert_eq!(names(SHA512_UP_TO + 1, &usual), ["sha256"]);
    }
}
