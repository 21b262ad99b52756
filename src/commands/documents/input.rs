//! Values that stand on the command line: as JSON or YAML, in a file, on standard input, or field by field.

use serde_json::{Map, Value};

use super::Document;
use crate::context::{Context, blocking};
use crate::definition::finding::{self, Finding};
use crate::domain::fields::set_field;
use crate::error::{Error, Result};
use crate::schema::Checker;
use crate::ui::sanitize;

/// A value made of fields.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct FieldArgs {
    /// Set a field to a string: `-f a.b=text`; repeatable
    #[arg(short, long, value_name = "KEY=TEXT")]
    field: Vec<String>,
    /// Set a field to a JSON value: `-F times=2`; repeatable
    #[arg(short = 'F', long, value_name = "KEY=JSON")]
    json_field: Vec<String>,
}

impl FieldArgs {
    /// Whether no field was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.field.is_empty() && self.json_field.is_empty()
    }

    /// Sets the fields in `value`, or in an object of their own.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for a field without `=`, a value that is not JSON, or a key that does not fit.
    pub(crate) fn apply(&self, value: Option<Value>) -> Result<Option<Value>> {
        if self.is_empty() {
            return Ok(value);
        }
        let mut value = value.unwrap_or_else(|| Value::Object(Map::new()));
        set_fields(&mut value, &self.field, &self.json_field)?;
        Ok(Some(value))
    }
}

/// Sets in `value` what `-f` and `-F` gave.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for a field without `=`, a value that is not JSON, or a key that does not fit.
pub(crate) fn set_fields(value: &mut Value, texts: &[String], jsons: &[String]) -> Result<()> {
    for field in texts {
        let (key, text) = split(field, "-f", "TEXT")?;
        set_field(value, key, text.into()).map_err(Error::usage)?;
    }
    for field in jsons {
        let (key, text) = split(field, "-F", "JSON")?;
        let json = serde_json::from_str(text).map_err(|source| {
            Error::usage(format!("the value of -F `{key}` is not JSON"))
                .caused_by(source)
                .hint(format!("For a string: -f {key}={text}"))
        })?;
        set_field(value, key, json).map_err(Error::usage)?;
    }
    Ok(())
}

fn split<'a>(field: &'a str, flag: &str, kind: &str) -> Result<(&'a str, &'a str)> {
    field.split_once('=').ok_or_else(|| Error::usage(format!("{flag} takes KEY={kind}, and `{field}` has no `=`")))
}

/// The map or list that an argument is: JSON or YAML itself, `@FILE`, or `-` for standard input.
///
/// # Errors
/// When it cannot be read, or is neither JSON nor YAML; `what` is what to call it.
pub(crate) async fn inline(argument: &str, what: &str, context: &Context) -> Result<Value> {
    let document = match argument.strip_prefix('@') {
        Some(path) => Document::read(path, context).await?,
        None if argument == "-" => Document::read("-", context).await?,
        None => Document::parse(what, argument.as_bytes().to_vec())?,
    };
    Ok(document.value)
}

/// What keeps `value` from fitting a schema that somebody else wrote: one text a fault, for standard error.
///
/// # Errors
/// When the schema is not one.
pub(crate) async fn misfit(schema: &Value, value: &Value) -> Result<Vec<String>> {
    let (schema, value) = (schema.clone(), value.clone());
    // A schema can be made to take long, and an interrupt must not wait for it.
    blocking(move || {
        let mismatches = Checker::of(&schema)?.mismatches(&value);
        let shown = mismatches.into_iter().map(|mismatch| finding::show(&Finding::of(mismatch, ""), None));
        Ok(shown.map(|text| sanitize(&text).into_owned()).collect())
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(field: &[&str], json_field: &[&str]) -> FieldArgs {
        let own = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        FieldArgs { field: own(field), json_field: own(json_field) }
    }

    #[test]
    fn fields_are_set_in_what_is_there_or_in_an_object_of_their_own() {
        assert_eq!(fields(&[], &[]).apply(None).unwrap(), None);
        assert_eq!(fields(&["a.b=1"], &["c=[2]"]).apply(None).unwrap(), Some(json!({"a": {"b": "1"}, "c": [2]})));
        let before = Some(json!({"a": 1, "b": 2}));
        assert_eq!(fields(&[], &["a=3"]).apply(before).unwrap(), Some(json!({"a": 3, "b": 2})));
    }

    #[test]
    fn a_field_without_a_value_and_a_value_that_is_not_json_are_refused() {
        let message = |fields: FieldArgs| fields.apply(None).unwrap_err().to_string();
        assert_eq!(message(fields(&["a"], &[])), "-f takes KEY=TEXT, and `a` has no `=`");
        assert_eq!(message(fields(&[], &["a=b"])), "the value of -F `a` is not JSON");
    }
}
