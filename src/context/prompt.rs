//! Questions that an interrupt can end.

use std::io;
use std::sync::Arc;
use std::thread;

use super::Context;
use crate::error::{Error, Kind, Result};
use crate::ui::{KeptModes, Reply};

/// Most bytes of standard input, which would otherwise be read until no memory is left.
const MAX_STDIN_BYTES: u64 = 64 << 20;
/// What UTF-8 may begin with, and means nothing (RFC 3629, section 6).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Context {
    /// Asks a yes-or-no question and says what the answer means.
    ///
    /// # Errors
    /// [`crate::error::Kind::Interrupted`] when the user interrupts; when standard input cannot be read.
    pub(crate) async fn ask(&self, question: &str) -> Result<Reply> {
        let (ui, question) = (Arc::clone(&self.ui), question.to_owned());
        let asking = on_own_thread(move || ui.ask(&question));
        let outcome = self.interruptible(asking).await;
        if outcome.as_ref().is_err_and(|error| error.kind() == Kind::Interrupted) {
            // What is said next does not belong behind the question.
            self.ui.write_stderr(b"\n");
        }
        outcome
    }

    /// All of standard input, without the mark that editors and shells of Windows put before text.
    ///
    /// # Errors
    /// When it cannot be read; [`Kind::Usage`] when it has more bytes than anything has that is read as a whole.
    pub(crate) async fn read_stdin(&self) -> Result<Vec<u8>> {
        let ui = Arc::clone(&self.ui);
        let mut bytes = on_own_thread(move || ui.read_stdin(MAX_STDIN_BYTES)).await?;
        if bytes.len() as u64 > MAX_STDIN_BYTES {
            return Err(Error::usage(format!("standard input is larger than {} MiB", MAX_STDIN_BYTES >> 20)));
        }
        if bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(bytes)
    }

    /// One line of standard input, which is not shown where it is typed at a terminal; empty at the end.
    ///
    /// # Errors
    /// When it cannot be read; [`crate::error::Kind::Interrupted`] for Ctrl-C.
    pub(crate) async fn read_hidden_line(&self) -> Result<String> {
        let ui = Arc::clone(&self.ui);
        // The thread may be left behind where it waits for keys.
        let _modes = KeptModes::of_stdin();
        on_own_thread(move || ui.read_hidden_line()).await
    }
}

/// Reading what a person types cannot be cancelled, and may last; a thread of its own lets an interrupt pass it by,
/// and takes none away from others that block.
async fn on_own_thread<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let failed = |source: io::Error| match source.kind() {
        // Without echo a terminal sends no signal; Ctrl-C arrives as this.
        io::ErrorKind::Interrupted => Error::interrupted(),
        _ => Error::io("read", "standard input", source),
    };
    thread::Builder::new().name("stdin".to_owned()).spawn(move || drop(sender.send(read()))).map_err(failed)?;
    let outcome = receiver.await.map_err(|source| Error::failed("cannot read standard input").caused_by(source))?;
    outcome.map_err(failed)
}
