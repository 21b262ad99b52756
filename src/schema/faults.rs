//! Faults in the services' own words, in a stable order.

use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

/// One thing that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Fault {
    /// Where, as a JSON pointer (RFC 6901): `/metadata/name`, or empty for the whole body.
    pub path: String,
    /// What, in the words of the services: `must have required property 'created'`.
    pub message: String,
    /// What the message leaves open: the property that may not be there, the values that are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl fmt::Display for Fault {
    /// `/metadata/name: must be string`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        write!(f, "{path}: {}", self.message)?;
        match &self.detail {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

/// The faults that these errors amount to.
pub(super) fn collect<'a>(errors: impl Iterator<Item = ValidationError<'a>>, body: &Value) -> Vec<Fault> {
    let mut ranked = Vec::new();
    for error in errors {
        expand(&error, body, &mut ranked);
    }
    // The sort is stable: what ranks the same stays in the order of the schema.
    ranked.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut faults: Vec<Fault> = Vec::new();
    for (_, fault) in ranked {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults
}

/// Where a fault comes among others: per level the rank of the keyword and the member's position.
type Rank = Vec<(u8, usize)>;

/// One error can be several faults: one a property that is too many, or those of each alternative.
fn expand(error: &ValidationError<'_>, body: &Value, ranked: &mut Vec<(Rank, Fault)>) {
    let rank = rank(error, body);
    let path = error.instance_path().to_string();
    let mut add = |message: String, detail: Option<String>| {
        ranked.push((rank.clone(), Fault { path: path.clone(), message, detail }));
    };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                add("must NOT have additional properties".into(), Some(format!("'{name}'")));
            }
        }
        Kind::Required { property } => {
            add(format!("must have required property '{}'", property.as_str().unwrap_or_default()), None);
        }
        Kind::Enum { options } => {
            add("must be equal to one of the allowed values".into(), Some(list(options)));
        }
        Kind::UniqueItems => add(duplicates(error.instance()), None),
        Kind::Constant { expected_value } => add("must be equal to constant".into(), Some(expected_value.to_string())),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } | Kind::OneOfMultipleValid { context } => {
            // The alternatives' own faults come before the verdict on them all.
            for alternative in context {
                let mut inner = Vec::new();
                alternative.iter().for_each(|error| expand(error, body, &mut inner));
                inner.sort_by(|(one, _), (other, _)| one.cmp(other));
                ranked.extend(inner.into_iter().map(|(_, fault)| (rank.clone(), fault)));
            }
            ranked.push((rank, Fault { path, message: message(error.kind()), detail: None }));
        }
        kind => add(message(kind), None),
    }
}

fn list(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    options.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn message(kind: &Kind) -> String {
    let plural = |bound: &str, limit: u64, what: &str| format!("must NOT have {bound} than {limit} {what}");
    match kind {
        Kind::Type { kind: TypeKind::Single(kind) } => format!("must be {kind}"),
        Kind::Type { kind: TypeKind::Multiple(kinds) } => {
            let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
            format!("must be {}", kinds.join(","))
        }
        Kind::Pattern { pattern } => format!("must match pattern \"{pattern}\""),
        Kind::Format { format } => format!("must match format \"{format}\""),
        Kind::MinLength { limit } => plural("fewer", *limit, "characters"),
        Kind::MaxLength { limit } => plural("more", *limit, "characters"),
        Kind::MinItems { limit } => plural("fewer", *limit, "items"),
        Kind::MaxItems { limit } => plural("more", *limit, "items"),
        Kind::AdditionalItems { limit } => format!("must NOT have more than {limit} items"),
        Kind::MinProperties { limit } => plural("fewer", *limit, "properties"),
        Kind::MaxProperties { limit } => plural("more", *limit, "properties"),
        Kind::Minimum { limit } => format!("must be >= {limit}"),
        Kind::Maximum { limit } => format!("must be <= {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be > {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be < {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be multiple of {multiple_of}"),
        Kind::Contains => "must contain at least 1 valid item(s)".into(),
        Kind::Not { .. } => "must NOT be valid".into(),
        Kind::PropertyNames { .. } => "property name must be valid".into(),
        Kind::FalseSchema => "boolean schema is false".into(),
        Kind::AnyOf { .. } => "must match a schema in anyOf".into(),
        Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => "must match exactly one schema in oneOf".into(),
        // What is left is of drafts that the services do not use.
        other => format!("must pass \"{}\" keyword validation", other.keyword()),
    }
}

/// ajv looks from the end, and names the later of two scalars first but the earlier of two others.
fn duplicates(array: &Value) -> String {
    let items = array.as_array().map(Vec::as_slice).unwrap_or_default();
    let scalars = items.iter().all(|item| !item.is_object() && !item.is_array());
    let pair = if scalars {
        let later = |at: &usize| (at + 1..items.len()).find(|other| items[*other] == items[*at]);
        (0..items.len()).rev().find_map(|at| Some((later(&at)?, at)))
    } else {
        let earlier = |at: &usize| (0..*at).rev().find(|other| items[*other] == items[*at]);
        (0..items.len()).rev().find_map(|at| Some((earlier(&at)?, at)))
    };
    match pair {
        Some((one, other)) => format!("must NOT have duplicate items (items ## {one} and {other} are identical)"),
        // 1 and 1.0 are the same to a schema.
        None => "must NOT have duplicate items".into(),
    }
}

/// ajv checks a value's own keywords before its members, and members in the order of the schema.
/// The references have lost that order, so the body's own stands for it: it is what the writer sees.
fn rank(error: &ValidationError<'_>, body: &Value) -> Rank {
    let mut rank = Vec::new();
    let path = error.evaluation_path().to_string();
    let mut keywords = path.split('/').skip(1).peekable();
    let place = error.instance_path().to_string();
    let mut members = place.split('/').skip(1);
    let mut value = Some(body);
    while let Some(keyword) = keywords.next() {
        let (own, descends) = match keyword {
            "type" => (0, false),
            "enum" | "const" => (2, false),
            "not" | "anyOf" | "oneOf" | "allOf" | "if" | "then" | "else" => (3, false),
            "maxProperties" | "minProperties" => (4, false),
            "required" => (5, false),
            "propertyNames" => (6, false),
            "items" | "properties" | "patternProperties" => (9, true),
            // With more to come it leads into a member; as the last word it is the refusal itself.
            "additionalProperties" if keywords.peek().is_some() => (9, true),
            "additionalProperties" => (7, false),
            "$ref" => continue,
            _ => (1, false),
        };
        let position = if descends { descend(&mut value, members.next()) } else { 0 };
        rank.push((own, position));
        // What follows is the name of a property, a pattern, or the number of an alternative.
        if matches!(keyword, "properties" | "patternProperties" | "anyOf" | "oneOf" | "allOf") {
            keywords.next();
        }
    }
    rank
}

/// Goes to a member of `value` and tells its position.
fn descend(value: &mut Option<&Value>, member: Option<&str>) -> usize {
    let Some(member) = member.map(|member| member.replace("~1", "/").replace("~0", "~")) else { return 0 };
    match value {
        Some(Value::Object(members)) => {
            let position = members.keys().position(|name| *name == member).unwrap_or_default();
            *value = members.get(&member);
            position
        }
        Some(Value::Array(items)) => {
            let position = member.parse().unwrap_or_default();
            *value = items.get(position);
            position
        }
        _ => {
            *value = None;
            0
        }
    }
}
