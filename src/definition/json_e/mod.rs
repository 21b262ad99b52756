//! JSON-e (<https://json-e.js.org>): templates that are JSON themselves.
//!
//! The services render with functions of their own (`as_slugid`), say where in the template an error is, and keep
//! the order of keys. The `json-e` crate can do none of these, so templates are rendered here; it stays the oracle of
//! the tests. Time comes from outside, and what a template can make is bounded.

mod builtins;
mod evaluate;
mod from_now;
mod number;
mod operators;
mod parse;
mod text;

use std::cell::Cell;
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub(crate) use evaluate::is_equal;
pub(crate) use from_now::from_now;

/// Nesting of templates and of expressions beyond this is an error.
const MAXIMUM_NESTING: usize = 100;
/// About how many bytes of values one template may make, those that it drops again included.
const MAXIMUM_MADE_BYTES: usize = 256 << 20;
/// What each value counts, beside its text.
const VALUE_BYTES: usize = 32;

/// What an error is of, by the names that other implementations give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonEErrorKind {
    /// The template is not one.
    Template,
    /// An expression cannot be computed.
    Interpreter,
    /// An expression cannot be read.
    Syntax,
}

/// Why a template cannot be rendered, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonEError {
    /// What it is of.
    pub kind: JsonEErrorKind,
    /// What is wrong, in the words of the JavaScript implementation where that one has words for it.
    pub message: String,
    /// Where in the template, outermost first: `.tasks`, `[0]`. Operators do not count: what is within `$let` and
    /// `in` stands as if it stood beside them.
    pub path: Vec<String>,
}

impl JsonEError {
    pub(super) fn template(message: impl Into<String>) -> Self {
        Self { kind: JsonEErrorKind::Template, message: message.into(), path: Vec::new() }
    }

    pub(super) fn interpreter(message: impl Into<String>) -> Self {
        Self { kind: JsonEErrorKind::Interpreter, message: message.into(), path: Vec::new() }
    }

    pub(super) fn syntax(message: impl Into<String>) -> Self {
        Self { kind: JsonEErrorKind::Syntax, message: message.into(), path: Vec::new() }
    }

    /// The same, one level further in.
    fn within(mut self, segment: String) -> Self {
        self.path.insert(0, segment);
        self
    }
}

impl fmt::Display for JsonEError {
    /// `InterpreterError at template.tasks[0]: object has no property "nope"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            JsonEErrorKind::Template => "TemplateError",
            JsonEErrorKind::Interpreter => "InterpreterError",
            JsonEErrorKind::Syntax => "SyntaxError",
        };
        write!(f, "{name}")?;
        if !self.path.is_empty() {
            write!(f, " at template{}", self.path.concat())?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for JsonEError {}

/// A function that templates may call beside those of JSON-e.
pub(crate) type Function<'a> = &'a dyn Fn(&[Value]) -> Result<Value, String>;

/// What a template is rendered with.
#[derive(Default)]
pub(crate) struct Context<'a> {
    /// Values by name.
    pub values: Map<String, Value>,
    /// Functions by name.
    pub functions: Vec<(&'a str, Function<'a>)>,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let functions: Vec<_> = self.functions.iter().map(|(name, _)| name).collect();
        f.debug_struct("Context").field("values", &self.values).field("functions", &functions).finish()
    }
}

/// Renders `template`; `now` is what `$fromNow` counts from, unless the context has a `now` of its own.
///
/// # Errors
/// [`JsonEError`], with the place in the template.
pub(crate) fn render(template: &Value, context: &Context<'_>, now: DateTime<Utc>) -> Result<Value, JsonEError> {
    render_at_most(MAXIMUM_MADE_BYTES, template, context, now)
}

