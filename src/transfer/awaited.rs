//! Blocking work that ends when nobody waits for it any more: to hash or to expand a large file takes longer than whoever
//! interrupts wants to wait.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::{JoinError, spawn_blocking};

/// Who waits; dropped when nobody does any more.
pub(super) struct Waiter(Arc<AtomicBool>);

/// Tells the work whether it is still waited for.
#[derive(Clone)]
pub(super) struct Awaited(Arc<AtomicBool>);

impl Waiter {
    pub(super) fn new() -> (Self, Awaited) {
        let is_over = Arc::new(AtomicBool::new(false));
        (Self(Arc::clone(&is_over)), Awaited(is_over))
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Awaited {
    /// Goes on, as long as somebody waits.
    ///
    /// # Errors
    /// When nobody does.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(io::Error::other("nobody waits for it any more")) } else { Ok(()) }
    }
}

/// Has work done by a thread that may block.
///
/// # Errors
/// When the work panicked.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&Awaited) -> T + Send + 'static,
) -> Result<T, JoinError> {
    let (waiting, awaited) = Waiter::new();
    let outcome = spawn_blocking(move || work(&awaited)).await;
    drop(waiting);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[tokio::test]
    async fn work_ends_when_nobody_waits() {
        assert!(blocking(|awaited| awaited.check().is_ok()).await.unwrap());
        let (sender, ended) = mpsc::channel();
        let endless = blocking(move |awaited| {
            while awaited.check().is_ok() {
                std::thread::yield_now();
            }
            sender.send(()).unwrap();
        });
        tokio::time::timeout(Duration::from_millis(10), endless).await.unwrap_err();
        ended.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}
