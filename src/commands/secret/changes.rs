//! Which keys of a secret change, without a value. Pure.

use serde_json::{Map, Value};

/// The keys that come (`+`), go (`-`) and have another value (`~`), as paths such as `bot.token`.
pub(super) fn changed_keys(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    compare(&mut lines, "", before, after);
    lines
}

fn compare(lines: &mut Vec<String>, path: &str, before: &Map<String, Value>, after: &Map<String, Value>) {
    for (key, old) in before {
        let place = format!("{path}{key}");
        match (old, after.get(key)) {
            (_, None) => lines.push(format!("- {place}")),
            (Value::Object(old), Some(Value::Object(new))) => compare(lines, &format!("{place}."), old, new),
            (old, Some(new)) if old != new => lines.push(format!("~ {place}")),
            _ => {}
        }
    }
    for key in after.keys().filter(|key| !before.contains_key(*key)) {
        lines.push(format!("+ {path}{key}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(before: &Value, after: &Value) -> Vec<String> {
        changed_keys(before.as_object().unwrap(), after.as_object().unwrap())
    }

    #[test]
    fn only_keys_are_told() {
        let before = json!({"same": 1, "other": "hunter2", "gone": 1, "deep": {"a": 1, "b": 2}});
        let after = json!({"same": 1, "other": "hunter3", "deep": {"a": 1, "b": 3, "c": 4}, "new": {"x": 1}});
        assert_eq!(changed(&before, &after), ["~ other", "- gone", "~ deep.b", "+ deep.c", "+ new"]);
        assert_eq!(changed(&before, &before), [""; 0]);
        assert_eq!(changed(&json!({"a": {}}), &json!({"a": []})), ["~ a"]);
    }
}
