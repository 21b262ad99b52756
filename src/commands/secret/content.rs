//! Values in secrets: found by their keys, hidden on terminals. Pure.

use serde_json::{Map, Value, json};

/// What stands where a value is hidden.
pub(super) const HIDDEN: &str = "<hidden>";
/// What to do about hidden values.
pub(super) const SHOW_HINT: &str = "Values are hidden on a terminal; add --show to see them.";

/// The same with every value hidden; keys stay.
pub(super) fn hidden(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), hidden(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(hidden).collect(),
        _ => json!(HIDDEN),
    }
}

/// The value of a key: one of the secret's own keys, or else a path such as `bot.tokens.0`.
pub(super) fn find<'a>(secret: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    if let Some(value) = secret.get(key) {
        return Some(value);
    }
    let mut words = key.split('.');
    let first = secret.get(words.next()?)?;
    words.try_fold(first, |value, word| match value {
        Value::Object(members) => members.get(word),
        Value::Array(items) => items.get(word.parse::<usize>().ok()?),
        _ => None,
    })
}

/// A value as text: a string bare, everything else as JSON.
pub(super) fn raw(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Puts one object over another, down through the objects in both.
pub(super) fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(value)) => merge(below, value),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn hidden_values_leave_their_keys() {
        let shown = hidden(&json!({"a": "x", "b": [1, {"c": null}], "d": {}}));
        assert_eq!(shown, json!({"a": HIDDEN, "b": [HIDDEN, {"c": HIDDEN}], "d": {}}));
    }

    #[test]
    fn a_key_is_one_of_the_secrets_own_or_a_path() {
        let secret = object(json!({"a.b": 1, "a": {"b": 2, "l": ["x", {"y": true}]}}));
        assert_eq!(find(&secret, "a.b"), Some(&json!(1)));
        assert_eq!(find(&secret, "a.l.1.y"), Some(&json!(true)));
        for missing in ["", "b", "a.c", "a.l.2", "a.l.x", "a.b.c", "a.l.0.z"] {
            assert_eq!(find(&secret, missing), None, "{missing}");
        }
    }

    #[test]
    fn strings_are_bare() {
        assert_eq!([raw(&json!("a\n")), raw(&json!({"a": [1, null]}))], ["a\n", r#"{"a":[1,null]}"#]);
    }

    #[test]
    fn merging_goes_down_through_objects() {
        let mut secret = object(json!({"a": {"b": 1, "c": [1]}, "d": 1}));
        merge(&mut secret, object(json!({"a": {"c": [2], "e": {}}, "d": {"f": 1}})));
        assert_eq!(Value::Object(secret), json!({"a": {"b": 1, "c": [2], "e": {}}, "d": {"f": 1}}));
    }
}
