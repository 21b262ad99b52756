//! Filling in.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::TemplateError;
use super::format::printf;
use super::parse::{Command, Node, Operand, Pipeline};
use crate::domain::truth::is_truthy;

type Found<'a> = Cow<'a, Value>;

/// What names stand for while a template is filled in.
struct Scope<'a> {
    root: &'a Value,
    variables: Vec<(String, Value)>,
}

impl Scope<'_> {
    fn get(&self, name: &str) -> &Value {
        self.variables.iter().rev().find(|(known, _)| known == name).map_or(&Value::Null, |(_, value)| value)
    }

    fn set(&mut self, name: &str, value: Value) {
        if let Some((_, known)) = self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            *known = value;
        }
    }
}

/// Fills a template in.
pub(super) fn fill(nodes: &[Node], data: &Value, out: &mut String) -> Result<(), TemplateError> {
    self::nodes(nodes, data, &mut Scope { root: data, variables: Vec::new() }, out)
}

/// Writes `nodes` with `dot` as the current value. Variables that they make end with them.
fn nodes(nodes: &[Node], dot: &Value, scope: &mut Scope<'_>, out: &mut String) -> Result<(), TemplateError> {
    let before = scope.variables.len();
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print(pipeline) => out.push_str(&shown(value(pipeline, dot, scope)?.as_ref())),
            Node::Set { variable, is_new, value } => {
                let value = self::value(value, dot, scope)?.into_owned();
                if *is_new {
                    scope.variables.push((variable.clone(), value));
                } else {
                    scope.set(variable, value);
                }
            }
            Node::If { variables, condition, then, otherwise } => {
                let condition = value(condition, dot, scope)?;
                let chosen = if is_truthy(&condition) { then } else { otherwise };
                with(variables, &[&condition], scope, |scope| self::nodes(chosen, dot, scope, out))?;
            }
            Node::With { variables, value: subject, then, otherwise } => {
                let subject = value(subject, dot, scope)?;
                let (chosen, inner) = if is_truthy(&subject) { (then, &*subject) } else { (otherwise, dot) };
                with(variables, &[&subject], scope, |scope| self::nodes(chosen, inner, scope, out))?;
            }
            Node::Range { variables, over, each, otherwise } => {
                let over = value(over, dot, scope)?;
                let items = items(&over)?;
                for (key, item) in &items {
                    let pair = [key, *item];
                    let given = if variables.len() == 1 { &pair[1..] } else { &pair[..] };
                    with(variables, given, scope, |scope| self::nodes(each, item, scope, out))?;
                }
                if items.is_empty() {
                    self::nodes(otherwise, dot, scope, out)?;
                }
            }
        }
    }
    scope.variables.truncate(before);
    Ok(())
}

/// Does something while variables have these values.
fn with<'a>(
    variables: &[String],
    values: &[&Value],
    scope: &mut Scope<'a>,
    act: impl FnOnce(&mut Scope<'a>) -> Result<(), TemplateError>,
) -> Result<(), TemplateError> {
    let before = scope.variables.len();
    let given = variables.iter().zip(values).map(|(name, value)| (name.clone(), (*value).clone()));
    scope.variables.extend(given);
    act(scope)?;
    scope.variables.truncate(before);
    Ok(())
}

/// What is gone over, with indices or keys; those of maps in their order, as Go has it.
fn items(over: &Value) -> Result<Vec<(Value, &Value)>, TemplateError> {
    Ok(match over {
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.into(), item)).collect(),
        Value::Object(members) => {
            let mut pairs: Vec<(&String, &Value)> = members.iter().collect();
            pairs.sort_unstable_by_key(|(key, _)| *key);
            pairs.into_iter().map(|(key, item)| (Value::from(key.as_str()), item)).collect()
        }
        Value::Null => Vec::new(),
        other => return Err(TemplateError::new(format!("`range` cannot go over {}", shown(other)))),
    })
}

fn value<'a>(pipeline: &Pipeline, dot: &'a Value, scope: &Scope<'a>) -> Result<Found<'a>, TemplateError> {
    let mut last: Option<Found<'a>> = None;
    for command in pipeline {
        last = Some(run(command, last, dot, scope)?);
    }
    Ok(last.unwrap_or(Cow::Owned(Value::Null)))
}

fn run<'a>(
    command: &Command,
    piped: Option<Found<'a>>,
    dot: &'a Value,
    scope: &Scope<'a>,
) -> Result<Found<'a>, TemplateError> {
    let mut arguments = Vec::with_capacity(command.operands.len() + 1);
    for operand in &command.operands {
        arguments.push(match operand {
            Operand::Field(path) => Cow::Borrowed(field(dot, path)),
            Operand::Root(path) => Cow::Borrowed(field(scope.root, path)),
            Operand::Variable(name, path) => Cow::Owned(field(scope.get(name), path).clone()),
            Operand::Constant(value) => Cow::Owned(value.clone()),
            Operand::Group(pipeline, path) => match value(pipeline, dot, scope)? {
                Cow::Borrowed(inner) => Cow::Borrowed(field(inner, path)),
                Cow::Owned(inner) => Cow::Owned(field(&inner, path).clone()),
            },
        });
    }
    match &command.function {
        None if piped.is_some() => Err(TemplateError::new("only a function can follow a `|`")),
        None => arguments.pop().ok_or_else(|| TemplateError::new("an action is empty")),
        Some(function) => {
            arguments.extend(piped);
            call(function, arguments)
        }
    }
}

/// The value behind a path; null where there is none.
fn field<'a>(value: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(value, |value, name| {
        let Value::Object(members) = value else { return &Value::Null };
        members
            .get(name)
            .or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
            .unwrap_or(&Value::Null)
    })
}

