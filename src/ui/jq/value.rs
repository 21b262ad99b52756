//! The values that a jq program works on: JSON, with numbers as they were written, and a bounded nesting.

use std::rc::Rc;

use bytes::Bytes;
use indexmap::IndexMap;
use jaq_core::val;
use jaq_json::{Num, Val};

use super::stop::{Stop, stop};

/// Levels that a value may have; beyond [`COMPARED_DEPTH`] little can be done with one.
pub(super) const MAX_DEPTH: u32 = 20_000;
/// Levels that are printed and read, as in jq.
pub(super) const COMPARED_DEPTH: u32 = 10_000;
/// Items that setting one far behind the end may fill an array up to.
pub(super) const MAX_FILLED_ITEMS: usize = 1 << 24;
/// Bytes of a string that a program may make.
pub(super) const MAX_STRING_BYTES: usize = 256 << 20;

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
    pub(super) depth: u32,
}

/// Members in their order, and a bound of how deeply they nest.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) members: Members,
    pub(super) depth: u32,
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
pub(super) fn deeper(inner: u32) -> u32 {
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

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Obj(object) => object.members.get(name.as_bytes()),
            _ => None,
        }
    }

    /// `start` and `end` of a slice.
    pub(super) fn bounds(&self) -> val::Range<&Value> {
        self.get("start")..self.get("end")
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

    pub(super) fn rank(&self) -> u8 {
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
