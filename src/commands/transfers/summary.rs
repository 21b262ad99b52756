//! A line for people about what many transfers came to.

use std::time::Duration;

use crate::context::Context;
use crate::transfer::{Event, Watch};
use crate::ui::{Transfers, size};

/// Progress of transfers, as people see it.
pub(crate) struct Bars(pub(super) Transfers);

impl Watch for Bars {
    fn see(&self, event: &Event<'_>) {
        match *event {
            Event::Begun { what, length, here } => self.0.begin(what, length, here),
            Event::Bytes { what, count } => self.0.advance(what, count),
            Event::Restarted { what } | Event::Ended { what } => self.0.end(what),
            Event::Retrying { .. } => {}
        }
    }
}

/// What transfers came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    /// Files.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
    /// Bytes that went over the wire for them.
    pub transferred: u64,
    /// Tries after failures.
    pub retries: u64,
    /// Bytes that were here already, thanks to earlier calls that broke off.
    pub saved: u64,
}

impl Totals {
    /// People see how much it was and how fast; scripts have `--json`.
    pub(super) fn tell(&self, elapsed: Duration, context: &Context) {
        if context.ui.terminal.stderr {
            context.ui.note(self.line(elapsed));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64();
        let rate = size((self.transferred as f64 / seconds.max(0.001)) as u64);
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
            line(Totals { files: 1, bytes: 3000, transferred: 3000, ..Totals::default() }),
            "1 file, 3.00 kB in 1.5 s (2.00 kB/s)."
        );
        assert_eq!(
            line(Totals { files: 2, bytes: 6_000_000, transferred: 3_000_000, retries: 1, saved: 999 }),
            "2 files, 6.00 MB in 1.5 s (2.00 MB/s), 1 retry, 999 B saved by resuming."
        );
        assert!(line(Totals { retries: 2, ..Totals::default() }).contains("0 files, 0 B in 1.5 s (0 B/s), 2 retries."));
    }
}
