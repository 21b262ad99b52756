//! Filling in.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::TemplateError;
use super::parse::{Command, Node, Operand, Pipeline};

type Found<'a> = Cow<'a, Value>;

/// Writes `nodes` with `dot` as the current value and `root` as the whole.
pub(super) fn nodes(nodes: &[Node], dot: &Value, root: &Value, out: &mut String) -> Result<(), TemplateError> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print(pipeline) => out.push_str(&shown(value(pipeline, dot, root)?.as_ref())),
            Node::If { condition, then, otherwise } => {
                let chosen = if is_true(value(condition, dot, root)?.as_ref()) { then } else { otherwise };
                self::nodes(chosen, dot, root, out)?;
            }
            Node::With { value: subject, then, otherwise } => {
                let subject = value(subject, dot, root)?;
                if is_true(&subject) {
                    self::nodes(then, &subject, root, out)?;
                } else {
                    self::nodes(otherwise, dot, root, out)?;
                }
            }
            Node::Range { over, each, otherwise } => {
                let over = value(over, dot, root)?;
                let items: Vec<&Value> = match &*over {
                    Value::Array(items) => items.iter().collect(),
                    Value::Object(members) => members.values().collect(),
                    Value::Null => Vec::new(),
                    other => return Err(TemplateError::new(format!("`range` cannot go over {}", shown(other)))),
                };
                for item in &items {
                    self::nodes(each, item, root, out)?;
                }
                if items.is_empty() {
                    self::nodes(otherwise, dot, root, out)?;
                }
            }
        }
    }
    Ok(())
}

fn value<'a>(pipeline: &Pipeline, dot: &'a Value, root: &'a Value) -> Result<Found<'a>, TemplateError> {
    let mut last: Option<Found<'a>> = None;
    for command in pipeline {
        last = Some(run(command, last, dot, root)?);
    }
    Ok(last.unwrap_or(Cow::Owned(Value::Null)))
}

fn run<'a>(
    command: &Command,
    piped: Option<Found<'a>>,
    dot: &'a Value,
    root: &'a Value,
) -> Result<Found<'a>, TemplateError> {
    let mut arguments = Vec::with_capacity(command.operands.len() + 1);
    for operand in &command.operands {
        arguments.push(match operand {
            Operand::Field(path) => Cow::Borrowed(field(dot, path)),
            Operand::Root(path) => Cow::Borrowed(field(root, path)),
            Operand::Constant(value) => Cow::Owned(value.clone()),
            Operand::Group(pipeline, path) => match value(pipeline, dot, root)? {
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
            let stops = |argument: &Found<'_>| is_true(argument) == (function == "or");
            let position = arguments.iter().position(stops).unwrap_or(arguments.len().saturating_sub(1));
            if arguments.is_empty() { Err(too_few()) } else { Ok(arguments.swap_remove(position)) }
        }
        "not" => owned((!is_true(arguments.first().ok_or_else(too_few)?)).into()),
        "printf" => {
            let [format, rest @ ..] = arguments.as_slice() else { return Err(too_few()) };
            owned(printf(&shown(format), rest).into())
        }
        _ => {
            let mut text = arguments.iter().map(|argument| shown(argument)).collect::<Vec<_>>().join(" ");
            if function == "println" {
                text.push('\n');
            }
            owned(text.into())
        }
    }
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

/// Go's notion of truth: not empty, and not zero.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
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

/// `%s`, `%v`, `%d`, `%q` and `%%`, with a width that may be negative or start with a zero.
fn printf(format: &str, arguments: &[Found<'_>]) -> String {
    let (mut out, mut rest, mut arguments) = (String::new(), format, arguments.iter());
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let directive = &rest[at + 1..];
        let end = directive.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(directive.len());
        let Some(verb) = directive[end..].chars().next() else {
            out.push_str("%!(NOVERB)");
            return out;
        };
        rest = &directive[end + verb.len_utf8()..];
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(argument) = arguments.next() else {
            out.push_str(&format!("%!{verb}(MISSING)"));
            continue;
        };
        let text = if verb == 'q' { Value::from(shown(argument)).to_string() } else { shown(argument) };
        // No sane width is beyond this, and an absurd one must not fill the memory.
        let width = directive[..end].trim_matches('-').parse::<usize>().unwrap_or(0).min(4096);
        out.push_str(&match (directive[..end].starts_with('-'), directive[..end].starts_with('0')) {
            (true, _) => format!("{text:<width$}"),
            (false, true) => format!("{text:0>width$}"),
            (false, false) => format!("{text:>width$}"),
        });
    }
    out.push_str(rest);
    out
}
