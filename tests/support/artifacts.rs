//! A running task on a sandbox, with artifacts of every kind.

use std::fs;
use std::path::Path;

use chrono::Utc;
use serde_json::{Value, json};
use tc::sandbox::{Blob, Options, Sandbox, Stored};

use super::task::{queue, running};
use super::{Ran, Tc, gzip};

pub struct Rig {
    pub sandbox: Sandbox,
    pub tc: Tc,
    pub task: String,
}

impl Rig {
    pub fn new() -> Self {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let task = running(&sandbox, Utc::now());
        let tc = Tc::new().signed_in(&sandbox);
        Self { sandbox, tc, task }
    }

    pub fn add(&self, name: &str, stored: Stored, blob: Blob) -> &Self {
        self.sandbox.add_artifact(&self.task, 0, name, stored, blob).unwrap();
        self
    }

    pub fn create(&self, name: &str, body: Value) -> &Self {
        let mut body = body;
        body["expires"] = super::task::stamp(Utc::now() + chrono::TimeDelta::days(1)).into();
        let route = format!("/task/{}/runs/0/artifacts/{}", self.task, name.replace('/', "%2F"));
        queue(&self.sandbox, Utc::now(), "POST", &route, &body).is(200, "");
        self
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.tc.run(args)
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.tc.directory().join(path)).unwrap()
    }
}

/// All files below a folder, in order.
pub fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(tree(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

pub fn some() -> Rig {
    let rig = Rig::new();
    rig.add("public/build/target.zip", Stored::Object, Blob::new("zip"))
        .add("public/build/a.txt", Stored::S3, Blob::new("text").content_type("text/plain"))
        .add("public/logs/live.log", Stored::S3, Blob::new(gzip(b"log\n")).content_encoding("gzip"))
        .add("private/key", Stored::S3, Blob::new("secret"));
    rig.create(
        "public/link",
        json!({"storageType": "link", "artifact": "public/build/a.txt", "contentType": "text/plain"}),
    );
    rig.create(
        "public/error",
        json!({"storageType": "error", "reason": "too-large-file-on-worker", "message": "12 GB"}),
    );
    rig
}
