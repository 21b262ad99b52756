//! The fields of a schema as a table. Pure.

use serde_json::Value;

use crate::schema::Field;
use crate::ui::Table;

/// A row for each field: its path, whether it is required, its types, its values and its default.
pub(crate) fn fields_table(fields: &[Field]) -> Table {
    let mut table = Table::new(["field", "required", "type", "values"]).whole(0);
    for field in fields {
        let types = match (field.types.as_slice(), &field.format) {
            ([], _) => "anything".to_owned(),
            (types, Some(format)) => format!("{} ({format})", types.join(" or ")),
            (types, None) => types.join(" or "),
        };
        let mut values: Vec<String> = field.choices.iter().map(shown).collect();
        values.extend(field.default.as_ref().map(|default| format!("default {default}")));
        let required = if field.required { "yes" } else { "no" };
        table.row([field.path.as_str(), required, &types, &values.join(", ")]);
    }
    table
}

fn shown(choice: &Value) -> String {
    choice.as_str().map_or_else(|| choice.to_string(), Into::into)
}
