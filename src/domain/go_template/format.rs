//! Go's `printf`: `%5.2f`, `%-10s`, `%x`, `%q`, `%T`, and what it prints for values that do not fit.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use serde_json::Value;

/// No sane width or precision is beyond this, and an absurd one must not fill the memory.
const MAX_WIDTH: usize = 4096;

/// What stands between `%` and its verb.
#[derive(Debug, Clone, Copy, Default)]
struct Directive {
    left: bool,
    zero: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

impl Directive {
    /// Reads the flags, width and precision at the start of `text`; what follows them.
    fn read(mut text: &str) -> (Self, &str) {
        let mut directive = Self::default();
        while let Some(flag) = text.chars().next().filter(|c| "-+# 0".contains(*c)) {
            match flag {
                '-' => directive.left = true,
                '0' => directive.zero = true,
                '+' => directive.plus = true,
                _ => {}
            }
            text = &text[1..];
        }
        let number = |text: &str| {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            (text[..end].parse::<usize>().unwrap_or(0).min(MAX_WIDTH), end)
        };
        let (width, end) = number(text);
        (directive.width, text) = (width, &text[end..]);
        if let Some(after) = text.strip_prefix('.') {
            let (precision, end) = number(after);
            (directive.precision, text) = (Some(precision), &after[end..]);
        }
        (directive, text)
    }

    fn padded(self, text: &str) -> String {
        let width = self.width;
        match (self.left, self.zero) {
            (true, _) => format!("{text:<width$}"),
            // The sign stands before the zeros.
            (false, true) => match text.strip_prefix(['-', '+']) {
                Some(digits) => format!("{}{digits:0>1$}", &text[..1], width.saturating_sub(1)),
                None => format!("{text:0>width$}"),
            },
            (false, false) => format!("{text:>width$}"),
        }
    }
}

/// Fills a format in; `shown` is a value as it is printed by itself.
pub(super) fn printf(format: &str, arguments: &[Cow<'_, Value>], shown: fn(&Value) -> String) -> String {
    let (mut out, mut rest, mut arguments) = (String::new(), format, arguments.iter());
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let (directive, after) = Directive::read(&rest[at + 1..]);
        let Some(verb) = after.chars().next() else {
            out.push_str("%!(NOVERB)");
            return out;
        };
        rest = &after[verb.len_utf8()..];
        if verb == '%' {
            out.push('%');
            continue;
        }
        match arguments.next() {
            Some(argument) => out.push_str(&directive.padded(&converted(verb, directive, argument, shown))),
            None => out.push_str(&format!("%!{verb}(MISSING)")),
        }
    }
    out.push_str(rest);
    let extra: Vec<String> = arguments.map(|argument| format!("{}={}", type_name(argument), shown(argument))).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn converted(verb: char, directive: Directive, argument: &Value, shown: fn(&Value) -> String) -> String {
    let integer = argument.as_i64();
    let float = argument.as_f64().filter(|_| integer.is_none() && argument.as_u64().is_none());
    let signed =
        |text: String, is_negative: bool| if directive.plus && !is_negative { format!("+{text}") } else { text };
    match (verb, argument) {
        ('v', _) => shown(argument),
        ('T', _) => type_name(argument).to_owned(),
        ('s', Value::String(text)) => match directive.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.clone(),
        },
        ('s', Value::Array(_) | Value::Object(_)) => shown(argument),
        ('q', Value::String(_)) => argument.to_string(),
        ('x', Value::String(text)) => HEXLOWER.encode(text.as_bytes()),
        ('X', Value::String(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ('t', Value::Bool(_)) => argument.to_string(),
        ('d', Value::Number(_)) if float.is_none() => {
            signed(argument.to_string(), integer.is_some_and(i64::is_negative))
        }
        ('x' | 'X' | 'o' | 'b', Value::Number(_)) if integer.is_some() => {
            let integer = integer.unwrap_or_default();
            let (sign, size) = (if integer < 0 { "-" } else { "" }, integer.unsigned_abs());
            match verb {
                'x' => format!("{sign}{size:x}"),
                'X' => format!("{sign}{size:X}"),
                'o' => format!("{sign}{size:o}"),
                _ => format!("{sign}{size:b}"),
            }
        }
        ('f' | 'F', Value::Number(_)) if float.is_some() => {
            let float = float.unwrap_or_default();
            signed(format!("{float:.*}", directive.precision.unwrap_or(6)), float < 0.0)
        }
        ('g', Value::Number(_)) if float.is_some() => shown(argument),
        _ => format!("%!{verb}({}={})", type_name(argument), shown(argument)),
    }
}

/// What Go calls the type of a value.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.as_i64().is_some() || number.as_u64().is_some() => "int",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
