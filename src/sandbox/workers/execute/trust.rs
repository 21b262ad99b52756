//! The chain of trust: what a task has made, signed by the worker.

use std::path::Path;
use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Map, Value, json};

use super::artifacts::{Form, Keeper};
use super::trouble::Trouble;
use crate::error::{Error, Result};

/// What a task may write to have its own facts in the document.
const ADDITIONAL_FILE: &str = "chain-of-trust-additional-data.json";
/// The log as it was when the document was made.
const CERTIFIED_LOG: &str = "public/logs/certified.log";
const DOCUMENT: &str = "public/chain-of-trust.json";
const SIGNATURE: &str = "public/chain-of-trust.json.sig";

/// The workers' key, made when the sandbox starts.
pub(super) struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub(super) fn new() -> Result<Self> {
        let cannot =
            |what: String| Error::failed("cannot make the workers' key").caused_by(std::io::Error::other(what));
        let document =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|error| cannot(error.to_string()))?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|error| cannot(error.to_string()))?;
        Ok(Self(pair))
    }

    /// The public half, 32 bytes in base64, as those who verify want it.
    pub(super) fn public(&self) -> String {
        STANDARD.encode(self.0.public_key())
    }

    /// 64 bytes.
    fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.0.sign(text).as_ref().to_vec()
    }
}

/// Who ran a task.
pub(super) struct Worker<'a> {
    pub group: &'a str,
    pub id: &'a str,
}

/// Stores the log so far, the document, and its signature.
///
/// # Errors
/// When the task's own additions are no JSON object, or the queue refuses an artifact.
pub(super) async fn certify(
    key: &SigningKey,
    keeper: &Keeper<'_>,
    definition: &Value,
    worker: Worker<'_>,
    folder: &Path,
) -> std::result::Result<(), Trouble> {
    keeper.store_text(CERTIFIED_LOG, keeper.log.text(), Form::text(true)).await?;
    let stored = keeper.stored.as_ref().map(|stored| stored.lock().unwrap_or_else(PoisonError::into_inner).clone());
    let mut document = document(&stored.unwrap_or_default(), definition, (keeper.task_id, keeper.run_id), &worker);
    add_own(&mut document, folder)?;
    let text = format!("{:#}", Value::Object(document));
    let signature = key.sign(text.as_bytes());
    let form = |content_type: &str, gzip| Form { content_type: content_type.to_owned(), gzip };
    keeper.store_text(DOCUMENT, text.into_bytes(), form("text/plain; charset=utf-8", true)).await?;
    keeper.store_text(SIGNATURE, signature, form("application/octet-stream", false)).await
}

fn document(
    stored: &[(String, String)],
    definition: &Value,
    (task_id, run_id): (&str, usize),
    worker: &Worker<'_>,
) -> Map<String, Value> {
    let artifacts: Map<String, Value> =
        stored.iter().map(|(name, hash)| (name.clone(), json!({"sha256": hash}))).collect();
    let members = json!({
        "chainOfTrustVersion": 1,
        "artifacts": artifacts,
        "task": definition,
        "taskId": task_id,
        "runId": run_id,
        "workerGroup": worker.group,
        "workerId": worker.id,
        "environment": {
            "publicIpAddress": "127.0.0.1", "privateIpAddress": "127.0.0.1",
            "instanceId": "", "instanceType": "", "region": "",
        },
    });
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Adds what the task has written for the document; it can add facts, not change the worker's.
fn add_own(document: &mut Map<String, Value>, folder: &Path) -> std::result::Result<(), Trouble> {
    let path = folder.join(ADDITIONAL_FILE);
    let is_file = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
    if !is_file {
        return Ok(());
    }
    let text =
        std::fs::read(&path).map_err(|error| Trouble::io(format_args!("cannot read {ADDITIONAL_FILE}"), &error))?;
    let own: Map<String, Value> = serde_json::from_slice(&text)
        .map_err(|error| Trouble::Failed(format!("{ADDITIONAL_FILE} is not a JSON object: {error}")))?;
    for (name, value) in own {
        document.entry(name).or_insert(value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn what_is_signed_is_verified_with_the_public_half_and_nothing_else_is() {
        let key = SigningKey::new().unwrap();
        let public = STANDARD.decode(key.public()).unwrap();
        assert_eq!(public.len(), 32);
        let signature = key.sign(b"text");
        assert_eq!(signature.len(), 64);
        let public = UnparsedPublicKey::new(&ED25519, public);
        assert!(public.verify(b"text", &signature).is_ok());
        assert!(public.verify(b"texts", &signature).is_err());
        assert_ne!(SigningKey::new().unwrap().public(), key.public());
    }

    #[test]
    fn a_task_adds_to_the_document_and_changes_nothing_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let worker = Worker { group: "g", id: "w" };
        let new = || document(&[("public/a".into(), "00".into())], &json!({"payload": {}}), ("T", 0), &worker);
        let mut plain = new();
        add_own(&mut plain, folder.path()).unwrap();
        assert_eq!(plain, new());
        assert_eq!(plain["artifacts"]["public/a"]["sha256"], "00");
        std::fs::write(folder.path().join(ADDITIONAL_FILE), r#"{"taskId": "forged", "mine": 1}"#).unwrap();
        let mut more = new();
        add_own(&mut more, folder.path()).unwrap();
        assert_eq!((&more["taskId"], &more["mine"]), (&json!("T"), &json!(1)));
        std::fs::write(folder.path().join(ADDITIONAL_FILE), "[]").unwrap();
        assert!(matches!(add_own(&mut new(), folder.path()), Err(Trouble::Failed(_))));
    }
}
