//! The chain of trust of a task: what its worker says that it ran and made, signed.
//!
//! A worker writes `public/chain-of-trust.json` and, beside it, the ed25519 signature over its exact bytes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::json_e::is_equal;

/// The artifact that says it.
pub(crate) const DOCUMENT: &str = "public/chain-of-trust.json";
/// The artifact that signs it: 64 bytes.
pub(crate) const SIGNATURE: &str = "public/chain-of-trust.json.sig";
/// What generic-worker 10 wrote instead, clear-signed by OpenPGP.
pub(crate) const OPENPGP_DOCUMENT: &str = "public/chainOfTrust.json.asc";

/// Why something is not a chain of trust, or not a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum ChainError {
    /// Not 32 bytes of base64.
    #[error("invalid ed25519 public key: 32 bytes of base64 are expected")]
    Key,
    /// Not the JSON that workers write.
    #[error("the chain of trust cannot be read: {0}")]
    Document(String),
    /// A version that is not known.
    #[error("unknown version {0} of the chain of trust")]
    Version(String),
}

/// The public key of a worker pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Reads standard base64 of 32 bytes.
    ///
    /// # Errors
    /// [`ChainError::Key`].
    pub(crate) fn parse(text: &str) -> Result<Self, ChainError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| ChainError::Key)?;
        if bytes.len() == 32 { Ok(Self(bytes)) } else { Err(ChainError::Key) }
    }

    /// Whether `signature` is this key's over `document`.
    pub(crate) fn has_signed(&self, document: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(document, signature).is_ok()
    }
}

/// What the document says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChainOfTrust {
    chain_of_trust_version: Value,
    /// The hashes of the artifacts, by name.
    pub artifacts: BTreeMap<String, ArtifactHashes>,
    /// The definition that the worker ran.
    pub task: Value,
    /// The task's ID.
    pub task_id: String,
    /// The run.
    pub run_id: u32,
    /// The worker's group.
    #[serde(default)]
    pub worker_group: String,
    /// The worker's ID.
    #[serde(default)]
    pub worker_id: String,
}

/// The hashes of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ArtifactHashes {
    /// In hexadecimal digits.
    pub sha256: String,
}

impl ChainOfTrust {
    /// Reads the document.
    ///
    /// # Errors
    /// [`ChainError`].
    pub(crate) fn parse(document: &[u8]) -> Result<Self, ChainError> {
        let chain: Self = serde_json::from_slice(document).map_err(|error| ChainError::Document(error.to_string()))?;
        match chain.chain_of_trust_version.as_f64() {
            Some(1.0) => Ok(chain),
            _ => Err(ChainError::Version(chain.chain_of_trust_version.to_string())),
        }
    }

    /// The members in which the definition differs from that of the queue.
    pub(crate) fn differences(&self, definition: &Value) -> Vec<String> {
        let empty = serde_json::Map::new();
        let (own, other) = (self.task.as_object().unwrap_or(&empty), definition.as_object().unwrap_or(&empty));
        let mut names: Vec<&String> = own.keys().chain(other.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let differs = |name: &&String| match (own.get(*name), other.get(*name)) {
            (Some(own), Some(other)) => !is_equal(own, other),
            // Old queues send members that a worker does not repeat, and the other way round for empty ones.
            (Some(only), None) | (None, Some(only)) => !is_default(only),
            (None, None) => false,
        };
        names.into_iter().filter(differs).cloned().collect()
    }
}

/// Whether a member says no more than if it were absent.
fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.is_empty() || text == "none",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "chainOfTrustVersion": 1, "artifacts": {"public/a": {"sha256": "00"}}, "task": {"payload": {"x": 1}, "tags": {}},
            "taskId": "fN1SbArXTPSVFNUvaOlinQ", "runId": 0, "workerGroup": "g", "workerId": "w", "environment": {},
        })
    }

    /// Signed by the Python package `cryptography`.
    #[test]
    fn a_signature_by_others_is_verified() {
        let vector: Value = serde_json::from_str(include_str!("../../tests/data/chain-of-trust.json")).unwrap();
        let text = |name: &str| vector[name].as_str().unwrap();
        let (key, document) = (PublicKey::parse(text("key")).unwrap(), text("document").as_bytes());
        assert!(key.has_signed(document, &STANDARD.decode(text("signature")).unwrap()));
        assert_eq!(ChainOfTrust::parse(document).unwrap().run_id, 1);
        assert!(!PublicKey(vec![1; 32]).has_signed(document, &STANDARD.decode(text("signature")).unwrap()));
    }

    #[test]
    fn a_signature_is_of_the_exact_bytes() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let key = PublicKey::parse(&format!("{}\n", STANDARD.encode(pair.public_key()))).unwrap();
        let text = document().to_string().into_bytes();
        let signature = pair.sign(&text);
        assert!(key.has_signed(&text, signature.as_ref()));
        let mut changed = text.clone();
        changed.push(b'\n');
        assert!(!key.has_signed(&changed, signature.as_ref()));
        assert!(!key.has_signed(&text, &[]));
        for bad in ["", "AAAA", "not base64!"] {
            assert_eq!(PublicKey::parse(bad), Err(ChainError::Key));
        }
    }

    #[test]
    fn the_definition_must_be_the_task_s() {
        let chain = ChainOfTrust::parse(document().to_string().as_bytes()).unwrap();
        assert_eq!(chain.differences(&json!({"payload": {"x": 1.0}, "routes": []})), [""; 0]);
        assert_eq!(chain.differences(&json!({"payload": {"x": 2}, "scopes": ["a"]})), ["payload", "scopes"]);
    }

    #[test]
    fn other_documents_are_refused() {
        let mut newer = document();
        newer["chainOfTrustVersion"] = 2.into();
        assert_eq!(ChainOfTrust::parse(newer.to_string().as_bytes()), Err(ChainError::Version("2".into())));
        assert!(matches!(ChainOfTrust::parse(b"<html>"), Err(ChainError::Document(_))));
    }
}
