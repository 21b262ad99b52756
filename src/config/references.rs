//! The references of single deployments, in the user's cache: what `tc references update` fetched.
//!
//! What is there decides which requests are signed and what is shown, so it is checked like an answer of a stranger.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Paths;
use crate::domain::RootUrl;
use crate::domain::root_url::encode_component;
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::reference::{Catalogue, Service};

/// The form of the files; others are not read.
const CACHE_FORMAT_VERSION: u8 = 1;

/// The largest file that is read, in bytes. Those of a deployment of today have less than one megabyte.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// One file: the references of one deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KeptReferences {
    form: u8,
    /// The deployment's root URL.
    pub root_url: String,
    /// Its version, where it has one: `107.0.0`.
    pub taskcluster_version: Option<String>,
    /// When they were fetched.
    pub fetched: DateTime<Utc>,
    /// Distilled, by service.
    services: BTreeMap<String, Box<RawValue>>,
    /// What the deployment says of its methods, by `service.method`.
    descriptions: BTreeMap<String, String>,
}

impl KeptReferences {
    /// References as they were fetched: distilled files by service, and descriptions.
    ///
    /// # Errors
    /// When they cannot be used.
    pub(crate) fn new(
        root: &RootUrl,
        taskcluster_version: Option<String>,
        fetched: DateTime<Utc>,
        files: impl IntoIterator<Item = (String, String)>,
        descriptions: BTreeMap<String, String>,
    ) -> Result<Self> {
        let services = files
            .into_iter()
            .map(|(name, text)| Ok((name, RawValue::from_string(text).map_err(|source| broken(source.to_string()))?)))
            .collect::<Result<_>>()?;
        let kept = Self {
            form: CACHE_FORMAT_VERSION,
            root_url: root.to_string(),
            taskcluster_version,
            fetched,
            services,
            descriptions,
        };
        kept.catalogue()?;
        Ok(kept)
    }

    /// The catalogue that they make.
    ///
    /// # Errors
    /// When a service is broken, or is not what its name says.
    pub(crate) fn catalogue(&self) -> Result<Catalogue> {
        let mut services = Vec::new();
        for (name, text) in &self.services {
            let service: Service =
                serde_json::from_str(text.get()).map_err(|source| broken(format!("{name}: {source}")))?;
            check(name, &service).map_err(broken)?;
            services.push(service);
        }
        if services.is_empty() {
            return Err(broken("there is no service in them".into()));
        }
        let version = self.taskcluster_version.as_ref().map_or_else(String::new, |version| format!(" ({version})"));
        let label = format!("{}{version}, fetched {}", self.root_url, self.fetched.format("%F"));
        Ok(Catalogue::of_deployment(label, services, self.descriptions.clone()))
    }
}

fn broken(reason: String) -> Error {
    Error::failed("the references cannot be used").caused_by(reason)
}

/// Names become commands, parts of addresses and text on terminals; nothing else may be in them.
fn check(name: &str, service: &Service) -> Result<(), String> {
    let is_word = |text: &str| {
        !text.is_empty()
            && text.len() <= 100
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if name != service.service_name || !is_word(name) || !is_word(&service.api_version) {
        return Err(format!("{name:?} is not the service that its name says"));
    }
    // A service's own address is for those of 2018: requests to it would be signed for another host.
    if service.base_url.is_some() {
        return Err(format!("{name} has an address of its own"));
    }
    for method in &service.methods {
        let names = std::iter::once(&method.name).chain(&method.args).chain(&method.query);
        let route = method.route.to_string();
        if names.into_iter().any(|name| !is_word(name)) || !route.starts_with('/') || route.contains(char::is_control) {
            return Err(format!("{name} has the method {:?}", method.name));
        }
    }
    let prefix = service.exchange_prefix.iter();
    let texts = prefix.chain(service.exchanges.iter().flat_map(|exchange| {
        let words = exchange.routing_key.iter().flat_map(|entry| std::iter::once(&entry.name).chain(&entry.constant));
        [&exchange.name, &exchange.exchange].into_iter().chain(words)
    }));
    match texts.into_iter().find(|text| text.contains(|c: char| c.is_control())) {
        Some(text) => Err(format!("{name} has the exchange {text:?}")),
        None => Ok(()),
    }
}

/// Where the references of deployments are kept.
#[derive(Debug, Clone)]
pub(crate) struct ReferenceCache {
    directory: PathBuf,
}

impl ReferenceCache {
    /// That of the user whose environment this is; none when no home directory is known.
    pub(crate) fn of(environment: &Environment) -> Option<Self> {
        Some(Self { directory: Paths::of(environment)?.references })
    }

    /// Whether there is nothing in it, as for most people.
    pub(crate) fn is_empty(&self) -> bool {
        !self.directory.exists()
    }

    /// The file of a deployment.
    pub(crate) fn path(&self, root: &RootUrl) -> PathBuf {
        self.directory.join(format!("{}.json", encode_component(root.as_str())))
    }

    /// What is kept for a deployment; none when nothing is.
    ///
    /// # Errors
    /// When the file cannot be read, is too large, or is not what it should be.
    pub(crate) fn read(&self, root: &RootUrl) -> Result<Option<KeptReferences>> {
        let Some(text) = read(&self.path(root))? else { return Ok(None) };
        let kept: KeptReferences = serde_json::from_str(&text).map_err(|source| broken(source.to_string()))?;
        if kept.form != CACHE_FORMAT_VERSION || kept.root_url != root.as_str() {
            return Err(broken("the file is of another deployment, or of another version of tc".into()));
        }
        Ok(Some(kept))
    }

    /// The catalogue of a deployment, made once for the same content; none when nothing is kept.
    ///
    /// # Errors
    /// Those of [`ReferenceCache::read`], and when a service in it is broken.
    pub(crate) fn catalogue(&self, root: &RootUrl) -> Result<Option<&'static Catalogue>> {
        /// Path and hash of a file, and what it makes.
        type Made = (PathBuf, u64, &'static Catalogue);
        static MADE: Mutex<Vec<Made>> = Mutex::new(Vec::new());
        let path = self.path(root);
        let Some(text) = read(&path)? else { return Ok(None) };
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, catalogue)) = made.iter().find(|(known, of, _)| *known == path && *of == hash) {
            return Ok(Some(catalogue));
        }
        let Some(kept) = self.read(root)? else { return Ok(None) };
        // Commands and calls refer to it until the process ends.
        let catalogue: &'static Catalogue = Box::leak(Box::new(kept.catalogue()?));
        made.push((path, hash, catalogue));
        Ok(Some(catalogue))
    }

    /// Keeps references in place of those that were kept, at once.
    ///
    /// # Errors
    /// When they cannot be written; what was kept stays.
    pub(crate) fn write(&self, root: &RootUrl, kept: &KeptReferences) -> Result<()> {
        let path = self.path(root);
        let cannot = |source: io::Error| Error::io("write", path.display(), source);
        let text = serde_json::to_string(kept).map_err(io::Error::from).map_err(cannot)?;
        fs::create_dir_all(&self.directory).map_err(cannot)?;
        let mut file = tempfile::Builder::new().prefix(".tc-").tempfile_in(&self.directory).map_err(cannot)?;
        file.write_all(text.as_bytes()).map_err(cannot)?;
        file.persist(&path).map_err(|error| cannot(error.error)).map(drop)
    }

    /// Forgets what is kept for a deployment; false when nothing was.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub(crate) fn remove(&self, root: &RootUrl) -> Result<bool> {
        let path = self.path(root);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(Error::io("remove", path.display(), source)),
        }
    }

    /// The deployments for which something is kept, as far as that can be read.
    pub(crate) fn deployments(&self) -> Vec<KeptReferences> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        let mut found: Vec<KeptReferences> =
            files.filter_map(|path| serde_json::from_str(&read(&path).ok()??).ok()).collect();
        found.sort_by(|a, b| a.root_url.cmp(&b.root_url));
        found
    }
}

