//! A body to fill in.

use serde_json::{Map, Number, Value};

use super::documents::{Documents, Located, SchemaError};
use super::sample;
use super::shape::{Branches, Shape};
use crate::reference::Service;

/// Nested values end here, even where a schema requires itself.
const MAX_DEPTH: usize = 24;
/// A skeleton of more values is of no use to anybody; what would come after them is left out.
const MAX_VALUES: usize = 5000;

/// A list that must be longer is for its writer to fill.
const MAX_ITEMS: usize = 100;

/// A body for the schema `file` of `service` that a person can fill in: what is required, or
/// everything with `all`. Defaults and the first of listed values stand where there are any, else
/// something that fits and cannot be taken for real. Of alternatives it shows the first.
///
/// # Errors
/// When there is no such schema, or it or one that it refers to is broken.
pub(crate) fn skeleton(service: &Service, file: &str, all: bool) -> Result<Value, SchemaError> {
    let documents = Documents::load(service, file)?;
    let mut maker = Maker { documents: &documents, all, above: Vec::new(), values: 0 };
    let mut body = maker.value(documents.root(), "body");
    let needed = NEEDED_MEMBERS.iter().filter(|(name, of, _)| *name == service.service_name && *of == file);
    for (_, _, member) in needed.filter(|_| !all) {
        let mut whole = skeleton(service, file, true)?;
        if let (Some(body), Some(value)) = (body.as_object_mut(), whole.get_mut(*member)) {
            body.insert((*member).to_owned(), value.take());
        }
    }
    Ok(body)
}

/// Members that a service needs though its schema does not require them: service, schema, member. The queue takes a task
/// with `taskQueueId`, or with its two older parts, and refuses one with neither.
const NEEDED_MEMBERS: [(&str, &str, &str); 1] = [("queue", "v1/create-task-request.json", "taskQueueId")];

/// The same for a schema that stands alone.
///
/// # Errors
/// When it refers to itself without an end.
pub(crate) fn skeleton_of(schema: &Value, all: bool) -> Result<Value, SchemaError> {
    super::circles::check(schema)?;
    let documents = Documents::alone(schema)?;
    let mut maker = Maker { documents: &documents, all, above: Vec::new(), values: 0 };
    Ok(maker.value(documents.root(), "body"))
}

struct Maker<'a> {
    documents: &'a Documents,
    all: bool,
    /// The schemas of the values that contain the present one.
    above: Vec<*const Value>,
    /// How many values there are so far.
    values: usize,
}

impl<'a> Maker<'a> {
    fn value(&mut self, at: Located<'a>, name: &str) -> Value {
        self.values += 1;
        let shape = Shape::of(self.documents, &[at], Branches::First);
        let fitting = shape.keyword("default").filter(|default| shape.types.is_empty() || fits(&shape, default));
        // A required object is shown with its members, though the service would take `{}`.
        let given = fitting.filter(|default| !default.is_object() || shape.properties.is_empty());
        if let Some(value) = given.or(shape.choices.first().copied()) {
            return value.clone();
        }
        self.above.push(std::ptr::from_ref(at.schema));
        let value = match () {
            () if shape.is("object") => Value::Object(self.object(&shape)),
            () if shape.is("array") => Value::Array(self.array(&shape, name)),
            () if shape.is("string") => Value::String(sample::string(&shape, name)),
            () if shape.is("integer") || shape.is("number") => Value::Number(number(&shape)),
            () if shape.is("boolean") => Value::Bool(false),
            () if shape.types == ["null"] => Value::Null,
            () => Value::Object(Map::new()),
        };
        self.above.pop();
        value
    }

    fn object(&mut self, shape: &Shape<'a>) -> Map<String, Value> {
        let least = shape.count("minProperties").unwrap_or(0);
        let most = shape.count("maxProperties").unwrap_or(usize::MAX);
        let mut names: Vec<_> = shape.properties.keys().copied().collect();
        names.sort_by_key(|name| !shape.required.contains(name));
        let mut chosen = 0;
        names.retain(|name| {
            let wanted = shape.required.contains(name) || chosen < least || self.all && chosen < most;
            chosen += usize::from(wanted);
            wanted
        });
        let mut object = Map::new();
        // In the order of the schema, which need not be that of being required.
        for (name, schemas) in shape.properties.iter().filter(|(name, _)| names.contains(name)) {
            let Some(first) = schemas.first() else { continue };
            if shape.required.contains(name) && self.above.len() < MAX_DEPTH && self.values < MAX_VALUES
                || !self.is_above(first)
            {
                object.insert((*name).into(), self.value(*first, name));
            }
        }
        if let Some(members) = shape.members
            && (object.len() < least || self.all && object.len() < most && !self.is_above(&members))
        {
            object.insert("fill-in".into(), self.value(members, "fill-in"));
        }
        object
    }

    fn array(&mut self, shape: &Shape<'a>, name: &str) -> Vec<Value> {
        let least = shape.count("minItems").unwrap_or(0);
        match shape.items {
            Some(items)
                if self.above.len() < MAX_DEPTH
                    && self.values < MAX_VALUES
                    && (least > 0 || self.all && !self.is_above(&items)) =>
            {
                vec![self.value(items, name); least.clamp(1, MAX_ITEMS)]
            }
            _ => Vec::new(),
        }
    }

    fn is_above(&self, at: &Located<'_>) -> bool {
        let target = self.documents.follow(*at).map_or(at.schema, |target| target.schema);
        self.above.len() >= MAX_DEPTH
            || self.values >= MAX_VALUES
            || self.above.contains(&std::ptr::from_ref(at.schema))
            || self.above.contains(&std::ptr::from_ref(target))
    }
}

fn fits(shape: &Shape<'_>, value: &Value) -> bool {
    shape.types.iter().any(|name| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" | "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    })
}

/// The least number that is allowed, or 0 where that is allowed.
fn number(shape: &Shape<'_>) -> Number {
    let bound = |keyword: &str| shape.keyword(keyword).and_then(Value::as_f64);
    let above = bound("minimum").or(bound("exclusiveMinimum").map(|limit| limit.floor() + 1.0));
    let below = bound("maximum").or(bound("exclusiveMaximum").map(|limit| limit.ceil() - 1.0));
    let least = match (above, below) {
        (Some(least), _) if least > 0.0 => least,
        (_, Some(most)) if most < 0.0 => most,
        _ => 0.0,
    };
    // A bound that is a whole number stays one in the text: 1, not 1.0.
    format!("{least}").parse().unwrap_or_else(|_| Number::from(0))
}
