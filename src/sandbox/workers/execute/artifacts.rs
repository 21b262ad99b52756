//! Keeps what a task leaves behind: its files as artifacts, and what is no file as an artifact that says so.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::api::{Api, Refused};
use super::log::TaskLog;
use super::mounts::blocking;
use super::payload::{Artifact, ArtifactKind, Encoding};
use super::trouble::{Reason, Trouble};
use crate::domain::root_url::encode_component;
use crate::sandbox::storage::{Blob, Place};

/// Files that are compressed already, by their endings; all others are stored with gzip.
const COMPRESSED: &[&str] = &[
    "7z", "bz2", "deb", "dmg", "flv", "gif", "gz", "jpeg", "jpg", "png", "swf", "tbz", "tgz", "webp", "whl", "woff",
    "woff2", "xz", "zip", "zst",
];

/// Keeps the artifacts of one run.
pub(super) struct Keeper<'a> {
    pub api: &'a Api,
    pub log: &'a TaskLog,
    pub task_id: &'a str,
    pub run_id: usize,
    /// When the task expires, and with it artifacts that name no time of their own.
    pub expires: &'a str,
    /// Where it matters: what was stored, with the SHA-256 of each before it was compressed, in order.
    pub stored: Option<Mutex<Vec<(String, String)>>>,
}

/// Something to be kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    File {
        name: String,
        path: PathBuf,
    },
    /// There is no file to be had, for one of the queue's reasons.
    Error {
        name: String,
        reason: &'static str,
        message: String,
    },
    /// It cannot be kept and need not be.
    Skipped {
        path: PathBuf,
        message: &'static str,
    },
}

/// How a file is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub content_type: String,
    pub gzip: bool,
}

