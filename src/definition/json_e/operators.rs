//! The operators of templates: `$if`, `$let`, `$map` and the others.

use serde_json::{Map, Value};

use super::evaluate::weight;
use super::{Engine, JsonEError, MAXIMUM_NESTING, Scope, from_now, is_identifier, text};
use crate::domain::truth::is_truthy;

/// All of them, without the dollar.
const OPERATORS: [&str; 16] = [
    "eval",
    "flatten",
    "flattenDeep",
    "fromNow",
    "if",
    "json",
    "let",
    "map",
    "match",
    "switch",
    "merge",
    "mergeDeep",
    "reverse",
    "sort",
    "find",
    "reduce",
];

type Rendered = Result<Option<Value>, JsonEError>;

pub(super) fn is_operator(key: &str) -> bool {
    key.strip_prefix('$').is_some_and(|name| OPERATORS.contains(&name))
}

/// An operator at work: the object that it stands in, and where that is rendered.
struct Site<'a> {
    members: &'a Map<String, Value>,
    operator: &'a str,
    scope: &'a Scope<'a>,
    nesting: usize,
}

impl Site<'_> {
    /// The members beside the operator may only be those that `allowed` knows.
    fn check(&self, allowed: impl Fn(&str) -> bool) -> Result<(), JsonEError> {
        let mut unknown: Vec<&str> =
            self.members.keys().map(String::as_str).filter(|key| *key != self.operator && !allowed(key)).collect();
        unknown.sort_unstable();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(JsonEError::template(format!("{} has undefined properties: {}", self.operator, unknown.join(" "))))
    }

    fn value(&self) -> &Value {
        self.members.get(self.operator).unwrap_or(&Value::Null)
    }
}

