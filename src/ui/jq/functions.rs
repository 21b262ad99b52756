//! Functions that are written in Rust: those of the library for its own values, and those of jq that it lacks.

use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Cv, Exn, ValXs};
use jaq_json::{Num, read};

use super::machine::Jq;
use super::number;
use super::paths;
use super::print;
use super::text;
use super::value::{Error, ValR, Value};
use crate::nesting::{MAX_LEVELS, levels};

type Run = for<'a> fn(Cv<'a, Jq>) -> ValXs<'a, Value>;

/// All functions with their numbers of arguments.
pub(super) fn all() -> impl Iterator<Item = Fun<Jq>> {
    let plain: [(&'static str, usize, Run); 29] = [
        ("fromjson", 0, |cv| bome(from_json(&cv.1))),
        ("tojson", 0, |cv| bome(Ok(Value::text(print::json(&cv.1))))),
        ("length", 0, |cv| bome(length(cv.1))),
        ("utf8bytelength", 0, |cv| bome(byte_length(&cv.1))),
        ("contains", 1, |cv| unary(cv, |outer, inner| text::contains(&outer, &inner).map(Value::from))),
        ("has", 1, |cv| unary(cv, |value, key| has(&value, &key))),
        ("indices", 1, |cv| unary(cv, |value, wanted| text::indices(&value, &wanted))),
        ("bsearch", 1, |cv| unary(cv, |value, wanted| binary_search(&value, &wanted))),
        ("setpath", 2, set_path),
        ("delpaths", 1, |cv| unary(cv, paths::delete)),
        ("tonumber", 0, |cv| bome(to_number(cv.1))),
        ("toboolean", 0, |cv| bome(to_boolean(cv.1))),
        ("nan", 0, |_| bome(Ok(f64::NAN.into()))),
        ("infinite", 0, |_| bome(Ok(f64::INFINITY.into()))),
        ("isnan", 0, |cv| bome(number_is(&cv.1, f64::is_nan))),
        ("isinfinite", 0, |cv| bome(number_is(&cv.1, f64::is_infinite))),
        ("isnormal", 0, |cv| bome(number_is(&cv.1, f64::is_normal))),
        ("implode", 0, |cv| bome(implode(&cv.1))),
        ("abs", 0, |cv| bome(abs(cv.1))),
        ("trim", 0, |cv| bome(trim(&cv.1, |text| text.trim()))),
        ("ltrim", 0, |cv| bome(trim(&cv.1, |text| text.trim_start()))),
        ("rtrim", 0, |cv| bome(trim(&cv.1, |text| text.trim_end()))),
        ("startswith", 1, |cv| unary(cv, |value, part| affix(&value, &part, "startswith", |a, b| a.starts_with(b)))),
        ("endswith", 1, |cv| unary(cv, |value, part| affix(&value, &part, "endswith", |a, b| a.ends_with(b)))),
        ("format_csv", 0, |cv| bome(text::row(&cv.1, "csv", ",", text::quote_csv).map(Value::from))),
        ("format_tsv", 0, |cv| bome(text::row(&cv.1, "tsv", "\t", text::escape_tsv).map(Value::from))),
        ("debug_empty", 0, debug),
        ("stderr_empty", 0, |cv| {
            cv.0.data().say(print::json(&cv.1));
            Box::new(std::iter::empty())
        }),
        ("halt_error", 1, halt_error),
    ];
    plain.into_iter().map(|(name, arity, function)| run::<Jq>((name, v(arity), function)))
}

fn debug<'a>(cv: Cv<'a, Jq>) -> ValXs<'a, Value> {
    let line = [b"[\"DEBUG:\",".as_slice(), &print::json(&cv.1), b"]\n"].concat();
    cv.0.data().say(line);
    Box::new(std::iter::empty())
}

fn halt_error<'a>(mut cv: Cv<'a, Jq>) -> ValXs<'a, Value> {
    let status = cv.0.pop_var();
    let Some(status) = status.as_f64() else {
        return bome(Err(Error::str("halt_error/1: number required")));
    };
    cv.0.data().say(match &cv.1 {
        Value::Str(text) => text.to_vec(),
        other => [print::json(other), b"\n".to_vec()].concat(),
    });
    Box::new(std::iter::once(Err(Exn::halt(status as i32))))
}

fn set_path<'a>(mut cv: Cv<'a, Jq>) -> ValXs<'a, Value> {
    let new = cv.0.pop_var();
    let path = cv.0.pop_var();
    bome(paths::set(cv.1, &path, new))
}

/// A document as a value.
pub(super) fn parse(document: &[u8]) -> Result<Value, String> {
    if levels(document) > MAX_LEVELS {
        return Err(format!("nested deeper than {MAX_LEVELS} levels"));
    }
    read::parse_single(document).map(Value::of).map_err(|error| error.to_string())
}

fn from_json(value: &Value) -> ValR {
    let Value::Str(text) = value else {
        return Err(Error::str(format_args!("{} cannot be parsed as JSON, only a string can be", value.named())));
    };
    let shown = String::from_utf8_lossy(text);
    match shown.trim() {
        "nan" | "-nan" | "-NaN" => return Ok(f64::NAN.into()),
        "" => return Ok(Value::Null),
        _ => {}
    }
    if levels(text) > MAX_LEVELS {
        return Err(Error::str("Exceeds depth limit for parsing"));
    }
    parse(text).map_err(|reason| Error::str(format_args!("{reason} (while parsing '{}')", Shortened(&shown))))
}

