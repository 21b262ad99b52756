//! A log that is read while it is written.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::Stream;
use tokio::sync::watch;

/// What was written so far, and who waits for more.
#[derive(Debug)]
pub(crate) struct LiveLog {
    text: Mutex<Vec<u8>>,
    /// How much there is, and whether that is all.
    progress: watch::Sender<(usize, bool)>,
}

impl LiveLog {
    /// An empty log that is open.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { text: Mutex::default(), progress: watch::Sender::new((0, false)) })
    }

    /// Adds to the end.
    pub(crate) fn write(&self, bytes: &[u8]) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.extend_from_slice(bytes);
        self.progress.send_modify(|(length, _)| *length = text.len());
    }

    /// Nothing comes any more; readers get to the end.
    pub(crate) fn close(&self) {
        self.progress.send_modify(|(_, closed)| *closed = true);
    }

    /// All that was written so far.
    pub(crate) fn text(&self) -> Vec<u8> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The log from its start, until it is closed.
    pub(crate) fn follow(self: &Arc<Self>) -> impl Stream<Item = Bytes> + Send + 'static {
        let progress = self.progress.subscribe();
        futures::stream::unfold((Arc::clone(self), progress, 0), |(log, mut progress, at)| async move {
            let (length, _) = *progress.wait_for(|(length, closed)| *length > at || *closed).await.ok()?;
            if length <= at {
                return None;
            }
            let chunk = Bytes::copy_from_slice(
                log.text.lock().unwrap_or_else(PoisonError::into_inner).get(at..length).unwrap_or_default(),
            );
            Some((chunk, (log, progress, length)))
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_reader_gets_all_of_it_whenever_it_comes() {
        let log = LiveLog::new();
        log.write(b"one\n");
        let mut early = Box::pin(log.follow());
        assert_eq!(early.next().await.unwrap(), "one\n");
        log.write(b"two\n");
        assert_eq!(early.next().await.unwrap(), "two\n");
        log.close();
        assert_eq!(early.next().await, None);
        let late: Vec<Bytes> = log.follow().collect().await;
        assert_eq!(late.concat(), b"one\ntwo\n");
    }
}