/// The text of a file; none when there is no such file.
fn read(path: &Path) -> Result<Option<String>> {
    let cannot = |source: io::Error| Error::io("read", path.display(), source);
    // Checked before opening, because opening a named pipe waits until somebody writes to it.
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(broken(format!("{} is not a file", path.display()))),
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(cannot(source)),
    }
    let file = fs::File::open(path).map_err(cannot)?;
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(broken(format!("{} is larger than {MAX_FILE_BYTES} bytes", path.display())));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(service: &str) -> Result<KeptReferences> {
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        let files = [("login".to_owned(), service.to_owned())];
        KeptReferences::new(&root, Some("107.0.0".into()), DateTime::UNIX_EPOCH, files, BTreeMap::new())
    }

    const PING: &str = r#"{"name":"ping","verb":"get","route":"/ping","args":[],"stability":"stable"}"#;

    fn service(more: &str, method: &str) -> String {
        format!(r#"{{"serviceName":"login","apiVersion":"v1",{more}"methods":[{method}]}}"#)
    }

    #[test]
    fn what_is_kept_is_read_back_and_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let cache = ReferenceCache { directory: directory.path().join("references") };
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        assert!(cache.catalogue(&root).unwrap().is_none());
        cache.write(&root, &kept(&service("", PING)).unwrap()).unwrap();
        let first = cache.catalogue(&root).unwrap().unwrap();
        assert!(first.method("login", "ping").is_ok() && first.service("queue").is_err());
        assert!(std::ptr::eq(first, cache.catalogue(&root).unwrap().unwrap()));
        assert_eq!(cache.deployments()[0].root_url, "https://tc.example.com");
        let other = RootUrl::parse("https://other.example.com").unwrap();
        fs::copy(cache.path(&root), cache.path(&other)).unwrap();
        assert!(cache.catalogue(&other).is_err(), "it is another deployment's");
        assert!(cache.remove(&root).unwrap() && !cache.remove(&root).unwrap());
        assert!(cache.catalogue(&root).unwrap().is_none());
    }

    #[test]
    fn what_a_stranger_may_have_written_is_refused() {
        assert!(kept(&service("", PING)).is_ok());
        for wrong in [
            service(r#""baseUrl":"https://evil.example","#, PING),
            service("", &PING.replace("\"ping\"", "\"pi\\u001bng\"")),
            service("", &PING.replace("\"args\":[]", "\"args\":[\"a b\"]")),
            service("", PING).replace("\"login\"", "\"queue\""),
            service("", PING).replace("\"v1\"", "\"../v1\""),
            "{}".to_owned(),
            "nope".to_owned(),
        ] {
            assert!(kept(&wrong).is_err(), "{wrong}");
        }
        let directory = tempfile::tempdir().unwrap();
        let cache = ReferenceCache { directory: directory.path().to_owned() };
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        for text in ["", "{", "[]", "{\"form\": 2}"] {
            fs::write(cache.path(&root), text).unwrap();
            assert!(cache.catalogue(&root).is_err(), "{text}");
        }
    }
}
