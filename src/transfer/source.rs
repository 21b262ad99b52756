//! What is to be downloaded, and where its content is.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use url::Url;

use super::digest::{Algorithm, Checksum, Demand};
use super::options::Options;
use crate::client::{ApiError, Client, Credentials, Response};
use crate::error::{Advice, Error, Kind, Result};

/// Something that can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentSource {
    /// An artifact of a task.
    Artifact {
        /// The task's ID.
        task: String,
        /// The run; the newest one when none is named.
        run: Option<u32>,
        /// The artifact's name.
        name: String,
    },
    /// An object of the object service.
    Object {
        /// The object's name.
        name: String,
    },
}

impl fmt::Display for ContentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Artifact { task, run: Some(run), name } => write!(f, "artifact `{name}` of task {task}, run {run}"),
            Self::Artifact { task, run: None, name } => write!(f, "artifact `{name}` of task {task}"),
            Self::Object { name } => write!(f, "object `{name}`"),
        }
    }
}

/// Who keeps the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    /// A bucket of the deployment's.
    S3,
    /// The object service, which never changes what it has.
    Object,
    /// Anyone.
    Reference,
}

/// Where content is, for a while.
#[derive(Debug, Clone)]
pub(super) struct Location {
    pub(super) url: Url,
    pub(super) storage: Storage,
    /// The URL is valid until then.
    pub(super) expires: Option<DateTime<Utc>>,
    /// What the decoded content must be.
    pub(super) demands: Vec<Demand>,
}

impl Location {
    /// The demands on the content that are known before anything is fetched.
    pub(super) fn demands(&self, options: &Options) -> Vec<Demand> {
        let own = options.checksums.iter().map(|checksum| Demand { checksum: checksum.clone(), by: "the caller" });
        self.demands.iter().cloned().chain(own).collect()
    }
}

/// Whether the queue said that it knows no such task, and not that the task lacks the artifact.
fn is_of_unknown_task(error: &Error) -> bool {
    ApiError::of(error).is_some_and(|refusal| refusal.message == "Task not found")
}

impl ContentSource {
    /// Asks where the content is.
    pub(super) async fn locate(&self, client: &Client) -> Result<Location> {
        match self {
            Self::Object { name } => object(client, name, self).await,
            Self::Artifact { task, run, name } => {
                let run = run.map(|run| run.to_string());
                // Deployments of 2018 only know how to redirect.
                if client.catalogue().method("queue", "latestArtifact").is_err() {
                    return self.redirect(client, task, run.as_deref(), name).await;
                }
                let call = match &run {
                    Some(run) => client.call("queue", "artifact").arg(task).arg(run),
                    None => client.call("queue", "latestArtifact").arg(task),
                };
                let answer = call.arg(name).send().await.map_err(|error| match error.kind() {
                    // Where the task is unknown, it has no list either.
                    Kind::NotFound if !is_of_unknown_task(&error) => error.advise(Advice::ListArtifacts(task.clone())),
                    _ => error,
                })?;
                let answer: Value = answer.json()?;
                match self.dispatch(&answer)? {
                    FoundContent::Url(url, storage) => {
                        Ok(Location { url, storage, expires: None, demands: Vec::new() })
                    }
                    FoundContent::Object { name: object_name, credentials } => match credentials.filter(is_usable) {
                        Some(credentials) => {
                            object(&client.with_credentials(Some(credentials)), &object_name, self).await
                        }
                        None => self.object_without_credentials(client, &object_name, task, run.as_deref(), name).await,
                    },
                }
            }
        }
    }

    /// An object whose own credentials are of no use: those of the caller may do, and where they do not, the queue
    /// redirects to it, without the hashes that the object service knows.
    async fn object_without_credentials(
        &self,
        client: &Client,
        object_name: &str,
        task: &str,
        run: Option<&str>,
        name: &str,
    ) -> Result<Location> {
        if client.credentials().is_some() {
            match object(client, object_name, self).await {
                Err(error) if error.kind() == Kind::Auth => {}
                outcome => return outcome,
            }
        }
        self.redirect(client, task, run, name).await
    }

    /// Where the content is now, which may be good for a minute only, and whether that may redirect to elsewhere.
    ///
    /// # Errors
    /// Those of the calls; [`Kind::Failed`] for an artifact that is an error.
    pub(crate) async fn url(&self, client: &Client) -> Result<(Url, bool)> {
        let location = self.locate(client).await?;
        Ok((location.url, location.storage != Storage::Object))
    }

