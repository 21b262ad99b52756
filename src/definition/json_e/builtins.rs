//! The functions that every template can call.

use serde_json::Value;

use super::number::number;
use super::{JsonEError, Scope, from_now, text};

/// Their names.
pub(super) const NAMES: [&str; 20] = [
    "min",
    "max",
    "sqrt",
    "ceil",
    "floor",
    "abs",
    "lowercase",
    "uppercase",
    "str",
    "number",
    "len",
    "strip",
    "rstrip",
    "lstrip",
    "join",
    "split",
    "fromNow",
    "typeof",
    "defined",
    "range",
];

/// A list of numbers from `range` longer than this is an error.
const MAXIMUM_RANGE: f64 = 1_000_000.0;

/// Calls one of [`NAMES`].
pub(super) fn call(name: &str, arguments: &[Value], scope: &Scope<'_>) -> Result<Value, JsonEError> {
    let invalid = || JsonEError::interpreter(format!("invalid arguments to builtin: {name}"));
    let numbers = || -> Result<Vec<f64>, JsonEError> {
        arguments.iter().map(|value| value.as_f64().filter(|_| value.is_number()).ok_or_else(invalid)).collect()
    };
    let one_number = || match numbers()?.as_slice() {
        [value] => Ok(*value),
        _ => Err(invalid()),
    };
    let one_text = || match arguments {
        [Value::String(text)] => Ok(text.as_str()),
        _ => Err(invalid()),
    };
    match name {
        "min" => number(numbers()?.into_iter().reduce(f64::min).ok_or_else(invalid)?),
        "max" => number(numbers()?.into_iter().reduce(f64::max).ok_or_else(invalid)?),
        "sqrt" => number(one_number()?.sqrt()),
        "ceil" => number(one_number()?.ceil()),
        "floor" => number(one_number()?.floor()),
        "abs" => number(one_number()?.abs()),
        "lowercase" => Ok(one_text()?.to_lowercase().into()),
        "uppercase" => Ok(one_text()?.to_uppercase().into()),
        "strip" => Ok(one_text()?.trim().into()),
        "lstrip" => Ok(one_text()?.trim_start().into()),
        "rstrip" => Ok(one_text()?.trim_end().into()),
        "number" => one_text()?.trim().parse::<f64>().map_err(|_| invalid()).and_then(number),
        "str" => match arguments {
            [Value::Array(_) | Value::Object(_)] => Err(invalid()),
            [value] => Ok(text::to_text(value).into()),
            _ => Err(invalid()),
        },
        "len" => match arguments {
            [Value::String(text)] => Ok(text.chars().count().into()),
            [Value::Array(items)] => Ok(items.len().into()),
            _ => Err(invalid()),
        },
        "join" => join(arguments).ok_or_else(invalid),
        "split" => split(arguments).ok_or_else(invalid),
        "range" => range(&numbers()?).ok_or_else(invalid),
        "typeof" => match arguments {
            [value] => Ok(type_of(value).into()),
            _ => Err(invalid()),
        },
        "defined" => Ok((scope.get(one_text()?).is_some() || NAMES.contains(&one_text()?)).into()),
        _ => relative(arguments, scope).ok_or_else(invalid),
    }
}

/// `fromNow(offset)` or `fromNow(offset, reference)`.
fn relative(arguments: &[Value], scope: &Scope<'_>) -> Option<Value> {
    let (offset, reference) = match arguments {
        [offset] => (offset, scope.get("now")?),
        [offset, reference] => (offset, reference),
        _ => return None,
    };
    let reference = chrono::DateTime::parse_from_rfc3339(reference.as_str()?).ok()?.to_utc();
    Some(from_now::format(from_now(offset.as_str()?, reference)?).into())
}

fn join(arguments: &[Value]) -> Option<Value> {
    let [Value::Array(items), separator @ (Value::String(_) | Value::Number(_))] = arguments else { return None };
    let texts: Option<Vec<String>> =
        items.iter().map(|item| (item.is_string() || item.is_number()).then(|| text::to_text(item))).collect();
    Some(texts?.join(&text::to_text(separator)).into())
}

fn split(arguments: &[Value]) -> Option<Value> {
    let [Value::String(text), rest @ ..] = arguments else { return None };
    let separator = match rest {
        [] => String::new(),
        [separator @ (Value::String(_) | Value::Number(_))] => text::to_text(separator),
        _ => return None,
    };
    if separator.is_empty() {
        return Some(text.chars().map(|c| Value::from(c.to_string())).collect::<Vec<_>>().into());
    }
    Some(text.split(separator.as_str()).map(Value::from).collect::<Vec<_>>().into())
}

fn range(numbers: &[f64]) -> Option<Value> {
    let (start, end, step) = match numbers {
        [start, end] => (*start, *end, 1.0),
        [start, end, step] => (*start, *end, *step),
        _ => return None,
    };
    if [start, end, step].iter().any(|value| value.fract() != 0.0) || step == 0.0 {
        return None;
    }
    let count = ((end - start) / step).ceil().max(0.0);
    if count > MAXIMUM_RANGE {
        return None;
    }
    let items: Result<Vec<_>, _> = (0..count as u32).map(|index| number(start + f64::from(index) * step)).collect();
    items.ok().map(Value::Array)
}

/// What `typeof` calls a value.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
