//! Files that a command reads: JSON or YAML, from a path or standard input.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::client::{Client, Request, StreamOptions};
use crate::context::Context;
use crate::definition::finding::{self, Finding};
use crate::definition::places::Places;
use crate::domain::{RootUrl, yaml};
use crate::error::{Error, Result};

/// A file that is longer is refused: read and checked it takes several times as much memory.
const MAXIMUM_FILE_BYTES: u64 = 64 << 20;
/// A document from a URL that is longer is refused.
const MAXIMUM_FETCHED_BYTES: usize = 16 << 20;
/// A server that sends nothing for so long is given up.
const FETCH_STALL: Duration = Duration::from_secs(30);

/// A document that was read.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The path, or `standard input`.
    pub name: String,
    /// The text as it stands there.
    pub text: String,
    /// What it means.
    pub value: Value,
}

impl Document {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it cannot be read, or is neither JSON nor YAML.
    pub(crate) async fn read(path: &str, context: &Context) -> Result<Self> {
        let name = if path == "-" { "standard input" } else { path };
        let bytes = match path {
            "-" => context.read_stdin().await?,
            path => read_file(&context.env.resolve(path)).map_err(|source| Error::io("read", name, source))?,
        };
        if bytes.len() as u64 > MAXIMUM_FILE_BYTES {
            return Err(Error::usage(format!("{name} is larger than {} MiB", MAXIMUM_FILE_BYTES >> 20)));
        }
        Self::parse(name, bytes)
    }

    /// Reads a file, standard input for `-`, or what is at an `http(s)` or `file` URL.
    ///
    /// # Errors
    /// When it cannot be read, or is neither JSON nor YAML.
    pub(crate) async fn open(place: &str, context: &Context) -> Result<Self> {
        match Url::parse(place) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => fetch(&url, context).await,
            Ok(url) if url.scheme() == "file" => {
                let path = url.to_file_path().map_err(|()| Error::usage(format!("invalid file URL `{place}`")))?;
                Self::read(&path.to_string_lossy(), context).await
            }
            _ => Self::read(place, context).await,
        }
    }

    /// Takes a text for JSON, or else for YAML.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn parse(name: &str, bytes: Vec<u8>) -> Result<Self> {
        let text = String::from_utf8(bytes)
            .map_err(|source| Error::usage(format!("{name} is not UTF-8")).caused_by(source.utf8_error()))?;
        let text = text.strip_prefix('\u{feff}').map_or(text.clone(), String::from);
        let value = value_of(name, &text)?;
        Ok(Self { name: name.into(), text, value })
    }

    /// Findings as text, each at its line.
    pub(crate) fn show(&self, findings: &[Finding]) -> Vec<String> {
        let places = Places::of(&self.text);
        findings.iter().map(|finding| finding::show(finding, Some((&self.name, &self.text, &places)))).collect()
    }
}

/// Reads a file, at most one byte more than a document may have.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAXIMUM_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn value_of(name: &str, text: &str) -> Result<Value> {
    let not_json = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };
    Err(match yaml::parse(text) {
        Ok(value) if value.is_object() || value.is_array() => return Ok(value),
        // Any word is a YAML string; nobody means a document by that.
        Ok(_) if text.trim().is_empty() => Error::usage(format!("{name} is empty")),
        Ok(_) => Error::usage(format!("{name} is a single value, not a map or a list")),
        // A brace or a bracket in front says that JSON was meant.
        Err(not_yaml) if !text.trim_start().starts_with(['{', '[']) => {
            Error::usage(format!("{name} is neither JSON nor YAML")).caused_by(not_yaml)
        }
        _ => Error::usage(format!("{name} is neither JSON nor YAML")).caused_by(not_json),
    })
}

async fn fetch(url: &Url, context: &Context) -> Result<Document> {
    let origin = url.origin().ascii_serialization();
    let root =
        RootUrl::parse(&origin).map_err(|source| Error::usage(format!("invalid URL `{url}`")).caused_by(source))?;
    let client = Client::builder(root).environment(&context.env).build()?;
    let request = Request::get(format!("reading {url}"), url.clone());
    let options = StreamOptions { from: 0, stall: FETCH_STALL, sign: false };
    let mut answer = client.stream(&request, options).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = answer.next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAXIMUM_FETCHED_BYTES {
            return Err(Error::failed(format!("{url} is larger than {} MiB", MAXIMUM_FETCHED_BYTES >> 20)));
        }
    }
    Document::parse(url.as_str(), bytes)
}
