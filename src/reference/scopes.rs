//! Scope expressions: what a call needs, with parameters in it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a call needs.
///
/// `<param>` inside a scope stands for a request parameter: a route argument, or a property that
/// the method takes from the body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ScopeExpression {
    /// One scope.
    Scope(String),
    /// All of them.
    AllOf {
        /// The parts.
        #[serde(rename = "AllOf")]
        all_of: Vec<ScopeExpression>,
    },
    /// At least one of them.
    AnyOf {
        /// The parts.
        #[serde(rename = "AnyOf")]
        any_of: Vec<ScopeExpression>,
    },
    /// `then` when the parameter is true, `otherwise` (or nothing) when it is not.
    If {
        /// Name of a parameter.
        #[serde(rename = "if")]
        condition: String,
        /// Needed when it is true.
        then: Box<ScopeExpression>,
        /// Needed when it is false.
        #[serde(rename = "else", default, skip_serializing_if = "Option::is_none")]
        otherwise: Option<Box<ScopeExpression>>,
    },
    /// `each`, once per value of a list parameter.
    For {
        /// The name that stands for the value inside `each`.
        #[serde(rename = "for")]
        variable: String,
        /// Name of a list parameter.
        #[serde(rename = "in")]
        list: String,
        /// A scope with `<variable>` in it.
        each: String,
    },
}

impl ScopeExpression {
    /// The expression with the known parameters filled in.
    ///
    /// Lists unroll and conditions resolve where their parameter is known; what is not known
    /// stays as it stands. A parameter that is neither a string, a number nor a boolean counts
    /// as unknown inside a scope.
    #[must_use]
    pub fn render(&self, params: &IndexMap<String, Value>) -> ScopeExpression {
        match self {
            Self::Scope(scope) => Self::Scope(fill(scope, params)),
            Self::AllOf { all_of } => Self::AllOf { all_of: render_all(all_of, params, true) },
            Self::AnyOf { any_of } => Self::AnyOf { any_of: render_all(any_of, params, false) },
            Self::If { condition, then, otherwise } => match (params.get(condition), otherwise) {
                (Some(Value::Bool(true)), _) => then.render(params),
                (Some(Value::Bool(false)), Some(otherwise)) => otherwise.render(params),
                (Some(Value::Bool(false)), None) => Self::AllOf { all_of: Vec::new() },
                _ => Self::If {
                    condition: condition.clone(),
                    then: Box::new(then.render(params)),
                    otherwise: otherwise.as_ref().map(|otherwise| Box::new(otherwise.render(params))),
                },
            },
            // A list that stands alone needs all of its scopes.
            Self::For { .. } => match self.unroll(params) {
                Some(scopes) => Self::AllOf { all_of: scopes },
                None => self.filled_for(params),
            },
        }
    }

    /// Whether the scopes in `assumed` satisfy this expression; it must have been rendered.
    ///
    /// What is still unknown is not satisfied, unless `*` is assumed.
    pub fn satisfied_by(&self, satisfies: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Scope(scope) => satisfies(scope),
            Self::AllOf { all_of } => all_of.iter().all(|part| part.satisfied_by(satisfies)),
            Self::AnyOf { any_of } => any_of.iter().any(|part| part.satisfied_by(satisfies)),
            Self::If { then, otherwise, .. } => {
                then.satisfied_by(satisfies)
                    && otherwise.as_ref().is_none_or(|otherwise| otherwise.satisfied_by(satisfies))
            }
            Self::For { each, .. } => satisfies(each),
        }
    }

    /// What of a rendered expression is not satisfied; nothing when it is.
    pub fn missing(&self, satisfies: &dyn Fn(&str) -> bool) -> Option<ScopeExpression> {
        if self.satisfied_by(satisfies) {
            return None;
        }
        Some(match self {
            Self::AllOf { all_of } => {
                Self::AllOf { all_of: all_of.iter().filter_map(|part| part.missing(satisfies)).collect() }
            }
            Self::AnyOf { any_of } => {
                Self::AnyOf { any_of: any_of.iter().filter_map(|part| part.missing(satisfies)).collect() }
            }
            other => other.clone(),
        })
    }

    /// Every scope string in the expression, in order, alternatives included.
    pub fn scopes(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    /// The expression as an indented outline for people, each line ended.
    pub fn outline(&self, depth: usize) -> String {
        let indent = "  ".repeat(depth);
        let list = |title: &str, parts: &[Self]| {
            let parts: String = parts.iter().map(|part| part.outline(depth + 1)).collect();
            format!("{indent}{title}\n{parts}")
        };
        match self {
            Self::Scope(scope) => format!("{indent}{scope}\n"),
            Self::AllOf { all_of } => list("all of", all_of),
            Self::AnyOf { any_of } => list("any of", any_of),
            Self::For { variable, list, each } => format!("{indent}{each}  (for each {variable} in {list})\n"),
            Self::If { condition, then, otherwise } => {
                let mut text = format!("{indent}if {condition}\n{}", then.outline(depth + 1));
                if let Some(otherwise) = otherwise {
                    text.push_str(&format!("{indent}otherwise\n{}", otherwise.outline(depth + 1)));
                }
                text
            }
        }
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Scope(scope) => found.push(scope),
            Self::AllOf { all_of: parts } | Self::AnyOf { any_of: parts } => {
                parts.iter().for_each(|part| part.collect(found));
            }
            Self::If { then, otherwise, .. } => {
                then.collect(found);
                if let Some(otherwise) = otherwise {
                    otherwise.collect(found);
                }
            }
            Self::For { each, .. } => found.push(each),
        }
    }

    fn unroll(&self, params: &IndexMap<String, Value>) -> Option<Vec<ScopeExpression>> {
        let Self::For { variable, list, each } = self else { return None };
        let values = params.get(list)?.as_array()?;
        Some(
            values
                .iter()
                .map(|value| {
                    let mut inner = params.clone();
                    inner.insert(variable.clone(), value.clone());
                    Self::Scope(fill(each, &inner))
                })
                .collect(),
        )
    }

    fn filled_for(&self, params: &IndexMap<String, Value>) -> ScopeExpression {
        match self {
            Self::For { variable, list, each } => {
                let mut inner = params.clone();
                inner.shift_remove(variable);
                Self::For { variable: variable.clone(), list: list.clone(), each: fill(each, &inner) }
            }
            other => other.clone(),
        }
    }
}

