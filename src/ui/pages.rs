//! A result that is held until it is longer than the screen; from then on a pager shows it, while the rest still comes.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::Streams;

/// More than a screen holds, however its lines break.
const MAX_HELD_BYTES: usize = 1 << 20;

/// Starts the pager, and gives what it reads.
pub(crate) type StartPager = Box<dyn FnOnce() -> io::Result<Box<dyn Write + Send>> + Send>;
/// Columns and lines of the screen as it is now.
pub(crate) type ScreenSize = fn() -> Option<(usize, usize)>;

/// Standard output on its way to the screen or to a pager, and standard error, which waits for the pager's end.
pub(crate) struct Pages {
    output: Arc<Mutex<Output>>,
    beside: Arc<Mutex<Beside>>,
    is_covered: Arc<AtomicBool>,
}

struct Output {
    place: Destination,
    start: Option<StartPager>,
    screen: ScreenSize,
    stdout: Box<dyn Write + Send>,
    is_covered: Arc<AtomicBool>,
    /// Why there is no pager.
    fault: Option<io::Error>,
}

/// Where the result is.
enum Destination {
    Held(HeldOutput),
    /// Printed; this much still has to be.
    Direct(Vec<u8>),
    Paged(Box<dyn Write + Send>),
}

#[derive(Default)]
struct HeldOutput {
    bytes: Vec<u8>,
    /// Of them, those that were counted: whole lines.
    counted: usize,
    /// Lines that they take on the screen.
    lines: usize,
}

struct Beside {
    stderr: Box<dyn Write + Send>,
    later: Vec<u8>,
}

impl Pages {
    /// The streams with standard output held, and what holds it.
    pub(crate) fn over(streams: Streams, screen: ScreenSize, start: StartPager) -> (Streams, Self) {
        let is_covered = Arc::<AtomicBool>::default();
        let (place, start, fault) = (Destination::Held(HeldOutput::default()), Some(start), None);
        let output = Output { place, start, screen, stdout: streams.stdout, is_covered: is_covered.clone(), fault };
        let output = Arc::new(Mutex::new(output));
        let beside = Arc::new(Mutex::new(Beside { stderr: streams.stderr, later: Vec::new() }));
        let (stdout, stderr) =
            (OutputWriter(Arc::clone(&output)), BesideWriter(Arc::clone(&beside), is_covered.clone()));
        let streams = Streams { stdout: Box::new(stdout), stderr: Box::new(stderr), ..streams };
        (streams, Self { output, beside, is_covered })
    }

    /// Whether a pager covers the screen.
    pub(crate) fn covered(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_covered)
    }

    /// Has everything printed directly, with the next flush what is held; what a pager shows already stays with it.
    pub(crate) fn release(&self) {
        let mut output = match self.output.try_lock() {
            Ok(output) => output,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Somebody writes to a pager, which does not read.
            Err(TryLockError::WouldBlock) => return,
        };
        if let Destination::Held(held) = &mut output.place {
            output.place = Destination::Direct(std::mem::take(&mut held.bytes));
        }
    }

    /// Prints what is held or, where it is longer than the screen, gives it to the pager; the pager finds the end of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn end(&self) -> io::Result<()> {
        let mut output = lock(&self.output);
        if output.is_long(true) {
            output.start()?;
        }
        match std::mem::replace(&mut output.place, Destination::Direct(Vec::new())) {
            Destination::Held(HeldOutput { bytes, .. }) | Destination::Direct(bytes) => {
                output.stdout.write_all(&bytes)?;
                output.stdout.flush()
            }
            Destination::Paged(pager) => {
                drop(pager);
                Ok(())
            }
        }
    }

    /// Prints what was said beside the pager, which has ended, and gives the fault for which none was started.
    pub(crate) fn uncover(&self) -> Option<io::Error> {
        self.is_covered.store(false, Ordering::Relaxed);
        let mut beside = lock(&self.beside);
        let later = std::mem::take(&mut beside.later);
        // Nobody is left to tell when standard error is gone.
        drop(beside.stderr.write_all(&later).and_then(|()| beside.stderr.flush()));
        match self.output.try_lock() {
            Ok(mut output) => output.fault.take(),
            Err(_) => None,
        }
    }
}

impl Output {
    /// Whether what is held takes more than the screen; `is_whole` when nothing follows.
    fn is_long(&mut self, is_whole: bool) -> bool {
        let Destination::Held(held) = &mut self.place else { return false };
        let Some((columns, lines)) = (self.screen)() else { return false };
        let rest = held.bytes.get(held.counted..).unwrap_or_default();
        let end =
            if is_whole { rest.len() } else { rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1) };
        let new = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
        held.lines += lines_on_screen(&new, columns);
        held.counted += end;
        // The line of the prompt needs a place, too.
        held.lines >= lines || held.bytes.len() > MAX_HELD_BYTES
    }

    /// Gives what is held to the pager, or prints it where there is none.
    fn start(&mut self) -> io::Result<()> {
        let (Destination::Held(held), Some(start)) = (&mut self.place, self.start.take()) else { return Ok(()) };
        let bytes = std::mem::take(&mut held.bytes);
        match start() {
            Ok(mut pager) => {
                self.is_covered.store(true, Ordering::Relaxed);
                let written = pager.write_all(&bytes);
                self.place = Destination::Paged(pager);
                written
            }
            Err(source) => {
                self.fault = Some(source);
                self.place = Destination::Direct(Vec::new());
                self.stdout.write_all(&bytes)
            }
        }
    }
}

struct OutputWriter(Arc<Mutex<Output>>);

