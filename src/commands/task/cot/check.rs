//! One task's chain of trust, held against what the queue says and serves.

use std::io;
use std::pin::Pin;
use std::task::{self, Poll};

use data_encoding::HEXLOWER;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::parent::{Graphs, Parent};
use crate::client::Client;
use crate::commands::transfers;
use crate::definition::chain_of_trust::{ChainOfTrust, DOCUMENT, OPENPGP_DOCUMENT, PublicKey, SIGNATURE};
use crate::error::{Error, Kind, Result};
use crate::transfer::{self, ContentSource, Options};

/// The document has a line or two for each artifact.
const MAXIMUM_DOCUMENT_BYTES: usize = 64 << 20;
const MAXIMUM_SIGNATURE_BYTES: usize = 4 << 10;
/// Artifacts that are read at once.
const READERS: usize = 4;

/// How the signature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signature {
    Verified,
    Wrong,
    /// There is one, and no key to check it with.
    Unchecked,
    Missing,
}

impl Signature {
    fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Wrong => "wrong",
            Self::Unchecked => "not checked: no key given",
            Self::Missing => "unsigned",
        }
    }
}

/// What was found about one task.
#[derive(Debug)]
pub(super) struct Checked {
    /// The task's name.
    pub(super) name: String,
    /// The tasks that it depends on, without itself.
    pub(super) dependencies: Vec<String>,
    run: Option<u32>,
    worker: String,
    /// Whether the definition asks for a chain of trust.
    is_wanted: bool,
    /// Nothing where there is no document.
    parent: Option<Parent>,
    /// What there is; nothing where there is no document.
    found: Option<ChainFindings>,
    has_openpgp: bool,
    has_keys: bool,
}

#[derive(Debug)]
struct ChainFindings {
    signature: Signature,
    /// The task and run of the document, where they are others.
    other: Option<String>,
    differences: Vec<String>,
    /// Each artifact with what is wrong with it.
    artifacts: Vec<(String, Option<String>)>,
}

