//! The tasks and groups of this run, for the history that completions offer.

use std::sync::PoisonError;

use super::Context;
use crate::config::{History, Remembered};

/// How many of one run are remembered: of a list of thousands nobody wants one again.
const MAX_PER_RUN: usize = 20;

impl Context {
    /// Remembers a task or a group that the command line names.
    pub(crate) fn remember(&self, id: &str, is_group: bool) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = remembered.iter().any(|one| one.id == id && one.is_group == is_group);
        if !is_known && remembered.len() < MAX_PER_RUN {
            remembered.push(Remembered { id: id.to_owned(), is_group, name: String::new() });
        }
    }

    /// Remembers the name of a task, if that or the group of the same ID was named; an empty one says nothing.
    pub(crate) fn remember_name(&self, id: &str, name: &str) {
        if name.is_empty() {
            return;
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.iter_mut().filter(|one| one.id == id).for_each(|one| name.clone_into(&mut one.name));
    }

    /// Writes down what was named, where a person is at work and the settings allow it. What scripts use is not what
    /// somebody will want to type again.
    pub(crate) fn keep_history(&self) {
        let remembered = std::mem::take(&mut *self.remembered.lock().unwrap_or_else(PoisonError::into_inner));
        if remembered.is_empty() || !self.ui.terminal.stderr {
            return;
        }
        let is_on = self.settings().is_ok_and(crate::config::Settings::has_history);
        let Some(history) = History::of(&self.env).filter(|_| is_on) else { return };
        // The command has done what it was to do; that its words are not offered again is no failure of it.
        if let Err(error) = history.add(&remembered) {
            tracing::debug!("{}", error.message());
        }
    }
}
