//! The time limit of what downloads and uploads, as a whole.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::{Context, parse_timeout};
use crate::error::{Advice, Error, Kind, Result};

/// How long a verb may take to say what has become of its files.
const REPORT_LIMIT: Duration = Duration::from_millis(400);

/// When a transfer has to be over.
#[derive(Debug, Clone, Copy)]
pub(super) struct TransferLimit {
    length: Duration,
    end: Instant,
}

impl TransferLimit {
    /// From now on. An invalid time is no limit: reading the settings reports it.
    pub(super) fn starting_now(text: &str) -> Option<Self> {
        let length = parse_timeout(text).ok()?;
        Some(Self { length, end: Instant::now() + length })
    }

    async fn over(self) -> Error {
        tokio::time::sleep_until(self.end).await;
        Error::new(Kind::Pending, format!("the transfer did not end within {:?}", self.length))
            .advise(Advice::AllowMoreTime)
    }
}

impl Context {
    /// The same, whose transfers as a whole may take as long as `limit` says.
    #[must_use]
    pub(crate) fn limited_to(self, limit: Option<&str>) -> Self {
        Self { limit: limit.and_then(TransferLimit::starting_now), ..self }
    }

    /// Does `work` for as long as it may take; for ever where there is no limit.
    ///
    /// # Errors
    /// Those of `work`; [`Kind::Pending`] when it takes longer.
    pub(crate) async fn within_limit<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(limit) = self.limit else { return work.await };
        let late = async {
            let error = limit.over().await;
            if self.ending.is_followed() {
                tokio::time::sleep(REPORT_LIMIT).await;
            }
            error
        };
        tokio::select! {
            biased;
            outcome = work => outcome,
            error = late => Err(error),
        }
    }

    /// Waits for the end of the time that a transfer may take.
    pub(super) async fn transfer_limit(&self) -> Error {
        match self.limit {
            Some(limit) => limit.over().await,
            None => std::future::pending().await,
        }
    }
}
