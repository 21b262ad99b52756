//! Tables for people. Pure: text in, text out.

use anstyle::{AnsiColor, Color as AnsiColour, Style};
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::peaker::Peaker;
use tabled::settings::{Alignment, Color, Padding, Style as Frame, Width};

use super::sanitize;

/// Spaces between columns; those after the last one are cut off.
const GAP: usize = 2;
/// Columns of the terminal that one which may be cut keeps beside those that stay whole, if it has as many.
const LEAST_LEGIBLE: usize = 12;
/// Stands for a cell that is wider than its column until the line is laid out; for private use, and one column wide.
const PLACEHOLDER: char = '\u{f8ff}';
/// Most characters of a cell: more than a screen has, and four times what the queue allows for a task's name.
const MAX_CELL_CHARACTERS: usize = 1000;

/// Rows under a header, for a terminal: what comes from a deployment is made safe here.
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<(String, Style)>>,
    right: Vec<usize>,
    whole: Vec<usize>,
    /// Columns that may be left out, the least important first.
    optional: Vec<usize>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new<T: AsRef<str>>(header: impl IntoIterator<Item = T>) -> Self {
        let header = header.into_iter().map(|name| name.as_ref().to_uppercase()).collect();
        Self { header, rows: Vec::new(), right: Vec::new(), whole: Vec::new(), optional: Vec::new() }
    }

    /// The same with this column (from 0) flush right, as numbers are.
    #[must_use]
    pub(crate) fn right(mut self, column: usize) -> Self {
        self.right.push(column);
        self
    }

    /// The same with this column (from 0) never cut: half an ID is of no use.
    #[must_use]
    pub(crate) fn whole(mut self, column: usize) -> Self {
        self.whole.push(column);
        self
    }

    /// The same, leaving out these columns (from 0), in this order, where the terminal is too narrow for all.
    #[must_use]
    pub(crate) fn optional(mut self, columns: &[usize]) -> Self {
        self.optional.extend_from_slice(columns);
        self
    }

    /// Adds a row.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.styled_row(cells.into_iter().map(|cell| (cell, Style::new())));
    }

    /// Adds a row with a style for each cell.
    pub(crate) fn styled_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = (T, Style)>) {
        self.rows.push(cells.into_iter().map(|(cell, style)| (one_cell(cell.as_ref()), style)).collect());
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines.
    ///
    /// With a `width`, columns without content go first, then the optional ones until the rest fits; what is
    /// still too wide is cut, the widest column first, except for those that stay whole. Where these leave too little to
    /// the others, the rows with the widest of their cells alone are longer than the line.
    pub(crate) fn render(&self, width: Option<usize>, color: bool) -> String {
        let shown = self.shown_columns(width);
        let limit = width.and_then(|width| self.limit(&shown, width));
        let mut builder = Builder::with_capacity(self.rows.len() + 1, shown.len());
        builder.push_record(shown.iter().filter_map(|column| self.header.get(*column)).map(String::as_str));
        for row in &self.rows {
            let placeholder = |column: usize| limit.and_then(|limit| limit.placeholder(column, row));
            let cell =
                |column: &usize| row.get(*column).map(|(text, _)| placeholder(*column).unwrap_or_else(|| text.clone()));
            builder.push_record(shown.iter().filter_map(cell));
        }
        let position = |column: &usize| shown.iter().position(|shown| shown == column);
        let mut table = builder.build();
        table.with(Frame::empty()).with(Padding::new(0, GAP, 0, 0));
        for column in self.right.iter().filter_map(position) {
            table.modify(Columns::one(column), Alignment::right());
        }
        if let Some(width) = width {
            let whole = self.whole.iter().filter_map(position).collect();
            table.with(Width::truncate(width.max(20) + GAP).suffix("…").priority(Widest { whole }));
        }
        if color {
            table.modify(Rows::first(), Color::BOLD);
            for (index, row) in self.rows.iter().enumerate() {
                let styles = shown.iter().filter_map(|column| row.get(*column)).map(|(_, style)| *style);
                for (column, color) in styles.enumerate().filter_map(|(column, style)| Some((column, colour(style)?))) {
                    table.modify((index + 1, column), color);
                }
            }
        }
        let mut text = String::new();
        for (index, line) in table.to_string().lines().enumerate() {
            let row = index.checked_sub(1).and_then(|index| self.rows.get(index));
            let line = limit.zip(row).map_or_else(|| line.to_owned(), |(limit, row)| limit.filled(line, row));
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// What the widest of the whole columns may take, where all that is shown takes more than this width although all
    /// other columns are as narrow as they may be.
    fn limit(&self, shown: &[usize], width: usize) -> Option<Limit> {
        let natural = |column: usize| self.natural_width(column);
        let is_whole = |column: &&usize| self.whole.contains(column);
        let column = *shown.iter().filter(is_whole).max_by_key(|column| natural(**column))?;
        let least =
            |shown: usize| if self.whole.contains(&shown) { natural(shown) } else { natural(shown).min(LEAST_LEGIBLE) };
        let others: usize = shown.iter().filter(|shown| **shown != column).map(|shown| least(*shown) + GAP).sum();
        let header = self.header.get(column).map_or(0, |name| super::columns(name));
        let columns = width.saturating_sub(others).max(header).max(LEAST_LEGIBLE);
        (columns < natural(column)).then_some(Limit { column, columns })
    }

    /// The rows alone, each a line with tabs between its cells.
    pub(crate) fn tabbed(&self) -> String {
        let line =
            |row: &Vec<(String, Style)>| row.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("\t");
        self.rows.iter().map(|row| line(row) + "\n").collect()
    }

    /// Which columns to show in this width, in order.
    fn shown_columns(&self, width: Option<usize>) -> Vec<usize> {
        let all = 0..self.header.len();
        let Some(width) = width else { return all.collect() };
        let widths: Vec<usize> = all.clone().map(|column| self.natural_width(column)).collect();
        let mut shown: Vec<usize> = all
            .filter(|column| self.rows.is_empty() || !self.optional.contains(column) || self.has_text(*column))
            .collect();
        for column in &self.optional {
            let needed: usize = shown.iter().filter_map(|column| widths.get(*column)).map(|width| width + GAP).sum();
            if needed <= width + GAP {
                break;
            }
            shown.retain(|shown| shown != column);
        }
        shown
    }

    fn has_text(&self, column: usize) -> bool {
        self.rows.iter().any(|row| row.get(column).is_some_and(|(text, _)| !text.is_empty()))
    }

    /// Columns of the terminal that the widest cell takes, the header included.
    fn natural_width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|(text, _)| text.as_str());
        cells.chain(self.header.get(column).map(String::as_str)).map(super::columns).max().unwrap_or(0)
    }
}

