//! The time limit of what downloads and uploads, as a whole.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, Shared};

use super::{Context, parse_timeout};
use crate::clock::SharedClock;
use crate::error::{Advice, Error, Kind, Result};

/// How long a verb may take to say what has become of its files.
const REPORT_LIMIT: Duration = Duration::from_millis(400);

/// How long transfers may take as a whole.
#[derive(Debug)]
pub(super) struct TransferLimit {
    length: Duration,
    /// Completes at the end; it is there once somebody waits for it.
    end: OnceLock<Shared<BoxFuture<'static, ()>>>,
}

impl TransferLimit {
    /// An invalid time is no limit: reading the settings reports it.
    fn parse(text: &str) -> Option<Self> {
        Some(Self { length: parse_timeout(text).ok()?, end: OnceLock::new() })
    }

    /// Waits for the end. The time begins with the first call.
    fn over(&self, clock: &SharedClock) -> impl Future<Output = Error> + use<> {
        let (length, end) = (self.length, self.end.get_or_init(|| clock.sleep(self.length).shared()).clone());
        async move {
            end.await;
            Error::new(Kind::Pending, format!("the transfer did not end within {length:?}"))
                .advise(Advice::AllowMoreTime)
        }
    }
}

impl Context {
    /// The same, whose transfers as a whole may take as long as `limit` says.
    #[must_use]
    pub(crate) fn limited_to(self, limit: Option<&str>) -> Self {
        Self { limit: limit.and_then(TransferLimit::parse), ..self }
    }

    /// Does `work` for as long as it may take; for ever where there is no limit.
    ///
    /// # Errors
    /// Those of `work`; [`Kind::Pending`] when it takes longer.
    pub(crate) async fn within_limit<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(limit) = &self.limit else { return work.await };
        let clock = &self.env.clock;
        let over = limit.over(clock);
        let late = async {
            let error = over.await;
            if self.ending.is_followed() {
                clock.sleep(REPORT_LIMIT).await;
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
        match &self.limit {
            Some(limit) => limit.over(&self.env.clock).await,
            None => std::future::pending().await,
        }
    }
}
