//! Values placed at nested keys of JSON, such as `a.b[0]`. Pure.

use serde_json::{Map, Value};

/// Sets `value` at `path` in `body`, making objects and lists on the way.
///
/// `a.b` is a property of a property, `a[0]` the first item of a list, `a[]` one more item, and
/// `\` takes the meaning of the next character: `tags.my\.tag`.
///
/// # Errors
/// When the path is malformed, or something that is there is no object or list; says what.
pub(crate) fn set_field(body: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let mut place = body;
    for step in parse(path)? {
        place = match step {
            Step::Property(name) => property(place, path, name)?,
            Step::Item(index) => item(place, path, index)?,
        };
    }
    *place = value;
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Property(String),
    /// The item at an index, or one more.
    Item(Option<usize>),
}

fn parse(path: &str) -> Result<Vec<Step>, String> {
    let malformed = |what: &str| format!("malformed key `{path}`: {what}");
    let mut steps = Vec::new();
    let mut name = String::new();
    let mut named = false;
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                name.push(chars.next().ok_or_else(|| malformed("it ends in a backslash"))?);
                named = true;
            }
            '.' => {
                if named {
                    steps.push(Step::Property(std::mem::take(&mut name)));
                } else if !matches!(steps.last(), Some(Step::Item(_))) {
                    return Err(malformed("a name is missing before `.`"));
                }
                named = false;
                if chars.as_str().is_empty() {
                    return Err(malformed("a name is missing after `.`"));
                }
            }
            '[' => {
                if named {
                    steps.push(Step::Property(std::mem::take(&mut name)));
                    named = false;
                }
                let (index, rest) = chars.as_str().split_once(']').ok_or_else(|| malformed("`[` is not closed"))?;
                let index = match index {
                    "" => None,
                    digits => {
                        Some(digits.parse().map_err(|_| malformed("between `[` and `]` goes a number or nothing"))?)
                    }
                };
                steps.push(Step::Item(index));
                chars = rest.chars();
                if !(rest.is_empty() || rest.starts_with(['.', '['])) {
                    return Err(malformed("`]` is followed by neither `.` nor `[`"));
                }
            }
            other => {
                name.push(other);
                named = true;
            }
        }
    }
    if named {
        steps.push(Step::Property(name));
    }
    if steps.is_empty() { Err(malformed("it is empty")) } else { Ok(steps) }
}

fn property<'a>(place: &'a mut Value, path: &str, name: String) -> Result<&'a mut Value, String> {
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    match place {
        Value::Object(object) => Ok(object.entry(name).or_insert(Value::Null)),
        other => Err(format!("`{path}`: `{name}` cannot be set in {}", kind(other))),
    }
}

/// More items at once are a slip of the finger, not a wish.
const FARTHEST_ITEM: usize = 10_000;

fn item<'a>(place: &'a mut Value, path: &str, index: Option<usize>) -> Result<&'a mut Value, String> {
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    match place {
        Value::Array(items) => {
            let index = index.unwrap_or(items.len());
            if index > FARTHEST_ITEM {
                return Err(format!("`{path}`: the index {index} is too large"));
            }
            if index >= items.len() {
                items.resize(index + 1, Value::Null);
            }
            Ok(&mut items[index])
        }
        other => Err(format!("`{path}`: an item cannot be set in {}", kind(other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn build(pairs: &[(&str, Value)]) -> Result<Value, String> {
        let mut body = Value::Null;
        for (path, value) in pairs {
            set_field(&mut body, path, value.clone())?;
        }
        Ok(body)
    }

    #[test]
    fn nested_keys_make_objects_and_lists() {
        let body = build(&[
            ("metadata.name", json!("x")),
            ("payload.command[0]", json!("a")),
            ("payload.command[]", json!("b")),
            ("payload.mounts[1].file", json!("f")),
            ("tags.my\\.tag", json!("t")),
            ("m[0][1]", json!(1)),
        ]);
        assert_eq!(
            body.unwrap(),
            json!({"metadata": {"name": "x"}, "payload": {"command": ["a", "b"], "mounts": [null, {"file": "f"}]},
                "tags": {"my.tag": "t"}, "m": [[null, 1]]})
        );
    }

    #[test]
    fn malformed_keys_say_what_is_wrong() {
        for (path, what) in [
            ("", "it is empty"),
            (".a", "a name is missing before `.`"),
            ("a.", "a name is missing after `.`"),
            ("a..b", "a name is missing before `.`"),
            ("a[x]", "between `[` and `]` goes a number or nothing"),
            ("a[0", "`[` is not closed"),
            ("a[0]b", "`]` is followed by neither `.` nor `[`"),
            ("a\\", "it ends in a backslash"),
        ] {
            assert_eq!(build(&[(path, json!(1))]), Err(format!("malformed key `{path}`: {what}")));
        }
        let clash = build(&[("a", json!("text")), ("a.b", json!(1))]);
        assert_eq!(clash, Err("`a.b`: `b` cannot be set in a string".into()));
        let clash = build(&[("a.b", json!(1)), ("a[0]", json!(1))]);
        assert_eq!(clash, Err("`a[0]`: an item cannot be set in an object".into()));
        assert!(build(&[("a[99999999999]", json!(1))]).unwrap_err().contains("too large"));
    }

    proptest! {
        #[test]
        fn no_key_makes_it_panic(path: String) {
            let _outcome = build(&[(&path, Value::Null)]);
        }
    }
}
