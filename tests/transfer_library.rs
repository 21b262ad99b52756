//! Transfers as calls of the library: to any writer, from anything that can be read again, and from files that change.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use futures::future::{BoxFuture, FutureExt as _};
use tc::Kind;
use tc::RootUrl;
use tc::sandbox::{Options as SandboxOptions, Sandbox};
use tc::transfer::{
    ArtifactStorage, ContentSource, FileReaders, MemoryReaders, NewArtifact, NewObject, Options, Reader, Readers,
    Uploaded, to_buffer, to_file, to_writer, upload_artifact, upload_object,
};
use tc::{Client, Credentials};
use tokio::io::AsyncReadExt as _;

use crate::support::storage::{noise, sha256};
use crate::support::task::running;

struct Rig {
    sandbox: Sandbox,
    client: Client,
}

impl Rig {
    fn new() -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).unwrap();
        let credentials = Credentials::new(sandbox.client_id(), sandbox.access_token().reveal());
        let root = RootUrl::parse(sandbox.root_url()).unwrap();
        let client = Client::builder(root).credentials(Some(credentials)).build().unwrap();
        Self { sandbox, client }
    }

    async fn upload(&self, name: &str, readers: &dyn Readers) -> Result<Uploaded, tc::Error> {
        let object = NewObject {
            name: name.to_owned(),
            project: "p".to_owned(),
            expires: "2100-01-01T00:00:00Z".parse().unwrap(),
            content_type: "text/plain".to_owned(),
        };
        upload_object(&self.client, &object, readers, &Options::default()).await
    }
}

fn object(name: &str) -> ContentSource {
    ContentSource::Object { name: name.to_owned() }
}

#[tokio::test]
async fn any_writer_gets_the_bytes_as_they_come() {
    let rig = Rig::new();
    let bytes = noise(700_000);
    rig.upload("t/x", &MemoryReaders(bytes.clone().into())).await.unwrap();
    let mut vector = Vec::new();
    let found = to_writer(&rig.client, &object("t/x"), &mut vector, &Options::default()).await.unwrap();
    assert!(vector == bytes && found.bytes == 700_000 && found.checksums.iter().any(|sum| sum.hex() == sha256(&bytes)));
    // One that takes little at a time holds the download back, and loses nothing.
    let (mut near, mut far) = tokio::io::duplex(100);
    let mut read = Vec::new();
    let write = async {
        let found = to_writer(&rig.client, &object("t/x"), &mut near, &Options::default()).await;
        drop(near);
        found
    };
    let (found, count) = tokio::join!(write, far.read_to_end(&mut read));
    assert!(found.unwrap().bytes == 700_000 && count.unwrap() == 700_000 && read == bytes);
    // One that breaks is what the call fails of.
    let (mut near, far) = tokio::io::duplex(100);
    drop(far);
    let error = to_writer(&rig.client, &object("t/x"), &mut near, &Options::default()).await.unwrap_err();
    assert_eq!(error.message(), "broken pipe");
    assert_eq!(to_buffer(&rig.client, &object("t/x"), 700_000, &Options::default()).await.unwrap(), bytes);
    assert!(to_buffer(&rig.client, &object("t/x"), 699_999, &Options::default()).await.is_err());
}

/// Bytes that are made while they are read, by a reader that brings a few at a time.
struct Counting(u64);

impl Readers for Counting {
    fn length(&self) -> u64 {
        self.0
    }

    fn open(&self) -> BoxFuture<'_, io::Result<Reader>> {
        let text = io::Cursor::new(b"0123456789".repeat(10_000));
        std::future::ready(Ok(Box::new(text.take(self.0)) as Reader)).boxed()
    }
}

