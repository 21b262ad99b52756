//! YAML as the services read it: YAML 1.2 with the core schema (yaml.org/spec/1.2.2, chapter 10.3), and merge keys.
//!
//! `n`, `yes` and `on` are strings, `010` is 10, `0o10` is 8, `1_000` and `0b11` are strings. The parser is a library's;
//! what a scalar means is decided here.

use std::collections::HashMap;
use std::fmt;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Number, Value};

/// Lists and maps within each other; the reader of JSON allows as many.
const MAX_LEVELS: usize = 128;
/// Values that a document may consist of. Aliases count as often as they are used.
const MAX_VALUES: usize = 1_000_000;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct YamlError {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// In words, without anything that stands in the document but names of keys and tags.
    pub message: String,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for YamlError {}

/// Reads one document; nothing at all is `null`.
///
/// # Errors
/// For what is no YAML, a key that is there twice, an unknown tag, a second document, and for more than any person
/// writes.
pub(crate) fn parse(text: &str) -> Result<Value, YamlError> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.strict_indentation = true;
    let mut reader = Reader::default();
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| {
            let at = error.marker();
            YamlError { line: at.line().max(1), column: at.col() + 1, message: error.info() }
        })?;
        reader.take(event).map_err(|message| located(&span, message))?;
    }
    Ok(reader.done.unwrap_or_default())
}

fn located(span: &Span, message: String) -> YamlError {
    YamlError { line: span.start.line().max(1), column: span.start.col() + 1, message }
}

/// A value in the making.
enum OpenValue {
    List { items: Vec<Value>, anchor: usize, first: usize },
    Map { members: Map<String, Value>, merged: Vec<Value>, key: Option<Key>, anchor: usize, first: usize },
}

/// What the next value of a map belongs to.
enum Key {
    Name(String),
    /// `<<`: the members of the value, where the map has none of that name.
    Merge,
}

#[derive(Default)]
struct Reader {
    open: Vec<OpenValue>,
    /// What aliases refer to, with the number of values that it consists of.
    anchors: HashMap<usize, (Value, usize)>,
    values: usize,
    documents: usize,
    done: Option<Value>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 { Err("a second document begins; one is read".into()) } else { Ok(()) }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1)?;
                let is_merge_key = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
                if is_merge_key && self.expects_key() {
                    return self.key(Key::Merge);
                }
                let value = scalar(&text, style, tag.as_deref())?;
                self.finish(value, anchor, 1)
            }
            Event::SequenceStart(_, anchor, tag) => {
                collection_tag(tag.as_deref(), "seq")?;
                self.start(OpenValue::List { items: Vec::new(), anchor, first: self.values })
            }
            Event::MappingStart(_, anchor, tag) => {
                collection_tag(tag.as_deref(), "map")?;
                let (members, merged, first) = (Map::new(), Vec::new(), self.values);
                self.start(OpenValue::Map { members, merged, key: None, anchor, first })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => {
                let (value, size) = self.anchors.get(&id).cloned().ok_or("an alias stands within what it refers to")?;
                self.count(size)?;
                self.finish(value, 0, size)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, values: usize) -> Result<(), String> {
        self.values = self.values.saturating_add(values);
        if self.values > MAX_VALUES {
            return Err(format!("the document has more than {MAX_VALUES} values, aliases included"));
        }
        Ok(())
    }

    fn start(&mut self, open: OpenValue) -> Result<(), String> {
        self.count(1)?;
        if self.expects_key() {
            return Err("a key must be a single value, not a list or a map".into());
        }
        if self.open.len() >= MAX_LEVELS {
            return Err(format!("nested deeper than {MAX_LEVELS} levels"));
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let (value, anchor, first) = match self.open.pop() {
            Some(OpenValue::List { items, anchor, first }) => (Value::Array(items), anchor, first),
            Some(OpenValue::Map { mut members, merged, anchor, first, .. }) => {
                for other in merged {
                    merge(&mut members, other)?;
                }
                (Value::Object(members), anchor, first)
            }
            None => return Ok(()),
        };
        self.finish(value, anchor, self.values.saturating_sub(first))
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(OpenValue::Map { key: None, .. }))
    }

    fn key(&mut self, new: Key) -> Result<(), String> {
        if let Some(OpenValue::Map { members, key, .. }) = self.open.last_mut() {
            if let Key::Name(name) = &new
                && members.contains_key(name)
            {
                return Err(format!("the key `{name}` is there twice"));
            }
            *key = Some(new);
        }
        Ok(())
    }

    /// A value is complete, and goes where it belongs.
    fn finish(&mut self, value: Value, anchor: usize, size: usize) -> Result<(), String> {
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        if self.expects_key() {
            let name = match value {
                Value::String(name) => name,
                Value::Array(_) | Value::Object(_) => {
                    return Err("a key must be a single value, not a list or a map".into());
                }
                other => other.to_string(),
            };
            return self.key(Key::Name(name));
        }
        match self.open.last_mut() {
            Some(OpenValue::List { items, .. }) => items.push(value),
            Some(OpenValue::Map { members, merged, key, .. }) => match key.take() {
                Some(Key::Name(name)) => drop(members.insert(name, value)),
                Some(Key::Merge) => merged.push(value),
                None => {}
            },
            None => self.done = Some(value),
        }
        Ok(())
    }
}

