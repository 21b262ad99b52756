//! What became of many transfers: failures that stop no other, and a line for people at the end.

use std::time::Duration;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ui::{sanitize, size};

/// Failures of some among many files.
#[derive(Debug, Default)]
pub struct Failures {
    count: usize,
    /// With the name of its file, where the message does not have it.
    first: Option<(String, Error)>,
    kinds: Vec<Kind>,
}

impl Failures {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Takes note of one, of what is called `what`. All but the first are told at once: that one is told at the
    /// end, with all that is known of it, should it stay alone.
    pub fn add(&mut self, what: &str, error: Error, context: &Context) {
        self.count += 1;
        if !self.kinds.contains(&error.kind()) {
            self.kinds.push(error.kind());
        }
        let what = if error.message().contains(what) { String::new() } else { format!("{what}: ") };
        if self.first.is_none() {
            self.first = Some((what, error));
        } else {
            tell(&what, &error, context);
        }
    }

    /// Says how many failed, when some did; `done` others did not, and `not` is what was not done: `downloaded`.
    ///
    /// # Errors
    /// The only failure of the only file; else [`Kind::Unsuccessful`], or what all failed of.
    pub fn finish(self, done: usize, not: &str, hint: &str, context: &Context) -> Result<()> {
        let Some((what, first)) = self.first else { return Ok(()) };
        let all = done + self.count;
        if all == 1 {
            return Err(first);
        }
        tell(&what, &first, context);
        let kind = if done == 0 && self.kinds.len() == 1 { first.kind() } else { Kind::Unsuccessful };
        let error = Error::new(kind, format!("{} of {all} files could not be {not}", self.count));
        Err(first.hints().iter().fold(error, |error, hint| error.hint(hint)).hint(hint))
    }
}

fn tell(what: &str, error: &Error, context: &Context) {
    context.ui.warn(sanitize(&format!("{what}{}", error.message())));
}

/// What transfers came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// Files.
    pub files: usize,
    /// Bytes that went over the wire.
    pub bytes: u64,
    /// Tries after failures.
    pub retries: u64,
    /// Bytes that were here already, thanks to earlier calls that broke off.
    pub saved: u64,
}

impl Totals {
    /// People are told how much it was and how fast; scripts have `--json`.
    pub fn tell(&self, elapsed: Duration, context: &Context) {
        if context.ui.terminal.stderr {
            context.ui.note(self.line(elapsed));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64();
        let rate = size((self.bytes as f64 / seconds.max(0.001)) as u64);
        let files = if self.files == 1 { "1 file".to_owned() } else { format!("{} files", self.files) };
        let retries = match self.retries {
            0 => String::new(),
            1 => ", 1 retry".to_owned(),
            count => format!(", {count} retries"),
        };
        let saved = if self.saved > 0 { format!(", {} saved by resuming", size(self.saved)) } else { String::new() };
        format!("{files}, {} in {seconds:.1} s ({rate}/s){retries}{saved}.", size(self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_files_bytes_time_rate_retries_and_what_was_saved() {
        let line = |totals: Totals| totals.line(Duration::from_millis(1500));
        assert_eq!(
            line(Totals { files: 1, bytes: 3000, ..Totals::default() }),
            "1 file, 3.00 kB in 1.5 s (2.00 kB/s)."
        );
        assert_eq!(
            line(Totals { files: 2, bytes: 3_000_000, retries: 1, saved: 999 }),
            "2 files, 3.00 MB in 1.5 s (2.00 MB/s), 1 retry, 999 B saved by resuming."
        );
        assert!(line(Totals { retries: 2, ..Totals::default() }).contains("0 files, 0 B in 1.5 s (0 B/s), 2 retries."));
    }
}