/// Renders the parts of a list; an unrolled `for` joins the list that it stands in.
fn render_all(parts: &[ScopeExpression], params: &IndexMap<String, Value>, all: bool) -> Vec<ScopeExpression> {
    let mut rendered = Vec::new();
    for part in parts {
        match part {
            ScopeExpression::For { .. } => match part.unroll(params) {
                Some(scopes) => rendered.extend(scopes),
                None => rendered.push(part.filled_for(params)),
            },
            ScopeExpression::If { .. } if all => match part.render(params) {
                ScopeExpression::AllOf { all_of } if all_of.is_empty() => {}
                part => rendered.push(part),
            },
            part => rendered.push(part.render(params)),
        }
    }
    rendered
}

fn fill(scope: &str, params: &IndexMap<String, Value>) -> String {
    let mut filled = String::with_capacity(scope.len());
    let mut rest = scope;
    while let Some((before, after)) = rest.split_once('<') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('>') else {
            filled.push('<');
            rest = after;
            continue;
        };
        match params.get(name) {
            Some(Value::String(text)) => filled.push_str(text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => filled.push_str(&value.to_string()),
            _ => {
                filled.push('<');
                filled.push_str(name);
                filled.push('>');
            }
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expression(value: Value) -> ScopeExpression {
        serde_json::from_value(value).unwrap()
    }

    fn params(value: Value) -> IndexMap<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn known_parameters_are_filled_in_and_unknown_ones_stand() {
        let wanted = expression(json!({"AllOf": [
            {"for": "scope", "in": "scopes", "each": "<scope>"},
            "queue:scheduler-id:<schedulerId>",
            {"AnyOf": [{"for": "priority", "in": "priorities", "each": "q:<priority>:<provisionerId>"}]},
            {"if": "private", "then": "queue:get-artifact:<name>"},
        ]}));
        let rendered = wanted.render(&params(json!({
            "scopes": ["a", "b"], "priorities": ["low", "lowest"], "private": false,
        })));
        assert_eq!(
            serde_json::to_value(&rendered).unwrap(),
            json!({"AllOf": ["a", "b", "queue:scheduler-id:<schedulerId>",
                {"AnyOf": ["q:low:<provisionerId>", "q:lowest:<provisionerId>"]}]})
        );
    }

    #[test]
    fn an_outline_shows_what_belongs_together() {
        let expression = expression(json!({"AllOf": ["a", {"AnyOf": ["b", "c"]},
            {"for": "route", "in": "routes", "each": "queue:route:<route>"}, {"if": "x", "then": "d", "else": "e"}]}));
        let expected = "all of\n  a\n  any of\n    b\n    c\n  queue:route:<route>  (for each route in routes)\n  \
                        if x\n    d\n  otherwise\n    e\n";
        assert_eq!(expression.outline(0), expected);
    }

    #[test]
    fn if_has_an_else() {
        let wanted = expression(json!({"if": "ro", "then": {"AnyOf": ["r", "rw"]}, "else": "rw"}));
        assert_eq!(wanted.render(&params(json!({"ro": false}))), ScopeExpression::Scope("rw".into()));
        assert_eq!(wanted.render(&params(json!({}))), wanted);
    }

    #[test]
    fn what_is_missing_is_only_what_is_missing() {
        let wanted = expression(json!({"AllOf": ["a", {"AnyOf": ["b", "c"]}, "d"]}));
        let have = |scope: &str| scope == "a" || scope == "c";
        assert_eq!(wanted.missing(&have), Some(expression(json!({"AllOf": ["d"]}))));
        assert_eq!(wanted.missing(&|_| true), None);
    }
}
