//! JSON values as YAML for people: block style, members in their order, numbers with their digits. Pure.
//!
//! What comes out is YAML 1.2 that readers of YAML 1.1 take for the same: `no`, `on` and times are quoted.

use std::fmt::Write as _;

use serde_json::Value;

/// Columns that a level is indented by.
const INDENT: usize = 2;
/// A key that is longer cannot be recognized by its colon (yaml.org/spec/1.2.2, section 7.4).
const MAX_SIMPLE_KEY_BYTES: usize = 1000;
/// Words that some readers do not take for texts.
const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// A value as a document, with a line break at its end.
pub(crate) fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

/// Writes a value whose first line starts at the column `indent`.
fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (index, (name, member)) in members.iter().enumerate() {
                pad(if index == 0 { 0 } else { indent }, out);
                if name.len() > MAX_SIMPLE_KEY_BYTES {
                    out.push_str("? ");
                    out.push_str(&quoted(name));
                    out.push('\n');
                    pad(indent, out);
                } else {
                    out.push_str(&scalar(name));
                }
                out.push(':');
                match member {
                    Value::Object(inner) if !inner.is_empty() => below(member, indent + INDENT, out),
                    Value::Array(items) if !items.is_empty() => below(member, indent, out),
                    _ => leaf(member, indent, out),
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                pad(if index == 0 { 0 } else { indent }, out);
                out.push('-');
                let is_empty =
                    item.as_object().map_or_else(|| item.as_array().is_none_or(Vec::is_empty), |o| o.is_empty());
                if is_empty {
                    leaf(item, indent, out);
                } else {
                    out.push(' ');
                    block(item, indent + INDENT, out);
                }
            }
        }
        _ => {
            let mut text = String::new();
            leaf(value, 0, &mut text);
            out.push_str(text.trim_start());
        }
    }
}

fn below(value: &Value, indent: usize, out: &mut String) {
    out.push('\n');
    pad(indent, out);
    block(value, indent, out);
}

/// Writes a value that has no lines of its own behind what it belongs to, which stands at the column `indent`.
fn leaf(value: &Value, indent: usize, out: &mut String) {
    out.push(' ');
    match value {
        Value::String(text) if is_literal(text) => literal(text, indent + INDENT, out),
        Value::String(text) => out.push_str(&scalar(text)),
        // Empty lists and maps are the same in JSON.
        other => out.push_str(&other.to_string()),
    }
    out.push('\n');
}

/// Whether a text can stand as lines, just as they are.
fn is_literal(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.ends_with('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && text.chars().all(|c| c == '\n' || !needs_escape(c))
}

fn literal(text: &str, indent: usize, out: &mut String) {
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.lines() {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, out);
            out.push_str(line);
        }
    }
}

/// A text on one line: as it is where nobody takes it for something else, else in quotes.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '/')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(needs_escape)
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes: JSON, in which what YAML does not allow is escaped, too.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for c in json.chars() {
        if needs_escape(c) {
            // A string takes whatever is written to it.
            write!(quoted, "\\u{:04x}", u32::from(c)).unwrap_or_default();
        } else {
            quoted.push(c);
        }
    }
    quoted
}

/// Whether a character is not printable, breaks a line for some readers, or makes text look as if it were another.
fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') || turns_text(c)
}

/// The marks of Unicode's bidirectional algorithm (UAX #9, section 2), behind which a reader sees another text than a
/// program.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn pad(columns: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', columns));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::yaml::parse;

    #[test]
    fn marks_that_turn_text_are_seen_as_what_they_are() {
        let value = json!({"name": "a\u{202e}b\u{2066}", "lines": "a\n\u{200f}b\n", "emoji": "👩\u{200d}🚀"});
        let text = to_yaml(&value);
        assert!(!text.contains(turns_text), "{text}");
        assert!(text.contains("\"a\\u202eb\\u2066\"") && text.contains("👩\u{200d}🚀"), "{text}");
        assert_eq!(parse(&text).unwrap(), value);
    }

    #[test]
    fn a_document_reads_as_people_write_it() {
        let value = json!({
            "taskId": "VESwp9JaRo-XkFN_bemBhw", "runs": [{"runId": 0, "state": "failed"}, {"runId": 1}],
            "scopes": ["queue:x:*", "assume:y"], "none": [], "empty": {}, "nested": {"a": {"b": null}},
            "no": "no", "created": "2026-11-22T12:00:00.000Z", "script": "set -e\n\nmake test\n", "pairs": [[1, 2.50], [true]],
        });
        let expected = "\
taskId: VESwp9JaRo-XkFN_bemBhw
runs:
- runId: 0
  state: failed
- runId: 1
scopes:
- queue:x:*
- assume:y
none: []
empty: {}
nested:
  a:
    b: null
\"no\": \"no\"
created: \"2026-11-22T12:00:00.000Z\"
script: |
  set -e

  make test
pairs:
- - 1
  - 2.5
- - true
";
        assert_eq!(to_yaml(&value), expected);
        assert_eq!(parse(expected).unwrap(), value);
    }

    #[test]
    fn single_values_are_documents_too() {
        for (value, expected) in [
            (json!("a"), "a\n"),
            (json!(""), "\"\"\n"),
            (json!([]), "[]\n"),
            (json!(7), "7\n"),
            (json!("a\nb"), "|-\n  a\n  b\n"),
        ] {
            assert_eq!(to_yaml(&value), expected);
            assert_eq!(parse(expected).unwrap(), value);
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let value: Value = serde_json::from_str("[1.0, 9007199254740993, 1e400]").unwrap();
        assert_eq!(to_yaml(&value), "- 1.0\n- 9007199254740993\n- 1e+400\n");
    }

    #[test]
    fn nothing_reaches_a_terminal_that_drives_it() {
        assert_eq!(to_yaml(&json!("a\u{1b}[2J\u{9b}")), "\"a\\u001b[2J\\u009b\"\n");
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof!["\\PC{0,12}", "[ \ta-c:#\n'\"-]{0,12}", Just("x".repeat(2000))];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(text.clone(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in values()) {
            let text = to_yaml(&value);
            prop_assert_eq!(parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?, value);
        }
    }
}
