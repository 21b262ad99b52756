//! JSON as text: indented, coloured or compacted token by token.
//!
//! Nothing is parsed into numbers or maps on the way, so key order, duplicate keys, `1.0`, 2^63
//! and `1e400` come out as they went in, at the speed of a copy.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Deserialize as _;

use crate::nesting::{MAX_LEVELS, levels, string_end};

const KEY: Style = AnsiColor::Blue.on_default().bold();
const STRING: Style = AnsiColor::Green.on_default();
const NUMBER: Style = AnsiColor::Cyan.on_default();
const WORD: Style = AnsiColor::Magenta.on_default();

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Indented by two spaces; otherwise on one line without spaces.
    pub indented: bool,
    /// In colour.
    pub color: bool,
    /// Characters that could drive a terminal are written as `\u` escapes.
    pub escape: bool,
}

impl Layout {
    /// One line, no colour.
    pub(crate) const COMPACT: Layout = Layout { indented: false, color: false, escape: false };
    /// Indented by two spaces, no colour.
    #[cfg(test)]
    pub(crate) const INDENTED: Layout = Layout { indented: true, color: false, escape: false };

    /// Indented, as far as the terminal and the wish for colour go.
    pub(crate) fn indented(color: bool, terminal: bool) -> Self {
        Self { indented: true, color, escape: terminal }
    }

    /// Writes `json` and ends the line, on a line of its own: as it stands where it is on one line already.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub(crate) fn write_line(json: &[u8], out: &mut dyn Write) -> io::Result<()> {
        // A line break cannot stand inside a string, so what has none is on one line.
        if memchr::memchr2(b'\n', b'\r', json).is_none() {
            out.write_all(json)?;
        } else {
            Self::COMPACT.write(json, out)?;
        }
        out.write_all(b"\n")
    }

    /// Writes `json`, which must be one valid document (see [`check`]), in this layout.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub(crate) fn write(self, json: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let mut writer = Writer::new(self, out);
        writer.tokens(json)
    }
}

/// Whether `json` is one valid document, in UTF-8 (RFC 8259, 8.1), of at most [`MAX_LEVELS`].
///
/// # Errors
/// What is wrong, with line and column.
pub(crate) fn check(json: &[u8]) -> Result<(), serde_json::Error> {
    if levels(json) > MAX_LEVELS {
        return Err(serde::de::Error::custom(format_args!("nested deeper than {MAX_LEVELS} levels")));
    }
    if std::str::from_utf8(json).is_err() {
        // What skips values does not look into strings; what reads them says where they go wrong.
        return serde_json::from_slice::<serde_json::Value>(json).map(drop);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    serde::de::IgnoredAny::deserialize(&mut deserializer)?;
    deserializer.end()
}

/// Writes tokens, at any depth; several pieces can make up one document.
pub(crate) struct Writer<'a> {
    layout: Layout,
    out: &'a mut dyn Write,
    /// The open containers, innermost last.
    open: Vec<Container>,
    /// A container was opened and nothing has been written into it.
    fresh: bool,
}

#[derive(Clone, Copy)]
struct Container {
    object: bool,
    expects_key: bool,
}

impl<'a> Writer<'a> {
    /// A writer that stands before a document.
    pub(crate) fn new(layout: Layout, out: &'a mut dyn Write) -> Self {
        Self { layout, out, open: Vec::new(), fresh: false }
    }

    /// Writes a run of tokens. Strings and numbers must not be torn.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn tokens(&mut self, json: &[u8]) -> io::Result<()> {
        let mut at = 0;
        while let Some(&byte) = json.get(at) {
            let end = match byte {
                b' ' | b'\t' | b'\r' | b'\n' => at + 1,
                b'{' | b'[' => {
                    self.before_value()?;
                    self.out.write_all(&[byte])?;
                    self.open.push(Container { object: byte == b'{', expects_key: byte == b'{' });
                    self.fresh = true;
                    at + 1
                }
                b'}' | b']' => {
                    self.open.pop();
                    if !std::mem::take(&mut self.fresh) {
                        self.line_break()?;
                    }
                    self.out.write_all(&[byte])?;
                    at + 1
                }
                b',' => {
                    self.out.write_all(b",")?;
                    self.line_break()?;
                    if let Some(container) = self.open.last_mut() {
                        container.expects_key = container.object;
                    }
                    at + 1
                }
                b':' => {
                    self.out.write_all(if self.layout.indented { b": " } else { b":" })?;
                    at + 1
                }
                b'"' => {
                    let end = string_end(json, at);
                    self.string(&json[at..end])?;
                    end
                }
                _ => {
                    let end = scalar_end(json, at);
                    self.before_value()?;
                    let style = if byte == b'-' || byte.is_ascii_digit() { NUMBER } else { WORD };
                    self.styled(style, &json[at..end])?;
                    end
                }
            };
            at = end;
        }
        Ok(())
    }

    fn string(&mut self, text: &[u8]) -> io::Result<()> {
        self.before_value()?;
        let is_key = self.open.last_mut().is_some_and(|container| std::mem::take(&mut container.expects_key));
        let style = if is_key { KEY } else { STRING };
        if self.layout.escape {
            let escaped = escape(text);
            return self.styled(style, &escaped);
        }
        self.styled(style, text)
    }

    fn styled(&mut self, style: Style, text: &[u8]) -> io::Result<()> {
        if self.layout.color {
            write!(self.out, "{style}")?;
            self.out.write_all(text)?;
            write!(self.out, "{style:#}")
        } else {
            self.out.write_all(text)
        }
    }

    fn before_value(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.fresh) { self.line_break() } else { Ok(()) }
    }

    fn line_break(&mut self) -> io::Result<()> {
        const SPACES: [u8; 64] = [b' '; 64];
        if !self.layout.indented {
            return Ok(());
        }
        self.out.write_all(b"\n")?;
        let mut left = self.open.len() * 2;
        while left > 0 {
            let now = left.min(SPACES.len());
            self.out.write_all(&SPACES[..now])?;
            left -= now;
        }
        Ok(())
    }
}

