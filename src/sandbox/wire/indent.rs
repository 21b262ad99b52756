//! Compact JSON laid out as the services send it: two spaces a level.

/// The same JSON, indented by two spaces a level; what is empty stays on its line. Numbers and strings stay as they are.
pub(crate) fn indent(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() + compact.len() / 2);
    let bytes = compact.as_bytes();
    let (mut depth, mut start, mut at) = (0_usize, 0, 0);
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' if !matches!(next, Some(b'}' | b']')) => {
                depth += 1;
                start = line(&mut out, compact, start..at + 1, depth);
            }
            // An empty object or list: what closes it must not end a line.
            b'{' | b'[' => at += 1,
            b',' => start = line(&mut out, compact, start..at + 1, depth),
            b':' => {
                out.push_str(compact.get(start..=at).unwrap_or_default());
                out.push(' ');
                start = at + 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                start = line(&mut out, compact, start..at, depth);
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(compact.get(start..).unwrap_or_default());
    out
}

/// Writes a part and begins a line; returns where the next part begins.
fn line(out: &mut String, compact: &str, part: std::ops::Range<usize>, depth: usize) -> usize {
    let end = part.end;
    out.push_str(compact.get(part).unwrap_or_default());
    out.push('\n');
    (0..depth).for_each(|_| out.push_str("  "));
    end
}

/// Where the string ends that begins here: its closing quote.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'"', b'\\', rest) else { return bytes.len() };
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn empty_containers_stay_on_their_line() {
        assert_eq!(indent(r#"{"a":[],"b":{},"c":[{}]}"#), "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    {}\n  ]\n}");
        assert_eq!(indent("[]"), "[]");
        assert_eq!(indent("\"a{\\\"[,:\""), "\"a{\\\"[,:\"");
        assert_eq!(indent("1.0"), "1.0");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<i64>().prop_map(|n| json!(n)), ".*".prop_map(Value::String)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((".*", inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn indented_text_is_that_of_a_pretty_printer(value in value()) {
            prop_assert_eq!(indent(&value.to_string()), serde_json::to_string_pretty(&value).unwrap());
        }

        #[test]
        fn foreign_text_does_no_harm(text in "[\"\\\\{}\\[\\],:a ü]{0,40}") {
            indent(&text);
        }
    }
}