/// Checks the chain of trust of one task.
///
/// # Errors
/// Those of the calls. What does not hold is part of the result.
pub(super) async fn check(
    client: &Client,
    id: &str,
    run: Option<u32>,
    keys: &[PublicKey],
    graphs: &mut Graphs,
) -> Result<Checked> {
    let definition: Value = client.call("queue", "task").arg(id).send().await?.json()?;
    let dependencies = definition["dependencies"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut checked = Checked {
        name: definition["metadata"]["name"].as_str().unwrap_or_default().into(),
        dependencies: dependencies.filter(|other| *other != id).map(String::from).collect(),
        run: None,
        worker: String::new(),
        is_wanted: definition["payload"]["features"]["chainOfTrust"] == true,
        parent: None,
        found: None,
        has_openpgp: false,
        has_keys: !keys.is_empty(),
    };
    let run = match run {
        Some(run) => run,
        None => match transfers::newest_run(client, id).await {
            Ok(run) => run,
            // A task without runs has made nothing yet.
            Err(error) if error.kind() == Kind::NotFound => return Ok(checked),
            Err(error) => return Err(error),
        },
    };
    checked.run = Some(run);
    let Some(document) = read(client, id, run, DOCUMENT, MAXIMUM_DOCUMENT_BYTES).await? else {
        checked.has_openpgp =
            transfers::list(client, id, Some(run)).await?.iter().any(|listed| listed.name == OPENPGP_DOCUMENT);
        return Ok(checked);
    };
    let signature = match read(client, id, run, SIGNATURE, MAXIMUM_SIGNATURE_BYTES).await? {
        None => Signature::Missing,
        Some(_) if keys.is_empty() => Signature::Unchecked,
        Some(signature) if keys.iter().any(|key| key.has_signed(&document, &signature)) => Signature::Verified,
        Some(_) => Signature::Wrong,
    };
    let chain = ChainOfTrust::parse(&document).map_err(|error| {
        Error::new(Kind::Unsuccessful, format!("{DOCUMENT} of task {id} is not usable")).caused_by(error)
    })?;
    checked.worker = format!("{}/{}", chain.worker_group, chain.worker_id);
    let other = (chain.task_id != id || chain.run_id != run).then(|| format!("{} run {}", chain.task_id, chain.run_id));
    let differences = chain.differences(&definition);
    checked.parent = Some(graphs.ask(client, id, &definition).await?);
    let artifacts = stream::iter(chain.artifacts)
        .map(|(name, hashes)| async move {
            let problem = compare(client, id, run, &name, &hashes.sha256).await?;
            Ok::<_, Error>((name, problem))
        })
        .buffered(READERS)
        .collect::<Vec<_>>()
        .await;
    let artifacts = artifacts.into_iter().collect::<Result<_>>()?;
    checked.found = Some(ChainFindings { signature, other, differences, artifacts });
    Ok(checked)
}

/// An artifact in memory; nothing when it does not exist.
async fn read(client: &Client, task: &str, run: u32, name: &str, limit: usize) -> Result<Option<Vec<u8>>> {
    let source = ContentSource::Artifact { task: task.into(), run: Some(run), name: name.into() };
    match transfer::to_buffer(client, &source, limit, &Options::default()).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is wrong with an artifact, if anything.
async fn compare(client: &Client, task: &str, run: u32, name: &str, sha256: &str) -> Result<Option<String>> {
    let source = ContentSource::Artifact { task: task.into(), run: Some(run), name: name.into() };
    let mut sink = Hashing(Sha256::new());
    match transfer::to_writer(client, &source, &mut sink, &Options::default()).await {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Failed | Kind::Auth) => {
            return Ok(Some(format!("cannot be read: {}", error.message())));
        }
        Err(error) => return Err(error),
    }
    let found = HEXLOWER.encode(&sink.0.finalize());
    Ok((!found.eq_ignore_ascii_case(sha256)).then(|| format!("SHA-256 is {found}, and {sha256} is signed")))
}

/// Takes the SHA-256 of what is written, and keeps none of it.
struct Hashing(Sha256);

impl tokio::io::AsyncWrite for Hashing {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut task::Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.update(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Checked {
    /// What does not hold.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let Some(found) = &self.found else {
            if self.is_wanted {
                problems.push("there is no chain of trust, though the task asks for one".into());
            }
            return problems;
        };
        match found.signature {
            Signature::Wrong => problems.push("the signature is not that of the key".into()),
            // Whoever names a key wants to know who signed.
            Signature::Missing if self.has_keys => problems.push("the chain of trust is unsigned".into()),
            _ => {}
        }
        if let Some(other) = &found.other {
            problems.push(format!("the chain of trust is that of task {other}"));
        }
        if !found.differences.is_empty() {
            problems.push(format!("the signed definition differs from the task's in {}", found.differences.join(", ")));
        }
        if let Some(Parent::Lacks(parent)) = &self.parent {
            problems.push(format!("task {parent} is said to have created it, and does not list it: it may be a copy"));
        }
        for (name, problem) in &found.artifacts {
            problems.extend(problem.as_ref().map(|problem| format!("{name}: {problem}")));
        }
        problems
    }

    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.found {
            None if self.has_openpgp => {
                lines.push(format!("{OPENPGP_DOCUMENT} is signed by OpenPGP, which is not verified here"))
            }
            None if !self.is_wanted => lines.push("no chain of trust".into()),
            None => {}
            Some(found) => {
                lines.push(format!("run {}, worker {}", self.run.unwrap_or_default(), self.worker));
                lines.push(format!("signature: {}", found.signature.word()));
                if found.differences.is_empty() && found.other.is_none() {
                    lines.push("definition: as signed".into());
                }
                lines.extend(match &self.parent {
                    Some(Parent::Lists(parent)) => Some(format!("created by: task {parent}, which lists it")),
                    Some(Parent::Silent(parent)) => {
                        Some(format!("created by: not checked, task {parent} has no task graph"))
                    }
                    _ => None,
                });
                let good = found.artifacts.iter().filter(|(_, problem)| problem.is_none()).count();
                lines.push(format!("artifacts: {good} of {} as signed", found.artifacts.len()));
            }
        }
        lines.extend(self.problems().into_iter().map(|problem| format!("FAILED: {problem}")));
        lines
    }

    /// For programs.
    pub(super) fn to_json(&self, id: &str) -> Value {
        let found = self.found.as_ref();
        let signature = found.map(|found| match found.signature {
            Signature::Verified => "verified",
            Signature::Wrong => "wrong",
            Signature::Unchecked => "unchecked",
            Signature::Missing => "unsigned",
        });
        let artifacts: Vec<Value> = found
            .iter()
            .flat_map(|found| &found.artifacts)
            .map(|(name, problem)| json!({"name": name, "matches": problem.is_none(), "problem": problem}))
            .collect();
        let parent = match &self.parent {
            Some(Parent::Lists(parent)) => json!({"taskId": parent, "listsTask": true}),
            Some(Parent::Lacks(parent)) => json!({"taskId": parent, "listsTask": false}),
            Some(Parent::Silent(parent)) => json!({"taskId": parent, "listsTask": null}),
            Some(Parent::Root) | None => Value::Null,
        };
        json!({
            "taskId": id, "name": self.name, "runId": self.run, "worker": self.worker, "hasChainOfTrust": found.is_some(),
            "signature": signature, "definitionMatches": found.map(|found| found.differences.is_empty()),
            "parent": parent, "artifacts": artifacts, "problems": self.problems(), "dependencies": self.dependencies,
        })
    }
}
