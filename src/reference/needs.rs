//! From scope expressions to scopes that one can ask for. Pure.

use std::cmp::Reverse;

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use super::scopes::ScopeExpression;

/// Scopes to ask for, so that calls are allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The scopes, with `*` in place of what is not known and all that follows it.
    pub scopes: IndexSet<String>,
    /// Parts of which nothing is known at all, so that only `*` would do: they are not asked for.
    pub open: IndexSet<String>,
}

impl Needs {
    /// Adds what another call needs.
    pub fn extend(&mut self, other: Needs) {
        self.scopes.extend(other.scopes);
        self.open.extend(other.open);
    }
}

impl ScopeExpression {
    /// The scopes that satisfy the expression for every value of the parameters that are not `known`.
    ///
    /// Of alternatives the one is taken that the known parameters narrow most. Those through roles
    /// (`assume:..`) come last, because hardly anybody has them to give; otherwise the first wins.
    pub fn needs(&self, known: &IndexMap<String, Value>) -> Needs {
        self.choose(known).needs
    }

    fn choose(&self, known: &IndexMap<String, Value>) -> Choice {
        match self {
            Self::Scope(scope) => Choice::of(scope, known),
            Self::AllOf { all_of } => all_of.iter().map(|part| part.choose(known)).fold(Choice::default(), Choice::and),
            Self::AnyOf { any_of } => any_of
                .iter()
                .map(|part| part.choose(known))
                // Of equals `min_by_key` takes the first.
                .min_by_key(|choice| (choice.roles, Reverse(choice.used), choice.left_open()))
                .unwrap_or_default(),
            Self::If { condition, then, otherwise } => {
                let otherwise = || otherwise.as_ref().map(|part| part.choose(known)).unwrap_or_default();
                match known.get(condition).and_then(truth) {
                    Some(true) => then.choose(known),
                    Some(false) => otherwise(),
                    None => then.choose(known).and(otherwise()),
                }
            }
            Self::For { variable, list, each } => match known.get(list).and_then(Value::as_array) {
                Some(values) => values
                    .iter()
                    .map(|value| {
                        let mut inner = known.clone();
                        inner.insert(variable.clone(), value.clone());
                        Choice::of(each, &inner)
                    })
                    .fold(Choice::default(), Choice::and),
                None => Choice::of(each, known),
            },
        }
    }
}

/// Needs, with what decides between alternatives.
#[derive(Debug, Default)]
struct Choice {
    needs: Needs,
    /// Scopes that are roles.
    roles: usize,
    /// Parameters that were known.
    used: usize,
    /// Parameters that were not.
    unknown: usize,
}

impl Choice {
    fn of(scope: &str, known: &IndexMap<String, Value>) -> Self {
        let mut choice = Self { roles: usize::from(scope.starts_with("assume:")), ..Self::default() };
        let mut filled = String::with_capacity(scope.len());
        let mut rest = scope;
        while let Some((before, after)) = rest.split_once('<') {
            let Some((name, tail)) = after.split_once('>') else { break };
            filled.push_str(before);
            let Some(value) = known.get(name).and_then(text) else {
                choice.unknown = 1 + tail.matches('<').count();
                if filled.is_empty() {
                    choice.needs.open.insert(scope.to_owned());
                } else {
                    choice.needs.scopes.insert(format!("{filled}*"));
                }
                return choice;
            };
            filled.push_str(&value);
            choice.used += 1;
            rest = tail;
        }
        filled.push_str(rest);
        choice.needs.scopes.insert(filled);
        choice
    }

    /// How much a choice leaves open of what could be narrowed; choices that nothing narrows are alike.
    fn left_open(&self) -> usize {
        if self.used > 0 { self.unknown } else { 0 }
    }

    fn and(mut self, other: Self) -> Self {
        self.needs.extend(other.needs);
        Self {
            needs: self.needs,
            roles: self.roles + other.roles,
            used: self.used + other.used,
            unknown: self.unknown + other.unknown,
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A condition that was given on a command line is a text.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reference::{Catalogue, Source};

    #[track_caller]
    fn needs(service: &str, method: &str, known: Value, expected: &[&str]) {
        let (_, method) = Catalogue::embedded(Source::Current).method(service, method).unwrap();
        let known = serde_json::from_value(known).unwrap();
        let needs = method.scopes.as_ref().unwrap().needs(&known);
        assert_eq!(needs.scopes.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_not_known_is_a_wildcard() {
        needs("queue", "rerunTask", json!({}), &["queue:rerun-task:*"]);
        needs("queue", "sealTaskGroup", json!({}), &["queue:seal-task-group:*"]);
        needs("secrets", "get", json!({}), &["secrets:get:*"]);
        needs("queue", "claimWork", json!({}), &["queue:claim-work:*", "queue:worker-id:*"]);
        needs("queue", "getArtifact", json!({}), &["queue:get-artifact:*"]);
        needs("auth", "currentScopes", json!({}), &["auth:current-scopes"]);
    }

    #[test]
    fn what_is_known_narrows() {
        let group = json!({"schedulerId": "gecko-level-1", "taskGroupId": "abc"});
        needs("queue", "rerunTask", json!({"schedulerId": "gecko-level-1"}), &["queue:rerun-task:gecko-level-1/*"]);
        needs("queue", "rerunTask", group, &["queue:rerun-task:gecko-level-1/abc/*"]);
        needs("queue", "rerunTask", json!({"projectId": "gecko"}), &["queue:rerun-task-in-project:gecko"]);
        // A group without its scheduler stands behind what is not known.
        needs("queue", "rerunTask", json!({"taskGroupId": "abc"}), &["queue:rerun-task:*"]);
        needs("queue", "getArtifact", json!({"name": "private/a"}), &["queue:get-artifact:private/a"]);
        needs("queue", "getArtifact", json!({"names": ["a", "b"]}), &["queue:get-artifact:a", "queue:get-artifact:b"]);
    }

    #[test]
    fn conditions_that_are_not_known_ask_for_both() {
        let [read, write] = ["auth:aws-s3:read-only:*", "auth:aws-s3:read-write:*"];
        needs("auth", "awsS3Credentials", json!({"levelIsReadOnly": "true"}), &[read]);
        needs("auth", "awsS3Credentials", json!({"levelIsReadOnly": false}), &[write]);
        needs("auth", "awsS3Credentials", json!({}), &[read, write]);
    }

    #[test]
    fn everything_is_never_asked_for() {
        let (_, method) = Catalogue::embedded(Source::Current).method("queue", "createTask").unwrap();
        let needs = method.scopes.as_ref().unwrap().needs(&IndexMap::new());
        assert_eq!(needs.open.iter().collect::<Vec<_>>(), ["<scope>"]);
        let scopes = ["queue:route:*", "queue:create-task:project:*", "queue:scheduler-id:*", "queue:create-task:*"];
        assert_eq!(needs.scopes.iter().collect::<Vec<_>>(), scopes);
    }
}
