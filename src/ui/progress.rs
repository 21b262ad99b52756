//! Progress on standard error, on a terminal only: how far, how fast, how much longer.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::Ui;

/// What takes less than this needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// Redraws a second.
const HERTZ: u8 = 10;

/// A progress bar, which shows up once the work has taken half a second.
pub struct Progress {
    bar: ProgressBar,
    /// Where it will be drawn; none when it never will, or is already.
    waiting: Option<(Arc<Ui>, Instant)>,
}

impl Progress {
    /// A bar for work named by `what` (`Cancelling`), of so many items where that is known.
    pub fn start(ui: &Arc<Ui>, what: &'static str, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_message(what);
        bar.set_style(style(total.is_some()));
        let shows = ui.terminal.stderr && !ui.is_quiet();
        Self { bar, waiting: shows.then(|| (Arc::clone(ui), Instant::now() + PATIENCE)) }
    }

    /// Now it is known how many there are.
    pub fn set_total(&self, total: u64) {
        self.bar.set_length(total);
        self.bar.set_style(style(true));
    }

    /// One more item is done.
    pub fn advance(&mut self) {
        if let Some((ui, _)) = self.waiting.take_if(|(_, due)| Instant::now() >= *due) {
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(Stderr(ui)), HERTZ);
            self.bar.set_draw_target(target);
        }
        self.bar.inc(1);
    }

    /// Writes a line above the bar.
    pub fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Removes the bar.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

fn style(bounded: bool) -> ProgressStyle {
    let template = if bounded {
        "{msg} {bar:30} {human_pos}/{human_len} ({per_sec}, {eta} left)"
    } else {
        "{msg} {spinner} {human_pos} ({per_sec})"
    };
    ProgressStyle::with_template(template)
        .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━━╌"))
}

/// Standard error as something to draw on.
struct Stderr(Arc<Ui>);

impl fmt::Debug for Stderr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stderr")
    }
}

impl Stderr {
    fn write(&self, text: &str) -> io::Result<()> {
        self.0.write_stderr(text.as_bytes());
        Ok(())
    }

    /// A control sequence with a count; a count of nothing would mean one.
    fn control(&self, count: usize, letter: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { self.write(&format!("\x1b[{count}{letter}")) }
    }
}

impl TermLike for Stderr {
    fn width(&self) -> u16 {
        self.0.terminal.width.and_then(|width| u16::try_from(width).ok()).unwrap_or(80)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.control(lines, 'A')
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.control(lines, 'B')
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.control(columns, 'C')
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.control(columns, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.write(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
