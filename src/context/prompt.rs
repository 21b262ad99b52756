//! Questions that an interrupt can end.

use std::sync::Arc;

use super::Context;
use crate::error::{Error, Kind, Result};
use crate::ui::Reply;

impl Context {
    /// Asks a yes-or-no question on the terminal. Anything but a clear yes means no.
    ///
    /// # Errors
    /// [`crate::error::Kind::Interrupted`] when the user interrupts; when standard input cannot be read.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        Ok(self.ask(question)? == Reply::Yes)
    }

    /// Asks a yes-or-no question and says what the answer means.
    ///
    /// # Errors
    /// Those of [`Context::confirm`].
    pub fn ask(&self, question: &str) -> Result<Reply> {
        let (ui, question) = (Arc::clone(&self.ui), question.to_owned());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // Reading a terminal cannot be cancelled; a thread of its own lets an interrupt pass it by.
        std::thread::spawn(move || drop(sender.send(ui.ask(&question))));
        let outcome = self.block_on(async move {
            let reply =
                receiver.await.map_err(|source| Error::failed("the question was not answered").caused_by(source))?;
            reply.map_err(|source| Error::io("read", "standard input", source))
        });
        if outcome.as_ref().is_err_and(|error| error.kind() == Kind::Interrupted) {
            // What is said next does not belong behind the question.
            self.ui.write_stderr(b"\n");
        }
        outcome
    }
}