/// Adds the members of a map, or of each map of a list, that are not there yet.
fn merge(members: &mut Map<String, Value>, other: Value) -> Result<(), String> {
    match other {
        Value::Object(other) => {
            for (name, value) in other {
                members.entry(name).or_insert(value);
            }
            Ok(())
        }
        Value::Array(items) if items.iter().all(Value::is_object) => {
            items.into_iter().try_for_each(|item| merge(members, item))
        }
        _ => Err("`<<` takes a map or a list of maps".into()),
    }
}

fn unknown_tag(tag: &Tag) -> String {
    format!("unknown tag `{}`", tag.original())
}

fn collection_tag(tag: Option<&Tag>, kind: &str) -> Result<(), String> {
    match tag {
        Some(tag) if tag.core_suffix() != Some(kind) && tag.original() != "!" => Err(unknown_tag(tag)),
        _ => Ok(()),
    }
}

/// What a scalar means: a tag decides; without one, plain ones mean what they look like, and others are strings.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let string = || Value::String(text.to_owned());
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain { resolve(text) } else { Ok(string()) };
    };
    if tag.original() == "!" {
        return Ok(string());
    }
    let Some(kind) = tag.core_suffix() else { return Err(unknown_tag(tag)) };
    let value = if kind == "str" { string() } else { resolve(text)? };
    let fits = match (&value, kind) {
        (Value::String(_), "str") | (Value::Null, "null") | (Value::Bool(_), "bool") | (Value::Number(_), "float") => {
            true
        }
        (Value::Number(number), "int") => !number.to_string().contains(['.', 'e', 'E']),
        _ => false,
    };
    if fits { Ok(value) } else { Err(format!("this is not what the tag `{}` says", tag.original())) }
}

/// The core schema: what a plain scalar looks like.
fn resolve(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(text)? {
            Some(number) => Value::Number(number),
            None => Value::String(text.to_owned()),
        },
    })
}

/// The number that a plain scalar is, with the digits that it has.
fn number(text: &str) -> Result<Option<Number>, String> {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => ("-", &text[1..]),
        Some(b'+') => ("", &text[1..]),
        _ => ("", text),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") || (digits == text && matches!(text, ".nan" | ".NaN" | ".NAN")) {
        return Err(format!("JSON has no number `{text}`"));
    }
    // Only without a sign.
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let valid = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            return match u128::from_str_radix(digits, radix) {
                Ok(value) if valid => Ok(value.to_string().parse().ok()),
                Err(_) if valid => Err("a number of more than 128 bits must be decimal".into()),
                _ => Ok(None),
            };
        }
    }
    Ok(decimal(digits).and_then(|digits| format!("{sign}{digits}").parse().ok()))
}

