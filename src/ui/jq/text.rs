//! Searching and splitting text and lists; CSV and TSV.

use bytes::Bytes;

use super::value::{Error, ValR, Value};

/// The positions at which `wanted` begins in `items`.
pub(super) fn positions(items: &[Value], wanted: &[Value]) -> Value {
    if wanted.is_empty() {
        return Value::Null;
    }
    items.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted).map(|(at, _)| at.into()).collect()
}

/// `indices`: where `wanted` is in a text (counted in characters) or a list.
pub(super) fn indices(value: &Value, wanted: &Value) -> ValR {
    match (value, wanted) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::Str(_), Value::Str(wanted)) if wanted.is_empty() => Ok(Value::Null),
        (Value::Str(text), Value::Str(wanted)) => {
            let text = String::from_utf8_lossy(text);
            let starts = text.char_indices().enumerate();
            Ok(starts
                .filter(|(_, (at, _))| text.as_bytes().get(*at..).is_some_and(|rest| rest.starts_with(wanted)))
                .map(|(number, _)| number.into())
                .collect())
        }
        (Value::Arr(items), Value::Arr(wanted)) => Ok(positions(&items.items, &wanted.items)),
        (Value::Arr(items), wanted) => Ok(positions(&items.items, std::slice::from_ref(wanted))),
        (value, wanted) => value.lookup(wanted).map(Option::unwrap_or_default),
    }
}

/// The pieces of a text between separators; its characters when the separator is empty.
pub(super) fn split(text: &Bytes, separator: &Bytes) -> Value {
    if text.is_empty() {
        return Value::array(Vec::new());
    }
    let (shown, separator) = (String::from_utf8_lossy(text), String::from_utf8_lossy(separator));
    if separator.is_empty() {
        return shown.chars().map(|c| Value::text(c.to_string())).collect();
    }
    shown.split(&*separator).map(|piece| Value::text(piece.to_owned())).collect()
}

/// The rows of `@csv` and `@tsv`.
pub(super) fn row(value: &Value, format: &str, separator: &str, quote: fn(&str) -> String) -> Result<String, Error> {
    let Value::Arr(cells) = value else {
        return Err(Error::str(format_args!("{} cannot be {format}-formatted, only an array can be", value.named())));
    };
    let cell = |cell: &Value| match cell {
        Value::Null => Ok(String::new()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Num(number) => Ok(super::number::json(number)),
        Value::Str(text) => Ok(quote(&String::from_utf8_lossy(text))),
        other => Err(Error::str(format_args!("{} is not valid in a {format} row", other.named()))),
    };
    Ok(cells.items.iter().map(cell).collect::<Result<Vec<_>, _>>()?.join(separator))
}

pub(super) fn quote_csv(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

pub(super) fn escape_tsv(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// Whether `outer` contains `inner`: part of a text; each item in some item; each member in its member.
pub(super) fn contains(outer: &Value, inner: &Value) -> Result<bool, Error> {
    if outer.depth().max(inner.depth()) > super::value::COMPARED_DEPTH + 1 {
        return Err(Error::str("Containment check too deep"));
    }
    match (outer, inner) {
        (Value::Obj(_), Value::Obj(_)) | (Value::Arr(_), Value::Arr(_)) | (Value::Str(_), Value::Str(_)) => {
            Ok(holds(outer, inner))
        }
        _ if outer.kind() == inner.kind() => Ok(outer == inner),
        _ => Err(Error::str(format_args!(
            "{} and {} cannot have their containment checked",
            outer.named(),
            inner.named()
        ))),
    }
}

fn holds(outer: &Value, inner: &Value) -> bool {
    match (outer, inner) {
        (Value::Obj(outer), Value::Obj(inner)) => {
            inner.members.iter().all(|(name, inner)| outer.members.get(name).is_some_and(|outer| holds(outer, inner)))
        }
        (Value::Arr(outer), Value::Arr(inner)) => {
            inner.items.iter().all(|inner| outer.items.iter().any(|outer| holds(outer, inner)))
        }
        (Value::Str(outer), Value::Str(inner)) => inner.is_empty() || memchr::memmem::find(outer, inner).is_some(),
        _ => outer == inner,
    }
}
