//! The record of downloaded files: written for others to check, read to skip what is here and right.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::item::DownloadItem;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::transfer::{self, Algorithm, Checksum, ContentSource, Downloaded, Existing, Options};
use crate::ui::Sink;

/// The records of a `--manifest FILE`, old and new; none of either without that flag.
#[derive(Default)]
pub(crate) struct Manifest {
    path: Option<PathBuf>,
    old: Vec<(Record, Value)>,
    by_path: HashMap<String, usize>,
    new: RefCell<Vec<Value>>,
    /// How many files are there.
    count: Cell<usize>,
}

/// What is needed of a record. Others may be there for their readers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    path: String,
    task: Option<String>,
    run: Option<u32>,
    name: String,
    url: String,
    size: u64,
    hashes: HashMap<String, String>,
    #[serde(rename = "contentType")]
    content_type: Option<String>,
}

impl Record {
    fn read(value: &Value) -> Option<Self> {
        let record = Self::deserialize(value).ok()?;
        (!record.path.is_empty() && !record.name.is_empty()).then_some(record)
    }

    fn sha256(&self) -> Option<Checksum> {
        Checksum::from_hex(Algorithm::Sha256, self.hashes.get(Algorithm::Sha256.name())?)
    }

    /// Whether it is about this content. Without a run it may be about another one's.
    fn is_about(&self, source: &ContentSource) -> bool {
        match source {
            ContentSource::Artifact { task, run, name } => {
                run.is_some() && self.run == *run && self.task.as_ref() == Some(task) && self.name == *name
            }
            ContentSource::Object { name } => self.task.is_none() && self.name == *name,
        }
    }
}