impl Keeper<'_> {
    /// Keeps all that the payload names; what could not be kept.
    pub(super) async fn keep(&self, artifacts: &[Artifact], folder: &Path) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        for artifact in artifacts {
            let (root, wanted) = (folder.to_owned(), artifact.clone());
            let found = blocking(move || Ok(find(&root, &wanted))).await;
            match found {
                Err(error) => troubles.push(Trouble::io("cannot look for artifacts", &error)),
                Ok(found) => {
                    for found in found {
                        troubles.extend(self.keep_one(artifact, found).await.err());
                    }
                }
            }
        }
        troubles
    }

    async fn keep_one(&self, artifact: &Artifact, found: Found) -> Result<(), Trouble> {
        let expires = artifact.expires.as_deref().unwrap_or(self.expires);
        match found {
            Found::Skipped { path, message } => {
                self.log.warn(format_args!("Leaving out {}: {message}", path.display()));
                Ok(())
            }
            Found::Error { name, message, .. } if artifact.optional => {
                self.log.info(format_args!("Artifact {name} is optional and is left out: {message}"));
                Ok(())
            }
            Found::Error { name, reason, message } => {
                let body = json!({"storageType": "error", "reason": reason, "message": message, "expires": expires});
                self.create(&name, &body).await?;
                Err(Trouble::Failed(format!("{reason}: {message}")))
            }
            Found::File { name, path } => {
                let form = Form::of(artifact, &path);
                self.log.info(format_args!(
                    "Uploading artifact {name} from file {} with content encoding {:?}, mime type {:?} and expiry {expires}",
                    path.display(),
                    if form.gzip { "gzip" } else { "identity" },
                    form.content_type,
                ));
                self.upload(&name, &path, form, expires).await
            }
        }
    }

    async fn upload(&self, name: &str, path: &Path, form: Form, expires: &str) -> Result<(), Trouble> {
        let (from, gzip, hashing) = (path.to_owned(), form.gzip, self.stored.is_some());
        let read = blocking(move || pack(fs::File::open(&from)?, gzip, hashing)).await;
        let (bytes, hash) = match read {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let message = format!("cannot read {}: {error}", path.display());
                let reason = "file-not-readable-on-worker";
                let body = json!({"storageType": "error", "reason": reason, "message": message, "expires": expires});
                self.create(name, &body).await?;
                return Err(Trouble::Failed(format!("{reason}: {message}")));
            }
            Err(error) => return Err(Trouble::io(format_args!("cannot read {}", path.display()), &error)),
        };
        self.store(name, bytes, hash, &form, expires).await
    }

    /// Stores these bytes, which are packed already; `hash` is that of what was packed.
    ///
    /// # Errors
    /// When the queue refuses the artifact.
    pub(super) async fn store(
        &self,
        name: &str,
        bytes: Vec<u8>,
        hash: String,
        form: &Form,
        expires: &str,
    ) -> Result<(), Trouble> {
        let body = json!({"storageType": "s3", "contentType": form.content_type, "expires": expires});
        self.create(name, &body).await?;
        let mut blob = Blob::new(bytes).content_type(&form.content_type);
        if form.gzip {
            blob = blob.content_encoding("gzip");
        }
        let place = Place::of_artifact(self.task_id, self.run_id, name);
        self.api.shared().lock().storage.put_awaited(place, blob);
        if let Some(stored) = &self.stored {
            stored.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), hash));
        }
        Ok(())
    }

    /// Stores a text of the worker's own.
    ///
    /// # Errors
    /// When the queue refuses the artifact.
    pub(super) async fn store_text(&self, name: &str, text: Vec<u8>, form: Form) -> Result<(), Trouble> {
        let (gzip, hashing) = (form.gzip, self.stored.is_some());
        let packed = blocking(move || pack(text.as_slice(), gzip, hashing)).await;
        let (bytes, hash) = packed.map_err(|error| Trouble::io(format_args!("cannot pack {name}"), &error))?;
        self.store(name, bytes, hash, &form, self.expires).await
    }

    /// Creates an artifact in the queue.
    ///
    /// # Errors
    /// When the queue refuses it: a fault of the task, as its artifacts then contradict each other.
    pub(super) async fn create(&self, name: &str, body: &Value) -> Result<(), Trouble> {
        let path = format!("queue/v1/task/{}/runs/{}/artifacts/{}", self.task_id, self.run_id, encode_component(name));
        match self.api.call::<Value>("POST", &path, body).await {
            Ok(_) => Ok(()),
            Err(Refused { status, message, .. }) if (400..500).contains(&status) => {
                Err(Trouble::Failed(format!("the queue refused artifact {name} with status {status}: {message}")))
            }
            Err(refused) => Err(Trouble::Exception(Reason::ResourceUnavailable, refused.to_string())),
        }
    }
}

impl Form {
    /// Text of the worker's own.
    pub(super) fn text(gzip: bool) -> Self {
        Self { content_type: "text/plain; charset=utf-8".to_owned(), gzip }
    }

    /// As the payload says, or by the file's name.
    fn of(artifact: &Artifact, path: &Path) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        let gzip = artifact
            .content_encoding
            .map_or_else(|| !COMPRESSED.contains(&ending.as_str()), |encoding| encoding == Encoding::Gzip);
        let content_type = artifact.content_type.clone().unwrap_or_else(|| guess(&ending));
        Self { content_type, gzip }
    }
}

fn guess(ending: &str) -> String {
    let known = mime_guess::from_ext(ending).first();
    // Logs are read in a browser.
    let known = known.map(|kind| kind.to_string()).or_else(|| (ending == "log").then(|| "text/plain".to_owned()));
    match known {
        Some(kind) if kind.starts_with("text/") => format!("{kind}; charset=utf-8"),
        Some(kind) => kind,
        None => "application/octet-stream".to_owned(),
    }
}

