//! The time limit of what waits, kept whatever hangs within.

use std::time::Duration;

use super::length;
use crate::error::{Error, Result};

/// So long the one look may take that a limit of no time leaves room for.
const ONE_LOOK_LIMIT: Duration = Duration::from_secs(5);

/// How long a command waits, at most; for ever when nobody says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(Option<Duration>);

impl Limit {
    /// Reads the value of `--timeout`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for what is no time.
    pub(crate) fn read(text: Option<&str>) -> Result<Self> {
        text.map(|text| length(text, "--timeout")).transpose().map(Self)
    }

    /// How long it is.
    pub(crate) fn length(self) -> Option<Duration> {
        self.0
    }

    /// Waits for `work`, which keeps the limit where it waits itself; `late` is the error when an answer, or anything
    /// else within, does not come in time.
    ///
    /// # Errors
    /// Those of `work`, and `late`.
    pub(crate) async fn hold<T>(
        self,
        work: impl Future<Output = Result<T>>,
        late: impl FnOnce() -> Error,
    ) -> Result<T> {
        let Some(limit) = self.0 else { return work.await };
        // Who gives no time wants to know how it is now.
        let limit = if limit.is_zero() { ONE_LOOK_LIMIT } else { limit };
        match tokio::time::timeout(limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(late()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn late() -> Error {
        Error::new(Kind::Pending, "late")
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_ends_at_the_limit() {
        let started = tokio::time::Instant::now();
        let limit = Limit::read(Some("6s")).unwrap();
        let error = limit.hold(std::future::pending::<Result<()>>(), late).await.unwrap_err();
        assert_eq!((error.kind(), started.elapsed()), (Kind::Pending, Duration::from_secs(6)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_of_no_time_leaves_room_for_a_look() {
        let look = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(())
        };
        Limit::read(Some("0s")).unwrap().hold(look, late).await.unwrap();
        Limit::read(None).unwrap().hold(async { Ok(()) }, late).await.unwrap();
        assert!(Limit::read(Some("soon")).is_err());
    }
}