impl Manifest {
    /// Reads what an earlier call wrote. A file that is not a manifest is reported, ignored, and replaced at the end.
    ///
    /// # Errors
    /// When the file cannot be read, or its folder not be made: then it could not be written, either.
    pub(crate) fn open(path: Option<&Path>, context: &Context) -> Result<Self> {
        let Some(path) = path.map(|path| context.env.resolve(path)) else { return Ok(Self::default()) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| Error::io("make the folder", folder.display(), source))?;
        }
        let mut manifest = Self { path: Some(path.clone()), ..Self::default() };
        // A pipe or a device can be written to, and has nothing to tell.
        if path.exists() && (path.is_file() || path.is_dir()) {
            let bytes = std::fs::read(&path).map_err(|source| Error::io("read", path.display(), source))?;
            manifest.take_up(&bytes, context);
        }
        Ok(manifest)
    }

    fn take_up(&mut self, bytes: &[u8], context: &Context) {
        let shown = self.path.as_deref().unwrap_or(Path::new("")).display().to_string();
        let values: Vec<Value> = match serde_json::from_slice(bytes) {
            Ok(values) => values,
            Err(source) => {
                context
                    .ui
                    .warn(format_args!("{shown} is not a manifest ({source}): it is ignored and will be replaced"));
                return;
            }
        };
        let all = values.len();
        self.old = values.into_iter().filter_map(|value| Some((Record::read(&value)?, value))).collect();
        self.by_path = self.old.iter().enumerate().map(|(at, (record, _))| (record.path.clone(), at)).collect();
        match all - self.old.len() {
            0 => {}
            wrong => context.ui.warn(format_args!(
                "{wrong} of {all} records in {shown} name no file: they are ignored and will be left out"
            )),
        }
    }

    fn record_of(&self, path: &str) -> Option<&(Record, Value)> {
        self.by_path.get(path).and_then(|at| self.old.get(*at))
    }

    /// The file of an item, when it is on record and still as it was then.
    pub(super) async fn here(&self, item: &DownloadItem, options: &Options) -> Option<Downloaded> {
        if options.existing != Existing::Check {
            return None;
        }
        let (record, _) = self.record_of(&item.target.display().to_string())?;
        let sha256 = record.sha256().filter(|_| record.is_about(&item.source))?;
        if !options.checksums.iter().all(|demanded| *demanded == sha256) {
            return None;
        }
        let is_same = transfer::has_content(&item.target, record.size, &sha256).await;
        is_same.then(|| Downloaded {
            bytes: record.size,
            skipped: true,
            checksums: vec![sha256],
            content_type: record.content_type.clone(),
            url: record.url.clone(),
            ..Downloaded::default()
        })
    }

    /// Takes note of a file; its record is made only when it is to be written.
    pub(super) fn add(&self, record: impl FnOnce() -> Value) {
        self.count.set(self.count.get() + 1);
        if self.path.is_none() {
            return;
        }
        let record = record();
        // A file that was left as it is tells nothing; what is on record of it may.
        let unknown = record.get("hashes").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty);
        let path = record.get("path").and_then(Value::as_str).unwrap_or_default();
        match self.record_of(path) {
            Some((_, old)) if unknown => self.new.borrow_mut().push(old.clone()),
            _ => self.new.borrow_mut().push(record),
        }
    }

    /// Writes the records of all files that are there, also after an interrupt or a time limit, which tell how many there are,
    /// and of those of earlier calls.
    ///
    /// # Errors
    /// That of `outcome`; when the file cannot be written.
    pub(crate) fn close(self, outcome: Result<Status>, context: &Context) -> Result<Status> {
        let outcome = outcome.map_err(|error| match (error.kind(), self.count.get()) {
            (kind @ (Kind::Interrupted | Kind::Pending), count) => {
                let files = if count == 1 { "1 file is".to_owned() } else { format!("{count} files are") };
                let what = error.message();
                Error::new(kind, format!("{what}: {files} complete"))
                    .hint("The same command goes on with what is left.")
            }
            _ => error,
        });
        if outcome.is_err() && self.new.borrow().is_empty() {
            return outcome;
        }
        match (self.write(), outcome) {
            (Err(error), Err(first)) => {
                context.ui.warn(error.message());
                Err(first)
            }
            (written, outcome) => written.and(outcome),
        }
    }

    fn write(self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut all = self.new.into_inner();
        let is_old = |value: &Value| all.iter().all(|new| new.get("path") != value.get("path"));
        let old: Vec<Value> = self.old.into_iter().map(|(_, value)| value).filter(is_old).collect();
        all.extend(old);
        let failed = |source| Error::io("write", path.display(), source);
        let text = serde_json::to_vec_pretty(&all).map_err(|source| failed(source.into()))?;
        let mut sink = Sink::file(path).map_err(failed)?;
        sink.write_all(&text).and_then(|()| sink.write_all(b"\n")).map_err(failed)?;
        sink.finish().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn artifact(run: Option<u32>) -> ContentSource {
        ContentSource::Artifact { task: "T".into(), run, name: "public/x".into() }
    }

    #[test]
    fn a_record_is_about_one_run_of_one_task() {
        let record = |run: Value| {
            Record::read(&json!({"path": "/x", "task": "T", "run": run, "name": "public/x", "size": 1, "more": []}))
                .unwrap()
        };
        assert!(record(json!(1)).is_about(&artifact(Some(1))));
        assert!(!record(json!(1)).is_about(&artifact(Some(0))));
        assert!(!record(json!(null)).is_about(&artifact(None)), "whose run nobody knows");
        assert!(!record(json!(1)).is_about(&ContentSource::Object { name: "public/x".into() }));
    }

    #[test]
    fn what_is_no_record_is_none() {
        for value in [
            json!(1),
            json!({}),
            json!({"path": "/x"}),
            json!({"path": "/x", "name": 1}),
            json!({"path": "/x", "name": "x", "size": -1}),
            json!({"path": "/x", "name": "x", "hashes": []}),
        ] {
            assert!(Record::read(&value).is_none(), "{value}");
        }
        let record = Record::read(&json!({"path": "/x", "name": "x", "hashes": {"sha256": "no digits"}})).unwrap();
        assert_eq!(record.sha256(), None);
    }
}