/// All of it, compressed or not, and the SHA-256 of what it was before, unless that is of no interest.
fn pack(mut from: impl io::Read, gzip: bool, hashing: bool) -> io::Result<(Vec<u8>, String)> {
    let (mut hash, mut plain) = (Sha256::new(), Vec::new());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = from.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        if hashing {
            hash.update(bytes);
        }
        if gzip { encoder.write_all(bytes)? } else { plain.extend_from_slice(bytes) }
    }
    let packed = if gzip { encoder.finish()? } else { plain };
    Ok((packed, HEXLOWER.encode(&hash.finalize())))
}

/// What the payload's artifact comes to in the task's folder, which has no links in its own path.
fn find(folder: &Path, artifact: &Artifact) -> Vec<Found> {
    let (path, name) = (folder.join(&artifact.path), artifact.name().to_owned());
    let found = match (artifact.kind, look(folder, &path)) {
        (ArtifactKind::File, Ok((path, Kind::File))) => Found::File { name, path },
        (ArtifactKind::Directory, Ok((path, Kind::Directory))) => {
            let mut found = Vec::new();
            walk(folder, &path, &name, &mut found);
            return found;
        }
        (ArtifactKind::File, Ok(_)) => invalid(name, format!("{} is not a file", artifact.path)),
        (ArtifactKind::Directory, Ok(_)) => invalid(name, format!("{} is not a directory", artifact.path)),
        (_, Err(Miss::Outside)) => invalid(name, format!("{} leads out of the task's folder", artifact.path)),
        (_, Err(Miss::Missing(error))) => missing(name, &artifact.path, &error),
    };
    vec![found]
}

fn invalid(name: String, message: String) -> Found {
    Found::Error { name, reason: "invalid-resource-on-worker", message }
}

fn missing(name: String, path: &str, error: &io::Error) -> Found {
    Found::Error { name, reason: "file-missing-on-worker", message: format!("cannot read {path}: {error}") }
}

enum Kind {
    File,
    Directory,
    Other,
}

enum Miss {
    /// A link leads out of the folder.
    Outside,
    Missing(io::Error),
}

/// What is at a path in the end, all links followed.
fn look(folder: &Path, path: &Path) -> Result<(PathBuf, Kind), Miss> {
    let path = path.canonicalize().map_err(Miss::Missing)?;
    if !path.starts_with(folder) {
        return Err(Miss::Outside);
    }
    let found = fs::metadata(&path).map_err(Miss::Missing)?;
    let kind = match found.file_type() {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Directory,
        _ => Kind::Other,
    };
    Ok((path, kind))
}

