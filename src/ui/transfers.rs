//! Progress of transfers on standard error, on a terminal only: all of it, and the few files in flight.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::progress::{Stderr, bar_beside};
use super::{Ui, sanitize};

/// What takes less than this needs no bar.
const DRAW_DELAY: Duration = Duration::from_millis(500);
/// Files that have a line of their own.
const MAX_SHOWN_TRANSFERS: usize = 6;
const HERTZ: u8 = 10;
/// `Downloading 999.99 MB/999.99 GB (999.99 MB/s, 59m left)`
const TEXT_COLUMNS: usize = 58;
/// How often rate and time left are redrawn while nothing comes.
const TICK_INTERVAL: Duration = Duration::from_millis(500);

/// Bars for transfers, which show up once the work has taken half a second.
pub(crate) struct Transfers {
    inner: Option<Mutex<Inner>>,
}

struct Inner {
    ui: Arc<Ui>,
    due: Option<Instant>,
    bars: MultiProgress,
    total: ProgressBar,
    files: HashMap<String, ProgressBar>,
}

impl Transfers {
    /// Bars for work named by `what` (`Downloading`); none in a pipe and with `--quiet`.
    pub(crate) fn start(ui: &Arc<Ui>, what: &'static str) -> Self {
        if !ui.shows_progress() {
            return Self { inner: None };
        }
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let total = bars.add(ProgressBar::new(0));
        total.set_message(what);
        total.set_style(style(&format!(
            "{{msg}} {}{{decimal_bytes}}/{{decimal_total_bytes}} ({{decimal_bytes_per_sec}}, {{eta}} left)",
            bar_beside(TEXT_COLUMNS, ui)
        )));
        let (due, ui) = (Some(Instant::now() + DRAW_DELAY), Arc::clone(ui));
        Self { inner: Some(Mutex::new(Inner { ui, due, bars, total, files: HashMap::new() })) }
    }

    fn with(&self, change: impl FnOnce(&mut Inner)) {
        if let Some(inner) = &self.inner {
            let mut inner: MutexGuard<'_, Inner> = inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.show();
            change(&mut inner);
        }
    }

    /// A file has begun, of so many bytes, some of which are here already.
    pub(crate) fn begin(&self, file: &str, length: Option<u64>, here: u64) {
        self.with(|inner| {
            inner.total.inc_length(length.unwrap_or(0));
            inner.total.inc(here);
            if inner.files.len() < MAX_SHOWN_TRANSFERS {
                let bar = inner.bars.add(ProgressBar::new(length.unwrap_or(0)));
                bar.set_style(style("  {decimal_bytes:>10}/{decimal_total_bytes:10} {wide_msg}"));
                bar.set_message(sanitize(file).into_owned());
                bar.set_position(here);
                inner.files.insert(file.to_owned(), bar);
            }
        });
    }

    /// So many bytes more of a file.
    pub(crate) fn advance(&self, file: &str, bytes: u64) {
        self.with(|inner| {
            inner.total.inc(bytes);
            if let Some(bar) = inner.files.get(file) {
                bar.inc(bytes);
            }
        });
    }

    /// A file has ended.
    pub(crate) fn end(&self, file: &str) {
        self.with(|inner| {
            if let Some(bar) = inner.files.remove(file) {
                bar.finish_and_clear();
                inner.bars.remove(&bar);
            }
        });
    }

    /// Writes something above the bars.
    pub(crate) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.inner {
            Some(inner) => inner.lock().unwrap_or_else(PoisonError::into_inner).bars.suspend(write),
            None => write(),
        }
    }

    /// Removes the bars.
    pub(crate) fn finish(&self) {
        self.with(|inner| {
            // A bar that is not finished would be drawn again by its own clock.
            inner.total.finish_and_clear();
            drop(inner.bars.clear());
        });
    }
}

impl Inner {
    fn show(&mut self) {
        if self.due.take_if(|due| Instant::now() >= *due).is_some() {
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(Stderr::new(&self.ui)), HERTZ);
            self.bars.set_draw_target(target);
            self.total.enable_steady_tick(TICK_INTERVAL);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━━╌"))
}

/// A number of bytes for people: `1.50 MB`.
pub(crate) fn size(bytes: u64) -> String {
    DecimalBytes(bytes).to_string()
}
