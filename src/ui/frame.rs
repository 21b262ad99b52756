//! A view that is drawn over itself, on a terminal.

use std::io::{self, Write as _};

use super::{Ui, columns, cut_end};

/// What a terminal is taken for that does not say how wide it is.
const WIDTH: usize = 80;

/// The view as it was drawn last.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    /// The widths of the lines that are on the screen.
    drawn: Vec<usize>,
}

impl Frame {
    /// Columns that a line of a view can have: a full line would leave the cursor in doubt.
    pub(crate) fn width(ui: &Ui) -> usize {
        ui.size().map_or(WIDTH, |(width, _)| width).saturating_sub(1).max(1)
    }

    /// Draws `text` in place of what was drawn before, cut to what the screen holds.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn draw(&mut self, ui: &Ui, text: &str) -> io::Result<()> {
        let lines = fit(text, Self::width(ui), ui.size().map(|(_, height)| height));
        let mut frame = String::new();
        let up = rows(&self.drawn, ui.size().map_or(WIDTH, |(width, _)| width));
        if up > 0 {
            // Up to the start of the frame, and clear from there.
            frame.push_str(&format!("\x1b[{up}F\x1b[J"));
        }
        for line in &lines {
            frame.push_str(line);
            frame.push('\n');
        }
        self.drawn = lines.iter().map(|line| columns(line)).collect();
        let mut out = ui.out();
        // All at once, or it would flicker.
        out.write_all(frame.as_bytes())?;
        out.flush()
    }
}

/// Lines no wider than `width`, and few enough that the first one is not lost above the screen: what
/// has scrolled away cannot be drawn over.
fn fit(text: &str, width: usize, height: Option<usize>) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(|line| cut_end(line, width)).collect();
    // The cursor stands in a line below.
    let most = height.map_or(usize::MAX, |height| height.saturating_sub(1).max(1));
    if lines.len() > most {
        let left = lines.len() - (most - 1);
        lines.truncate(most - 1);
        lines.push(cut_end(&format!(".. and {left} more lines"), width));
    }
    lines
}

/// Rows that lines of these widths take: a window that has become narrower since has wrapped them.
fn rows(drawn: &[usize], width: usize) -> usize {
    drawn.iter().map(|line| line.div_ceil(width.max(1)).max(1)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_to_what_they_take_on_the_screen() {
        assert_eq!(fit("abcdef\n漢字漢字\nab\n", 5, None), ["abcd…", "漢字…", "ab"]);
        assert_eq!(fit("\x1b[31mabcdef\x1b[0m", 5, None), ["\x1b[31mabcd…\x1b[0m"]);
    }

    #[test]
    fn more_lines_than_the_screen_has_are_counted() {
        assert_eq!(fit("a\nb\nc\nd", 20, Some(4)), ["a", "b", ".. and 2 more lines"]);
        assert_eq!(fit("a\nb\nc", 20, Some(4)), ["a", "b", "c"]);
        assert_eq!(fit("a\nb", 20, Some(1)), [".. and 2 more lines"]);
    }

    #[test]
    fn a_narrower_window_has_wrapped_what_was_drawn() {
        assert_eq!(rows(&[0, 40, 79], 80), 3);
        assert_eq!(rows(&[0, 40, 79], 40), 4);
        assert_eq!(rows(&[], 40), 0);
    }
}
