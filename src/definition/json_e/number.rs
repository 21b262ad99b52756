//! Numbers as JSON-e writes them.

use serde_json::{Number, Value};

use super::JsonEError;

/// A number as the JSON that JavaScript would write: without a fraction where there is none.
pub(super) fn number(value: f64) -> Result<Value, JsonEError> {
    let text = if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value}") };
    let text = if text == "-0" { "0".into() } else { text };
    text.parse::<Number>().map(Value::Number).map_err(|_| JsonEError::interpreter("the number is out of range"))
}
