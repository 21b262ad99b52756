//! Brings to the disk what was written, while more arrives: then little is left to wait for in the end.

use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// So much is worth a sync of its own. What is smaller is synced once, when all is there.
const FLUSH_STEP_BYTES: u64 = 32 << 20;

/// A thread that syncs a file again and again, from the first [`FLUSH_STEP_BYTES`] on.
#[derive(Default)]
pub(super) struct Flusher {
    /// Bytes since the last wish.
    waiting: u64,
    thread: Option<(SyncSender<()>, JoinHandle<io::Result<()>>)>,
}

impl Flusher {
    /// So many bytes more were written to the file.
    ///
    /// # Errors
    /// When the system gives no thread, or no other handle of the file.
    pub(super) fn wrote(&mut self, bytes: u64, file: &File) -> io::Result<()> {
        self.waiting += bytes;
        if self.waiting < FLUSH_STEP_BYTES {
            return Ok(());
        }
        self.waiting = 0;
        if self.thread.is_none() {
            self.thread = Some(start(file.try_clone()?)?);
        }
        if let Some((wishes, _)) = &self.thread {
            // One wish at a time is enough: it covers all that was written before it is granted.
            let _ = wishes.try_send(());
        }
        Ok(())
    }

    /// Waits for the sync that is under way.
    ///
    /// # Errors
    /// Those of the syncs so far. The system tells each error only once, so a later sync would not bring it up again.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let Some((wishes, thread)) = self.thread.take() else { return Ok(()) };
        drop(wishes);
        thread.join().unwrap_or_else(|_| Err(io::Error::other("syncing broke off")))
    }
}

fn start(file: File) -> io::Result<(SyncSender<()>, JoinHandle<io::Result<()>>)> {
    let (wishes, wished) = sync_channel(1);
    let sync = move || {
        while wished.recv().is_ok() {
            file.sync_data()?;
        }
        Ok(())
    };
    Ok((wishes, thread::Builder::new().name("sync".to_owned()).spawn(sync)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_synced_from_a_step_on() {
        let file = tempfile::tempfile().unwrap();
        let mut flusher = Flusher::default();
        flusher.wrote(FLUSH_STEP_BYTES - 1, &file).unwrap();
        assert!(flusher.thread.is_none(), "a small file needs no thread");
        flusher.wrote(1, &file).unwrap();
        assert!(flusher.thread.is_some());
        flusher.end().unwrap();
        flusher.end().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_a_sync_says_is_told_at_the_end() {
        // A pipe cannot be synced.
        let (_reader, writer) = io::pipe().unwrap();
        let pipe = File::from(std::os::fd::OwnedFd::from(writer));
        let mut flusher = Flusher::default();
        flusher.wrote(FLUSH_STEP_BYTES, &pipe).unwrap();
        assert!(flusher.end().is_err());
    }
}
