//! JSON that is small and still reviews well: whatever fits on a line stands on one.

use serde_json::Value;

/// Columns, the indent included.
const LINE_WIDTH: usize = 110;

/// The document as text, with a newline at its end.
pub(super) fn render(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Writes `value` where `used` columns of its line are taken already.
fn write(value: &Value, depth: usize, used: usize, text: &mut String) {
    let compact = value.to_string();
    // A top-level document is always broken up, so that each of its parts has lines of its own.
    let fits = depth > 0 && used + compact.chars().count() < LINE_WIDTH;
    match value {
        Value::Object(members) if !fits && !members.is_empty() => {
            let written = members.iter().map(|(name, member)| (format!("{}:", Value::from(name.as_str())), member));
            block('{', written, '}', depth, text);
        }
        Value::Array(items) if !fits && !items.is_empty() => {
            block('[', items.iter().map(|item| (String::new(), item)), ']', depth, text);
        }
        _ => text.push_str(&compact),
    }
}

/// One part a line, each after its label.
fn block<'a>(
    open: char,
    parts: impl Iterator<Item = (String, &'a Value)>,
    close: char,
    depth: usize,
    text: &mut String,
) {
    text.push(open);
    for (index, (label, part)) in parts.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(depth + 1));
        text.push_str(&label);
        write(part, depth + 1, depth + 1 + label.chars().count(), text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(depth));
    text.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{LINE_WIDTH, render};

    #[test]
    fn short_parts_stand_on_one_line_and_long_ones_do_not() {
        let value = json!({"name": "x", "list": [1, 2.50], "none": [], "long": ["a".repeat(80), "b".repeat(80)]});
        let text = render(&value);
        let expected = format!(
            "{{\n \"name\":\"x\",\n \"list\":[1,2.5],\n \"none\":[],\n \"long\":[\n  \"{}\",\n  \"{}\"\n ]\n}}\n",
            "a".repeat(80),
            "b".repeat(80)
        );
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(text.lines().all(|line| line.len() <= LINE_WIDTH));
    }
}