/// [`render`] for those who cannot wait for what is large: about `bytes` of values may be made.
///
/// # Errors
/// [`JsonEError`], with the place in the template.
pub(crate) fn render_at_most(
    bytes: usize,
    template: &Value,
    context: &Context<'_>,
    now: DateTime<Utc>,
) -> Result<Value, JsonEError> {
    if context.values.keys().any(|name| !is_identifier(name)) {
        return Err(JsonEError::template("top level keys of context must follow /[a-zA-Z_][a-zA-Z0-9_]*/"));
    }
    let mut values = Map::new();
    values.insert("now".into(), from_now::format(now).into());
    values.extend(context.values.clone());
    let engine = Engine { functions: &context.functions, left: Cell::new(bytes) };
    let scope = Scope { values, parent: None };
    Ok(engine.render(template, &scope, 0)?.unwrap_or(Value::Null))
}

/// Whether `name` can be that of a value in a context.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Names and their values, each level of `$let` or `$map` on top of the one around it.
struct Scope<'a> {
    values: Map<String, Value>,
    parent: Option<&'a Scope<'a>>,
}

impl<'a> Scope<'a> {
    fn within(parent: &'a Scope<'a>, values: Map<String, Value>) -> Self {
        Self { values, parent: Some(parent) }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let mut scope = self;
        loop {
            match (scope.values.get(name), scope.parent) {
                (Some(value), _) => return Some(value),
                (None, Some(parent)) => scope = parent,
                (None, None) => return None,
            }
        }
    }
}

/// One rendering: the functions and how much may still be made.
struct Engine<'a> {
    functions: &'a [(&'a str, Function<'a>)],
    left: Cell<usize>,
}

impl Engine<'_> {
    /// Counts what is made, so that no template fills the memory.
    fn spend(&self, amount: usize) -> Result<(), JsonEError> {
        let left = self.left.get().checked_sub(amount);
        self.left.set(left.unwrap_or_default());
        left.map(drop).ok_or_else(|| JsonEError::template("the template makes too much data"))
    }

    /// A rendered template, or nothing where it says that nothing is to stand there.
    fn render(&self, template: &Value, scope: &Scope<'_>, nesting: usize) -> Result<Option<Value>, JsonEError> {
        if nesting > MAXIMUM_NESTING {
            return Err(JsonEError::template("the template is nested too deeply"));
        }
        self.spend(VALUE_BYTES)?;
        match template {
            Value::String(text) => self.interpolate(text, scope).map(|text| Some(Value::String(text))),
            Value::Array(items) => {
                let mut rendered = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let item = self.render(item, scope, nesting + 1);
                    rendered.extend(item.map_err(|error| error.within(format!("[{index}]")))?);
                }
                Ok(Some(Value::Array(rendered)))
            }
            Value::Object(members) => self.render_object(members, scope, nesting),
            other => Ok(Some(other.clone())),
        }
    }

    fn render_object(
        &self,
        members: &Map<String, Value>,
        scope: &Scope<'_>,
        nesting: usize,
    ) -> Result<Option<Value>, JsonEError> {
        let mut operators = members.keys().filter(|key| operators::is_operator(key));
        match (operators.next(), operators.next()) {
            (Some(operator), None) => return self.operate(operator, members, scope, nesting),
            (Some(_), Some(_)) => return Err(JsonEError::template("only one operator allowed")),
            (None, _) => {}
        }
        let mut rendered = Map::new();
        for (key, value) in members {
            let value = self.render(value, scope, nesting + 1).map_err(|error| error.within(text::segment(key)))?;
            let Some(value) = value else { continue };
            let key = if let Some(escaped) = key.strip_prefix("$$") {
                format!("${escaped}")
            } else if key.strip_prefix('$').is_some_and(text::is_word) {
                return Err(JsonEError::template("$<identifier> is reserved; use $$<identifier>"));
            } else {
                self.interpolate(key, scope)?
            };
            rendered.insert(key, value);
        }
        Ok(Some(Value::Object(rendered)))
    }
}

#[cfg(test)]
mod tests;
