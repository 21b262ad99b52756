//! The defaults that the services fill into a body before they use it.

use serde_json::Value;

use super::circles;
use super::documents::{Documents, Located, SchemaError};
use crate::reference::Service;

/// Bodies are not nested deeper than this, and defaults within defaults end here.
const MAX_DEPTH: usize = 200;

/// Fills a schema's defaults into bodies.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    documents: Documents,
}

impl Defaults {
    /// The defaults of the schema `file` (`v1/create-task-request.json`) of `service`.
    ///
    /// # Errors
    /// When there is no such schema, or it or one that it refers to is broken.
    pub(crate) fn new(service: &Service, file: &str) -> Result<Self, SchemaError> {
        Documents::load(service, file).map(|documents| Self { documents })
    }

    /// The defaults of a schema that stands alone.
    ///
    /// # Errors
    /// When it refers to itself without an end.
    pub(crate) fn of(schema: &Value) -> Result<Self, SchemaError> {
        circles::check(schema)?;
        Documents::alone(schema).map(|documents| Self { documents })
    }

    /// Fills in the defaults of a schema that somebody else wrote, as [`Defaults::fill`] does, but at most so many.
    ///
    /// # Errors
    /// [`SchemaError::Unusable`] when there are more: defaults can ask for defaults without an end.
    pub(crate) fn fill_at_most(&self, most: usize, body: &mut Value) -> Result<(), SchemaError> {
        let mut left = most;
        self.fill_at(self.documents.root(), body, 0, &mut left);
        if left > 0 {
            return Ok(());
        }
        Err(SchemaError::Unusable { path: "#".into(), reason: "its defaults have no end".into() })
    }

    /// Gives each member that is absent and has a default its default, at all depths.
    ///
    /// As the services do it, a default counts where it stands beside the property, even beside a
    /// `$ref`, and those inside of alternatives (`anyOf`, `oneOf`, `not`) do not count.
    pub(crate) fn fill(&self, body: &mut Value) {
        let mut unlimited = usize::MAX;
        self.fill_at(self.documents.root(), body, 0, &mut unlimited);
    }

    /// `left` is how many defaults may still be filled in.
    fn fill_at(&self, at: Located<'_>, value: &mut Value, depth: usize, left: &mut usize) {
        if depth > MAX_DEPTH {
            *left = 0;
        }
        if *left == 0 {
            return;
        }
        let Some(at) = self.documents.follow(at) else { return };
        match value {
            Value::Object(_) => self.fill_object(at, value, depth, left),
            Value::Array(items) => {
                if let Some(schema) = at.schema.get("items").filter(|schema| schema.is_object()) {
                    items.iter_mut().for_each(|item| self.fill_at(at.with(schema), item, depth + 1, left));
                }
            }
            _ => {}
        }
        for part in at.schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.fill_at(at.with(part), value, depth + 1, left);
        }
    }

    fn fill_object(&self, at: Located<'_>, value: &mut Value, depth: usize, left: &mut usize) {
        let Value::Object(members) = value else { return };
        let properties = at.schema.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            if *left > 0
                && !members.contains_key(name)
                && let Some(default) = schema.get("default")
            {
                *left -= 1;
                members.insert(name.clone(), default.clone());
            }
        }
        for (name, member) in members.iter_mut() {
            let declared = properties.and_then(|properties| properties.get(name));
            let schema = declared.or_else(|| at.schema.get("additionalProperties").filter(|other| other.is_object()));
            if let Some(schema) = schema {
                self.fill_at(at.with(schema), member, depth + 1, left);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Defaults;
    use crate::reference::{Catalogue, Service, Source};

    fn filled(service: &Service, file: &str, mut body: Value) -> Value {
        Defaults::new(service, file).unwrap().fill(&mut body);
        body
    }

    fn service(name: &str) -> &'static Service {
        Catalogue::embedded(Source::Current).service(name).unwrap()
    }

    fn made(schema: Value) -> Service {
        serde_json::from_value(json!({"serviceName": "x", "apiVersion": "v1", "schemas": {"v1/a.json": schema}}))
            .unwrap()
    }

    #[test]
    fn a_task_gets_what_it_does_not_say() {
        let body = filled(service("queue"), "v1/create-task-request.json", json!({"taskQueueId": "x", "retries": 1}));
        assert_eq!(
            body,
            json!({
                "taskQueueId": "x", "schedulerId": "-", "projectId": "none", "dependencies": [],
                "requires": "all-completed", "routes": [], "priority": "lowest", "retries": 1, "scopes": [],
                "payload": [], "tags": {}, "extra": {},
            })
        );
    }

    #[test]
    fn members_of_members_and_of_lists_get_theirs() {
        let inner = json!({"type": "object", "properties": {"b": {"default": 1}}});
        let service = made(json!({
            "$id": "/schemas/x/v1/a.json#",
            "definitions": {"inner": inner},
            "properties": {
                "one": {"$ref": "#/definitions/inner", "default": {}},
                "list": {"type": "array", "items": {"$ref": "#/definitions/inner"}},
            },
            "additionalProperties": {"properties": {"c": {"default": 2}}},
            "allOf": [{"properties": {"all": {"default": 3}}}],
            "anyOf": [{"properties": {"any": {"default": 4}}}],
        }));
        let body = filled(&service, "v1/a.json", json!({"list": [{}, {"b": 5}, 6], "other": {}}));
        assert_eq!(body, json!({"list": [{"b": 1}, {"b": 5}, 6], "other": {"c": 2}, "one": {"b": 1}, "all": 3}));
    }

    #[test]
    fn what_is_no_object_is_left_alone() {
        assert_eq!(filled(service("queue"), "v1/create-task-request.json", json!([1])), json!([1]));
    }
}
