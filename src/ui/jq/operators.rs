//! `+ - * / %` and negation, as jq has them, with its words for what cannot be.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use jaq_json::Num;

use super::number;
use super::text;
use super::value::{COMPARED_DEPTH, Error, Members, ValR, Value};

/// Bytes up to which joined texts grow in place.
const GROWN_IN_PLACE_BYTES: usize = 1 << 20;

fn cannot(a: &Value, b: &Value, verb: &str) -> Error {
    Error::str(format_args!("{} and {} cannot be {verb}", a.named(), b.named()))
}

impl Add for Value {
    type Output = ValR;

    fn add(self, other: Self) -> ValR {
        match (self, other) {
            (Self::Null, value) | (value, Self::Null) => Ok(value),
            (Self::Num(a), Self::Num(b)) => Ok(Self::Num(a + b)),
            (Self::Str(a), Self::Str(b)) => {
                let length = a.len().checked_add(b.len());
                if length.is_some_and(|length| length < GROWN_IN_PLACE_BYTES) {
                    // Grows in place where nobody else has the text.
                    let mut joined = BytesMut::from(a);
                    joined.extend_from_slice(&b);
                    return Ok(Self::Str(joined.freeze()));
                }
                Self::long_text(length, || [&a[..], &b[..]].concat())
            }
            (Self::Arr(a), Self::Arr(b)) => {
                let mut joined = a;
                Rc::make_mut(&mut joined).append(&b);
                Ok(Self::Arr(joined))
            }
            (Self::Obj(a), Self::Obj(b)) => {
                let mut joined = a;
                Rc::make_mut(&mut joined).append(&b);
                Ok(Self::Obj(joined))
            }
            (a, b) => Err(cannot(&a, &b, "added")),
        }
    }
}

impl Sub for Value {
    type Output = ValR;

    fn sub(self, other: Self) -> ValR {
        match (self, other) {
            (Self::Num(a), Self::Num(b)) => Ok(Self::Num(a - b)),
            (Self::Arr(a), Self::Arr(b)) => {
                let mut items = Rc::unwrap_or_clone(a).items;
                items.retain(|item| !b.items.contains(item));
                Ok(Self::array(items))
            }
            (a, b) => Err(cannot(&a, &b, "subtracted")),
        }
    }
}

/// `times` copies; none for less than nothing.
fn repeat(text: &Bytes, times: &Num) -> ValR {
    let times = number::as_f64(times);
    if times.is_nan() || times < 0.0 {
        return Ok(Value::Null);
    }
    let times = if text.is_empty() { 0 } else { times as usize };
    Value::long_text(text.len().checked_mul(times), || text.repeat(times))
}

/// All members of both; objects on both sides are merged.
fn merge(a: Members, b: &Members) -> Members {
    let mut merged = a;
    for (name, new) in b {
        let value = match (merged.get(name), new) {
            (Some(Value::Obj(old)), Value::Obj(new)) => Value::object(merge(old.members.clone(), &new.members)),
            _ => new.clone(),
        };
        merged.insert(name.clone(), value);
    }
    merged
}

impl Mul for Value {
    type Output = ValR;

    fn mul(self, other: Self) -> ValR {
        match (self, other) {
            (Self::Num(a), Self::Num(b)) => Ok(Self::Num(a * b)),
            (Self::Str(text), Self::Num(times)) | (Self::Num(times), Self::Str(text)) => repeat(&text, &times),
            (a @ Self::Obj(_), b @ Self::Obj(_)) if a.depth().max(b.depth()) > COMPARED_DEPTH + 1 => {
                Err(Error::str("Object merge too deep"))
            }
            (Self::Obj(a), Self::Obj(b)) => Ok(Self::object(merge(Rc::unwrap_or_clone(a).members, &b.members))),
            (a, b) => Err(cannot(&a, &b, "multiplied")),
        }
    }
}

impl Div for Value {
    type Output = ValR;

    fn div(self, other: Self) -> ValR {
        match (self, other) {
            (Self::Num(a), Self::Num(b)) => {
                if number::as_f64(&b) == 0.0 {
                    let (a, b) = (Self::Num(a), Self::Num(b));
                    return Err(cannot(&a, &b, "divided because the divisor is zero"));
                }
                Ok(Self::Num(number::divide(&a, &b)))
            }
            (Self::Str(a), Self::Str(b)) => Ok(text::split(&a, &b)),
            (a, b) => Err(cannot(&a, &b, "divided")),
        }
    }
}

impl Rem for Value {
    type Output = ValR;

    fn rem(self, other: Self) -> ValR {
        match (self, other) {
            (Self::Num(a), Self::Num(b)) => match number::remainder(&a, &b) {
                Some(rest) => Ok(Self::Num(rest)),
                None => {
                    let (a, b) = (Self::Num(a), Self::Num(b));
                    Err(cannot(&a, &b, "divided (remainder) because the divisor is zero"))
                }
            },
            (a, b) => Err(cannot(&a, &b, "divided (remainder)")),
        }
    }
}

impl Neg for Value {
    type Output = ValR;

    fn neg(self) -> ValR {
        match self {
            Self::Num(number) => Ok(Self::Num(-number)),
            other => Err(Error::str(format_args!("{} cannot be negated", other.named()))),
        }
    }
}
