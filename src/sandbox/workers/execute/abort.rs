//! What ends a run before its time: somebody else resolved it, its time is up, it has printed too much.

use std::sync::Arc;

use tokio::sync::watch;

use super::log::LOG_LIMIT_BYTES;
use super::trouble::Trouble;

/// Why a run is ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Abortion {
    /// The queue says that it is over, for this reason: `canceled`, `deadline-exceeded`, `claim-expired`.
    Resolved(String),
    MaxRunTime,
    LogFull,
}

impl Abortion {
    pub(super) fn trouble(&self) -> Trouble {
        match self {
            Self::Resolved(reason) => Trouble::Resolved(format!("task aborted - {reason}")),
            Self::MaxRunTime => Trouble::Failed("task aborted - max run time exceeded".to_owned()),
            Self::LogFull => {
                Trouble::Failed(format!("task aborted - it has printed more than {} MiB", LOG_LIMIT_BYTES >> 20))
            }
        }
    }
}

/// Shared by all who can end a run and all who must stop then.
#[derive(Clone)]
pub(super) struct Abort(Arc<watch::Sender<Option<Abortion>>>);

impl Abort {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// Ends the run; the first reason counts.
    pub(super) fn set(&self, abortion: Abortion) {
        self.0.send_if_modified(|held| {
            let first = held.is_none();
            if first {
                *held = Some(abortion);
            }
            first
        });
    }

    /// Waits until the run is to end.
    pub(super) async fn wait(&self) -> Abortion {
        let mut receiver = self.0.subscribe();
        loop {
            if let Some(abortion) = receiver.borrow_and_update().clone() {
                return abortion;
            }
            // The sender lives in `self`.
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Why the run is to end, if it is.
    pub(super) fn get(&self) -> Option<Abortion> {
        self.0.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_counts_and_everybody_learns_of_it() {
        let abort = Abort::new();
        assert_eq!(abort.get(), None);
        let waiting = tokio::spawn({
            let abort = abort.clone();
            async move { abort.wait().await }
        });
        abort.set(Abortion::MaxRunTime);
        abort.set(Abortion::LogFull);
        assert_eq!(waiting.await.unwrap(), Abortion::MaxRunTime);
        assert_eq!(abort.wait().await, Abortion::MaxRunTime);
        assert_eq!(abort.get(), Some(Abortion::MaxRunTime));
    }
}
