//! Tables for people. Pure: text in, text out.

use anstyle::{AnsiColor, Color as AnsiColour, Style};
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::peaker::Peaker;
use tabled::settings::{Alignment, Color, Padding, Style as Frame, Width};

use super::sanitize;

/// Spaces between columns; those after the last one are cut off.
const GAP: usize = 2;

/// Rows under a header, for a terminal: what comes from a deployment is made safe here.
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<(String, Style)>>,
    right: Vec<usize>,
    whole: Vec<usize>,
}

impl Table {
    /// A table with these columns.
    pub fn new<const N: usize>(header: [&str; N]) -> Self {
        Self { header: header.map(str::to_uppercase).to_vec(), rows: Vec::new(), right: Vec::new(), whole: Vec::new() }
    }

    /// The same with this column (from 0) flush right, as numbers are.
    #[must_use]
    pub fn right(mut self, column: usize) -> Self {
        self.right.push(column);
        self
    }

    /// The same with this column (from 0) never cut: half an ID is of no use.
    #[must_use]
    pub fn whole(mut self, column: usize) -> Self {
        self.whole.push(column);
        self
    }

    /// Adds a row.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.styled_row(cells.into_iter().map(|cell| (cell, Style::new())));
    }

    /// Adds a row with a style for each cell.
    pub fn styled_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = (T, Style)>) {
        self.rows.push(cells.into_iter().map(|(cell, style)| (one_line(cell.as_ref()), style)).collect());
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines; the widest columns are cut where it would be wider than `width`.
    pub fn render(&self, width: Option<usize>, color: bool) -> String {
        let mut builder = Builder::with_capacity(self.rows.len() + 1, self.header.len());
        builder.push_record(self.header.iter().map(String::as_str));
        for row in &self.rows {
            builder.push_record(row.iter().map(|(text, _)| text.as_str()));
        }
        let mut table = builder.build();
        table.with(Frame::empty()).with(Padding::new(0, GAP, 0, 0));
        for column in &self.right {
            table.modify(Columns::one(*column), Alignment::right());
        }
        if let Some(width) = width {
            table.with(Width::truncate(width.max(20) + GAP).suffix("…").priority(Widest { whole: self.whole.clone() }));
        }
        if color {
            table.modify(Rows::first(), Color::BOLD);
            for (index, row) in self.rows.iter().enumerate() {
                for (column, (_, style)) in row.iter().enumerate() {
                    if let Some(color) = colour(*style) {
                        table.modify((index + 1, column), color);
                    }
                }
            }
        }
        let mut text = String::new();
        for line in table.to_string().lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Which column to make narrower: the widest that may be cut.
#[derive(Clone)]
struct Widest {
    whole: Vec<usize>,
}

impl Peaker for Widest {
    fn peak(&mut self, least: &[usize], widths: &[usize]) -> Option<usize> {
        let cut = |column: &usize| {
            let least = least.get(*column).copied().unwrap_or(0).max(GAP + 1);
            !self.whole.contains(column) && widths.get(*column).is_some_and(|width| *width > least)
        };
        (0..widths.len()).filter(cut).max_by_key(|column| widths.get(*column))
    }
}

fn colour(style: Style) -> Option<Color> {
    match style.get_fg_color()? {
        AnsiColour::Ansi(AnsiColor::Red) => Some(Color::FG_RED),
        AnsiColour::Ansi(AnsiColor::Green) => Some(Color::FG_GREEN),
        AnsiColour::Ansi(AnsiColor::Yellow) => Some(Color::FG_YELLOW),
        AnsiColour::Ansi(AnsiColor::Blue) => Some(Color::FG_BLUE),
        AnsiColour::Ansi(AnsiColor::Magenta) => Some(Color::FG_MAGENTA),
        AnsiColour::Ansi(AnsiColor::Cyan) => Some(Color::FG_CYAN),
        _ => None,
    }
}

/// A cell is one line, whatever is in it.
fn one_line(text: &str) -> String {
    sanitize(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["state", "count", "name"]).right(1);
        table.row(["failed", "12", "build\nlinux\x1b[2J 漢字"]);
        table.row(["pending", "3", "a name that is rather long, as those of tests tend to be"]);
        table
    }

    #[test]
    fn columns_are_aligned_and_cells_are_safe() {
        assert_eq!(
            table().render(None, false),
            "STATE    COUNT  NAME\n\
             failed      12  build linux[2J 漢字\n\
             pending      3  a name that is rather long, as those of tests tend to be\n"
        );
    }

    #[test]
    fn the_widest_column_is_cut_to_fit() {
        let text = table().render(Some(40), false);
        assert_eq!(text.lines().last().unwrap(), "pending      3  a name that is rather l…");
    }

    #[test]
    fn a_column_can_be_kept_whole() {
        let mut table = Table::new(["task", "name"]).whole(0);
        table.row(["VESwp9JaRo-XkFN_bemBhw", "a longer name than there is room for"]);
        assert_eq!(table.render(Some(34), false).lines().last().unwrap(), "VESwp9JaRo-XkFN_bemBhw  a longer …");
        let narrow = table.render(Some(20), false);
        assert!(narrow.lines().last().unwrap().starts_with("VESwp9JaRo-XkFN_bemBhw"), "{narrow}");
    }

    #[test]
    fn colour_does_not_change_the_layout() {
        let mut table = Table::new(["a", "b"]);
        table.styled_row([("x", AnsiColor::Red.on_default()), ("y", Style::new())]);
        assert_eq!(table.render(None, true), "\u{1b}[1mA\u{1b}[22m  \u{1b}[1mB\u{1b}[22m\n\u{1b}[31mx\u{1b}[39m  y\n");
    }
}
