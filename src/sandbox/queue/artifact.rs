//! Artifacts as they are kept: what runs leave behind, with as little memory as many small ones need.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::texts::Texts;
use crate::sandbox::call::Fault;
use crate::sandbox::wire::{compare, stamp};

/// So many artifacts have room for no more: most runs have a log and little else.
const FEW_ARTIFACTS: usize = 8;

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artifact {
    /// `contentType`
    pub content_type: Arc<str>,
    /// `expires`
    pub expires: DateTime<Utc>,
    /// In bytes, as the worker says, for what it uploads to S3.
    pub content_length: Option<u64>,
    /// What it is.
    pub content: Content,
}

/// What an artifact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// To a URL.
    Reference(Box<str>),
    /// To another artifact of the run.
    Link(Arc<str>),
    /// Why there is none.
    Error(Box<Failure>),
    /// In storage that the queue knows.
    S3,
    /// Its upload, and whether that is finished.
    Object { upload_id: Box<str>, present: bool },
}

/// What a worker says of an artifact that it could not make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// `reason`
    pub reason: String,
    /// `message`
    pub message: String,
}

impl Content {
    pub(super) fn read(body: &Value, texts: &mut Texts) -> Result<Self, Fault> {
        let text = |key: &str| body[key].as_str().unwrap_or_default();
        Ok(match text("storageType") {
            "reference" => Content::Reference(text("url").into()),
            "link" => Content::Link(texts.name(text("artifact"))),
            "error" => {
                Content::Error(Box::new(Failure { reason: text("reason").into(), message: text("message").into() }))
            }
            "s3" => Content::S3,
            "object" => Content::Object { upload_id: slugid::v4().into(), present: false },
            other => return Err(Fault::input(format!("There is no storageType `{other}`"))),
        })
    }

    /// `storageType`
    pub(super) fn storage_type(&self) -> &'static str {
        match self {
            Content::Reference(_) => "reference",
            Content::Link(_) => "link",
            Content::Error(_) => "error",
            Content::S3 => "s3",
            Content::Object { .. } => "object",
        }
    }
}

impl Artifact {
    /// Whether creating `new` over this one is the same call again, or one of the changes that are allowed: a later
    /// expiry, another URL for a reference, a link in place of a reference.
    pub(super) fn may_become(&self, new: &Artifact) -> bool {
        let content = match (&self.content, &new.content) {
            (Content::Reference(_), Content::Reference(_) | Content::Link(_))
            | (Content::Object { .. }, Content::Object { .. }) => true,
            (old, new) => old == new,
        };
        let content_type = matches!(new.content, Content::Link(_)) || self.content_type == new.content_type;
        content && content_type && self.expires <= new.expires
    }

    /// As it is listed.
    pub(super) fn info(&self, name: &str) -> Value {
        let mut info = json!({
            "storageType": self.content.storage_type(),
            "name": name,
            "expires": stamp(self.expires),
            "contentType": &*self.content_type,
        });
        if let Some(length) = self.content_length {
            info["contentLength"] = json!(length);
        }
        info
    }
}

/// The artifacts of a run by name, in the order in which they are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Artifacts(Vec<(Arc<str>, Artifact)>);

impl Artifacts {
    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| compare(known, name))
    }

    /// The artifact of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Artifact> {
        let at = self.position(name).ok()?;
        self.0.get(at).map(|(_, artifact)| artifact)
    }

    /// The artifact of this name.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Artifact> {
        let at = self.position(name).ok()?;
        self.0.get_mut(at).map(|(_, artifact)| artifact)
    }

    /// Adds an artifact, in place of one of the same name.
    pub(super) fn insert(&mut self, name: Arc<str>, artifact: Artifact) {
        match self.position(&name) {
            Ok(at) => {
                if let Some(known) = self.0.get_mut(at) {
                    known.1 = artifact;
                }
            }
            Err(at) => {
                if self.0.len() < FEW_ARTIFACTS {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (name, artifact));
            }
        }
    }

    /// Name and artifact, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Artifact)> {
        self.0.iter().map(|(name, artifact)| (&**name, artifact))
    }

    /// Takes those out that are like this.
    pub(super) fn take(&mut self, wanted: impl Fn(&Artifact) -> bool) -> Self {
        Self(self.0.extract_if(.., |(_, artifact)| wanted(artifact)).collect())
    }
}

impl IntoIterator for Artifacts {
    type Item = (Arc<str>, Artifact);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_listed_in_the_order_of_the_services_whatever_they_were_added_in() {
        let mut artifacts = Artifacts::default();
        let artifact = |seconds: i64| Artifact {
            content_type: "text/plain".into(),
            expires: DateTime::from_timestamp(seconds, 0).unwrap(),
            content_length: None,
            content: Content::S3,
        };
        for number in (0..20).rev() {
            artifacts.insert(format!("public/{number:02}").into(), artifact(number));
            artifacts.insert(format!("Public/{number:02}").into(), artifact(number));
        }
        artifacts.insert("public/07".into(), artifact(70));
        let names: Vec<&str> = artifacts.iter().map(|(name, _)| name).collect();
        assert_eq!(names[..4], ["public/00", "Public/00", "public/01", "Public/01"]);
        assert_eq!((names.len(), artifacts.get("public/07")), (40, Some(&artifact(70))));
        assert_eq!(artifacts.get("public/20"), None);
        let taken = artifacts.take(|artifact| artifact.expires.timestamp() < 10);
        assert_eq!((taken.into_iter().count(), artifacts.iter().count()), (19, 21));
    }
}
