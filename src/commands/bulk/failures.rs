//! What went wrong for some of many items: reported as it happens, counted at the end.

use std::collections::HashSet;

use crate::bulk::{Report, alike};
use crate::commands::hints;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ui::sanitize;

/// Failures of some among many items, and how many others succeeded.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    report: Report,
    kinds: Vec<Kind>,
    first: Option<Error>,
    /// The first one is kept back: it is that of the command where it stays the only one of the only item.
    untold: Option<String>,
    /// The messages that were printed, where equal ones are printed once.
    told: Option<HashSet<String>>,
}

impl Failures {
    /// Failures of which equal ones are printed once, and counted at the end.
    pub(crate) fn told_once() -> Self {
        Self { told: Some(HashSet::new()), ..Self::default() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.report.failures.len()
    }

    /// What failed, why, and what to do.
    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    /// Adds the failure of an item that is called `name`, and tells it with `label`, if any, before its message. The first
    /// one is kept back when `may_be_alone`.
    pub(crate) fn add(
        &mut self,
        id: &str,
        name: &str,
        label: &str,
        may_be_alone: bool,
        error: Error,
        context: &Context,
    ) {
        let error = hints::worded(error);
        self.report.fail(id, name, &error);
        if !self.kinds.contains(&error.kind()) {
            self.kinds.push(error.kind());
        }
        let message = error.message();
        let is_new = self.told.as_mut().is_none_or(|told| told.insert(alike(message)));
        let text = if label.is_empty() { message.to_owned() } else { format!("{label}: {message}") };
        if self.first.is_some() || !may_be_alone {
            if is_new {
                warn(&text, context);
            }
        } else {
            self.untold = Some(text);
        }
        self.first.get_or_insert(error);
    }

    /// What all of them are, with `done` items that succeeded: [`Kind::Unsuccessful`] where not all is alike.
    pub(crate) fn kind(&self, done: usize) -> Kind {
        if done == 0 { common(&self.kinds) } else { Kind::Unsuccessful }
    }

    /// Whether there is one that was not printed by itself.
    pub(crate) fn are_summed_up(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.len() < self.count())
    }

    /// The end, with `done` items that succeeded and `what` the others could not be: `files could not be downloaded`.
    ///
    /// # Errors
    /// The failure of the only item; what all failed of; else [`Kind::Unsuccessful`].
    pub(crate) fn finish(self, done: usize, what: &str, hints: &[String], context: &Context) -> Result<()> {
        let kind = self.kind(done);
        let Some(first) = self.first else { return Ok(()) };
        let count = self.report.failures.len();
        let all = done + count;
        if let Some(text) = self.untold {
            if all == 1 {
                return Err(first);
            }
            warn(&text, context);
        }
        Err(hints.iter().cloned().fold(Error::new(kind, format!("{count} of {all} {what}")), Error::hint))
    }
}

fn common(kinds: &[Kind]) -> Kind {
    match kinds {
        [kind] => *kind,
        _ => Kind::Unsuccessful,
    }
}

fn warn(text: &str, context: &Context) {
    context.ui.warn(if context.ui.terminal.stderr { sanitize(text) } else { text.into() });
}
