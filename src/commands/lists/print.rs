//! Lists as JSON, tables, lines and names.

use std::fmt::Display;
use std::io::Write as _;

use super::column::{Column, naming, usual};
use super::flags::Listing;
use super::row::Row;
use crate::cli::Form;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Table;

/// The note for an empty list of `what`: `No secrets.`, or `No such secrets.` where a filter was given.
pub(crate) fn none(what: &str, is_chosen: bool) -> String {
    format!("No {}{what}.", if is_chosen { "such " } else { "" })
}

impl Listing {
    /// Prints the rows as they were asked for: JSON, which `json` makes of the items; a table on a terminal; in a pipe
    /// lines with tabs between the fields. `nothing` is noted where there are none.
    ///
    /// # Errors
    /// When the jq program fails, or standard output cannot be written.
    pub(crate) async fn print<T>(
        &self,
        rows: Vec<Row<T>>,
        nothing: impl Display,
        context: &Context,
        json: impl FnOnce(Vec<T>) -> String,
    ) -> Result<Status> {
        let rows = self.ordered(rows);
        if context.wants_json() {
            context.print_json(json(rows.into_iter().map(|row| row.item).collect())).await?;
            return Ok(Status::DONE);
        }
        if rows.is_empty() {
            context.ui.note(nothing);
            return Ok(Status::DONE);
        }
        let ui = &context.ui;
        let text = if self.form == Some(Form::Name) {
            self.names(&rows, context)
        } else if ui.terminal.stdout {
            let is_wide = self.form == Some(Form::Wide);
            let width = if is_wide { None } else { ui.size().map(|(columns, _)| columns) };
            self.table(&rows).render(width, ui.color())
        } else {
            self.lines(&rows)
        };
        ui.out().write_all(text.as_bytes())?;
        Ok(Status::DONE)
    }

    fn names<T>(&self, rows: &[Row<T>], context: &Context) -> String {
        let column = naming(self.columns);
        let names = rows.iter().filter_map(|row| row.cells.get(column));
        names.map(|cell| format!("{}\n", context.ui.safe(&cell.plain))).collect()
    }

    fn lines<T>(&self, rows: &[Row<T>]) -> String {
        let shown = self.shown();
        let line = |row: &Row<T>| {
            let fields = shown.iter().filter_map(|column| row.cells.get(*column));
            fields.map(|cell| cell.field()).collect::<Vec<_>>().join("\t") + "\n"
        };
        rows.iter().map(line).collect()
    }

    fn table<T>(&self, rows: &[Row<T>]) -> Table {
        let shown = self.shown();
        let columns: Vec<&Column> = shown.iter().filter_map(|place| self.columns.get(*place)).collect();
        let header = |column: &&Column| {
            let own = self.headers.iter().find(|(name, _)| *name == column.name);
            own.map_or_else(|| column.name.to_owned(), |(_, header)| header.clone())
        };
        let mut table = Table::new(columns.iter().map(header));
        let mut optional = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            if column.right {
                table = table.right(place);
            }
            if column.whole {
                table = table.whole(place);
            }
            // What was chosen is shown.
            optional.extend(column.rank.filter(|_| self.chosen.is_empty()).map(|rank| (rank, place)));
        }
        optional.sort_unstable();
        let optional: Vec<usize> = optional.into_iter().map(|(_, place)| place).collect();
        let mut table = table.optional(&optional);
        for row in rows {
            let cells = shown.iter().filter_map(|column| row.cells.get(*column));
            table.styled_row(cells.map(|cell| (cell.shown.as_ref().unwrap_or(&cell.plain), cell.style)));
        }
        table
    }

    /// Places of the columns that are shown.
    fn shown(&self) -> Vec<usize> {
        match (self.chosen.as_slice(), self.form) {
            ([], Some(Form::Wide)) => (0..self.columns.len()).collect(),
            ([], _) => usual(self.columns),
            (chosen, _) => chosen.to_vec(),
        }
    }
}
