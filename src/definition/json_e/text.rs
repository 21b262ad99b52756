//! Texts with expressions in them, and values as text.

use serde_json::Value;

use super::{Engine, JsonEError, Scope, parse};

impl Engine<'_> {
    /// `a-${b}-c` with the value of `b`; `$${` is `${`.
    pub(super) fn interpolate(&self, text: &str, scope: &Scope<'_>) -> Result<String, JsonEError> {
        let mut made = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            if let Some(before) = before.strip_suffix('$') {
                made.push_str(before);
                made.push_str("${");
                rest = after;
                continue;
            }
            made.push_str(before);
            let (expression, length) = parse::parse_until_brace(after)?;
            let source = &after[..length];
            match self.evaluate(&expression, scope, 0)? {
                Value::Array(_) | Value::Object(_) => {
                    return Err(JsonEError::template(format!(
                        "interpolation of '{}' produced an array or object",
                        source.trim()
                    )));
                }
                Value::Null => {}
                value => {
                    let shown = to_text(&value);
                    self.spend(shown.len())?;
                    made.push_str(&shown);
                }
            }
            // The brace that the expression ends at.
            rest = after.get(length + 1..).unwrap_or_default();
        }
        made.push_str(rest);
        self.spend(made.len())?;
        Ok(made)
    }
}

/// A scalar as text.
pub(super) fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            // JavaScript has one kind of number: 1.0 is 1.
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// How a key stands in the path of an error: `.name`, or `["na me"]`.
pub(super) fn segment(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(|c| c.is_ascii_alphanumeric());
    if plain { format!(".{key}") } else { format!("[{}]", Value::from(key)) }
}

/// Whether it is one word of ASCII letters and digits.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// JSON with its keys sorted and without white space.
pub(super) fn stable_json(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<_> = members.iter().collect();
            keys.sort_by(|one, other| one.0.cmp(other.0));
            let members: Vec<_> = keys
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), stable_json(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(stable_json).collect::<Vec<_>>().join(",")),
        Value::Number(_) => to_text(value),
        other => other.to_string(),
    }
}
