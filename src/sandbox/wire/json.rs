//! The order of the keys of an object that went through the services' database.

use serde_json::{Map, Value};

/// The value with the keys of all objects in the database's order: shorter keys first, then by bytes.
pub(crate) fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
            entries.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_ordered_as_the_database_orders_them() {
        let value = json!({"description": 1, "name": {"bb": 1, "a": [{"zz": 1, "b": 2}]}, "owner": 1});
        let expected = r#"{"name":{"a":[{"b":2,"zz":1}],"bb":1},"owner":1,"description":1}"#;
        assert_eq!(canonical(&value).to_string(), expected);
    }

    #[test]
    fn numbers_stay_as_they_were() {
        let value: Value = serde_json::from_str(r#"{"b":1.0,"a":18446744073709551616}"#).unwrap();
        assert_eq!(canonical(&value).to_string(), r#"{"a":18446744073709551616,"b":1.0}"#);
    }
}
