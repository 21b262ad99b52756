//! Worker pools and workers, by name or page.

use super::by_page::{Noun, WORKER_POOL};
use super::nearest::{collect, no_such, texts};
use super::words::lines;
use crate::client::Client;
use crate::context::{Context, Named};
use crate::domain::page_ref::{is_address, page_ref};
use crate::error::{Error, Kind, Result};

/// A worker; its name is that of its pool, its group and its ID, with `/` between them.
const WORKER: Noun = Noun {
    name: "worker",
    pages: &["provisioners/{}/worker-types/{}/workers/{}/{}/*", "worker-manager/{}/workers/{}/{}/*"],
};

/// The four parts of a worker's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkerName<'a> {
    /// The first half of the pool's ID.
    pub provisioner: &'a str,
    /// The second half.
    pub worker_type: &'a str,
    pub group: &'a str,
    pub id: &'a str,
}

impl<'a> WorkerName<'a> {
    /// Reads `provisioner/worker-type/group/id`.
    ///
    /// # Errors
    /// [`Kind::Usage`] for anything else.
    pub(crate) fn parse(text: &'a str) -> Result<Self> {
        let parts: Vec<&str> = text.splitn(4, '/').collect();
        match parts.as_slice() {
            [provisioner, worker_type, group, id] if parts.iter().all(|part| !part.is_empty()) => {
                Ok(Self { provisioner, worker_type, group, id })
            }
            _ => Err(Error::usage(format!("invalid worker `{text}`"))
                .hint("Give its pool, group and ID: provisioner/worker-type/group/id.")),
        }
    }

    /// The ID of its pool.
    pub(crate) fn pool(&self) -> String {
        format!("{}/{}", self.provisioner, self.worker_type)
    }
}

/// The worker pool that `text` names.
///
/// # Errors
/// [`Kind::Usage`] when it is not valid.
pub(crate) fn pool(text: &str, context: &Context) -> Result<Named> {
    let named = WORKER_POOL.named(text, context)?;
    match named.id.split_once('/') {
        Some((provisioner, worker)) if !provisioner.is_empty() && !worker.is_empty() && !worker.contains('/') => {
            Ok(named)
        }
        _ => Err(Error::usage(format!("invalid worker pool ID `{}`", named.id))
            .hint("It looks like provisioner/worker-type; `tc worker pools` lists them.")),
    }
}

/// The worker that `text` names.
///
/// # Errors
/// [`Kind::Usage`] when it is not valid.
pub(crate) fn worker(text: &str, context: &Context) -> Result<Named> {
    // The page of a pool may have one of its workers behind it.
    if is_address(text) && page_ref(text, WORKER.pages).is_none() {
        return Err(Error::usage(format!("`{text}` is not the page of a worker")));
    }
    let named = WORKER.named(text, context)?;
    WorkerName::parse(&named.id)?;
    Ok(named)
}

/// The workers that `words` name, each once; `-` reads more, one a line, from standard input.
///
/// # Errors
/// [`Kind::Usage`] when one is invalid, or there are none.
pub(crate) async fn workers(words: &[String], context: &Context) -> Result<Vec<Named>> {
    let mut found: Vec<Named> = Vec::new();
    for line in lines(words, context).await? {
        let named = worker(&line, context)?;
        if !found.contains(&named) {
            found.push(named);
        }
    }
    if found.is_empty() {
        return Err(Error::usage("no worker is named")
            .hint("Give provisioner/worker-type/group/id; `-` reads them from standard input."));
    }
    Ok(found)
}

/// The IDs of all worker pools.
pub(crate) async fn pool_ids(client: &Client) -> Result<Vec<String>> {
    Ok(texts(&collect(client.call("worker-manager", "listWorkerPools"), "workerPools").await?, Some("workerPoolId")))
}

/// Looks whether a worker pool exists, in worker-manager or, where workers come by themselves, as a task queue.
///
/// # Errors
/// [`Kind::NotFound`] with the names that are like it. Callers who may not look are let through.
pub(crate) async fn check_pool(client: &Client, pool: &str) -> Result<()> {
    for (service, method) in [("worker-manager", "workerPool"), ("queue", "getTaskQueue")] {
        match client.call(service, method).arg(pool).send().await {
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) if error.kind() != Kind::Auth => return Err(error),
            _ => return Ok(()),
        }
    }
    Err(no_such("worker pool", pool, &pool_ids(client).await.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_has_four_parts_of_which_the_last_is_whatever_it_is() {
        let worker = WorkerName::parse("proj/pool/us-east1/i-1 \u{7}/x").unwrap();
        assert_eq!((worker.pool().as_str(), worker.group, worker.id), ("proj/pool", "us-east1", "i-1 \u{7}/x"));
        for wrong in ["", "a", "a/b", "a/b/c", "a/b//d", "/b/c/d", "a/b/c/"] {
            assert!(WorkerName::parse(wrong).is_err(), "{wrong}");
        }
    }
}
