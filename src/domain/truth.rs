//! What counts as true in a template, for JSON-e and for Go's templates alike.

use serde_json::Value;

/// False are null, zero, and texts, lists and objects without content.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_empty_is_false() {
        for value in [json!(null), json!(false), json!(0), json!(0.0), json!(""), json!([]), json!({})] {
            assert!(!is_truthy(&value), "{value}");
        }
        for value in [json!(true), json!(-1), json!(0.5), json!("0"), json!([0]), json!({"a": null})] {
            assert!(is_truthy(&value), "{value}");
        }
    }
}