/// All files below a directory, by name. Links to directories are not followed.
fn walk(folder: &Path, directory: &Path, name: &str, found: &mut Vec<Found>) {
    let mut entries: Vec<_> = match fs::read_dir(directory) {
        Ok(entries) => entries.flatten().collect(),
        Err(error) => {
            found.push(missing(name.to_owned(), &directory.display().to_string(), &error));
            return;
        }
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let inner = match name.trim_end_matches('/') {
            "." | "" => entry.file_name().to_string_lossy().into_owned(),
            name => format!("{name}/{}", entry.file_name().to_string_lossy()),
        };
        let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        match look(folder, &path) {
            Ok((target, Kind::File)) => found.push(Found::File { name: inner, path: target }),
            Ok((_, Kind::Directory)) if link => {
                found.push(Found::Skipped { path, message: "a link to a directory" });
            }
            Ok((_, Kind::Directory)) => walk(folder, &path, &inner, found),
            Ok((_, Kind::Other)) => found.push(Found::Skipped { path, message: "neither a file nor a directory" }),
            Err(Miss::Outside) => {
                found.push(invalid(inner, format!("{} leads out of the task's folder", path.display())));
            }
            Err(Miss::Missing(error)) => found.push(missing(inner, &path.display().to_string(), &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn artifact(kind: ArtifactKind, path: &str) -> Artifact {
        Artifact {
            kind,
            path: path.to_owned(),
            name: Some("public/x".to_owned()),
            expires: None,
            content_type: None,
            content_encoding: None,
            optional: false,
        }
    }

    /// Each finding as `name path-or-reason`, relative to the folder.
    fn shown(folder: &Path, kind: ArtifactKind, path: &str) -> Vec<String> {
        let relative = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
        find(folder, &artifact(kind, path))
            .into_iter()
            .map(|found| match found {
                Found::File { name, path } => format!("{name} {}", relative(&path)),
                Found::Error { name, reason, .. } => format!("{name} {reason}"),
                Found::Skipped { path, message } => format!("{} skipped: {message}", relative(&path)),
            })
            .collect()
    }

    #[test]
    fn files_are_found_and_links_out_of_the_folder_are_refused() {
        let outer = tempfile::tempdir().unwrap();
        let outer = outer.path().canonicalize().unwrap();
        let folder = outer.join("task");
        fs::create_dir_all(folder.join("d/sub")).unwrap();
        fs::write(outer.join("secret"), "secret").unwrap();
        fs::write(folder.join("file"), "text").unwrap();
        fs::write(folder.join("d/sub/one"), "1").unwrap();
        symlink("../file", folder.join("d/inside")).unwrap();
        symlink("../../secret", folder.join("d/outside")).unwrap();
        symlink("sub", folder.join("d/directory")).unwrap();
        symlink("nowhere", folder.join("d/broken")).unwrap();
        symlink("/etc", folder.join("etc")).unwrap();
        symlink("../secret", folder.join("link")).unwrap();
        let (file, directory) = (ArtifactKind::File, ArtifactKind::Directory);
        assert_eq!(shown(&folder, file, "file"), ["public/x file"]);
        assert_eq!(shown(&folder, file, "none"), ["public/x file-missing-on-worker"]);
        assert_eq!(shown(&folder, file, "d"), ["public/x invalid-resource-on-worker"]);
        assert_eq!(shown(&folder, directory, "file"), ["public/x invalid-resource-on-worker"]);
        for outside in ["link", "etc/passwd"] {
            assert_eq!(shown(&folder, file, outside), ["public/x invalid-resource-on-worker"], "{outside}");
        }
        assert_eq!(shown(&folder, directory, "etc"), ["public/x invalid-resource-on-worker"]);
        assert_eq!(
            shown(&folder, directory, "d"),
            [
                "public/x/broken file-missing-on-worker",
                "d/directory skipped: a link to a directory",
                "public/x/inside file",
                "public/x/outside invalid-resource-on-worker",
                "public/x/sub/one d/sub/one",
            ]
        );
    }

    #[test]
    fn what_is_compressed_already_is_stored_as_it_is() {
        let form = |path: &str| Form::of(&artifact(ArtifactKind::File, path), Path::new(path));
        assert_eq!(form("a.txt"), Form { content_type: "text/plain; charset=utf-8".into(), gzip: true });
        assert_eq!(form("a.log").content_type, "text/plain; charset=utf-8");
        assert_eq!(form("a.ZIP"), Form { content_type: "application/zip".into(), gzip: false });
        assert_eq!(form("a"), Form { content_type: "application/octet-stream".into(), gzip: true });
        let mut asked = artifact(ArtifactKind::File, "a.zip");
        asked.content_encoding = Some(Encoding::Gzip);
        asked.content_type = Some("x/y".into());
        assert_eq!(Form::of(&asked, Path::new("a.zip")), Form { content_type: "x/y".into(), gzip: true });
    }

    #[test]
    fn the_hash_is_that_of_what_was_packed() {
        let (plain, one) = pack(&b"hello object"[..], false, true).unwrap();
        let (packed, two) = pack(&b"hello object"[..], true, true).unwrap();
        assert_eq!(plain, b"hello object");
        assert_ne!(packed, plain);
        assert_eq!(one, two);
        assert_eq!(one, "5cd9289a69664e69c5e2c3015062796590a2d6ed5f32fe9d4ec1f3c94636e457");
    }
}