    async fn redirect(&self, client: &Client, task: &str, run: Option<&str>, name: &str) -> Result<Location> {
        let call = match run {
            Some(run) => client.call("queue", "getArtifact").arg(task).arg(run),
            None => client.call("queue", "getLatestArtifact").arg(task),
        };
        let answer = call.arg(name).no_follow().send().await.map_err(|error| self.error_artifact(error))?;
        self.redirected(&answer)
    }

    fn redirected(&self, answer: &Response) -> Result<Location> {
        let url = answer.header("location").and_then(|location| answer.url.join(location).ok());
        let url =
            url.ok_or_else(|| Error::failed(format!("{} answered without a URL to download from", answer.what)))?;
        let storage = match answer.header("x-taskcluster-artifact-storage-type") {
            Some("reference") => Storage::Reference,
            _ => Storage::S3,
        };
        Ok(Location { url, storage, expires: None, demands: Vec::new() })
    }

    /// 424 is the queue's way to say that an artifact is an error.
    fn error_artifact(&self, error: Error) -> Error {
        let Some(refusal) = ApiError::of(&error).filter(|refusal| refusal.status == 424) else { return error };
        match serde_json::from_slice::<Value>(&refusal.body) {
            Ok(body) => self.is_error(&body),
            Err(_) => error,
        }
    }

    fn is_error(&self, body: &Value) -> Error {
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("(none given)");
        Error::failed(format!("{self} is an error: {}: {}", text("reason"), text("message")))
            .hint("The task made no such file, or it could not be stored. Its log may say why.")
    }

