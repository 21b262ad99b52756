//! JSON as text: definitions are kept and sent as they are, without a tree of values in between.

use serde::Serialize;
use serde_json::{Map, Value};

/// `value` as JSON.
pub(super) fn quoted(value: impl Serialize) -> String {
    // Only maps with keys that are no strings fail to serialize, and there are none.
    serde_json::to_string(&value).unwrap_or_default()
}

/// The entries of an object in the order in which the database keeps them: shorter keys first, then by bytes.
fn ordered(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    entries
}

/// The value with the keys of all objects in the database's order.
pub(crate) fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            ordered(map).into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

/// Appends the value as JSON with the keys of all objects in the database's order.
pub(crate) fn write_canonical(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            out.push('{');
            for (i, (key, value)) in ordered(map).into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(key));
                out.push(':');
                write_canonical(out, value);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(out, item);
            }
            out.push(']');
        }
        scalar => out.push_str(&quoted(scalar)),
    }
}

/// An object that is being written.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Opens the object at the end of `out`.
    pub(crate) fn open(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Writes a key and hands out the text to write its value to.
    pub(crate) fn key(&mut self, key: &str) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    /// Adds a string, a number, or anything else that serializes.
    pub(crate) fn add(&mut self, key: &str, value: impl Serialize) -> &mut Self {
        let text = quoted(value);
        self.key(key).push_str(&text);
        self
    }

    /// Adds a value if there is one.
    pub(crate) fn add_some(&mut self, key: &str, value: Option<impl Serialize>) -> &mut Self {
        if let Some(value) = value {
            self.add(key, value);
        }
        self
    }

    /// Adds an array, whose items `write` appends to the text, one a call.
    pub(crate) fn list<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut String, T),
    ) {
        let out = self.key(key);
        out.push('[');
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            write(out, item);
        }
        out.push(']');
    }

    /// Closes the object.
    pub(crate) fn close(self) {
        self.out.push('}');
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
        assert_eq!(quoted(canonical(&value)), expected);
        let mut written = String::new();
        write_canonical(&mut written, &value);
        assert_eq!(written, expected);
    }

    #[test]
    fn numbers_stay_as_they_were() {
        let value: Value = serde_json::from_str(r#"{"b":1.0,"a":18446744073709551616}"#).unwrap();
        let expected = r#"{"a":18446744073709551616,"b":1.0}"#;
        assert_eq!(quoted(canonical(&value)), expected);
        let mut written = String::new();
        write_canonical(&mut written, &value);
        assert_eq!(written, expected);
    }

    #[test]
    fn objects_are_written_in_order() {
        let mut out = String::new();
        let mut object = Object::open(&mut out);
        object.add("a", "x\"y").add("b", 1).add_some("c", None::<u8>);
        object.list("d", [1, 2], |out, item: i32| out.push_str(&item.to_string()));
        object.close();
        assert_eq!(out, r#"{"a":"x\"y","b":1,"d":[1,2]}"#);
    }
}
