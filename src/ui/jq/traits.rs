//! Values as the interpreter wants them.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use bytes::Bytes;
use jaq_core::path::Opt;
use jaq_core::{ValX, val};
use jaq_json::Num;

use super::number;
use super::value::{Error, Members, Object, ValR, Value};

impl jaq_core::ValT for Value {
    fn from_num(text: &str) -> ValR {
        Ok(Self::Num(number::parse(text)))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(pairs: I) -> ValR {
        let mut members = Members::new();
        for (name, value) in pairs {
            let Self::Str(name) = name else {
                return Err(Error::str(format_args!("Cannot use {} as object key", name.named())));
            };
            members.insert(name, value);
        }
        Ok(Self::object(members))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = Result<(Self, Self), Error>>> {
        match self {
            Self::Arr(array) => Box::new(
                Rc::unwrap_or_clone(array).items.into_iter().enumerate().map(|(at, item)| Ok((Self::from(at), item))),
            ),
            Self::Obj(object) => Box::new(
                Rc::unwrap_or_clone(object).members.into_iter().map(|(name, value)| Ok((Self::Str(name), value))),
            ),
            other => Box::new(std::iter::once(Err(other.cannot_iterate()))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR>> {
        match self {
            Self::Arr(array) => Box::new(Rc::unwrap_or_clone(array).items.into_iter().map(Ok)),
            Self::Obj(object) => Box::new(Rc::unwrap_or_clone(object).members.into_values().map(Ok)),
            other => Box::new(std::iter::once(Err(other.cannot_iterate()))),
        }
    }

    fn index(self, index: &Self) -> ValR {
        self.lookup(index).map(Option::unwrap_or_default)
    }

    fn range(self, range: val::Range<&Self>) -> ValR {
        self.slice(range)
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match self {
            Self::Arr(array) => {
                let items = Rc::unwrap_or_clone(array).items.into_iter();
                Ok(Self::array(items.filter_map(|item| f(item).next()).collect::<Result<_, _>>()?))
            }
            Self::Obj(object) => {
                let members = Rc::unwrap_or_clone(object).members.into_iter();
                let kept = members.filter_map(|(name, value)| f(value).next().map(|value| Ok((name, value?))));
                Ok(Self::object(kept.collect::<Result<_, jaq_core::Exn<_>>>()?))
            }
            other => opt.fail(other, |other| other.cannot_iterate().into()),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        self.set_at(index, |old| f(old).next())
            .unwrap_or_else(|(value, error)| opt.fail(value, |_| jaq_core::Exn::from(error)))
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: val::Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Self::Arr(_) | Self::Null => self.set_slice(range, |old| f(old).next()),
            Self::Str(_) => opt.fail(self, |_| Error::str("Cannot update string slices").into()),
            other => opt.fail(other, |other| {
                Error::str(format_args!("Cannot update field at object index of {}", other.kind())).into()
            }),
        }
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Self::Str(_) => self,
            other => Self::text(super::print::json(&other)),
        }
    }
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::Arr(array) => Ok(Rc::unwrap_or_clone(array).items.into_iter().collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        self.as_isize().is_some() || matches!(self, Self::Num(Num::BigInt(_)))
    }

    fn as_isize(&self) -> Option<isize> {
        match self {
            Self::Num(number) => number::as_isize(number),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        Value::as_f64(self)
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Str(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::Str(Bytes::copy_from_slice(part))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::Str(Bytes::from_owner(bytes))
    }
}

/// What messages show of a value: the beginning of its JSON, at most 29 bytes of it, as jq does.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_BYTES: usize = 29;
        let text = super::print::beginning(self, SHOWN_BYTES + 1);
        if text.len() <= SHOWN_BYTES {
            return f.write_str(&text);
        }
        let close = match self {
            Self::Str(_) => "\"",
            Self::Arr(_) => "]",
            Self::Obj(_) => "}",
            _ => "",
        };
        let mut end = SHOWN_BYTES - 3 - close.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        write!(f, "{}...{close}", text.get(..end).unwrap_or_default())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<isize> for Value {
    fn from(value: isize) -> Self {
        Self::Num(Num::Int(value))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Num(Num::from_integral(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Num(Num::Float(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::text(value)
    }
}

impl From<val::Range<Value>> for Value {
    fn from(range: val::Range<Value>) -> Self {
        let bounds = [("start", range.start), ("end", range.end)];
        let named = |(name, bound): (&'static str, Option<Value>)| (Bytes::from(name), bound.unwrap_or_default());
        Self::object(bounds.into_iter().map(named).collect())
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<T: IntoIterator<Item = Value>>(items: T) -> Self {
        Self::array(items.into_iter().collect())
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Num(a), Self::Num(b)) => number::compare(a, b),
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            (Self::Arr(a), Self::Arr(b)) => a.items.cmp(&b.items),
            (Self::Obj(a), Self::Obj(b)) => {
                let sorted = |object: &Object| {
                    let mut members: Vec<(Bytes, Value)> =
                        object.members.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                    members.sort_by(|a, b| a.0.cmp(&b.0));
                    members
                };
                let (a, b) = (sorted(a), sorted(b));
                a.iter()
                    .map(|(name, _)| name)
                    .cmp(b.iter().map(|(name, _)| name))
                    .then_with(|| a.iter().map(|(_, value)| value).cmp(b.iter().map(|(_, value)| value)))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}
