//! Numbers: as they were written until something is computed with them, then as jq computes.

use std::cmp::Ordering;

use jaq_core::val;
use jaq_json::Num;

use super::value::{Error, Value};

/// A number of a program or a document.
pub(super) fn parse(text: &str) -> Num {
    Num::from_str_radix(text, 10).unwrap_or_else(|| Num::Dec(text.to_owned().into()))
}

pub(super) fn as_f64(number: &Num) -> f64 {
    match number {
        Num::Int(value) => *value as f64,
        Num::Float(value) => *value,
        Num::BigInt(value) => value.to_string().parse().unwrap_or(f64::NAN),
        Num::Dec(text) => text.parse().unwrap_or(f64::NAN),
    }
}

/// The integer, where it is one that fits.
pub(super) fn as_isize(number: &Num) -> Option<isize> {
    match number {
        Num::Int(value) => Some(*value),
        Num::BigInt(_) => None,
        Num::Float(_) | Num::Dec(_) => {
            let value = as_f64(number);
            (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as isize)
        }
    }
}

/// Without regard to how a number is written. `nan` is below all, itself included.
pub(super) fn compare(a: &Num, b: &Num) -> Ordering {
    match (a, b) {
        (Num::Int(a), Num::Int(b)) => a.cmp(b),
        _ => a.cmp(b),
    }
}

/// The position that an index means in a list of `length`; nothing outside of it.
pub(super) fn position(index: &Num, length: usize) -> Option<usize> {
    let at = as_f64(index).floor();
    let at = if at < 0.0 { at + length as f64 } else { at };
    (at >= 0.0 && at < length as f64).then_some(at as usize)
}

/// The positions that the bounds of a slice mean in a list of `length`: the start rounded down, the end up.
pub(super) fn range(range: &val::Range<&Value>, length: usize) -> Result<(usize, usize), Error> {
    let bound = |value: Option<&Value>, default: f64, round: fn(f64) -> f64| match value {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Num(number)) => {
            let at = as_f64(number);
            // What is no number bounds nothing.
            let at = if at.is_nan() { default } else { round(at) };
            Ok(if at < 0.0 { at + length as f64 } else { at }.clamp(0.0, length as f64))
        }
        Some(_) => Err(Error::str("Start and end indices of an array slice must be numbers")),
    };
    let from = bound(range.start, 0.0, f64::floor)? as usize;
    let to = bound(range.end, length as f64, f64::ceil)? as usize;
    Ok((from, to.max(from)))
}

/// The quotient; exact where both are integers and it is one.
pub(super) fn divide(a: &Num, b: &Num) -> Num {
    if let (Num::Int(a), Num::Int(b)) = (a, b)
        && a.checked_rem(*b) == Some(0)
    {
        return Num::Int(a / b);
    }
    Num::Float(as_f64(a) / as_f64(b))
}

/// The remainder of the integer parts; nothing when the divisor is zero.
pub(super) fn remainder(a: &Num, b: &Num) -> Option<Num> {
    let (a, b) = (as_f64(a), as_f64(b));
    if a.is_nan() || b.is_nan() {
        return Some(Num::Float(f64::NAN));
    }
    // Casts saturate.
    match b as i64 {
        0 => None,
        divisor => Some(Num::from_integral((a as i64).checked_rem(divisor).unwrap_or(0))),
    }
}

/// The number as JSON: what JSON does not have is `null` or the largest that there is, as in jq.
pub(super) fn json(number: &Num) -> String {
    match number {
        Num::Int(value) => value.to_string(),
        Num::BigInt(value) => value.to_string(),
        Num::Float(value) => float(*value),
        Num::Dec(text) if is_json(text) => text.to_string(),
        Num::Dec(_) => float(as_f64(number)),
    }
}

fn float(value: f64) -> String {
    if value.is_nan() {
        return "null".into();
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    if value == 0.0 || (1e-5..1e17).contains(&value.abs()) { format!("{value}") } else { format!("{value:e}") }
}

/// Whether a decimal is written as JSON wants it: `.5`, `+5` and `05` are not.
fn is_json(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let starts_right = digits.starts_with(|c: char| c.is_ascii_digit());
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits[1..].starts_with(['.', 'e', 'E']);
    starts_right && !leading_zero && !text.contains(".e") && !text.contains(".E") && !text.ends_with('.')
}