impl Engine<'_> {
    pub(super) fn operate(
        &self,
        operator: &str,
        members: &Map<String, Value>,
        scope: &Scope<'_>,
        nesting: usize,
    ) -> Rendered {
        let site = Site { members, operator, scope, nesting };
        match operator {
            "$eval" => {
                site.check(|_| false)?;
                let Value::String(expression) = site.value() else {
                    return Err(JsonEError::template("$eval must be given a string expression"));
                };
                self.evaluate_text(expression, scope).map(Some)
            }
            "$if" => self.branch(&site),
            "$let" => self.bind(&site),
            "$map" => self.map(&site),
            "$find" => self.find(&site),
            "$reduce" => self.reduce(&site),
            "$match" => self.matching(&site),
            "$switch" => self.switch(&site),
            "$sort" => self.sort(&site),
            "$fromNow" => self.relative_time(&site),
            _ => self.transform(&site),
        }
    }

    fn argument(&self, site: &Site<'_>, value: &Value) -> Result<Value, JsonEError> {
        Ok(self.render(value, site.scope, site.nesting + 1)?.unwrap_or(Value::Null))
    }

    /// The operators that make one value of another.
    fn transform(&self, site: &Site<'_>) -> Rendered {
        site.check(|_| false)?;
        let value = self.argument(site, site.value())?;
        self.spend(weight(&value))?;
        let operator = site.operator;
        if operator == "$json" {
            return Ok(Some(text::stable_json(&value).into()));
        }
        let Value::Array(items) = value else {
            let wanted = if operator.starts_with("$merge") { "an array of objects" } else { "an array" };
            return Err(JsonEError::template(format!("{operator} value must evaluate to {wanted}")));
        };
        let merged = |deep: bool| {
            let mut merged = Map::new();
            for item in items.clone() {
                let Value::Object(members) = item else {
                    return Err(JsonEError::template(format!("{operator} value must evaluate to an array of objects")));
                };
                for (key, value) in members {
                    let value = match merged.get(&key) {
                        Some(before) if deep => merge(before, value),
                        _ => value,
                    };
                    merged.insert(key, value);
                }
            }
            Ok(Some(Value::Object(merged)))
        };
        match operator {
            "$merge" => merged(false),
            "$mergeDeep" => merged(true),
            "$reverse" => Ok(Some(items.into_iter().rev().collect::<Vec<_>>().into())),
            _ => {
                let mut flat = Vec::new();
                items.into_iter().for_each(|item| flatten(item, operator == "$flattenDeep", 1, &mut flat));
                Ok(Some(flat.into()))
            }
        }
    }

    fn branch(&self, site: &Site<'_>) -> Rendered {
        site.check(|key| key == "then" || key == "else")?;
        let Value::String(condition) = site.value() else {
            return Err(JsonEError::template("$if can evaluate string expressions only"));
        };
        let chosen = if is_truthy(&self.evaluate_text(condition, site.scope)?) { "then" } else { "else" };
        match site.members.get(chosen) {
            Some(template) => self.render(template, site.scope, site.nesting + 1),
            None => Ok(None),
        }
    }

    fn bind(&self, site: &Site<'_>) -> Rendered {
        site.check(|key| key == "in")?;
        let Some(template) = site.members.get("in") else {
            return Err(JsonEError::template("$let operator requires an `in` clause"));
        };
        let Value::Object(values) = self.argument(site, site.value())? else {
            return Err(JsonEError::template("$let value must be an object"));
        };
        if values.keys().any(|name| !is_identifier(name)) {
            return Err(JsonEError::template("top level keys of $let must follow /[a-zA-Z_][a-zA-Z0-9_]*/"));
        }
        self.render(template, &Scope::within(site.scope, values), site.nesting + 1)
    }

    fn map(&self, site: &Site<'_>) -> Rendered {
        let (names, template) = each(site, 1, 2, |_| false)?;
        match self.argument(site, site.value())? {
            Value::Array(items) => {
                let mut mapped = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    let scope = bound(site, &names, [item, index.into()]);
                    mapped.extend(self.render(template, &scope, site.nesting + 1)?);
                }
                Ok(Some(mapped.into()))
            }
            Value::Object(members) => {
                let mut mapped = Map::new();
                for (key, value) in members {
                    let scope = if names.len() == 2 {
                        bound(site, &names, [value, key.into()])
                    } else {
                        let pair = Map::from_iter([("key".to_owned(), Value::from(key)), ("val".to_owned(), value)]);
                        bound(site, &names, [Value::Object(pair)])
                    };
                    match self.render(template, &scope, site.nesting + 1)? {
                        Some(Value::Object(made)) => mapped.extend(made),
                        None => {}
                        Some(_) => {
                            return Err(JsonEError::template(format!(
                                "$map on objects expects each({}) to evaluate to an object",
                                names.join(",")
                            )));
                        }
                    }
                }
                Ok(Some(Value::Object(mapped)))
            }
            _ => Err(JsonEError::template("$map value must evaluate to an array or object")),
        }
    }

    fn find(&self, site: &Site<'_>) -> Rendered {
        let (names, template) = each(site, 1, 2, |_| false)?;
        let Value::Array(items) = self.argument(site, site.value())? else {
            return Err(JsonEError::template("$find value must evaluate to an array"));
        };
        let Value::String(condition) = template else {
            return Err(JsonEError::template("$find can evaluate string expressions only"));
        };
        for (index, item) in items.into_iter().enumerate() {
            let scope = bound(site, &names, [item.clone(), index.into()]);
            if is_truthy(&self.evaluate_text(condition, &scope)?) {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    fn reduce(&self, site: &Site<'_>) -> Rendered {
        let (names, template) = each(site, 2, 3, |key| key == "initial")?;
        let Value::Array(items) = self.argument(site, site.value())? else {
            return Err(JsonEError::template("$reduce value must evaluate to an array"));
        };
        let Some(initial) = site.members.get("initial") else {
            return Err(JsonEError::template("$reduce requires an `initial` value"));
        };
        let mut reduced = self.argument(site, initial)?;
        for (index, item) in items.into_iter().enumerate() {
            let scope = bound(site, &names, [reduced.clone(), item, index.into()]);
            if let Some(next) = self.render(template, &scope, site.nesting + 1)? {
                self.spend(weight(&next))?;
                if depth(&next) > MAXIMUM_NESTING {
                    return Err(JsonEError::template("the value is nested too deeply"));
                }
                reduced = next;
            }
        }
        Ok(Some(reduced))
    }

    fn matching(&self, site: &Site<'_>) -> Rendered {
        site.check(|_| false)?;
        let Value::Object(cases) = site.value() else {
            return Err(JsonEError::template("$match can evaluate objects only"));
        };
        let mut conditions: Vec<_> = cases.iter().collect();
        conditions.sort_by(|one, other| one.0.cmp(other.0));
        let mut matched = Vec::new();
        for (condition, template) in conditions {
            if is_truthy(&self.evaluate_text(condition, site.scope)?) {
                matched.extend(self.render(template, site.scope, site.nesting + 1)?);
            }
        }
        Ok(Some(matched.into()))
    }

    fn switch(&self, site: &Site<'_>) -> Rendered {
        site.check(|_| false)?;
        let Value::Object(cases) = site.value() else {
            return Err(JsonEError::template("$switch can evaluate objects only"));
        };
        let mut chosen = None;
        for (condition, template) in cases.iter().filter(|(condition, _)| *condition != "$default") {
            if is_truthy(&self.evaluate_text(condition, site.scope)?) && chosen.replace(template).is_some() {
                return Err(JsonEError::template("$switch can only have one truthy condition"));
            }
        }
        match chosen.or(cases.get("$default")) {
            Some(template) => self.render(template, site.scope, site.nesting + 1),
            None => Ok(None),
        }
    }

    fn sort(&self, site: &Site<'_>) -> Rendered {
        site.check(|key| sort_name(key).is_some())?;
        let Value::Array(items) = self.argument(site, site.value())? else {
            return Err(JsonEError::template("$sort value must evaluate to an array"));
        };
        let by = site.members.iter().find_map(|(key, value)| Some((sort_name(key)?, value)));
        let mut keyed = Vec::with_capacity(items.len());
        for item in items {
            let key = match by {
                Some((name, Value::String(expression))) => {
                    self.evaluate_text(expression, &bound(site, &[name], [item.clone()]))?
                }
                Some(_) => return Err(JsonEError::template("$sort can evaluate string expressions only")),
                None => item.clone(),
            };
            keyed.push((key, item));
        }
        let same = keyed.iter().all(|(key, _)| key.is_string()) || keyed.iter().all(|(key, _)| key.is_number());
        if !same {
            return Err(JsonEError::template("$sorted values to be sorted must have the same type"));
        }
        keyed.sort_by(|(one, _), (other, _)| match (one, other) {
            (Value::String(one), Value::String(other)) => one.cmp(other),
            _ => one.as_f64().unwrap_or_default().total_cmp(&other.as_f64().unwrap_or_default()),
        });
        Ok(Some(keyed.into_iter().map(|(_, item)| item).collect::<Vec<_>>().into()))
    }

    fn relative_time(&self, site: &Site<'_>) -> Rendered {
        site.check(|key| key == "from")?;
        let wrong = || JsonEError::template("$fromNow expects a string");
        let offset = self.argument(site, site.value())?;
        let offset = offset.as_str().ok_or_else(wrong)?;
        let reference = match site.members.get("from") {
            Some(from) => self.argument(site, from)?,
            None => site.scope.get("now").cloned().unwrap_or(Value::Null),
        };
        let start = reference
            .as_str()
            .and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok())
            .ok_or_else(|| JsonEError::template(format!("{reference} isn't a time")))?;
        match from_now(offset, start.to_utc()) {
            Some(time) => Ok(Some(from_now::format(time).into())),
            None => Err(JsonEError::template(format!("String: '{offset}' isn't a time expression"))),
        }
    }
}

/// The name in `by(x)`.
fn sort_name(key: &str) -> Option<&str> {
    key.strip_prefix("by(")?.strip_suffix(')').filter(|name| is_identifier(name))
}

/// The names in `each(a, b)` and what it leads to.
fn each<'s>(
    site: &Site<'s>,
    least: usize,
    most: usize,
    also: impl Fn(&str) -> bool,
) -> Result<(Vec<&'s str>, &'s Value), JsonEError> {
    let names = |key: &'s str| -> Option<Vec<&'s str>> {
        let names: Vec<&str> = key.strip_prefix("each(")?.strip_suffix(')')?.split(',').map(str::trim).collect();
        ((least..=most).contains(&names.len()) && names.iter().all(|name| is_identifier(name))).then_some(names)
    };
    let members: &'s Map<String, Value> = site.members;
    site.check(|key| also(key) || key.starts_with("each("))?;
    let mut found = members.iter().filter_map(|(key, template)| Some((names(key)?, template)));
    match (found.next(), found.next()) {
        (Some(found), None) => Ok(found),
        _ => Err(JsonEError::template(format!("{} requires exactly one property each(...)", site.operator))),
    }
}

fn bound<'s>(site: &Site<'s>, names: &[&str], values: impl IntoIterator<Item = Value>) -> Scope<'s> {
    Scope::within(site.scope, names.iter().map(|name| (*name).to_owned()).zip(values).collect())
}

fn flatten(value: Value, deep: bool, levels: usize, flat: &mut Vec<Value>) {
    match value {
        Value::Array(items) if deep || levels > 0 => {
            items.into_iter().for_each(|item| flatten(item, deep, levels.saturating_sub(1), flat));
        }
        other => flat.push(other),
    }
}

/// Objects are merged member by member and lists joined; of anything else the later counts.
fn merge(before: &Value, after: Value) -> Value {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => before.iter().cloned().chain(after).collect::<Vec<_>>().into(),
        (Value::Object(before), Value::Object(after)) => {
            let mut merged = before.clone();
            for (key, value) in after {
                let value = match merged.get(&key) {
                    Some(before) => merge(before, value),
                    None => value,
                };
                merged.insert(key, value);
            }
            Value::Object(merged)
        }
        (_, after) => after,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
