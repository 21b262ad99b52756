//! Parts of values: reading and replacing what an index, a name or a range stands for.

use std::rc::Rc;

use bytes::Bytes;
use jaq_core::{ValX, val};
use jaq_json::Num;

use super::number;
use super::value::{Array, Error, MAX_FILLED_ITEMS, Members, Object, ValR, Value, deeper};

impl Value {
    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Num(number) => Some(number::as_f64(number)),
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

    pub(super) fn slice(self, range: val::Range<&Value>) -> ValR {
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

    pub(super) fn cannot_iterate(&self) -> Error {
        match self {
            Self::Null => Error::str("Cannot iterate over null"),
            other => Error::str(format_args!("Cannot iterate over {}", other.named())),
        }
    }

    /// What `set` makes of the item at `index`; without a result the item goes.
    pub(super) fn set_item<'a>(self, index: &Num, set: impl Fn(Value) -> Option<ValX<'a, Value>>) -> ValX<'a, Value> {
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
    pub(super) fn set_member<'a>(
        self,
        name: &Bytes,
        set: impl Fn(Value) -> Option<ValX<'a, Value>>,
    ) -> ValX<'a, Value> {
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

    pub(super) fn set_slice<'a>(
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
}