    /// What an answer of `queue.artifact` means.
    fn dispatch(&self, answer: &Value) -> Result<FoundContent> {
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        let url = |storage| {
            let url = text("url").and_then(|url| Url::parse(url).ok());
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            url.map(|url| FoundContent::Url(url, storage)).ok_or_else(|| {
                Error::failed(format!("{self} has an address that is not a web server's"))
                    .hint("Whoever made the artifact gave it this URL.")
            })
        };
        match text("storageType") {
            Some("s3") => url(Storage::S3),
            Some("reference" | "link") => url(Storage::Reference),
            Some("error") => Err(self.is_error(answer)),
            Some("object") => {
                let name = text("name").ok_or_else(|| Error::failed(format!("{self} is an object without a name")))?;
                let credentials = answer.get("credentials").and_then(read_credentials);
                Ok(FoundContent::Object { name: name.to_owned(), credentials })
            }
            other => Err(Error::failed(format!("{self} is stored as `{}`, which is unknown", other.unwrap_or("")))
                .hint("A newer version of this program may know it.")),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum FoundContent {
    Url(Url, Storage),
    Object { name: String, credentials: Option<Credentials> },
}

/// Credentials as a service hands them out.
pub(super) fn read_credentials(value: &Value) -> Option<Credentials> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let credentials = Credentials::new(text("clientId")?, text("accessToken")?);
    Some(match text("certificate") {
        Some(certificate) => credentials.with_certificate(certificate),
        None => credentials,
    })
}

/// Whether a service takes credentials that the queue made for an artifact.
///
/// Their client ID ends with the artifact's name, and auth knows no client IDs with a space or one of `%;[|~$()\\`: it
/// answers 500.
pub(super) fn is_usable(credentials: &Credentials) -> bool {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "@/:.+_-!".contains(c);
    credentials.client_id.chars().all(is_known)
}

/// Negotiates how to download an object: with hashes if possible, by a plain URL otherwise.
async fn object(client: &Client, name: &str, source: &ContentSource) -> Result<Location> {
    let start = async |method: &str| -> Result<Map<String, Value>> {
        let body = json!({"acceptDownloadMethods": {method: true}});
        client.call("object", "startDownload").arg(name).json(&body).send().await?.json()
    };
    let mut answer = match start("getUrl").await {
        Err(error) if ApiError::of(&error).is_some_and(|refusal| refusal.status == 406) => start("simple").await?,
        outcome => outcome?,
    };
    if answer.get("hashes").is_none() {
        // The plain method promises nothing; the object's own record does.
        let record: Value = client.call("object", "object").arg(name).send().await?.json()?;
        answer.insert("hashes".to_owned(), record.get("hashes").cloned().unwrap_or_default());
    }
    object_location(source, &answer)
}

/// What an answer of `object.startDownload` means. At least one strong hash must be there.
fn object_location(source: &ContentSource, answer: &Map<String, Value>) -> Result<Location> {
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    let url = text("url").and_then(|url| Url::parse(url).ok());
    let url = url.ok_or_else(|| Error::failed(format!("{source}: the object service answered no URL")))?;
    let expires = text("expires").and_then(|text| text.parse().ok());
    let empty = Map::new();
    let hashes = answer.get("hashes").and_then(Value::as_object).unwrap_or(&empty);
    let mut demands = Vec::new();
    for (name, value) in hashes {
        // Hashes of a kind that nobody knows here say nothing; the known ones must be hashes.
        let Some(algorithm) = Algorithm::parse(name).filter(|known| *known != Algorithm::Crc32c) else { continue };
        let checksum = value.as_str().and_then(|hex| Checksum::from_hex(algorithm, hex)).ok_or_else(|| {
            Error::failed(format!("{source}: the object service answered an invalid {name}: {value}"))
        })?;
        demands.push(Demand { checksum, by: "the object service" });
    }
    // Answers that name the same hashes in another order demand the same.
    demands.sort_by_key(|demand| demand.checksum.algorithm);
    if !demands.iter().any(|demand| demand.checksum.algorithm.is_strong()) {
        return Err(Error::new(
            Kind::Failed,
            format!("{source} has neither a sha256 nor a sha512, so it cannot be verified"),
        )
        .hint("Whoever uploaded it gave none. Nothing was downloaded."));
    }
    Ok(Location { url, storage: Storage::Object, expires, demands })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> ContentSource {
        ContentSource::Artifact { task: "T".into(), run: Some(1), name: "public/x".into() }
    }

    #[test]
    fn each_storage_type_is_known() {
        let found = |answer: Value| source().dispatch(&answer);
        let url = Url::parse("https://s3/x?y=z").unwrap();
        assert_eq!(
            found(json!({"storageType": "s3", "url": url.as_str()})).unwrap(),
            FoundContent::Url(url.clone(), Storage::S3)
        );
        assert_eq!(
            found(json!({"storageType": "reference", "url": url.as_str()})).unwrap(),
            FoundContent::Url(url, Storage::Reference)
        );
        let credentials = json!({"clientId": "c", "accessToken": "a", "certificate": "{}"});
        assert_eq!(
            found(json!({"storageType": "object", "name": "t/x", "credentials": credentials})).unwrap(),
            FoundContent::Object {
                name: "t/x".into(),
                credentials: Some(Credentials::new("c", "a").with_certificate("{}"))
            }
        );
        let error = found(json!({"storageType": "error", "reason": "too-large", "message": "m"})).unwrap_err();
        assert_eq!(error.message(), "artifact `public/x` of task T, run 1 is an error: too-large: m");
        assert_eq!(error.exit_code(), 1);
        assert!(found(json!({"storageType": "tape"})).is_err());
        assert!(found(json!({"storageType": "reference", "url": "file:///etc/passwd"})).is_err());
        assert!(found(json!([])).is_err());
    }

    #[test]
    fn a_name_that_auth_does_not_know_spoils_the_credentials() {
        let usable = |name: &str| is_usable(&Credentials::new(format!("artifact/T/0/{name}"), "key"));
        assert!(usable("public/build/target.tar.gz") && usable("public/a+b@2:c"));
        for name in ["a b", "100%", "a;b", "a[b", "a|b", "~x", "$x", "(x)", "a\\b", "ä"] {
            assert!(!usable(name), "{name}");
        }
    }

    #[test]
    fn an_object_needs_a_strong_hash_and_every_hash_counts() {
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let location = |hashes: Value| {
            let answer = json!({"method": "getUrl", "url": "https://s/x", "expires": "2026-11-22T12:00:00.000Z", "hashes": hashes});
            object_location(&source(), answer.as_object().unwrap())
        };
        let found = location(json!({"sha256": sha256, "sha512": "ab".repeat(64), "crc": "1"})).unwrap();
        assert_eq!(found.demands.len(), 2);
        assert_eq!(found.expires, Some("2026-11-22T12:00:00Z".parse().unwrap()));
        for weak in [json!({}), json!({"md5": "900150983cd24fb0d6963f7d28e17f72"}), json!(null), json!({"sha256": "x"})]
        {
            assert!(location(weak.clone()).is_err(), "{weak}");
        }
    }
}
