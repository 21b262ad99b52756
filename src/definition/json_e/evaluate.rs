//! The values of expressions.

use serde_json::{Map, Value};

use super::number::number;
use super::parse::{self, Node};
use super::{Engine, JsonEError, Scope, VALUE_BYTES, builtins};
use crate::domain::truth::is_truthy;

/// Nesting of the tree of an expression beyond this is an error: a long chain of operators is one.
const MAXIMUM_DEPTH: usize = 200;

impl Engine<'_> {
    /// The value of the expression `source`.
    pub(super) fn evaluate_text(&self, source: &str, scope: &Scope<'_>) -> Result<Value, JsonEError> {
        self.evaluate(&parse::parse(source)?, scope, 0)
    }

    pub(super) fn evaluate(&self, node: &Node, scope: &Scope<'_>, depth: usize) -> Result<Value, JsonEError> {
        if depth > MAXIMUM_DEPTH {
            return Err(JsonEError::interpreter("the expression is nested too deeply"));
        }
        self.spend(VALUE_BYTES)?;
        let depth = depth + 1;
        match node {
            Node::Literal(value) => Ok(value.clone()),
            Node::Name(name) => match scope.get(name) {
                Some(value) => {
                    self.spend(weight(value))?;
                    Ok(value.clone())
                }
                None => Err(JsonEError::interpreter(format!("unknown context value {name}"))),
            },
            Node::List(items) => {
                items.iter().map(|item| self.evaluate(item, scope, depth)).collect::<Result<_, _>>().map(Value::Array)
            }
            Node::Object(members) => {
                let mut object = Map::new();
                for (key, value) in members {
                    object.insert(key.clone(), self.evaluate(value, scope, depth)?);
                }
                Ok(Value::Object(object))
            }
            Node::Unary(operator, operand) => unary(*operator, &self.evaluate(operand, scope, depth)?),
            Node::Binary(operator, left, right) => self.binary(operator, left, right, scope, depth),
            Node::Property(of, name) => self.property(of, name, scope, depth),
            Node::Index(of, index) => {
                let of = self.evaluate(of, scope, depth)?;
                item(&of, &self.evaluate(index, scope, depth)?)
            }
            Node::Slice(of, from, to) => {
                let of = self.evaluate(of, scope, depth)?;
                let bound =
                    |node: &Option<Box<Node>>| node.as_ref().map(|node| self.evaluate(node, scope, depth)).transpose();
                let (from, to) = (bound(from)?, bound(to)?);
                slice(&of, from.as_ref(), to.as_ref())
            }
            Node::Call(function, arguments) => self.call(function, arguments, scope, depth),
        }
    }

    /// A member of an object. What a chain of names leads to is found without a copy of what it leads through.
    fn property(&self, of: &Node, name: &str, scope: &Scope<'_>, depth: usize) -> Result<Value, JsonEError> {
        let missing = || JsonEError::interpreter(format!("object has no property \"{name}\""));
        if let Some(found) = borrowed(of, scope) {
            let Value::Object(members) = found else {
                return Err(JsonEError::interpreter("infix: . expects objects"));
            };
            let value = members.get(name).ok_or_else(missing)?;
            self.spend(weight(value))?;
            return Ok(value.clone());
        }
        match self.evaluate(of, scope, depth)? {
            Value::Object(mut members) => members.shift_remove(name).ok_or_else(missing),
            _ => Err(JsonEError::interpreter("infix: . expects objects")),
        }
    }

    fn binary(
        &self,
        operator: &str,
        left: &Node,
        right: &Node,
        scope: &Scope<'_>,
        depth: usize,
    ) -> Result<Value, JsonEError> {
        let left = self.evaluate(left, scope, depth)?;
        match operator {
            "||" if is_truthy(&left) => return Ok(true.into()),
            "&&" if !is_truthy(&left) => return Ok(false.into()),
            _ => {}
        }
        let right = self.evaluate(right, scope, depth)?;
        match operator {
            "||" | "&&" => Ok(is_truthy(&right).into()),
            "==" => Ok(is_equal(&left, &right).into()),
            "!=" => Ok((!is_equal(&left, &right)).into()),
            "in" => contains(&left, &right),
            "+" => match (&left, &right) {
                (Value::String(left), Value::String(right)) => {
                    self.spend(left.len() + right.len())?;
                    Ok(format!("{left}{right}").into())
                }
                (Value::Number(_), Value::Number(_)) => arithmetic(operator, &left, &right),
                _ => Err(JsonEError::interpreter("infix: + expects numbers/strings + numbers/strings")),
            },
            "<" | ">" | "<=" | ">=" => compare(operator, &left, &right),
            _ => arithmetic(operator, &left, &right),
        }
    }

    fn call(&self, function: &Node, arguments: &[Node], scope: &Scope<'_>, depth: usize) -> Result<Value, JsonEError> {
        let Node::Name(name) = function else {
            return Err(JsonEError::interpreter("function invocation requires a function"));
        };
        if scope.get(name).is_some() {
            return Err(JsonEError::interpreter(format!("{name} is not callable")));
        }
        // What a function is called with may itself be the name of one.
        if let ("typeof", [Node::Name(argument)]) = (name.as_str(), arguments)
            && scope.get(argument).is_none()
            && (builtins::NAMES.contains(&argument.as_str()) || self.function(argument).is_some())
        {
            return Ok("function".into());
        }
        let values: Vec<Value> =
            arguments.iter().map(|argument| self.evaluate(argument, scope, depth)).collect::<Result<_, _>>()?;
        if let Some(function) = self.function(name) {
            return function(&values).map_err(JsonEError::interpreter);
        }
        if builtins::NAMES.contains(&name.as_str()) {
            let made = builtins::call(name, &values, scope)?;
            self.spend(weight(&made))?;
            return Ok(made);
        }
        Err(JsonEError::interpreter(format!("unknown context value {name}")))
    }

    fn function(&self, name: &str) -> Option<super::Function<'_>> {
        self.functions.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }
}

