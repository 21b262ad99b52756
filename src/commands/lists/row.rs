//! The rows of a list, and their order. Pure.

use std::cmp::Ordering;

use anstyle::Style;
use chrono::{DateTime, Utc};

use crate::domain::time::parse_time;
use crate::ui::{ago, one_line};

/// What stands in a column of a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cell {
    /// The value, as programs read it: what is sorted by, and what a pipe gets.
    pub plain: String,
    /// What a terminal shows, where that is something else.
    pub shown: Option<String>,
    /// How a terminal shows it.
    pub style: Style,
}

/// A thing with what is shown of it.
#[derive(Debug, Clone)]
pub(crate) struct Row<T> {
    /// What JSON is made of.
    pub item: T,
    /// One for each column.
    pub cells: Vec<Cell>,
}

impl From<String> for Cell {
    fn from(plain: String) -> Self {
        Self { plain, ..Self::default() }
    }
}

impl From<&str> for Cell {
    fn from(plain: &str) -> Self {
        plain.to_owned().into()
    }
}

impl Cell {
    /// A time as it was sent; on a terminal, how far away it is.
    pub(crate) fn time(raw: &str, now: DateTime<Utc>) -> Self {
        let shown = parse_time(raw).ok().map(|time| ago(time, now));
        Self { plain: raw.to_owned(), shown, ..Self::default() }
    }

    /// The same, with another text on a terminal.
    #[must_use]
    pub(crate) fn shown(self, text: impl Into<String>) -> Self {
        Self { shown: Some(text.into()), ..self }
    }

    /// The same in this style.
    #[must_use]
    pub(crate) fn styled(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// The value as one field of a line: it has neither tabs nor line breaks.
    pub(super) fn field(&self) -> String {
        if self.plain.contains(char::is_control) { one_line(&self.plain) } else { self.plain.clone() }
    }

    fn key(&self) -> Key<'_> {
        let is_number = self.plain.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        match self.plain.parse::<f64>() {
            _ if self.plain.is_empty() => Key::Nothing,
            Ok(number) if is_number => Key::Number(number),
            _ => Key::Text(&self.plain),
        }
    }
}

/// What a cell is sorted by: numbers come before texts.
enum Key<'a> {
    Number(f64),
    Text(&'a str),
    Nothing,
}

impl<T> Row<T> {
    /// A row of these cells, in the order of the columns.
    pub(crate) fn new<C: Into<Cell>>(item: T, cells: impl IntoIterator<Item = C>) -> Self {
        Self { item, cells: cells.into_iter().map(Into::into).collect() }
    }
}

/// Compares two rows by these columns, the first that differs deciding; each with whether it is in descending order. Cells
/// without a value come last either way.
pub(super) fn compare<T>(a: &Row<T>, b: &Row<T>, order: &[(usize, bool)]) -> Ordering {
    let by_column = |&(column, descends): &(usize, bool)| {
        let found = match (key_of(a, column), key_of(b, column)) {
            (Key::Nothing, Key::Nothing) => return Ordering::Equal,
            (Key::Nothing, _) => return Ordering::Greater,
            (_, Key::Nothing) => return Ordering::Less,
            (Key::Number(a), Key::Number(b)) => a.total_cmp(&b),
            (Key::Number(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Number(_)) => Ordering::Greater,
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
        };
        if descends { found.reverse() } else { found }
    };
    order.iter().map(by_column).find(|found| found.is_ne()).unwrap_or(Ordering::Equal)
}

fn key_of<T>(row: &Row<T>, column: usize) -> Key<'_> {
    row.cells.get(column).map_or(Key::Nothing, Cell::key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(texts: &[&str], descends: bool) -> Vec<String> {
        let mut rows: Vec<Row<()>> = texts.iter().map(|text| Row::new((), [*text])).collect();
        rows.sort_by(|a, b| compare(a, b, &[(0, descends)]));
        rows.into_iter().map(|mut row| row.cells.remove(0).plain).collect()
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_nothing_comes_last() {
        assert_eq!(sorted(&["10", "", "9", "b", "a", "-1.5"], false), ["-1.5", "9", "10", "a", "b", ""]);
        assert_eq!(sorted(&["10", "", "9", "b", "a"], true), ["b", "a", "10", "9", ""]);
        assert_eq!(sorted(&["2", "10", "1a", "inf", "nan"], false), ["2", "10", "1a", "inf", "nan"]);
    }

    #[test]
    fn the_second_column_decides_where_the_first_is_the_same() {
        let mut rows = [Row::new((), ["a", "1"]), Row::new((), ["b", "2"]), Row::new((), ["a", "3"])];
        rows.sort_by(|a, b| compare(a, b, &[(0, false), (1, true)]));
        let found: Vec<&str> = rows.iter().map(|row| row.cells[1].plain.as_str()).collect();
        assert_eq!(found, ["3", "1", "2"]);
    }

    #[test]
    fn a_field_has_neither_tabs_nor_line_breaks() {
        assert_eq!(Cell::from("a\tb\nc\u{1b}[2J").field(), "a b c[2J");
        assert_eq!(Cell::from("two  spaces stay").field(), "two  spaces stay");
    }

    #[test]
    fn a_time_is_shown_by_its_distance_and_sorted_as_it_was_sent() {
        let now = parse_time("2026-11-22T12:00:00Z").unwrap();
        let cell = Cell::time("2026-11-22T11:00:00.000Z", now);
        assert_eq!((cell.plain.as_str(), cell.shown.as_deref()), ("2026-11-22T11:00:00.000Z", Some("1 h 0 min ago")));
        assert_eq!(Cell::time("", now), Cell::default());
    }
}
