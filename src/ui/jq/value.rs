//! The values that a jq program works on: JSON, with numbers as they were written, and a bounded nesting.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use bytes::Bytes;
use indexmap::IndexMap;
use jaq_core::path::Opt;
use jaq_core::{ValX, val};
use jaq_json::{Num, Val};

use super::machine::{Stop, stop};
use super::number;

/// Levels that a value may have; beyond [`COMPARED_DEPTH`] little can be done with one.
const MAX_DEPTH: u32 = 20_000;
/// Levels that are printed and read, as in jq.
pub(super) const COMPARED_DEPTH: u32 = 10_000;
/// Items that setting one far behind the end may fill an array up to.
const MAX_FILLED_ITEMS: usize = 1 << 24;
/// Bytes of a string that a program may make.
const MAX_STRING_BYTES: usize = 256 << 20;

pub(super) type Error = jaq_core::Error<Value>;
pub(super) type ValR = jaq_core::ValR<Value>;
pub(super) type Members = IndexMap<Bytes, Value>;

/// A JSON value.
#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    #[default]
    Null,
    Bool(bool),
    Num(Num),
    /// Text in UTF-8.
    Str(Bytes),
    Arr(Rc<Array>),
    Obj(Rc<Object>),
}

/// Items, and a bound of how deeply they nest.
#[derive(Clone, Debug)]
pub(super) struct Array {
    pub(super) items: Vec<Value>,
    depth: u32,
}

/// Members in their order, and a bound of how deeply they nest.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) members: Members,
    depth: u32,
}

impl Array {
    /// Adds items at the end, in place.
    pub(super) fn append(&mut self, other: &Array) {
        self.items.extend(other.items.iter().cloned());
        self.depth = self.depth.max(other.depth);
    }
}

impl Object {
    /// Adds members, in place.
    pub(super) fn append(&mut self, other: &Object) {
        self.members.extend(other.members.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.depth = self.depth.max(other.depth);
    }
}

/// One level more than `inner`; ends the program where that is too deep.
fn deeper(inner: u32) -> u32 {
    if inner >= MAX_DEPTH {
        stop(Stop::TooDeep);
    }
    inner + 1
}

impl Value {
    pub(super) fn text(text: impl Into<Bytes>) -> Self {
        Self::Str(text.into())
    }

    pub(super) fn array(items: Vec<Value>) -> Self {
        let depth = deeper(items.iter().map(Value::depth).max().unwrap_or_default());
        Self::Arr(Rc::new(Array { items, depth }))
    }

    pub(super) fn object(members: Members) -> Self {
        let depth = deeper(members.values().map(Value::depth).max().unwrap_or_default());
        Self::Obj(Rc::new(Object { members, depth }))
    }

    /// At least the number of levels.
    pub(super) fn depth(&self) -> u32 {
        match self {
            Self::Arr(array) => array.depth,
            Self::Obj(object) => object.depth,
            _ => 0,
        }
    }

