//! Scopes that can be checked before any behaviour runs.

use indexmap::IndexMap;

use crate::reference::ScopeExpression;

/// Whether the route's parameters fill an expression completely.
///
/// Such an expression is checked as soon as the caller is known; any other one names what only the
/// behaviour can find out, and is checked by it.
pub(super) fn is_filled_by(expression: &ScopeExpression, params: &IndexMap<String, String>) -> bool {
    match expression {
        ScopeExpression::Scope(scope) => parameters(scope).all(|name| params.contains_key(name)),
        ScopeExpression::AllOf { all_of: parts } | ScopeExpression::AnyOf { any_of: parts } => {
            parts.iter().all(|part| is_filled_by(part, params))
        }
        ScopeExpression::If { .. } | ScopeExpression::For { .. } => false,
    }
}

/// Names between `<` and `>`.
fn parameters(scope: &str) -> impl Iterator<Item = &str> {
    scope.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn filled(expression: Value, params: &[&str]) -> bool {
        let params = params.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        is_filled_by(&serde_json::from_value(expression).unwrap(), &params)
    }

    #[test]
    fn an_expression_is_filled_when_nothing_in_it_is_unknown() {
        assert!(filled(json!("queue:ping"), &[]));
        assert!(filled(json!({"AllOf": ["a:<x>/<y>", {"AnyOf": ["b:<y>"]}]}), &["x", "y"]));
        assert!(!filled(json!({"AllOf": ["a:<x>/<y>"]}), &["x"]));
        assert!(!filled(json!({"for": "x", "in": "xs", "each": "a:<x>"}), &["x", "xs"]));
        assert!(!filled(json!({"if": "x", "then": "a"}), &["x"]));
    }
}