fn scalar_end(json: &[u8], start: usize) -> usize {
    let ends =
        |byte: &u8| matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"' | b' ' | b'\t' | b'\r' | b'\n');
    json[start..].iter().position(ends).map_or(json.len(), |length| start + length.max(1))
}

/// A string token whose hostile characters are `\u` escapes, which mean the same in JSON.
fn escape(token: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(token) else { return token.to_vec() };
    if super::sanitize(text).len() == text.len() {
        return token.to_vec();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut units = [0; 2];
    for c in text.chars() {
        if super::sanitize(c.encode_utf8(&mut [0; 4])).is_empty() {
            for unit in c.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lay_out(layout: Layout, json: &str) -> String {
        let mut out = Vec::new();
        layout.write(json.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn ten_thousand_levels_are_a_document_and_more_are_not() {
        let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
        check(nested(MAX_LEVELS).as_bytes()).unwrap();
        let refused = check(nested(MAX_LEVELS + 1).as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), "nested deeper than 10000 levels");
    }

    #[test]
    fn it_is_indented_by_two_spaces() {
        let json = r#"{"a":[1,{"b":[]},{}],"c":"x, [y]: {\"z\"}","d":null}"#;
        let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    },\n    {}\n  ],\n  \
                        \"c\": \"x, [y]: {\\\"z\\\"}\",\n  \"d\": null\n}";
        assert_eq!(lay_out(Layout::INDENTED, json), expected);
        assert_eq!(lay_out(Layout::COMPACT, expected), json);
    }

    #[test]
    fn numbers_and_duplicate_keys_survive() {
        let json = r#"{"b":1.0,"a":9223372036854775808,"a":1e400,"z":-0,"y":1E+2}"#;
        assert_eq!(lay_out(Layout::COMPACT, json), json);
    }

    #[test]
    fn keys_and_values_have_colours_of_their_own() {
        let layout = Layout { indented: false, color: true, escape: true };
        let text = lay_out(layout, r#"{"a":"b","c":[1,true]}"#);
        let key = |name: &str| format!("{KEY}\"{name}\"{KEY:#}");
        let expected =
            format!("{{{}:{STRING}\"b\"{STRING:#},{}:[{NUMBER}1{NUMBER:#},{WORD}true{WORD:#}]}}", key("a"), key("c"));
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_not_utf_8_is_no_json() {
        // A string with one such byte in it went to terminals with all that it held.
        let fault = check(b"[1,\n\"\xc2\x9b2J\xaf\"]").unwrap_err();
        assert_eq!((fault.line(), fault.to_string().contains("invalid unicode")), (2, true), "{fault}");
        assert!(check(b"1e400").is_ok() && check("\"\u{9b}\"".as_bytes()).is_ok());
        assert!(check(b"\xff").is_err() && check(b"[1e400,\"\xff\"]").is_err());
    }

    #[test]
    fn hostile_characters_are_escaped_for_a_terminal() {
        let layout = Layout { indented: false, color: false, escape: true };
        assert_eq!(lay_out(layout, "\"a\u{202e}b\u{9b}é\u{e0001}\""), r#""a\u202eb\u009bé\udb40\udc01""#);
    }

    #[test]
    fn an_invalid_document_is_told_with_its_place() {
        assert_eq!(check(b"{\"a\":\n nope}").unwrap_err().line(), 2);
        assert!(check(b"{} {}").is_err());
        assert!(check(b"1e400").is_ok());
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::vec((".*", inner), 0..5)
                    .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_layout_keeps_the_value(value in any_json(), indented: bool, escape: bool) {
            let text = lay_out(Layout { indented, color: false, escape }, &value.to_string());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value.clone());
            if indented && !escape {
                prop_assert_eq!(text, serde_json::to_string_pretty(&value).unwrap());
            }
        }

        #[test]
        fn no_input_makes_it_panic(bytes: Vec<u8>, indented: bool) {
            let layout = Layout { indented, color: true, escape: true };
            layout.write(&bytes, &mut Vec::new()).unwrap();
        }
    }
}
