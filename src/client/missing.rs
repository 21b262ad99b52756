//! The scopes that a 403 asks for. Pure.

use crate::reference::ScopeExpression;

/// The missing scopes of a 403's message: the first text between lines of three backquotes.
///
/// With credentials that is what is missing; without, all that the call needs. It is one scope,
/// or a scope expression as JSON.
pub(super) fn parse(message: &str) -> Option<ScopeExpression> {
    let mut lines = message.lines().skip_while(|line| line.trim() != "```").skip(1);
    let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
    let text = block.join("\n");
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

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE_TASK: &str = "Client ID a/b does not have sufficient scopes and is missing the following scopes:\n\n\
        ```\n{\n  \"AllOf\": [\n    \"queue:scheduler-id:rec\",\n    {\n      \"AnyOf\": [\n        \
        \"queue:create-task:highest:p/w\",\n        \"queue:create-task:lowest:p/w\"\n      ]\n    }\n  ]\n}\n```\n\n\
        This request requires the client to satisfy the following scope expression:\n\n```\n\"*\"\n```";

    #[test]
    fn the_first_block_is_what_is_missing() {
        let missing = parse(CREATE_TASK).unwrap();
        assert_eq!(
            in_words(&missing),
            "queue:scheduler-id:rec and (queue:create-task:highest:p/w or queue:create-task:lowest:p/w)"
        );
    }

    #[test]
    fn a_single_scope_stands_bare() {
        let missing = parse("needs:\n\n```\nsecrets:get:rec/it's\n```").unwrap();
        assert_eq!(missing, ScopeExpression::Scope("secrets:get:rec/it's".into()));
    }

    #[test]
    fn alternatives_are_told_in_words() {
        let expression: ScopeExpression = serde_json::from_str(
            r#"{"AnyOf": [{"AllOf": ["queue:rerun-task", "assume:x"]}, "queue:rerun-task:s/g/t", "queue:rerun-task-in-project:p"]}"#,
        )
        .unwrap();
        assert_eq!(
            in_words(&expression),
            "(queue:rerun-task and assume:x) or queue:rerun-task:s/g/t or queue:rerun-task-in-project:p"
        );
    }

    #[test]
    fn a_message_without_scopes_has_none() {
        for message in ["", "Forbidden", "```", "```\n```", "```\n{not json\n```"] {
            assert_eq!(parse(message), None, "{message:?}");
        }
    }
}
