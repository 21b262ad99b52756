//! The options of lists. Pure.

use super::column::{Column, place};
use super::row::{Row, compare};
use crate::cli::Form;
use crate::context::Context;
use crate::error::{Error, Result};

/// The options that every list takes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "List options")]
pub(crate) struct ListArgs {
    /// List at most this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Sort by these columns; a `-` before a name sorts in descending order: --sort=-name
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', allow_hyphen_values = true)]
    sort: Vec<String>,
    /// Show these columns, in this order
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<String>,
    /// Output format
    #[arg(short = 'o', long = "output", value_name = "FORM", value_enum)]
    form: Option<Form>,
}

/// How a list is to be made: its options, checked.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(super) columns: &'static [Column],
    /// Places of the columns that were chosen; none where nobody did.
    pub(super) chosen: Vec<usize>,
    /// Places of the columns to sort by, and whether in descending order.
    order: Vec<(usize, bool)>,
    limit: Option<usize>,
    pub(super) form: Option<Form>,
    /// Headers of columns that say more than their names: of what, or since when.
    pub(super) headers: Vec<(&'static str, String)>,
}

impl ListArgs {
    /// Checks the options for a list of these columns.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for an unknown column, and for options that contradict each other.
    pub(crate) fn listing(&self, columns: &'static [Column], context: &Context) -> Result<Listing> {
        self.checked(columns, context.wants_json())
    }

    /// The same with names or IDs alone, where that is `wanted` by another option.
    #[must_use]
    pub(crate) fn with_names_alone(mut self, wanted: bool) -> Self {
        if wanted {
            self.form = Some(Form::Name);
        }
        self
    }

    /// Whether a column is named, to be shown or to sort by.
    pub(crate) fn names(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
            || self.sort.iter().any(|name| name.trim_start_matches('-') == column)
    }

    fn checked(&self, columns: &'static [Column], wants_json: bool) -> Result<Listing> {
        let is_for_people = matches!(self.form, Some(Form::Name | Form::Wide));
        if wants_json && is_for_people {
            let form = if self.form == Some(Form::Name) { "name" } else { "wide" };
            return Err(Error::usage(format!("`-o {form}` cannot be combined with --json and --jq")));
        }
        if !self.columns.is_empty() && (wants_json || self.form == Some(Form::Name)) {
            let error = Error::usage("--columns is for tables and lines, not for JSON, YAML and names");
            return Err(error.hint("Choose members of JSON with --jq."));
        }
        let chosen = self.columns.iter().map(|name| place(columns, name)).collect::<Result<_>>()?;
        let key = |name: &String| match name.trim().strip_prefix('-') {
            Some(name) => Ok((place(columns, name)?, true)),
            None => Ok((place(columns, name)?, false)),
        };
        let order = self.sort.iter().map(key).collect::<Result<_>>()?;
        let limit = self.limit.map(|limit| limit as usize);
        Ok(Listing { columns, chosen, order, limit, form: self.form, headers: Vec::new() })
    }
}

impl Listing {
    /// The same with this header above the column of this name, which stays the name on the command line.
    pub(crate) fn headed(mut self, column: &'static str, header: String) -> Self {
        self.headers.push((column, header));
        self
    }

    /// How many items may be listed.
    pub(crate) fn most(&self) -> usize {
        self.limit.unwrap_or(usize::MAX)
    }

    /// How many items need to be read: all of them when they are to be sorted.
    pub(crate) fn enough(&self) -> usize {
        if self.order.is_empty() { self.limit.unwrap_or(usize::MAX) } else { usize::MAX }
    }

    /// Whether it takes the rows to print it, and cannot be printed item by item as it is read.
    pub(crate) fn needs_rows(&self) -> bool {
        !self.order.is_empty() || self.limit.is_some() || self.is_shaped()
    }

    /// Whether somebody said what each item is to look like.
    pub(crate) fn is_shaped(&self) -> bool {
        !self.chosen.is_empty() || self.form.is_some()
    }

    /// The rows in the order that was asked for, and no more than that many.
    pub(crate) fn ordered<T>(&self, mut rows: Vec<Row<T>>) -> Vec<Row<T>> {
        if !self.order.is_empty() {
            rows.sort_by(|a, b| compare(a, b, &self.order));
        }
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[Column::new("name"), Column::new("run time"), Column::new("state")];

    fn args(sort: &[&str], limit: Option<u32>) -> ListArgs {
        ListArgs { sort: sort.iter().map(ToString::to_string).collect(), limit, ..ListArgs::default() }
    }

    fn names(args: &ListArgs) -> Vec<usize> {
        let cells = [["b", "10", "done"], ["a", "9", "done"], ["c", "", "failed"]];
        let rows = cells.into_iter().enumerate().map(|(index, cells)| Row::new(index, cells)).collect();
        let listing = args.checked(COLUMNS, false).unwrap();
        listing.ordered(rows).into_iter().map(|row| row.item).collect()
    }

    #[test]
    fn rows_are_sorted_before_they_are_cut() {
        assert_eq!(names(&args(&[], None)), [0, 1, 2]);
        assert_eq!(names(&args(&[], Some(2))), [0, 1]);
        assert_eq!(names(&args(&["run-time"], Some(2))), [1, 0]);
        assert_eq!(names(&args(&["-state", "name"], None)), [2, 1, 0]);
    }

    #[test]
    fn only_an_unsorted_list_is_read_up_to_its_limit() {
        let enough = |args: &ListArgs| args.checked(COLUMNS, false).unwrap().enough();
        assert_eq!(enough(&args(&[], Some(2))), 2);
        assert_eq!(enough(&args(&["name"], Some(2))), usize::MAX);
        assert_eq!(enough(&args(&[], None)), usize::MAX);
    }

    #[test]
    fn an_unknown_column_is_refused_wherever_it_is_named() {
        let columns = ListArgs { columns: vec!["nmae".into()], ..ListArgs::default() };
        for args in [args(&["nmae"], None), args(&["-nmae"], None), columns] {
            let error = args.checked(COLUMNS, false).unwrap_err();
            assert_eq!(error.message(), "unknown column `nmae`");
            assert_eq!(error.hints(), ["Choose from name, run-time, state."]);
        }
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        let form = |form| ListArgs { form: Some(form), ..ListArgs::default() };
        assert!(form(Form::Name).checked(COLUMNS, true).is_err());
        assert!(form(Form::Wide).checked(COLUMNS, true).is_err());
        assert!(form(Form::Yaml).checked(COLUMNS, true).is_ok());
        let columns = |form| ListArgs { columns: vec!["name".into()], form, ..ListArgs::default() };
        assert!(columns(None).checked(COLUMNS, true).is_err());
        assert!(columns(Some(Form::Name)).checked(COLUMNS, false).is_err());
        assert!(columns(Some(Form::Wide)).checked(COLUMNS, false).is_ok());
    }
}
