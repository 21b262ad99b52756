//! `setpath` and `delpaths`: all paths are those of the input as it was.

use std::cell::RefCell;

use super::number;
use super::value::{COMPARED_DEPTH, Error, ValR, Value};

fn keys(path: &Value) -> Result<&[Value], Error> {
    match path {
        Value::Arr(keys) if keys.items.len() > COMPARED_DEPTH as usize => Err(Error::str("Path too deep")),
        Value::Arr(keys) => Ok(&keys.items),
        _ => Err(Error::str("Path must be specified as an array")),
    }
}

/// `new` at `path`; what is missing on the way is made.
pub(super) fn set(value: Value, path: &Value, new: Value) -> ValR {
    place(value, keys(path)?, new)
}

fn place(value: Value, path: &[Value], new: Value) -> ValR {
    let Some((first, rest)) = path.split_first() else { return Ok(new) };
    let new = RefCell::new(Some(new));
    let set = |old: Value| Some(place(old, rest, new.take().unwrap_or_default()).map_err(jaq_core::Exn::from));
    finish(value.set_at(first, set))
}

/// The value without what is at the paths.
pub(super) fn delete(value: Value, paths: Value) -> ValR {
    let Value::Arr(paths) = paths else { return Err(Error::str("Paths must be specified as an array")) };
    let mut paths: Vec<&[Value]> = paths.items.iter().map(keys).collect::<Result<_, _>>()?;
    paths.sort();
    if paths.first().is_some_and(|path| path.is_empty()) {
        return Ok(Value::Null);
    }
    remove(value, &paths)
}

/// Removes sorted paths, none of them empty: first below, then what they all name here, as it was.
fn remove(mut value: Value, paths: &[&[Value]]) -> ValR {
    let mut ends = Vec::new();
    for group in paths.chunk_by(|a, b| a.first() == b.first()) {
        let Some((key, rest)) = group.first().and_then(|path| path.split_first()) else { continue };
        if rest.is_empty() {
            ends.push(key);
            continue;
        }
        let below: Vec<&[Value]> = group.iter().filter_map(|path| path.get(1..)).collect();
        // Nothing is made on the way to what is not there.
        if value.lookup(key)?.is_none_or(|there| there == Value::Null) {
            continue;
        }
        let set = |old: Value| Some(remove(old, &below).map_err(jaq_core::Exn::from));
        value = finish(value.set_at(key, set))?;
    }
    remove_keys(value, &ends)
}

fn remove_keys(value: Value, keys: &[&Value]) -> ValR {
    let wrong = |key: &Value, kind: &str| {
        Error::str(format_args!("Cannot delete field at {} index of {kind}", index_kind(key)))
    };
    match value {
        _ if keys.is_empty() => Ok(value),
        Value::Null => Ok(Value::Null),
        Value::Arr(array) => {
            let mut gone = vec![false; array.items.len()];
            for key in keys {
                let range = match key {
                    Value::Num(at) => number::position(at, gone.len()).map_or((0, 0), |at| (at, at + 1)),
                    Value::Obj(_) => number::range(&key.bounds(), gone.len())?,
                    key => return Err(wrong(key, "array")),
                };
                gone.get_mut(range.0..range.1).unwrap_or_default().fill(true);
            }
            Ok(array.items.iter().zip(gone).filter(|(_, gone)| !gone).map(|(item, _)| item.clone()).collect())
        }
        Value::Obj(object) => {
            let mut members = object.members.clone();
            for key in keys {
                let Value::Str(name) = key else { return Err(wrong(key, "object")) };
                members.shift_remove(name);
            }
            Ok(Value::object(members))
        }
        other => match keys.first() {
            Some(key) => Err(wrong(key, other.kind())),
            None => Ok(other),
        },
    }
}

/// The outcome of [`Value::set_at`] where halting is not possible.
fn finish(outcome: Result<jaq_core::ValX<'_, Value>, (Value, Error)>) -> ValR {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(exception)) => Err(exception.get_err().unwrap_or_else(|_| Error::str("halted"))),
        Err((_, error)) => Err(error),
    }
}

fn index_kind(key: &Value) -> &'static str {
    match key {
        Value::Str(_) => "object",
        Value::Obj(_) => "slice",
        _ => "array",
    }
}
