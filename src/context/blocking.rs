//! What computes for long or blocks, off the thread of the verb.

use std::panic;

use tokio::task::{JoinError, JoinSet};

use crate::error::{Error, Result};

/// Does what blocks on a thread of its own. It is left behind when the future is dropped.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(broken_off)
}

/// Does `work` on the thread that moves bytes, beside the verb. It ends when the future is dropped.
pub(crate) async fn beside<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let mut tasks = JoinSet::new();
    tasks.spawn(work);
    match tasks.join_next().await {
        Some(joined) => joined.unwrap_or_else(broken_off),
        None => Err(Error::failed("a task ended without an outcome")),
    }
}

/// A panic goes on where the outcome was waited for; else the runtime has ended.
fn broken_off<T>(why: JoinError) -> Result<T> {
    match why.try_into_panic() {
        Ok(payload) => panic::resume_unwind(payload),
        Err(_) => Err(Error::interrupted()),
    }
}