#[tokio::test]
async fn any_factory_of_readers_is_uploaded() {
    let rig = Rig::new();
    for length in [0, 1, 8191, 8192, 100_000] {
        let uploaded = rig.upload(&format!("t/{length}"), &Counting(length)).await.unwrap();
        assert_eq!(uploaded.bytes, length);
        let found = to_buffer(&rig.client, &object(&format!("t/{length}")), 1 << 20, &Options::default()).await;
        assert!(found.unwrap() == b"0123456789".repeat(10_000)[..length as usize]);
    }
    // It says that there is more than it brings.
    for length in [100_001, 200_000] {
        let name = format!("t/short-{length}");
        let error = rig.upload(&name, &Counting(length)).await.unwrap_err();
        assert!(error.message().contains("its length changed while it was uploaded"), "{}", error.message());
        let kind = to_buffer(&rig.client, &object(&name), 1 << 20, &Options::default()).await.unwrap_err().kind();
        assert_eq!(kind, Kind::NotFound, "it was never finished");
    }
}

/// A file that something happens to once it is opened.
struct Meddled<'a> {
    file: FileReaders,
    meddle: &'a (dyn Fn() + Send + Sync),
}

impl Readers for Meddled<'_> {
    fn length(&self) -> u64 {
        self.file.length()
    }

    fn open(&self) -> BoxFuture<'_, io::Result<Reader>> {
        async {
            let reader = self.file.open().await;
            (self.meddle)();
            reader
        }
        .boxed()
    }

    fn check(&self) -> Result<(), tc::Error> {
        self.file.check()
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_uploaded_is_an_error() {
    let rig = Rig::new();
    let task = running(&rig.sandbox, chrono::Utc::now());
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("file");
    let old: SystemTime = SystemTime::now() - std::time::Duration::from_secs(60);
    for length in [5000, 700_000] {
        let rewrite = |bytes: &[u8]| fs::write(&path, bytes).unwrap();
        let grow = || rewrite(&noise(length + 1));
        let shrink = || rewrite(&noise(length - 1));
        let same_length = || rewrite(&noise(length + 8)[8..]);
        let same_length_and_age = || {
            rewrite(&noise(length + 8)[8..]);
            File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        };
        let replaced = || {
            let other = folder.path().join("other");
            fs::write(&other, noise(length)).unwrap();
            File::options().write(true).open(&other).unwrap().set_modified(old).unwrap();
            fs::rename(&other, &path).unwrap();
        };
        let gone = || fs::remove_file(&path).unwrap();
        let changes: [(&str, &(dyn Fn() + Send + Sync)); 6] = [
            ("grows", &grow),
            ("shrinks", &shrink),
            ("has other content", &same_length),
            ("has other content and looks as old", &same_length_and_age),
            ("is replaced", &replaced),
            ("is removed", &gone),
        ];
        for (name, meddle) in changes {
            fs::write(&path, noise(length)).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
            let readers = || Meddled { file: FileReaders::new(&path).unwrap(), meddle };
            let object_name = format!("t/{length}/{name}");
            let error = rig.upload(&object_name, &readers()).await.expect_err(name);
            assert!(
                ["changed while it was uploaded", "cannot read"].iter().any(|text| error.message().contains(text)),
                "{name}: {error:?}"
            );
            let found = to_buffer(&rig.client, &object(&object_name), 1 << 20, &Options::default()).await;
            assert_eq!(found.unwrap_err().kind(), Kind::NotFound, "{name}: it was never finished");
            fs::write(&path, noise(length)).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
            let artifact = NewArtifact {
                task: task.clone(),
                run: 0,
                name: format!("public/{length}/{name}"),
                expires: chrono::Utc::now() + chrono::TimeDelta::hours(1),
                content_type: "text/plain".to_owned(),
            };
            let (readers, options) = (readers(), Options::default());
            let outcome = upload_artifact(&rig.client, &artifact, ArtifactStorage::S3, &readers, &options).await;
            outcome.expect_err(name);
        }
        fs::write(&path, noise(length)).unwrap();
        rig.upload(&format!("t/{length}"), &FileReaders::new(&path).unwrap()).await.unwrap();
        let back = folder.path().join("back");
        to_file(&rig.client, &object(&format!("t/{length}")), &back, &Options::default()).await.unwrap();
        assert!(fs::read(&back).unwrap() == noise(length));
        fs::remove_file(&back).unwrap();
    }
    assert_eq!(FileReaders::new(folder.path()).unwrap_err().kind(), Kind::Failed, "a directory is not a file");
}
