//! The one question that verbs ask before they do what cannot be taken back.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ui::Reply;

/// What has to be confirmed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Confirmation<'a> {
    /// What needs it: `cancel 3 tasks`.
    pub action: &'a str,
    /// What a refusal comes to: `cancelled nothing`.
    pub refusal: &'a str,
    /// What to know before an answer, one line or more.
    pub notice: &'a str,
    /// `Cancel them?`
    pub question: &'a str,
    /// What to do where nobody can be asked.
    pub hint: &'a str,
    /// The question was asked for, so standard input has the answer, whatever it is.
    pub was_requested: bool,
}

impl Confirmation<'_> {
    /// Asks; says on standard error when the answer is no.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when nobody can be asked; [`crate::error::Kind::Failed`] without a clear answer;
    /// [`crate::error::Kind::Interrupted`].
    pub(crate) async fn ask(&self, context: &Context) -> Result<bool> {
        self.check_terminal(context)?;
        if !self.notice.is_empty() {
            context.ui.note(self.notice);
        }
        match context.ask(self.question).await? {
            Reply::Yes => Ok(true),
            Reply::No => {
                context.ui.note(format_args!("{}: not confirmed", self.refusal));
                Ok(false)
            }
            Reply::End => Err(Error::failed(format!("{}: the input ended without an answer", self.refusal))),
            Reply::Unclear => Err(Error::failed(format!("{}: not confirmed", self.refusal))),
        }
    }

    /// Whether anybody can be asked.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when not.
    pub(crate) fn check_terminal(&self, context: &Context) -> Result<()> {
        if context.ui.terminal.stdin || self.was_requested {
            return Ok(());
        }
        Err(Error::usage(format!("cannot {} without confirmation: standard input is not a terminal", self.action))
            .hint(self.hint))
    }
}