/// At most the beginning of a text.
struct Shortened<'a>(&'a str);

impl std::fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN_CHARACTERS: usize = 60;
        for c in self.0.chars().take(SHOWN_CHARACTERS) {
            write!(f, "{}", if c.is_control() { ' ' } else { c })?;
        }
        if self.0.chars().nth(SHOWN_CHARACTERS).is_some() { f.write_str("...") } else { Ok(()) }
    }
}

fn length(value: Value) -> ValR {
    Ok(match value {
        Value::Null => 0_usize.into(),
        Value::Num(_) => return abs(value),
        Value::Str(text) => String::from_utf8_lossy(&text).chars().count().into(),
        Value::Arr(array) => array.items.len().into(),
        Value::Obj(object) => object.members.len().into(),
        Value::Bool(_) => return Err(Error::str(format_args!("{} has no length", value.named()))),
    })
}

fn byte_length(value: &Value) -> ValR {
    match value {
        Value::Str(text) => Ok(text.len().into()),
        other => Err(Error::str(format_args!("{} only strings have UTF-8 byte length", other.named()))),
    }
}

fn has(value: &Value, key: &Value) -> ValR {
    match (value, key) {
        (Value::Obj(object), Value::Str(name)) => Ok(object.members.contains_key(name).into()),
        (Value::Arr(array), Value::Num(at)) => {
            let at = number::as_f64(at);
            Ok((at >= 0.0 && at < array.items.len() as f64).into())
        }
        (value, key) => Err(Error::str(format_args!("Cannot check whether {} has a {} key", value.kind(), key.kind()))),
    }
}

fn binary_search(value: &Value, wanted: &Value) -> ValR {
    match value {
        Value::Arr(array) => Ok(match array.items.binary_search(wanted) {
            Ok(at) => at.into(),
            Err(at) => isize::try_from(at).map_or(Value::Null, |at| (-1 - at).into()),
        }),
        other => Err(Error::str(format_args!("{} cannot be searched from", other.named()))),
    }
}

fn to_number(value: Value) -> ValR {
    let fail = |value: &Value| Error::str(format_args!("{} cannot be parsed as a number", value.named()));
    match &value {
        Value::Num(_) => Ok(value),
        Value::Str(text) => {
            let text = std::str::from_utf8(text).unwrap_or_default();
            let plain = !text.is_empty()
                && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'))
                && text.parse::<f64>().is_ok();
            match text {
                "nan" => Ok(f64::NAN.into()),
                _ if plain => Ok(Value::Num(number::parse(text))),
                _ => Err(fail(&value)),
            }
        }
        other => Err(fail(other)),
    }
}

fn to_boolean(value: Value) -> ValR {
    match &value {
        Value::Bool(_) => Ok(value),
        Value::Str(text) if &text[..] == b"true" => Ok(true.into()),
        Value::Str(text) if &text[..] == b"false" => Ok(false.into()),
        other => Err(Error::str(format_args!("{} cannot be parsed as a boolean", other.named()))),
    }
}

fn number_is(value: &Value, test: fn(f64) -> bool) -> ValR {
    match value.as_f64() {
        Some(number) => Ok(test(number).into()),
        None => Err(Error::str(format_args!("{} number required", value.named()))),
    }
}

fn abs(value: Value) -> ValR {
    match &value {
        Value::Num(Num::Dec(text)) => {
            Ok(Value::Num(Num::Dec(text.strip_prefix('-').unwrap_or(text).to_owned().into())))
        }
        Value::Num(number) if number::as_f64(number) <= 0.0 => -value,
        Value::Num(_) => Ok(value),
        other if other < &Value::text("") => Err(Error::str(format_args!("{} has no absolute value", other.named()))),
        _ => Ok(value),
    }
}

fn implode(value: &Value) -> ValR {
    let Value::Arr(array) = value else { return Err(Error::str("implode input must be an array")) };
    let character = |item: &Value| match item.as_f64() {
        Some(code) if !code.is_nan() => {
            Ok(char::from_u32(code as u32).filter(|_| code >= 0.0).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
        _ => Err(Error::str(format_args!("{} can't be imploded, unicode codepoint needs to be numeric", item.named()))),
    };
    array.items.iter().map(character).collect::<Result<String, _>>().map(Value::from)
}

fn trim(value: &Value, part: fn(&str) -> &str) -> ValR {
    match value {
        Value::Str(text) => Ok(Value::text(part(&String::from_utf8_lossy(text)).to_owned())),
        _ => Err(Error::str("trim input must be a string")),
    }
}

fn affix(value: &Value, part: &Value, name: &str, test: fn(&[u8], &[u8]) -> bool) -> ValR {
    match (value, part) {
        (Value::Str(text), Value::Str(part)) => Ok(test(text, part).into()),
        _ => Err(Error::str(format_args!("{name}() requires string inputs"))),
    }
}
