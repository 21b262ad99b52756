//! The columns of a list. Pure.

use crate::error::{Error, Result};

/// A column of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its header, in lower case.
    pub name: &'static str,
    /// Flush right, as numbers are.
    pub right: bool,
    /// Never cut: half an ID is of no use.
    pub whole: bool,
    /// When it is left out on a narrow terminal: the lowest number first; never without one.
    pub rank: Option<u8>,
    /// Shown only where it is asked for, by name or with all others.
    pub extra: bool,
    /// What `-o name` prints, where that is not the first column.
    pub is_name: bool,
}

impl Column {
    /// A column that is always shown.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, right: false, whole: false, rank: None, extra: false, is_name: false }
    }

    /// The same, flush right.
    pub(crate) const fn right(self) -> Self {
        Self { right: true, ..self }
    }

    /// The same, never cut.
    pub(crate) const fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// The same, left out on narrow terminals, those of low ranks first.
    pub(crate) const fn optional(self, rank: u8) -> Self {
        Self { rank: Some(rank), ..self }
    }

    /// The same, shown only where it is asked for.
    pub(crate) const fn extra(self) -> Self {
        Self { extra: true, ..self }
    }

    /// The same as the one that `-o name` prints.
    pub(crate) const fn naming(self) -> Self {
        Self { is_name: true, ..self }
    }

    /// Its name as one word of a command line: `worker-pool`.
    pub(super) fn word(&self) -> String {
        self.name.replace(' ', "-")
    }
}

/// The place of the column of this name, in any case, with spaces or dashes between its words.
///
/// # Errors
/// [`crate::error::Kind::Usage`] with all names when there is none.
pub(super) fn place(columns: &[Column], name: &str) -> Result<usize> {
    let wanted = name.trim().to_lowercase().replace([' ', '_'], "-");
    columns.iter().position(|column| column.word() == wanted).ok_or_else(|| {
        let names: Vec<String> = columns.iter().map(Column::word).collect();
        Error::usage(format!("unknown column `{name}`")).hint(format!("Choose from {}.", names.join(", ")))
    })
}

/// The place of what names a row.
pub(super) fn naming(columns: &[Column]) -> usize {
    columns.iter().position(|column| column.is_name).unwrap_or(0)
}

/// Columns that are shown where none is chosen.
pub(super) fn usual(columns: &[Column]) -> Vec<usize> {
    columns.iter().enumerate().filter(|(_, column)| !column.extra).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [Column::new("name"), Column::new("worker pool").naming(), Column::new("run").extra()];

    #[test]
    fn a_name_of_two_words_is_found_with_a_dash_and_in_any_case() {
        for name in ["worker pool", "worker-pool", "WORKER POOL", "worker_pool", " worker-pool"] {
            assert_eq!(place(&COLUMNS, name).unwrap(), 1, "{name}");
        }
    }

    #[test]
    fn an_unknown_column_lists_the_names() {
        let error = place(&COLUMNS, "pool").unwrap_err();
        assert_eq!(error.message(), "unknown column `pool`");
        assert_eq!(error.hints(), ["Choose from name, worker-pool, run."]);
    }

    #[test]
    fn extra_columns_are_not_usual_and_the_naming_one_is_marked() {
        assert_eq!(usual(&COLUMNS), [0, 1]);
        assert_eq!(naming(&COLUMNS), 1);
        assert_eq!(naming(&COLUMNS[..1]), 0);
    }
}
