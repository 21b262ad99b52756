//! A schema seen as one thing: `$ref`s followed, `allOf` and alternatives folded in.

use indexmap::IndexMap;
use serde_json::Value;

use super::documents::{Documents, Located};

/// `allOf`s and `$ref`s nested deeper than this are taken for a circle.
const MAX_NESTING: usize = 16;

/// What to take from `oneOf` and `anyOf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branches {
    /// The first alternative, as if it were the only one.
    First,
    /// What any alternative allows; required is only what all of them require.
    All,
}

/// What a schema says about a value.
#[derive(Debug, Default)]
pub(super) struct Shape<'a> {
    /// JSON types, in the order of the schema.
    pub(super) types: Vec<&'a str>,
    /// Values of `enum` or `const`.
    pub(super) choices: Vec<&'a Value>,
    /// Properties, each with the schemas that alternatives have for it.
    pub(super) properties: IndexMap<&'a str, Vec<Located<'a>>>,
    /// Names of required properties.
    pub(super) required: Vec<&'a str>,
    /// The schema of an array's items.
    pub(super) items: Option<Located<'a>>,
    /// The schema of an object's further members, when it says more than that they may be there.
    pub(super) members: Option<Located<'a>>,
    keywords: IndexMap<&'a str, &'a Value>,
}

impl<'a> Shape<'a> {
    /// The shape of a value that may follow any of `alternatives`.
    pub(super) fn of(documents: &'a Documents, alternatives: &[Located<'a>], branches: Branches) -> Self {
        let mut shape = Self::default();
        match alternatives {
            [only] => shape.absorb(documents, *only, branches, MAX_NESTING),
            several => shape.absorb_branches(documents, several, branches, MAX_NESTING),
        }
        shape
    }

    /// Any other keyword.
    pub(super) fn keyword(&self, name: &str) -> Option<&'a Value> {
        self.keywords.get(name).copied()
    }

    /// A keyword that is a whole number.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        self.keyword(name)?.as_u64()?.try_into().ok()
    }

    /// A keyword that is a string.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.keyword(name)?.as_str()
    }

    /// Whether the type that the schema names or implies is `wanted`.
    pub(super) fn is(&self, wanted: &str) -> bool {
        match self.types.iter().find(|name| **name != "null") {
            Some(first) => *first == wanted,
            None => match wanted {
                "object" => !self.properties.is_empty() || self.members.is_some(),
                "array" => self.items.is_some(),
                "string" => self.keywords.contains_key("pattern") || self.keywords.contains_key("format"),
                _ => false,
            },
        }
    }

    fn absorb(&mut self, documents: &'a Documents, at: Located<'a>, branches: Branches, nesting: usize) {
        let (Some(schema), true) = (at.schema.as_object(), nesting > 0) else { return };
        for (keyword, value) in schema {
            self.absorb_keyword(at, keyword, value);
        }
        let list = |keyword: &str| -> Vec<Located<'a>> {
            let schemas = schema.get(keyword).and_then(Value::as_array);
            schemas.into_iter().flatten().map(|schema| at.with(schema)).collect()
        };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|to| documents.resolve(at, to)) {
            self.absorb(documents, target, branches, nesting - 1);
        }
        for part in list("allOf") {
            self.absorb(documents, part, branches, nesting - 1);
        }
        for keyword in ["oneOf", "anyOf"] {
            self.absorb_branches(documents, &list(keyword), branches, nesting - 1);
        }
    }

    fn absorb_keyword(&mut self, at: Located<'a>, keyword: &'a str, value: &'a Value) {
        match (keyword, value) {
            ("type", Value::String(name)) => add(&mut self.types, name),
            ("type", Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).for_each(|name| add(&mut self.types, name));
            }
            ("enum", Value::Array(values)) => values.iter().for_each(|value| add(&mut self.choices, value)),
            ("const", value) => add(&mut self.choices, value),
            ("required", Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).for_each(|name| add(&mut self.required, name));
            }
            ("properties", Value::Object(properties)) => {
                for (name, schema) in properties {
                    self.properties.entry(name).or_default().push(at.with(schema));
                }
            }
            ("items", Value::Object(_)) => self.items = self.items.or(Some(at.with(value))),
            ("additionalProperties", Value::Object(schema)) if !schema.is_empty() => {
                self.members = self.members.or(Some(at.with(value)));
            }
            ("patternProperties", Value::Object(patterns)) => {
                self.members = self.members.or(patterns.values().next().map(|schema| at.with(schema)));
            }
            _ => {
                self.keywords.entry(keyword).or_insert(value);
            }
        }
    }

    fn absorb_branches(
        &mut self,
        documents: &'a Documents,
        alternatives: &[Located<'a>],
        branches: Branches,
        nesting: usize,
    ) {
        let Some(first) = alternatives.first() else { return };
        if branches == Branches::First {
            return self.absorb(documents, *first, branches, nesting);
        }
        let shapes: Vec<Shape<'a>> = alternatives
            .iter()
            .map(|alternative| {
                let mut shape = Shape::default();
                shape.absorb(documents, *alternative, branches, nesting);
                shape
            })
            .collect();
        for name in &shapes[0].required {
            if shapes.iter().all(|shape| shape.required.contains(name)) {
                add(&mut self.required, name);
            }
        }
        for shape in shapes {
            shape.types.into_iter().for_each(|name| add(&mut self.types, name));
            shape.choices.into_iter().for_each(|value| add(&mut self.choices, value));
            for (name, schemas) in shape.properties {
                self.properties.entry(name).or_default().extend(schemas);
            }
            self.items = self.items.or(shape.items);
            self.members = self.members.or(shape.members);
        }
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}
