//! A result that is held until it is whole, so that what is longer than the screen can go through a pager.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Streams;

/// More than anybody pages through; a larger result is printed as it comes.
const MAX_HELD_BYTES: usize = 64 << 20;

/// What was written to standard output and is held.
pub(crate) struct Pages(Arc<Mutex<Held>>);

struct Held {
    bytes: Vec<u8>,
    stdout: Box<dyn Write + Send>,
    is_held: bool,
}

struct Holding(Arc<Mutex<Held>>);

impl Pages {
    /// The streams with standard output held, and what holds it.
    pub(crate) fn over(streams: Streams) -> (Streams, Self) {
        let held = Arc::new(Mutex::new(Held { bytes: Vec::new(), stdout: streams.stdout, is_held: true }));
        (Streams { stdout: Box::new(Holding(Arc::clone(&held))), ..streams }, Self(held))
    }

    /// Has everything printed directly, with the next flush what is held.
    pub(crate) fn release(&self) {
        lock(&self.0).is_held = false;
    }

    /// Takes what is held; what comes later is printed directly.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut held = lock(&self.0);
        held.is_held = false;
        std::mem::take(&mut held.bytes)
    }
}

impl Held {
    fn pass_on(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        self.stdout.write_all(&bytes)
    }
}

impl Write for Holding {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = lock(&self.0);
        if held.is_held && held.bytes.len() + bytes.len() <= MAX_HELD_BYTES {
            held.bytes.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        held.is_held = false;
        held.pass_on()?;
        held.stdout.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut held = lock(&self.0);
        if held.is_held {
            return Ok(());
        }
        held.pass_on()?;
        held.stdout.flush()
    }
}

/// Lines that a text takes on a terminal of so many columns.
pub(crate) fn lines_on_screen(text: &str, columns: usize) -> usize {
    text.lines().map(|line| console::measure_text_width(line).div_ceil(columns.max(1)).max(1)).sum()
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::Terminal;
    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn held() -> (Streams, Pages, Shared) {
        let printed = Shared::default();
        let (stdin, stderr) = (Box::new(io::empty()), Box::new(io::sink()));
        let streams = Streams { stdin, stdout: Box::new(printed.clone()), stderr, terminal: Terminal::default() };
        let (streams, pages) = Pages::over(streams);
        (streams, pages, printed)
    }

    fn printed(shared: &Shared) -> String {
        String::from_utf8(shared.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn what_is_held_is_taken_once_and_the_rest_is_printed() {
        let (mut streams, pages, shared) = held();
        streams.stdout.write_all(b"held").unwrap();
        streams.stdout.flush().unwrap();
        assert_eq!((pages.take(), printed(&shared).as_str()), (b"held".to_vec(), ""));
        streams.stdout.write_all(b"later").unwrap();
        assert_eq!(printed(&shared), "later");
    }

    #[test]
    fn what_is_released_is_printed_in_order() {
        let (mut streams, pages, shared) = held();
        streams.stdout.write_all(b"a").unwrap();
        pages.release();
        streams.stdout.flush().unwrap();
        streams.stdout.write_all(b"b").unwrap();
        assert_eq!((printed(&shared).as_str(), pages.take()), ("ab", Vec::new()));
    }

    #[test]
    fn a_result_without_end_is_not_held() {
        let (mut streams, pages, shared) = held();
        let part = vec![b'x'; 1 << 20];
        (0..=64).for_each(|_| streams.stdout.write_all(&part).unwrap());
        assert_eq!(printed(&shared).len(), 65 << 20);
        assert!(pages.take().is_empty());
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