fn call<'a>(function: &str, mut arguments: Vec<Found<'a>>) -> Result<Found<'a>, TemplateError> {
    let too_few = || TemplateError::new(format!("`{function}` has too few arguments"));
    let owned = |value: Value| Ok(Cow::Owned(value));
    match function {
        "index" => arguments
            .into_iter()
            .try_fold(None, |found: Option<Found<'a>>, argument| {
                Ok(Some(match found {
                    None => argument,
                    Some(found) => index(found, &argument)?,
                }))
            })?
            .ok_or_else(too_few),
        "len" => {
            let subject = arguments.first().ok_or_else(too_few)?;
            let length = match &**subject {
                Value::String(text) => text.len(),
                Value::Array(items) => items.len(),
                Value::Object(members) => members.len(),
                Value::Null => 0,
                other => return Err(TemplateError::new(format!("`len` cannot be applied to {}", shown(other)))),
            };
            owned(length.into())
        }
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => {
            let [first, rest @ ..] = arguments.as_slice() else { return Err(too_few()) };
            let second = rest.first().ok_or_else(too_few)?;
            owned(
                match function {
                    // Any of the others may be equal.
                    "eq" => rest.iter().any(|other| compare(first, other) == Ordering::Equal),
                    "ne" => compare(first, second) != Ordering::Equal,
                    "lt" => compare(first, second) == Ordering::Less,
                    "le" => compare(first, second) != Ordering::Greater,
                    "gt" => compare(first, second) == Ordering::Greater,
                    _ => compare(first, second) != Ordering::Less,
                }
                .into(),
            )
        }
        "and" | "or" => {
            let stops = |argument: &Found<'_>| is_truthy(argument) == (function == "or");
            let position = arguments.iter().position(stops).unwrap_or(arguments.len().saturating_sub(1));
            if arguments.is_empty() { Err(too_few()) } else { Ok(arguments.swap_remove(position)) }
        }
        "not" => owned((!is_truthy(arguments.first().ok_or_else(too_few)?)).into()),
        "printf" => {
            let [format, rest @ ..] = arguments.as_slice() else { return Err(too_few()) };
            owned(printf(&shown(format), rest, shown).into())
        }
        "urlquery" => owned(query_escaped(&print(&arguments, false)).into()),
        "slice" => {
            let [subject, bounds @ ..] = arguments.as_slice() else { return Err(too_few()) };
            owned(slice(subject, bounds)?)
        }
        "println" => owned((print(&arguments, true) + "\n").into()),
        _ => owned(print(&arguments, false).into()),
    }
}

/// As Go's `Sprint`, which parts only what is no text, or as its `Sprintln`, which parts everything.
fn print(arguments: &[Found<'_>], parts_all: bool) -> String {
    let mut text = String::new();
    let mut before: Option<&Value> = None;
    for argument in arguments {
        let is_text = |value: &Value| value.is_string();
        if before.is_some_and(|before| parts_all || !is_text(before) && !is_text(argument)) {
            text.push(' ');
        }
        text.push_str(&shown(argument));
        before = Some(argument);
    }
    text
}

/// Part of a text, by bytes, or of a list.
fn slice(subject: &Value, bounds: &[Found<'_>]) -> Result<Value, TemplateError> {
    let length = match subject {
        Value::String(text) => text.len(),
        Value::Array(items) => items.len(),
        other => return Err(TemplateError::new(format!("`slice` cannot be applied to {}", shown(other)))),
    };
    let bound = |at: usize, otherwise: usize| match bounds.get(at) {
        None => Some(otherwise),
        Some(bound) => bound.as_u64().and_then(|bound| usize::try_from(bound).ok()),
    };
    let (from, to) = (bound(0, 0), bound(1, length));
    let wrong = || {
        let shown = |bound: Option<usize>| bound.map_or_else(|| "?".to_owned(), |bound| bound.to_string());
        TemplateError::new(format!("`slice` cannot go from {} to {} of {length}", shown(from), shown(to)))
    };
    let range =
        from.zip(to).filter(|(from, to)| from <= to && *to <= length).map(|(from, to)| from..to).ok_or_else(wrong)?;
    Ok(match subject {
        Value::String(text) => String::from_utf8_lossy(&text.as_bytes()[range]).into_owned().into(),
        Value::Array(items) => items[range].to_vec().into(),
        _ => Value::Null,
    })
}

/// A text as part of a query, where a space is a plus.
fn query_escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b' ' => out.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

fn index<'a>(found: Found<'a>, key: &Value) -> Result<Found<'a>, TemplateError> {
    let pick = |value: &'_ Value| -> Result<Option<usize>, TemplateError> {
        let Value::Array(items) = value else { return Ok(None) };
        let position = key.as_u64().and_then(|index| usize::try_from(index).ok());
        match position.filter(|position| *position < items.len()) {
            Some(position) => Ok(Some(position)),
            None => {
                let message = format!("index {} is out of range: there are {}", shown(key), items.len());
                Err(TemplateError::new(message))
            }
        }
    };
    let position = pick(&found)?;
    let get = |value: &'_ Value| -> Value {
        match position {
            Some(position) => value.get(position).cloned().unwrap_or(Value::Null),
            None => field(value, &[shown(key)]).clone(),
        }
    };
    Ok(Cow::Owned(get(&found)))
}

/// Numbers by value, everything else by its text.
fn compare(one: &Value, other: &Value) -> Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => shown(one).cmp(&shown(other)),
    }
}

/// A value as Go prints it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Value::Object(members) => {
            let mut pairs: Vec<String> = members.iter().map(|(key, value)| format!("{key}:{}", shown(value))).collect();
            pairs.sort_unstable();
            format!("map[{}]", pairs.join(" "))
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
