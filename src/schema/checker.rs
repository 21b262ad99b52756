//! Faults as a writer wants them: at the value itself, with what was expected and the nearest right name.

use std::collections::BTreeMap;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use super::documents::{Documents, Located, SchemaError};
use super::validator::Validator;
use crate::reference::{Service, suggest};

/// Longer values are cut where they are quoted.
const MAXIMUM_QUOTED_CHARACTERS: usize = 60;
/// More faults than this help nobody.
const MAXIMUM_MISMATCHES: usize = 200;

/// One thing that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Where, as a JSON pointer: an unknown property itself, or the object that lacks one.
    pub path: String,
    /// What: "unknown property `dind`".
    pub message: String,
    /// What the schema wants there, where the message does not say it.
    pub expected: Option<String>,
    /// What stands there, as JSON.
    pub found: Option<String>,
    /// The name or value that was probably meant.
    pub suggestion: Option<String>,
}

/// A schema that is ready to check bodies for people.
#[derive(Debug, Clone)]
pub(crate) struct Checker {
    validator: Validator,
    documents: Documents,
}

impl Checker {
    /// Compiles the schema `file` of `service`.
    ///
    /// # Errors
    /// When there is no such schema, or it or one that it refers to is broken.
    pub(crate) fn new(service: &Service, file: &str) -> Result<Self, SchemaError> {
        let documents = Documents::load(service, file)?;
        Ok(Self { validator: Validator::new(service, file)?, documents })
    }

    /// Compiles a schema that stands alone; its `$schema` names the draft, which is 7 without one.
    ///
    /// # Errors
    /// When it is not a schema, refers to another document, or to itself without an end.
    pub(crate) fn of(schema: &Value) -> Result<Self, SchemaError> {
        let documents = Documents::alone(schema)?;
        Ok(Self { validator: Validator::of(schema)?, documents })
    }

    /// What is wrong with `body`, in the order of its lines as far as that is known. Of alternatives only the one that
    /// the body is nearest to counts.
    pub(crate) fn mismatches(&self, body: &Value) -> Vec<Mismatch> {
        let mut found = Vec::new();
        for error in self.validator.errors(body).take(MAXIMUM_MISMATCHES) {
            self.explain(&error, body, &mut found);
        }
        let order = positions(body);
        found.sort_by_key(|mismatch: &Mismatch| order.get(&mismatch.path).copied().unwrap_or_default());
        found.dedup();
        found
    }

    fn explain(&self, error: &ValidationError<'_>, body: &Value, found: &mut Vec<Mismatch>) {
        let path = error.instance_path().to_string();
        let value = body.pointer(&path).unwrap_or(&Value::Null);
        match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                let known = self.known_properties(error);
                for name in unexpected {
                    found.push(Mismatch {
                        path: format!("{path}/{}", escape(name)),
                        message: format!("unknown property `{name}`"),
                        expected: None,
                        found: None,
                        suggestion: nearest(name, &known),
                    });
                }
            }
            Kind::Required { property } => found.push(Mismatch {
                path,
                message: format!("missing property `{}`", property.as_str().unwrap_or_default()),
                expected: None,
                found: None,
                suggestion: None,
            }),
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } if !context.is_empty() => {
                let nearest = context.iter().min_by_key(|errors| distance(errors, &path)).map(Vec::as_slice);
                for error in nearest.unwrap_or_default() {
                    self.explain(error, body, found);
                }
            }
            kind => {
                let suggestion = match (kind, value) {
                    (Kind::Enum { options }, Value::String(text)) => {
                        let options = options.as_array().into_iter().flatten();
                        let options: Vec<String> = options.filter_map(Value::as_str).map(String::from).collect();
                        nearest(text, &options)
                    }
                    _ => None,
                };
                let (message, expected) = describe(kind);
                found.push(Mismatch { path, message, expected, found: Some(quoted(value)), suggestion });
            }
        }
    }

    /// The properties that the schema has where it refused others.
    fn known_properties(&self, error: &ValidationError<'_>) -> Vec<String> {
        let location = error.evaluation_path().to_string();
        let mut steps: Vec<String> = location.split('/').skip(1).map(unescape).collect();
        steps.pop();
        let mut at: Located<'_> = self.documents.root();
        for step in steps {
            let next = if step == "$ref" {
                at.schema.get("$ref").and_then(Value::as_str).and_then(|to| self.documents.resolve(at, to))
            } else {
                let index = step.parse::<usize>().ok();
                let member = at.schema.get(step.as_str()).or_else(|| at.schema.get(index?));
                member.map(|schema| at.with(schema))
            };
            let Some(next) = next else { return Vec::new() };
            at = next;
        }
        let properties = at.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }
}