/// The value that names and members lead to, where nothing needs to be computed.
fn borrowed<'s>(node: &Node, scope: &'s Scope<'_>) -> Option<&'s Value> {
    match node {
        Node::Name(name) => scope.get(name),
        Node::Property(of, name) => borrowed(of, scope)?.as_object()?.get(name),
        _ => None,
    }
}

/// About how many bytes a copy of a value takes.
pub(super) fn weight(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(members) => members.iter().map(|(key, value)| key.len() + weight(value)).sum(),
            _ => 0,
        }
}

/// Deep equality, in which 1 and 1.0 are the same.
pub(crate) fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| is_equal(left, right)))
        }
        _ => left == right,
    }
}

fn unary(operator: char, operand: &Value) -> Result<Value, JsonEError> {
    match (operator, operand.as_f64().filter(|_| operand.is_number())) {
        ('!', _) => Ok((!is_truthy(operand)).into()),
        ('-', Some(value)) => number(-value),
        ('+', Some(_)) => Ok(operand.clone()),
        _ => Err(JsonEError::interpreter(format!("unary {operator} expects number"))),
    }
}

fn arithmetic(operator: &str, left: &Value, right: &Value) -> Result<Value, JsonEError> {
    let (Value::Number(left), Value::Number(right)) = (left, right) else {
        return Err(JsonEError::interpreter(format!("infix: {operator} expects number {operator} number")));
    };
    let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) else {
        return Err(JsonEError::interpreter("the number is out of range"));
    };
    match operator {
        "+" => number(left + right),
        "-" => number(left - right),
        "*" => number(left * right),
        "**" => number(left.powf(right)),
        _ if right == 0.0 => Err(JsonEError::interpreter("division by zero")),
        _ => number(left / right),
    }
}

fn compare(operator: &str, left: &Value, right: &Value) -> Result<Value, JsonEError> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        _ => None,
    };
    let Some(order) = order else {
        return Err(JsonEError::interpreter(format!(
            "infix: {operator} expects numbers/strings {operator} numbers/strings"
        )));
    };
    Ok(match operator {
        "<" => order.is_lt(),
        ">" => order.is_gt(),
        "<=" => order.is_le(),
        _ => order.is_ge(),
    }
    .into())
}

fn contains(left: &Value, right: &Value) -> Result<Value, JsonEError> {
    match (left, right) {
        (Value::String(key), Value::Object(members)) => Ok(members.contains_key(key).into()),
        (_, Value::Object(_)) => Err(JsonEError::interpreter("Infix: in-object expects string on left side")),
        (Value::String(part), Value::String(text)) => Ok(text.contains(part.as_str()).into()),
        (_, Value::String(_)) => Err(JsonEError::interpreter("Infix: in-string expects string on left side")),
        (item, Value::Array(items)) => Ok(items.iter().any(|other| is_equal(item, other)).into()),
        _ => Err(JsonEError::interpreter("Infix: in expects Array, string, or object on right side")),
    }
}

/// A whole number that an index or a bound is.
fn integer(value: &Value) -> Option<i64> {
    let float = value.as_f64().filter(|_| value.is_number())?;
    // Far outside of any list it does not matter how far.
    (float.fract() == 0.0).then_some(float.clamp(-1e15, 1e15) as i64)
}

fn item(of: &Value, index: &Value) -> Result<Value, JsonEError> {
    let position = |length: usize| {
        let index = integer(index)
            .ok_or_else(|| JsonEError::interpreter("should only use integers to access arrays or strings"))?;
        let index = if index < 0 { index + length as i64 } else { index };
        usize::try_from(index).map_err(|_| JsonEError::interpreter("index out of bounds"))
    };
    let outside = || JsonEError::interpreter("index out of bounds");
    match of {
        Value::Array(items) => items.get(position(items.len())?).cloned().ok_or_else(outside),
        Value::String(text) => {
            let at = position(text.chars().count())?;
            text.chars().nth(at).map(|c| c.to_string().into()).ok_or_else(outside)
        }
        Value::Object(members) => match index {
            Value::String(key) => Ok(members.get(key).cloned().unwrap_or(Value::Null)),
            _ => Err(JsonEError::interpreter("object keys must be strings")),
        },
        _ => Err(JsonEError::interpreter("infix: \"[..]\" expects object, array, or string")),
    }
}

fn slice(of: &Value, from: Option<&Value>, to: Option<&Value>) -> Result<Value, JsonEError> {
    let length = match of {
        Value::Array(items) => items.len(),
        Value::String(text) => text.chars().count(),
        _ => return Err(JsonEError::interpreter("infix: \"[..]\" expects object, array, or string")),
    };
    let bound = |value: Option<&Value>, default: usize| -> Result<usize, JsonEError> {
        let Some(value) = value else { return Ok(default) };
        let index = integer(value)
            .ok_or_else(|| JsonEError::interpreter("cannot perform interval access with non-integers"))?;
        let index = if index < 0 { index + length as i64 } else { index };
        Ok(usize::try_from(index).unwrap_or(0).min(length))
    };
    let (from, to) = (bound(from, 0)?, bound(to, length)?);
    let count = to.saturating_sub(from);
    Ok(match of {
        Value::Array(items) => items.iter().skip(from).take(count).cloned().collect::<Vec<_>>().into(),
        Value::String(text) => text.chars().skip(from).take(count).collect::<String>().into(),
        other => other.clone(),
    })
}
