//! Progress on standard error, on a terminal only: how far, how fast, how much longer.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::Ui;

/// What takes less than this needs no bar.
const DRAW_DELAY: Duration = Duration::from_millis(500);
/// Redraws a second.
const HERTZ: u8 = 10;
/// How often the time is redrawn while nothing is done.
const TICK_INTERVAL: Duration = Duration::from_millis(200);

/// A progress bar, which shows up once the work has taken half a second.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Who shows it when it is time, even when nothing has been done by then.
    waiting: Option<DelayedBar>,
}

/// A thread that waits to show a bar; it ends when the other end of its channel does.
struct DelayedBar {
    alive: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// A bar for work named by `what` (`Cancelling`), of so many items where that is known.
    pub(crate) fn start(ui: &Arc<Ui>, what: &'static str, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_message(what);
        bar.set_style(style(total.is_some(), ui));
        let waiting = ui.shows_progress().then(|| {
            let (alive, ended) = mpsc::channel::<()>();
            let (bar, ui) = (bar.clone(), Arc::clone(ui));
            let show = move || {
                if ended.recv_timeout(DRAW_DELAY) == Err(RecvTimeoutError::Timeout) {
                    bar.set_draw_target(ProgressDrawTarget::term_like_with_hz(Box::new(Stderr::new(&ui)), HERTZ));
                    bar.enable_steady_tick(TICK_INTERVAL);
                }
            };
            DelayedBar { alive, thread: thread::spawn(show) }
        });
        Self { bar, waiting }
    }

    /// The same for work that prints as it goes. Where that goes through a pipe there is none: what is behind the pipe may
    /// write to the same terminal, at any time.
    pub(crate) fn beside_output(ui: &Arc<Ui>, what: &'static str, total: Option<u64>) -> Self {
        if ui.terminal.stdout_is_pipe {
            return Self { bar: ProgressBar::hidden(), waiting: None };
        }
        Self::start(ui, what, total)
    }

    /// So many items have failed so far.
    pub(crate) fn failed(&self, count: usize) {
        self.bar.set_prefix(format!(", {count} failed"));
    }

    /// So many more items are done.
    pub(crate) fn advance(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Writes a line above the bar.
    pub(crate) fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Removes the bar.
    pub(crate) fn finish(self) {
        drop(self);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(DelayedBar { alive, thread }) = self.waiting.take() {
            drop(alive);
            // It returns nothing, and the panic hook has reported a panic of its own.
            drop(thread.join());
        }
        self.bar.finish_and_clear();
    }
}

/// What a bar is at most as wide as.
const MAX_BAR_COLUMNS: usize = 30;
/// A bar that is narrower says nothing.
const MIN_BAR_COLUMNS: usize = 5;

/// The bar of a template beside text of up to so many columns; none where the window has no room for it.
pub(super) fn bar_beside(text: usize, ui: &Ui) -> String {
    let room = ui.size().map_or(MAX_BAR_COLUMNS, |(width, _)| width.saturating_sub(text));
    if room < MIN_BAR_COLUMNS { String::new() } else { format!("{{bar:{}}} ", room.min(MAX_BAR_COLUMNS)) }
}

fn style(bounded: bool, ui: &Ui) -> ProgressStyle {
    /// `Reprioritizing 100,000/100,000, 1234 failed (12345/s, 12m left)`
    const TEXT_COLUMNS: usize = 65;
    let template = if bounded {
        format!(
            "{{msg}} {}{{human_pos}}/{{human_len}}{{prefix}} ({{rate}}, {{eta}} left)",
            bar_beside(TEXT_COLUMNS, ui)
        )
    } else {
        "{msg} {spinner} {human_pos}{prefix} ({rate})".to_owned()
    };
    ProgressStyle::with_template(&template)
        .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━━╌"))
        .with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
            // Writing into the text of a line cannot fail.
            let _ = out.write_str(&rate(state.per_sec()));
        })
}

/// `1234/s`; less than ten with a digit behind the point.
fn rate(per_second: f64) -> String {
    if per_second < 10.0 { format!("{per_second:.1}/s") } else { format!("{per_second:.0}/s") }
}

/// Standard error as something to draw on.
///
/// The library fills each line with blanks to the width of the screen, and trusts in the next one to
/// wrap. A `^C` that the terminal shows would then stand in a line of its own, which nobody clears. So
/// lines end where their text does here, and the next one begins with a line break.
pub(super) struct Stderr {
    ui: Arc<Ui>,
    /// A line has been ended, and it is not known yet whether one follows.
    is_ended: AtomicBool,
}

impl fmt::Debug for Stderr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stderr")
    }
}

impl Stderr {
    pub(super) fn new(ui: &Arc<Ui>) -> Self {
        Self { ui: Arc::clone(ui), is_ended: AtomicBool::new(false) }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        self.ui.draw(text.as_bytes());
        Ok(())
    }

    /// A control sequence with a count; a count of nothing would mean one.
    fn control(&self, count: usize, letter: char) -> io::Result<()> {
        self.is_ended.store(false, Ordering::Relaxed);
        if count == 0 { Ok(()) } else { self.write(&format!("\x1b[{count}{letter}")) }
    }
}

impl TermLike for Stderr {
    /// A `^C` has room at the end of a line.
    fn width(&self) -> u16 {
        let width = self.ui.size().and_then(|(width, _)| u16::try_from(width).ok()).unwrap_or(80);
        width.saturating_sub(3).max(1)
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
        let text = text.trim_end_matches(' ');
        if text.is_empty() {
            self.is_ended.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let next = if self.is_ended.swap(false, Ordering::Relaxed) { "\n" } else { "" };
        self.write(&format!("{next}{text}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.is_ended.store(false, Ordering::Relaxed);
        self.write("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_bar_beside_a_pipe() {
        let has_bar = |stdout_is_pipe: bool| {
            let terminal = super::super::Terminal { stderr: true, stdout_is_pipe, ..Default::default() };
            let (stdin, stdout, stderr) = (io::empty(), io::sink(), io::sink());
            let streams = super::super::Streams {
                stdin: Box::new(stdin),
                stdout: Box::new(stdout),
                stderr: Box::new(stderr),
                terminal,
            };
            let ui = Arc::new(Ui::new(streams, super::super::ColorChoice::Never, true, false));
            Progress::beside_output(&ui, "Cancelling", None).waiting.is_some()
        };
        assert_eq!([has_bar(false), has_bar(true)], [true, false]);
    }

    #[test]
    fn a_rate_has_as_many_digits_as_say_something() {
        for (per_second, expected) in [(0.0, "0.0/s"), (6.6547, "6.7/s"), (9.96, "10.0/s"), (1234.5, "1234/s")] {
            assert_eq!(rate(per_second), expected);
        }
    }
}
