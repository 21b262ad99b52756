//! The scopes that a 403 asks for, and whose they are. Pure.

use crate::reference::ScopeExpression;

/// What stands before and behind a list of scopes.
const FENCE: &str = "```";

/// Priorities from the one that takes the least privilege to the one that takes the most.
const PRIORITIES: [&str; 7] = ["lowest", "very-low", "low", "medium", "high", "very-high", "highest"];

/// The scopes of a 403's message: the texts between lines of three backquotes, each one scope or a scope expression
/// as JSON.
///
/// The first is what is missing; the second, where the service sends it, is all that the call needs. Without credentials
/// the first is all, too.
pub(super) fn parse(message: &str) -> (Option<ScopeExpression>, Option<ScopeExpression>) {
    let mut lines = message.lines();
    let mut block = || {
        let lines = lines.by_ref().skip_while(|line| line.trim() != FENCE).skip(1);
        expression(&lines.take_while(|line| line.trim() != FENCE).collect::<Vec<_>>().join("\n"))
    };
    (block(), block())
}

fn expression(text: &str) -> Option<ScopeExpression> {
    let text = text.trim();
    if text.is_empty() {
        None
    } else if text.starts_with(['{', '"']) {
        serde_json::from_str(text).ok()
    } else if text.contains('\n') {
        // Older services print one scope a line.
        Some(ScopeExpression::AllOf {
            all_of: text.lines().map(|line| ScopeExpression::Scope(line.trim().to_owned())).collect(),
        })
    } else {
        Some(ScopeExpression::Scope(text.to_owned()))
    }
}

/// Who lacks the scopes, where that is not the caller, whose client ID is `own`: the role of a hook, say.
pub(super) fn other_holder(message: &str, own: Option<&str>) -> Option<String> {
    let message = message.trim_start();
    if let Some(rest) = message.strip_prefix("The role `") {
        return Some(format!("role `{}`", rest.split('`').next()?));
    }
    let client = message.strip_prefix("Client ID ")?.split_whitespace().next()?;
    own.filter(|own| *own != client).map(|_| format!("client `{client}`"))
}

/// The expression on one line: `a and (b or c)`.
pub(super) fn in_words(expression: &ScopeExpression) -> String {
    match expression {
        ScopeExpression::AllOf { all_of } => join(all_of, " and "),
        ScopeExpression::AnyOf { any_of } => join(any_of, " or "),
        ScopeExpression::If { then, .. } => in_words(then),
        ScopeExpression::Scope(scope) | ScopeExpression::For { each: scope, .. } => scope.clone(),
    }
}

fn join(parts: &[ScopeExpression], word: &str) -> String {
    let nested = |part: &ScopeExpression| match part {
        ScopeExpression::AllOf { all_of: inner } | ScopeExpression::AnyOf { any_of: inner }
            if inner.len() > 1 && parts.len() > 1 =>
        {
            format!("({})", in_words(part))
        }
        _ => in_words(part),
    };
    parts.iter().map(nested).collect::<Vec<_>>().join(word)
}

/// Scopes that satisfy the expression: of alternatives the one with the fewest scopes, then the
/// one that asks for the lowest priority, then the first.
pub(crate) fn least_scopes(expression: &ScopeExpression) -> Vec<String> {
    match expression {
        ScopeExpression::Scope(scope) | ScopeExpression::For { each: scope, .. } => vec![scope.clone()],
        ScopeExpression::AllOf { all_of } => {
            let mut scopes: Vec<String> = Vec::new();
            for scope in all_of.iter().flat_map(least_scopes) {
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
            scopes
        }
        ScopeExpression::AnyOf { any_of } => {
            any_of.iter().map(least_scopes).min_by_key(|scopes| (scopes.len(), privilege(scopes))).unwrap_or_default()
        }
        ScopeExpression::If { then, .. } => least_scopes(then),
    }
}

/// How much priority the scopes ask for, all together.
fn privilege(scopes: &[String]) -> usize {
    scopes
        .iter()
        .flat_map(|scope| scope.split(':'))
        .filter_map(|word| PRIORITIES.iter().position(|priority| *priority == word))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE_TASK: &str = "Client ID a/b does not have sufficient scopes and is missing the following scopes:\n\n\
        ```\n{\n  \"AllOf\": [\n    \"queue:scheduler-id:rec\",\n    {\n      \"AnyOf\": [\n        \
        \"queue:create-task:highest:p/w\",\n        \"queue:create-task:lowest:p/w\"\n      ]\n    }\n  ]\n}\n```\n\n\
        This request requires the client to satisfy the following scope expression:\n\n```\n\"*\"\n```";

    #[test]
    fn the_first_block_is_what_is_missing_and_the_second_is_all() {
        let (missing, required) = parse(CREATE_TASK);
        assert_eq!(required, Some(ScopeExpression::Scope("*".into())));
        let missing = missing.unwrap();
        assert_eq!(
            in_words(&missing),
            "queue:scheduler-id:rec and (queue:create-task:highest:p/w or queue:create-task:lowest:p/w)"
        );
        assert_eq!(least_scopes(&missing), ["queue:scheduler-id:rec", "queue:create-task:lowest:p/w"]);
    }

    #[test]
    fn a_single_scope_stands_bare() {
        let (missing, required) = parse("needs:\n\n```\nsecrets:get:rec/it's\n```");
        assert_eq!(missing, Some(ScopeExpression::Scope("secrets:get:rec/it's".into())));
        assert_eq!(required, None);
    }

    #[test]
    fn alternatives_are_told_in_words() {
        let expression: ScopeExpression = serde_json::from_str(
            r#"{"AnyOf": [{"AllOf": ["queue:rerun-task", "assume:x"]}, "queue:rerun-task:s/g/t", "queue:rerun-task-in-project:p"]}"#,
        )
        .unwrap();
        assert_eq!(least_scopes(&expression), ["queue:rerun-task:s/g/t"]);
        assert_eq!(
            in_words(&expression),
            "(queue:rerun-task and assume:x) or queue:rerun-task:s/g/t or queue:rerun-task-in-project:p"
        );
    }

    #[test]
    fn a_message_without_scopes_has_none() {
        for message in ["", "Forbidden", "```", "```\n```", "```\n{not json\n```"] {
            assert_eq!(parse(message).0, None, "{message:?}");
        }
    }

    #[test]
    fn scopes_can_be_those_of_another_client() {
        let of = |message| other_holder(message, Some("me/tc"));
        assert_eq!(of("The role `hook-id:a/b` does not have sufficient scopes"), Some("role `hook-id:a/b`".into()));
        assert_eq!(of("Client ID static/hooks does not have sufficient scopes"), Some("client `static/hooks`".into()));
        assert_eq!(of("Client ID me/tc does not have sufficient scopes"), None);
        assert_eq!(of("This request requires scopes"), None);
        assert_eq!(
            other_holder("Client ID task-client/x does not have", None),
            None,
            "the client of a task behind a proxy is the caller"
        );
    }
}