/// How far a body is from an alternative: a wrong type of the whole weighs most, then names, then values.
fn distance(errors: &[ValidationError<'_>], path: &str) -> usize {
    let weight = |error: &ValidationError<'_>| match error.kind() {
        Kind::Type { .. } | Kind::Constant { .. } if error.instance_path().to_string() == path => 100,
        Kind::Enum { .. } => 30,
        Kind::AdditionalProperties { unexpected } => 2 * unexpected.len(),
        Kind::Required { .. } => 2,
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            context.iter().map(|errors| distance(errors, path)).min().unwrap_or(1)
        }
        _ => 1,
    };
    errors.iter().map(weight).sum()
}

fn nearest(name: &str, known: &[String]) -> Option<String> {
    suggest(name, known.iter().map(String::as_str)).first().map(|found| (*found).to_owned())
}

/// What is wrong, and what was expected instead.
fn describe(kind: &Kind) -> (String, Option<String>) {
    let of = |expected: String| ("invalid value".to_owned(), Some(expected));
    let wrong_type = |expected: String| ("wrong type".to_owned(), Some(expected));
    let listed = |values: &Value| {
        let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
        values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let counted = |least: &str, limit: u64, one: &str, many: &str| {
        of(format!("at {least} {limit} {}", if limit == 1 { one } else { many }))
    };
    match kind {
        Kind::Type { kind: TypeKind::Single(kind) } => wrong_type(article(kind.as_str())),
        Kind::Type { kind: TypeKind::Multiple(kinds) } => {
            wrong_type(kinds.iter().map(|kind| article(kind.as_str())).collect::<Vec<_>>().join(" or "))
        }
        Kind::Enum { options } => of(format!("one of {}", listed(options))),
        Kind::Constant { expected_value } => of(expected_value.to_string()),
        Kind::Pattern { pattern } => of(format!("text that matches `{pattern}`")),
        Kind::Format { format } => of(match format.as_str() {
            "date-time" => "a time such as `2026-01-31T12:00:00.000Z`".into(),
            "uri" => "a URL".into(),
            other => format!("text of the format `{other}`"),
        }),
        Kind::MinLength { limit } => counted("least", *limit, "character", "characters"),
        Kind::MaxLength { limit } => counted("most", *limit, "character", "characters"),
        Kind::MinItems { limit } => counted("least", *limit, "item", "items"),
        Kind::MaxItems { limit } => counted("most", *limit, "item", "items"),
        Kind::AdditionalItems { limit } => counted("most", *limit as u64, "item", "items"),
        Kind::MinProperties { limit } => counted("least", *limit, "property", "properties"),
        Kind::MaxProperties { limit } => counted("most", *limit, "property", "properties"),
        Kind::Minimum { limit } => of(format!("at least {limit}")),
        Kind::Maximum { limit } => of(format!("at most {limit}")),
        Kind::ExclusiveMinimum { limit } => of(format!("more than {limit}")),
        Kind::ExclusiveMaximum { limit } => of(format!("less than {limit}")),
        Kind::MultipleOf { multiple_of } => of(format!("a multiple of {multiple_of}")),
        Kind::UniqueItems => ("an item occurs twice".into(), None),
        Kind::OneOfMultipleValid { .. } => of("what fits one alternative alone".into()),
        Kind::PropertyNames { .. } => ("a property has a name that is not allowed".into(), None),
        Kind::FalseSchema => ("nothing may stand here".into(), None),
        other => (format!("invalid value: fails `{}` of the schema", other.keyword()), None),
    }
}

fn article(kind: &str) -> String {
    match kind {
        "null" => kind.into(),
        "integer" | "object" | "array" => format!("an {kind}"),
        other => format!("a {other}"),
    }
}

/// A value on one line, cut where it is long.
fn quoted(value: &Value) -> String {
    let text = match value {
        Value::Array(items) if items.len() > 8 => format!("an array of {} items", items.len()),
        Value::Object(members) if members.len() > 8 => format!("an object of {} properties", members.len()),
        other => other.to_string(),
    };
    if text.chars().count() <= MAXIMUM_QUOTED_CHARACTERS {
        return text;
    }
    text.chars().take(MAXIMUM_QUOTED_CHARACTERS - 2).chain("..".chars()).collect()
}

/// The place of each value in the body, by its pointer: an object comes before its members.
pub(crate) fn positions(body: &Value) -> BTreeMap<String, usize> {
    let mut order = BTreeMap::new();
    let mut open = vec![(String::new(), body)];
    while let Some((path, value)) = open.pop() {
        let position = order.len();
        match value {
            Value::Object(members) => {
                open.extend(members.iter().rev().map(|(name, value)| (format!("{path}/{}", escape(name)), value)));
            }
            Value::Array(items) => {
                open.extend(items.iter().enumerate().rev().map(|(index, value)| (format!("{path}/{index}"), value)));
            }
            _ => {}
        }
        order.insert(path, position);
    }
    order
}

/// A name as a step of a JSON pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reference::{Catalogue, Source};
    use crate::schema::skeleton;

    fn queue() -> &'static Service {
        Catalogue::embedded(Source::Current).service("queue").unwrap()
    }

    fn shown(schema: Value, body: Value) -> Vec<String> {
        let mismatches = Checker::of(&schema).unwrap().mismatches(&body);
        let show = |found: Mismatch| {
            format!(
                "{} {} | {} | {} | {}",
                found.path,
                found.message,
                found.expected.unwrap_or_default(),
                found.found.unwrap_or_default(),
                found.suggestion.unwrap_or_default()
            )
        };
        mismatches.into_iter().map(show).collect()
    }

    #[test]
    fn a_mismatch_says_what_was_expected_what_is_there_and_what_was_meant() {
        let schema = json!({
            "properties": {
                "maxRunTime": {"type": "integer", "minimum": 1}, "kind": {"enum": ["file", "directory"]},
                "list": {"type": "array", "items": {"type": "string"}}
            },
            "required": ["image"], "additionalProperties": false,
        });
        assert_eq!(
            shown(schema, json!({"maxRunTime": 0, "kind": "flie", "list": ["a", 1], "maxRuntime": 1})),
            [
                " missing property `image` |  |  | ",
                "/maxRunTime invalid value | at least 1 | 0 | ",
                "/kind invalid value | one of \"file\", \"directory\" | \"flie\" | file",
                "/list/1 wrong type | a string | 1 | ",
                "/maxRuntime unknown property `maxRuntime` |  |  | maxRunTime",
            ]
        );
    }

    #[test]
    fn of_alternatives_the_nearest_counts() {
        let checker = Checker::new(queue(), "/schemas/generic-worker/multiuser_posix.json#").unwrap();
        let body = json!({
            "command": [["true"]], "maxRunTime": "60",
            "mounts": [{"cacheName": "c", "directory": "d", "formatt": "zip"}, {"file": "f", "content": {"url": "u", "sha": 1}}],
        });
        let paths: Vec<_> = checker.mismatches(&body).into_iter().map(|found| (found.path, found.suggestion)).collect();
        assert_eq!(
            paths,
            [
                ("/maxRunTime".into(), None),
                ("/mounts/0/formatt".into(), Some("format".into())),
                ("/mounts/1/content/url".into(), None),
                ("/mounts/1/content/sha".into(), Some("sha256".into())),
            ]
        );
    }

    #[test]
    fn schemas_that_cannot_be_used_are_refused() {
        for (schema, reason) in [
            (json!({"type": "strnig"}), "is not valid"),
            (json!({"$ref": "#"}), "refers to itself without an end"),
            (
                json!({"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"anyOf": [{"$ref": "#"}]}}}),
                "without an end",
            ),
            (json!({"$ref": "other.json"}), "cannot be used"),
            (json!({"$ref": "#/definitions/nope"}), "cannot be used"),
        ] {
            let error = Checker::of(&schema).unwrap_err().to_string();
            assert!(error.contains(reason) || error.contains("cannot be used"), "{schema}: {error}");
        }
        let tree = json!({"properties": {"child": {"$ref": "#"}}, "required": ["name"]});
        assert_eq!(shown(tree, json!({"name": 1, "child": {}})), ["/child missing property `name` |  |  | "]);
    }

    /// Each change that makes a body invalid: at which pointer, and the body.
    fn mutations(body: &Value) -> Vec<(String, Value)> {
        let mut mutated = Vec::new();
        for path in positions(body).into_keys() {
            let value = body.pointer(&path).unwrap();
            let mut change = |at: String, with: Value| {
                let mut changed = body.clone();
                *changed.pointer_mut(&path).unwrap() = with;
                mutated.push((at, changed));
            };
            match value {
                Value::Object(members) => {
                    let mut more = members.clone();
                    more.insert("zzUnknown".into(), 1.into());
                    change(format!("{path}/zzUnknown"), more.into());
                    for name in members.keys() {
                        let mut less = members.clone();
                        less.shift_remove(name);
                        change(path.clone(), less.into());
                    }
                    change(path.clone(), "text".into());
                }
                Value::Array(_) => change(path.clone(), json!({"not": "a list"})),
                Value::String(_) => change(path.clone(), json!([[1]])),
                _ => change(path.clone(), json!("text")),
            }
        }
        mutated
    }

    #[test]
    fn each_of_300_mutations_is_found_where_it_was_made() {
        let mut counted = 0;
        for uri in [
            "v1/create-task-request.json",
            "/schemas/generic-worker/multiuser_windows.json#",
            "/schemas/docker-worker/v1/payload.json#",
        ] {
            let checker = Checker::new(queue(), uri).unwrap();
            let plain = Validator::new(queue(), uri).unwrap();
            let body = skeleton(queue(), uri, true).unwrap();
            assert_eq!(checker.mismatches(&body), [], "{uri}");
            for (path, mutated) in mutations(&body) {
                // What the schema allows is no fault: a member that is not required, one more tag.
                if plain.is_valid(&mutated) {
                    assert_eq!(checker.mismatches(&mutated), []);
                    continue;
                }
                counted += 1;
                let found = checker.mismatches(&mutated);
                // Content of one form can be nearer to another form of it, whose faults are within.
                let hit = |found: &Mismatch| found.path == path || found.path.starts_with(&format!("{path}/"));
                assert!(found.iter().any(hit), "{uri} {path}: {found:?} in {mutated}");
            }
        }
        for service in ["hooks", "worker-manager", "github", "object", "auth", "notify"] {
            let service = Catalogue::embedded(Source::Current).service(service).unwrap();
            for file in service.methods.iter().filter_map(|method| method.input.as_deref()) {
                let checker = Checker::new(service, file).unwrap();
                let plain = Validator::new(service, file).unwrap();
                for (path, mutated) in mutations(&skeleton(service, file, true).unwrap()) {
                    if !plain.is_valid(&mutated) {
                        counted += 1;
                        let found = checker.mismatches(&mutated);
                        let hit = |found: &Mismatch| found.path == path || found.path.starts_with(&format!("{path}/"));
                        assert!(found.iter().any(hit), "{file} {path}: {found:?} in {mutated}");
                    }
                }
            }
        }
        assert!(counted >= 300, "{counted}");
    }
}