impl Write for OutputWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut output = lock(&self.0);
        match &mut output.place {
            Destination::Held(held) => held.bytes.extend_from_slice(bytes),
            Destination::Paged(pager) => return pager.write(bytes),
            Destination::Direct(before) => {
                let before = std::mem::take(before);
                output.stdout.write_all(&before)?;
                return output.stdout.write(bytes);
            }
        }
        if output.is_long(false) {
            output.start()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut output = lock(&self.0);
        match &mut output.place {
            Destination::Held(_) => Ok(()),
            Destination::Paged(pager) => pager.flush(),
            Destination::Direct(before) => {
                let before = std::mem::take(before);
                output.stdout.write_all(&before)?;
                output.stdout.flush()
            }
        }
    }
}

struct BesideWriter(Arc<Mutex<Beside>>, Arc<AtomicBool>);

impl Write for BesideWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut beside = lock(&self.0);
        if self.1.load(Ordering::Relaxed) {
            beside.later.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        beside.stderr.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0).stderr.flush()
    }
}

/// Lines that a text takes on a terminal of so many columns.
fn lines_on_screen(text: &str, columns: usize) -> usize {
    text.lines().map(|line| super::columns(line).div_ceil(columns.max(1)).max(1)).sum()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::Terminal;
    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Shared {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Shown {
        streams: Streams,
        pages: Pages,
        printed: Shared,
        paged: Shared,
        said: Shared,
    }

    /// On a screen of ten columns and four lines.
    fn shown(pager: Option<()>) -> Shown {
        let (printed, paged, said) = (Shared::default(), Shared::default(), Shared::default());
        let streams = Streams {
            stdin: Box::new(io::empty()),
            stdout: Box::new(printed.clone()),
            stderr: Box::new(said.clone()),
            terminal: Terminal::default(),
        };
        let reader = paged.clone();
        let start = move || {
            pager.map(|()| Box::new(reader) as Box<dyn Write + Send>).ok_or_else(|| io::ErrorKind::NotFound.into())
        };
        let (streams, pages) = Pages::over(streams, || Some((10, 4)), Box::new(start));
        Shown { streams, pages, printed, paged, said }
    }

    impl Shown {
        fn print(&mut self, text: &str) {
            self.streams.stdout.write_all(text.as_bytes()).unwrap();
            self.streams.stdout.flush().unwrap();
        }

        fn texts(&self) -> (String, String) {
            (self.printed.text(), self.paged.text())
        }
    }

    fn pair(printed: &str, paged: &str) -> (String, String) {
        (printed.to_owned(), paged.to_owned())
    }

    #[test]
    fn what_fits_the_screen_is_printed_at_the_end() {
        let mut shown = shown(Some(()));
        shown.print("a\nb\n");
        assert_eq!(shown.texts(), pair("", ""));
        shown.print("c");
        shown.pages.end().unwrap();
        assert_eq!(shown.texts(), pair("a\nb\nc", ""));
    }

    #[test]
    fn a_pager_shows_the_result_from_the_moment_it_is_longer_than_the_screen() {
        let mut shown = shown(Some(()));
        shown.print("a\nb\nc");
        assert_eq!(shown.texts(), pair("", ""));
        shown.print("\n1234567890+\n");
        assert_eq!(shown.texts(), pair("", "a\nb\nc\n1234567890+\n"));
        shown.print("later");
        assert_eq!(shown.texts(), pair("", "a\nb\nc\n1234567890+\nlater"));
        shown.pages.end().unwrap();
        assert!(shown.pages.uncover().is_none());
        assert_eq!(shown.printed.text(), "");
    }

    #[test]
    fn a_last_line_without_its_end_counts() {
        let mut shown = shown(Some(()));
        shown.print("a\nb\nc\nd");
        assert_eq!(shown.texts(), pair("", ""));
        shown.pages.end().unwrap();
        assert_eq!(shown.texts(), pair("", "a\nb\nc\nd"));
    }

    #[test]
    fn one_endless_line_is_not_held() {
        let mut shown = shown(Some(()));
        shown.print(&"x".repeat(MAX_HELD_BYTES + 1));
        assert_eq!(shown.paged.text().len(), MAX_HELD_BYTES + 1);
    }

    #[test]
    fn without_a_pager_the_result_is_printed_and_the_reason_kept() {
        let mut shown = shown(None);
        shown.print("a\nb\nc\nd\ne\n");
        shown.print("f\n");
        shown.pages.end().unwrap();
        assert_eq!(shown.texts(), pair("a\nb\nc\nd\ne\nf\n", ""));
        assert_eq!(shown.pages.uncover().unwrap().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_is_released_is_printed_in_order() {
        let mut shown = shown(Some(()));
        shown.print("a");
        shown.pages.release();
        shown.print("b\n\n\n\n\n");
        assert_eq!(shown.texts(), pair("ab\n\n\n\n\n", ""));
    }

    #[test]
    fn standard_error_waits_for_the_end_of_the_pager() {
        let mut shown = shown(Some(()));
        shown.streams.stderr.write_all(b"before ").unwrap();
        shown.print("a\nb\nc\nd\ne\n");
        shown.streams.stderr.write_all(b"beside").unwrap();
        assert_eq!(shown.said.text(), "before ");
        assert!(shown.pages.covered().load(Ordering::Relaxed));
        shown.pages.end().unwrap();
        shown.pages.uncover();
        assert_eq!(shown.said.text(), "before beside");
    }

    #[test]
    fn lines_that_are_wider_than_the_screen_count_as_often_as_they_break() {
        for (text, lines) in
            [("", 0), ("a\n\nb\n", 3), ("12345678901\n", 2), ("\u{1b}[1m1234567890\u{1b}[0m\n", 1), ("漢字漢字漢字", 2)]
        {
            assert_eq!(lines_on_screen(text, 10), lines, "{text:?}");
        }
    }
}