/// A whole column that is narrower than its widest cells, which make the lines of their rows longer.
#[derive(Clone, Copy)]
struct Limit {
    column: usize,
    columns: usize,
}

impl Limit {
    /// The cell of this row, where it is wider than its column.
    fn wide(self, row: &[(String, Style)]) -> Option<&str> {
        let (text, _) = row.get(self.column)?;
        (super::columns(text) > self.columns).then_some(text)
    }

    /// What to lay the row out with in place of that cell.
    fn placeholder(self, column: usize, row: &[(String, Style)]) -> Option<String> {
        self.wide(row).filter(|_| column == self.column)?;
        Some(std::iter::repeat_n(PLACEHOLDER, self.columns).collect())
    }

    /// The line of a row with the whole cell in it.
    fn filled(self, line: &str, row: &[(String, Style)]) -> String {
        match (self.wide(row), self.placeholder(self.column, row)) {
            (Some(text), Some(placeholder)) => line.replacen(&placeholder, text, 1),
            _ => line.to_owned(),
        }
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

/// A cell is one line, whatever is in it. Every row is as wide as the widest, so one that has no end is cut.
fn one_cell(text: &str) -> String {
    match text.char_indices().nth(MAX_CELL_CHARACTERS) {
        Some((end, _)) => one_line(text.get(..end).unwrap_or(text)) + "…",
        None => one_line(text),
    }
}

/// Text as one line without what would drive a terminal.
pub(crate) fn one_line(text: &str) -> String {
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
    fn a_name_that_is_too_long_makes_its_own_line_longer_and_leaves_the_other_columns_of_all_rows_alone() {
        let mut table = Table::new(["name", "state", "task"]).whole(0).whole(2).optional(&[2]);
        let long = "test-linux2204-64-shippable/opt-漢字";
        table.row(["build-linux64/opt", "unscheduled", "VESwp9JaRo-XkFN_bemBhw"]);
        table.styled_row([(long, Style::new()), ("failed", AnsiColor::Red.on_default()), ("", Style::new())]);
        assert_eq!(
            table.render(Some(32), false),
            format!("NAME                 STATE\nbuild-linux64/opt    unscheduled\n{long}  failed\n"),
        );
        assert!(table.render(Some(32), true).ends_with(&format!("{long}  \u{1b}[31mfailed\u{1b}[39m\n")));
        assert_eq!(table.render(Some(49), false).lines().next(), Some("NAME                                  STATE"));
        assert!(table.render(Some(8), false).contains(long), "a whole column is never cut");
    }

    #[test]
    fn optional_columns_go_before_a_name_is_cut() {
        let mut table = Table::new(["name", "state", "reason", "pool"]).whole(0).optional(&[3, 2]);
        table.row(["build-linux64-asan/opt", "failed", "", "gecko-3/b-linux"]);
        let header = |width: usize| table.render(Some(width), false).lines().next().unwrap().to_owned();
        assert_eq!(header(80), "NAME                    STATE   POOL", "a column without content goes");
        assert_eq!(header(40), "NAME                    STATE");
        assert!(table.render(Some(20), false).contains("build-linux64-asan/opt"), "a whole column is never cut");
        assert_eq!(table.render(None, false).lines().next().unwrap().split_whitespace().count(), 4);
    }

    #[test]
    fn a_cell_without_end_does_not_make_every_row_as_long() {
        let mut table = Table::new(["task", "name"]).whole(1);
        table.row(["a", &"x".repeat(60_000)]);
        (0..1000).for_each(|_| table.row(["b", "y"]));
        let text = table.render(None, false);
        assert!(text.lines().nth(1).unwrap().ends_with("xx…"));
        assert!(text.len() < 10_000, "{}", text.len());
        assert!(table.natural_width(1) < 1010);
    }

    #[test]
    fn colour_does_not_change_the_layout() {
        let mut table = Table::new(["a", "b"]);
        table.styled_row([("x", AnsiColor::Red.on_default()), ("y", Style::new())]);
        assert_eq!(table.render(None, true), "\u{1b}[1mA\u{1b}[22m  \u{1b}[1mB\u{1b}[22m\n\u{1b}[31mx\u{1b}[39m  y\n");
    }
}