    /// What `type` says.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Num(_) => "number",
            Self::Str(_) => "string",
            Self::Arr(_) => "array",
            Self::Obj(_) => "object",
        }
    }

    /// Kind and value, as messages name it: `number (5)`.
    pub(super) fn named(&self) -> String {
        format!("{} ({self})", self.kind())
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Num(number) => Some(number::as_f64(number)),
            _ => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Obj(object) => object.members.get(name.as_bytes()),
            _ => None,
        }
    }

    /// The value at an index; nothing where there is none.
    pub(super) fn lookup(&self, index: &Value) -> Result<Option<Value>, Error> {
        Ok(match (self, index) {
            (Self::Null, Self::Null | Self::Str(_) | Self::Num(_) | Self::Obj(_)) => None,
            (Self::Obj(object), Self::Str(name)) => object.members.get(name).cloned(),
            (Self::Arr(array), Self::Num(number)) => {
                number::position(number, array.items.len()).and_then(|at| array.items.get(at)).cloned()
            }
            (Self::Arr(_) | Self::Str(_), Self::Obj(_)) => return self.clone().slice(index.bounds()).map(Some),
            (Self::Arr(array), Self::Arr(wanted)) => Some(super::text::positions(&array.items, &wanted.items)),
            (value, index) => {
                return Err(Error::str(format_args!("Cannot index {} with {}", value.kind(), index.named())));
            }
        })
    }

    /// `start` and `end` of a slice.
    pub(super) fn bounds(&self) -> val::Range<&Value> {
        self.get("start")..self.get("end")
    }

    fn slice(self, range: val::Range<&Value>) -> ValR {
        match &self {
            Self::Null => Ok(Self::Null),
            Self::Arr(array) => {
                let (from, to) = number::range(&range, array.items.len())?;
                Ok(Self::array(array.items.get(from..to).unwrap_or_default().to_vec()))
            }
            Self::Str(text) => {
                let shown = String::from_utf8_lossy(text);
                let (from, to) = number::range(&range, shown.chars().count())?;
                Ok(Self::text(shown.chars().skip(from).take(to - from).collect::<String>()))
            }
            other => Err(Error::str(format_args!("Cannot index {} with object", other.kind()))),
        }
    }

    fn cannot_iterate(&self) -> Error {
        match self {
            Self::Null => Error::str("Cannot iterate over null"),
            other => Error::str(format_args!("Cannot iterate over {}", other.named())),
        }
    }

    /// What `set` makes of the item at `index`; without a result the item goes.
    fn set_item<'a>(self, index: &Num, set: impl Fn(Value) -> Option<ValX<'a, Value>>) -> ValX<'a, Value> {
        let mut items = match self {
            Self::Arr(array) => array,
            _ => Rc::new(Array { items: Vec::new(), depth: 1 }),
        };
        let was_null = items.items.is_empty();
        let at = number::as_f64(index).floor();
        if at.is_nan() {
            return Err(Error::str("Cannot set array element at NaN index").into());
        }
        let at = if at < 0.0 { at + items.items.len() as f64 } else { at };
        if at < 0.0 {
            return Err(Error::str("Out of bounds negative array index").into());
        }
        if at >= MAX_FILLED_ITEMS as f64 {
            return Err(Error::str("Array index too large").into());
        }
        let at = at as usize;
        let array = Rc::make_mut(&mut items);
        let old = array.items.get_mut(at).map(std::mem::take);
        let there = old.is_some();
        match set(old.unwrap_or_default()).transpose()? {
            Some(new) => {
                if at >= array.items.len() {
                    array.items.resize(at + 1, Value::Null);
                }
                array.depth = array.depth.max(deeper(new.depth()));
                if let Some(place) = array.items.get_mut(at) {
                    *place = new;
                }
            }
            None if there => drop(array.items.remove(at)),
            None if was_null => return Ok(Self::Null),
            None => {}
        }
        Ok(Self::Arr(items))
    }

    /// What `set` makes of the member `name`; without a result the member goes.
    fn set_member<'a>(self, name: &Bytes, set: impl Fn(Value) -> Option<ValX<'a, Value>>) -> ValX<'a, Value> {
        let mut members = match self {
            Self::Obj(object) => object,
            _ => Rc::new(Object { members: Members::new(), depth: 1 }),
        };
        let was_null = members.members.is_empty();
        let object = Rc::make_mut(&mut members);
        let old = object.members.get_mut(name).map(std::mem::take);
        let there = old.is_some();
        match set(old.unwrap_or_default()).transpose()? {
            Some(new) => {
                object.depth = object.depth.max(deeper(new.depth()));
                object.members.insert(name.clone(), new);
            }
            None if there => drop(object.members.shift_remove(name)),
            None if was_null => return Ok(Self::Null),
            None => {}
        }
        Ok(Self::Obj(members))
    }

    /// What `set` makes of the value at `index`, which is made where it is missing.
    pub(super) fn set_at<'a>(
        self,
        index: &Value,
        set: impl Fn(Value) -> Option<ValX<'a, Value>>,
    ) -> Result<ValX<'a, Value>, (Value, Error)> {
        match (&self, index) {
            (Self::Obj(_) | Self::Null, Self::Str(name)) => Ok(self.set_member(name, set)),
            (Self::Arr(_) | Self::Null, Self::Num(number)) => Ok(self.set_item(number, set)),
            (Self::Arr(_) | Self::Null, Self::Obj(_)) => Ok(self.set_slice(index.bounds(), set)),
            (Self::Str(_), Self::Obj(_)) => Err((self, Error::str("Cannot update string slices"))),
            (Self::Arr(_), Self::Arr(_)) => Err((self, Error::str("Cannot update field at array index of array"))),
            (value, index) => {
                let error = Error::str(format_args!("Cannot index {} with {}", value.kind(), index.named()));
                Err((self, error))
            }
        }
    }

    fn set_slice<'a>(
        self,
        range: val::Range<&Value>,
        set: impl Fn(Value) -> Option<ValX<'a, Value>>,
    ) -> ValX<'a, Value> {
        let mut items = match self {
            Self::Arr(array) => array.items.clone(),
            _ => Vec::new(),
        };
        let (from, to) = number::range(&range, items.len())?;
        let old = Self::array(items.get(from..to).unwrap_or_default().to_vec());
        let new = match set(old).transpose()? {
            Some(Self::Arr(new)) => new.items.clone(),
            None => Vec::new(),
            Some(_) => return Err(Error::str("A slice of an array can only be assigned another array").into()),
        };
        items.splice(from..to, new);
        Ok(Self::array(items))
    }

    /// The value of a parser that knows more than JSON.
    pub(super) fn of(parsed: Val) -> Self {
        match parsed {
            Val::Null => Self::Null,
            Val::Bool(value) => Self::Bool(value),
            Val::Num(number) => Self::Num(number),
            Val::TStr(text) | Val::BStr(text) => Self::Str(*text),
            Val::Arr(items) => Self::array(Rc::unwrap_or_clone(items).into_iter().map(Self::of).collect()),
            Val::Obj(members) => Self::object(
                Rc::unwrap_or_clone(members)
                    .into_iter()
                    .filter_map(|(name, value)| match name {
                        Val::TStr(name) | Val::BStr(name) => Some((*name, Self::of(value))),
                        _ => None,
                    })
                    .collect(),
            ),
        }
    }

    /// Text that is not longer than a program may make it.
    pub(super) fn long_text(length: Option<usize>, make: impl FnOnce() -> Vec<u8>) -> ValR {
        match length {
            Some(length) if length <= MAX_STRING_BYTES => Ok(Self::text(make())),
            _ => Err(Error::str("Repeat string result too long")),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Num(_) => 3,
            Self::Str(_) => 4,
            Self::Arr(_) => 5,
            Self::Obj(_) => 6,
        }
    }
}

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