/// Decimal digits as JSON writes them: `010` is `10`, `.5` is `0.5`, `1.` is `1.0`.
fn decimal(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) || (whole.is_empty() && fraction.is_none_or(str::is_empty)) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let mut number = whole.to_owned();
    if let Some(fraction) = fraction {
        number.push('.');
        number.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
    if let Some(exponent) = exponent {
        let bare = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if bare.is_empty() || !digits(bare) {
            return None;
        }
        number.push('e');
        number.push_str(exponent);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(yaml: &str, json: &str) {
        assert_eq!(parse(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}")).to_string(), json, "{yaml}");
    }

    #[track_caller]
    fn check_error(yaml: &str, line: usize, message: &str) {
        let error = parse(yaml).unwrap_err();
        assert_eq!((error.line, error.message.as_str()), (line, message), "{yaml}");
    }

    #[test]
    fn words_that_were_booleans_once_are_strings() {
        for word in ["y", "Y", "n", "N", "yes", "Yes", "YES", "no", "NO", "on", "On", "off", "OFF", "tRUE", "nULL"] {
            assert_eq!(parse(&format!("a: {word}")).unwrap(), json!({"a": word}));
        }
        check("[true, True, FALSE, ~, null, NULL, '']", r#"[true,true,false,null,null,null,""]"#);
        check("a:\nb: # nothing\n", r#"{"a":null,"b":null}"#);
        check("n: 1\nno: 2\ntrue: 3\n010: 4\nnull: 5", r#"{"n":1,"no":2,"true":3,"10":4,"null":5}"#);
    }

    #[test]
    fn numbers_are_those_of_the_core_schema() {
        check("[010, 0123, 007, 0o10, 0x1F, +1, -01, 0]", "[10,123,7,8,31,1,-1,0]");
        check("[1.0, 1., .5, -.5, 00.5, 1e3, 1E-3, +1.5e+3]", "[1.0,1.0,0.5,-0.5,0.5,1e+3,1e-3,1.5e+3]");
        check("[123456789012345678901234567890, 1e400]", "[123456789012345678901234567890,1e+400]");
        let strings = "[1_000, 0b11, 0o8, 0xG, 0o, '1', \"1\", 1:30, 1.2.3, 12e, ., +, e3, -0x1, 0O7, 0X1]";
        assert!(parse(strings).unwrap().as_array().unwrap().iter().all(Value::is_string), "{strings}");
        check_error("a: .inf", 1, "JSON has no number `.inf`");
        check_error("- .nan", 1, "JSON has no number `.nan`");
    }

    #[test]
    fn tags_decide() {
        check("[!!str 010, !!int '7', !!float 1, !!null '', ! x, !!seq [], !!map {}]", r#"["010",7,1,null,"x",[],{}]"#);
        check_error("a: !custom x", 1, "unknown tag `!custom`");
        check_error("a: !!int x", 1, "this is not what the tag `!!int` says");
        check_error("\n- !!seq {}", 2, "unknown tag `!!seq`");
    }

    #[test]
    fn anchors_and_merge_keys_are_followed() {
        check(
            "a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}",
            r#"{"a":{"b":1,"c":2},"d":{"b":1,"c":2},"e":{"c":3,"b":1}}"#,
        );
        check("- &x {a: 1}\n- &y {b: 2}\n- <<: [*x, *y]", r#"[{"a":1},{"b":2},{"a":1,"b":2}]"#);
        check("'<<': 1", r#"{"<<":1}"#);
        check_error("a: {<<: 1}", 1, "`<<` takes a map or a list of maps");
        check_error("a: &x [*x]", 1, "an alias stands within what it refers to");
    }

    #[test]
    fn what_explodes_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let alias = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
        }
        let error = parse(&bomb).unwrap_err();
        assert_eq!(error.message, "the document has more than 1000000 values, aliases included");
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"- ".repeat(10_000)).is_err());
    }

    #[test]
    fn mistakes_have_a_place() {
        check_error("a: 1\nb: 2\na: 3\n", 3, "the key `a` is there twice");
        check_error("a: 1\n---\nb: 2\n", 2, "a second document begins; one is read");
        check_error("? [a]\n: 1\n", 1, "a key must be a single value, not a list or a map");
        for (text, line) in
            [("a: [1\nb: 2", 2), ("a:\n\t- 1\n", 2), ("a: \"x\nb: y\n", 1), ("a: 'x", 1), ("flow: [a,\nb]", 2)]
        {
            let error = parse(text).unwrap_err();
            assert!(error.line >= line, "{text}: {error}");
        }
    }

    #[test]
    fn json_is_yaml() {
        check("{\"a\": [1, 2.50, \"x\\ny\"],\n \"b\": null}", r#"{"a":[1,2.50,"x\ny"],"b":null}"#);
        check("", "null");
        check("just words", "\"just words\"");
        check("--- >\n folded\n text\n", "\"folded text\\n\"");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            parse(&text).ok();
        }

        #[test]
        fn what_looks_like_yaml_does_not_make_it_panic(text in "[-:&*!|>'\"%@`{}\\[\\],#?. \n\ta-c0-3<]{0,60}") {
            parse(&text).ok();
        }
    }
}
