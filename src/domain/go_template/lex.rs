//! Text and actions, and the words of an action.

use super::TemplateError;

/// Text as it stands, or what is between `{{` and `}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Action(&'a str),
}

/// A word of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// `.A.B`; empty for the dot alone.
    Field(Vec<String>),
    /// `$.A.B`, or `$`.
    Root(Vec<String>),
    /// `$x.A.B`, or `$x`.
    Variable(String, Vec<String>),
    /// `:=`
    Declare,
    /// `=`
    Assign,
    Comma,
    Name(String),
    Text(String),
    Number(serde_json::Number),
    Pipe,
    Open,
    /// `)`, with the fields that are taken of what is in the parentheses.
    Close(Vec<String>),
}

/// Cuts a template into pieces; white space beside trim markers is gone.
pub(super) fn pieces(template: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let mut pieces = Vec::new();
    let (mut rest, mut trim) = (template, false);
    loop {
        let start = rest.find("{{");
        let text = &rest[..start.unwrap_or(rest.len())];
        let mut text = if trim { text.trim_start() } else { text };
        let Some(start) = start else {
            pieces.push(Piece::Text(text));
            return Ok(pieces);
        };
        let mut action = &rest[start + 2..];
        if let Some(trimmed) = action.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace)) {
            (text, action) = (text.trim_end(), trimmed);
        }
        pieces.push(Piece::Text(text));
        let Some(end) = end_of(action) else {
            let at = template.len() - rest.len() + start;
            let at = template[..at].chars().count() + 1;
            return Err(TemplateError::new(format!("the `{{{{` at character {at} has no `}}}}`")));
        };
        let inner = &action[..end];
        rest = &action[end + 2..];
        let before_marker = inner.strip_suffix('-').filter(|inner| inner.ends_with(char::is_whitespace));
        trim = before_marker.is_some();
        let inner = before_marker.unwrap_or(inner);
        pieces.push(Piece::Action(inner.trim()));
    }
}

/// Where an action ends; `}}` in a string or a comment does not end it.
fn end_of(action: &str) -> Option<usize> {
    let bytes = action.as_bytes();
    if action.trim_start().starts_with("/*") {
        let end = action.find("*/")? + 2;
        return Some(end + action[end..].find("}}")?);
    }
    let (mut at, mut quote) = (0, None);
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            (None, byte @ (b'"' | b'`')) => quote = Some(byte),
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        at += 1;
    }
    // An unclosed string is a fault of its own, found when the words are read.
    quote.and_then(|_| action.find("}}"))
}

/// The words of an action.
pub(super) fn words(action: &str) -> Result<Vec<Word>, TemplateError> {
    let mut words = Vec::new();
    let mut rest = action.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let (word, left) = match first {
            '|' => (Word::Pipe, after),
            ',' => (Word::Comma, after),
            '=' => (Word::Assign, after),
            ':' if after.starts_with('=') => (Word::Declare, &after[1..]),
            '(' => (Word::Open, after),
            ')' => {
                let (path, left) = if after.starts_with('.') { fields(after) } else { (Vec::new(), after) };
                (Word::Close(path), left)
            }
            '.' => {
                let (path, left) = fields(rest);
                (Word::Field(path), left)
            }
            '$' if after.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
                let (name, left) = after.split_at(end);
                let (path, left) = if left.starts_with('.') { fields(left) } else { (Vec::new(), left) };
                (Word::Variable(name.to_owned(), path), left)
            }
            '$' => {
                let (path, left) = if after.starts_with('.') { fields(after) } else { (Vec::new(), after) };
                (Word::Root(path), left)
            }
            '"' => quoted(rest)?,
            '`' => {
                let end = after.find('`').ok_or_else(|| TemplateError::new("a string has no end"))?;
                (Word::Text(after[..end].to_owned()), &after[end + 1..])
            }
            c if c.is_ascii_digit() || c == '-' => {
                let end = rest[1..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |end| end + 1);
                let number = rest[..end]
                    .parse()
                    .map_err(|_| TemplateError::new(format!("invalid number `{}`", &rest[..end])))?;
                (Word::Number(number), &rest[end..])
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Word::Name(rest[..end].to_owned()), &rest[end..])
            }
            other => return Err(TemplateError::new(format!("`{other}` does not belong in an action"))),
        };
        words.push(word);
        rest = left.trim_start();
    }
    Ok(words)
}

/// `.A.B` at the start of `text`.
fn fields(mut text: &str) -> (Vec<String>, &str) {
    let mut path = Vec::new();
    while let Some(after) = text.strip_prefix('.') {
        let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
        text = &after[end..];
        if end == 0 {
            break;
        }
        path.push(after[..end].to_owned());
    }
    (path, text)
}

/// A string in double quotes at the start of `text`; Go's simple escapes are those of JSON.
fn quoted(text: &str) -> Result<(Word, &str), TemplateError> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let value = serde_json::from_str(&text[..=at])
                    .map_err(|_| TemplateError::new(format!("invalid string {}", &text[..=at])))?;
                return Ok((Word::Text(value), &text[at + 1..]));
            }
            _ => {}
        }
    }
    Err(TemplateError::new("a string has no end"))
}
