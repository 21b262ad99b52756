//! What to do about an error, in words of the command line. The library below knows no flag and no verb.

use crate::domain::shell::quote;
use crate::env;
use crate::error::{Error, Hint};
use crate::reference::ScopeExpression;

/// Priorities from the one that takes the least privilege to the one that takes the most.
const PRIORITIES: [&str; 7] = ["lowest", "very-low", "low", "medium", "high", "very-high", "highest"];

/// What to do about an error, one sentence a hint.
pub fn for_error(error: &Error) -> Vec<String> {
    error.hints().iter().map(in_words).collect()
}

fn in_words(hint: &Hint) -> String {
    match hint {
        Hint::SignIn => "To get new credentials: tc signin".to_owned(),
        Hint::GetScopes(expression) => format!("To get what is missing: {}", sign_in(expression)),
        Hint::TrustAuthority => "If the deployment's CA is a private one, name its file with --cacert.".to_owned(),
        Hint::AllowMoreTime => "A longer --timeout may help.".to_owned(),
        Hint::SetBothCredentials => {
            "Set both, or neither to call without credentials (or say --no-credentials).".to_owned()
        }
        Hint::ChooseDeployment => format!("Set {}, or give -R with a URL or a known name.", env::ROOT_URL.name),
        Hint::GivenRootUrl => "It comes from --root-url.".to_owned(),
        Hint::ListArtifacts(task) => format!("tc artifact list {task} shows what there is."),
        Hint::FetchElsewhere => {
            "gzip and zstd can be. Fetch the URL that `tc artifact url` prints with another tool.".to_owned()
        }
        Hint::ChoosePort => "Choose another --port, or none to take one that is free.".to_owned(),
        Hint::PasteAddress => "With --paste nothing listens; the browser's last address is pasted instead.".to_owned(),
        other => other.to_string(),
    }
}

/// The command that asks for the missing scopes.
fn sign_in(expression: &ScopeExpression) -> String {
    choose(expression).iter().fold("tc signin".to_owned(), |command, scope| format!("{command} -s {}", quote(scope)))
}

/// Scopes that satisfy the expression: of alternatives the one with the fewest scopes, then the
/// one that asks for the lowest priority, then the first.
fn choose(expression: &ScopeExpression) -> Vec<String> {
    match expression {
        ScopeExpression::Scope(scope) | ScopeExpression::For { each: scope, .. } => vec![scope.clone()],
        ScopeExpression::AllOf { all_of } => {
            let mut scopes: Vec<String> = Vec::new();
            for scope in all_of.iter().flat_map(choose) {
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
            scopes
        }
        ScopeExpression::AnyOf { any_of } => {
            any_of.iter().map(choose).min_by_key(|scopes| (scopes.len(), privilege(scopes))).unwrap_or_default()
        }
        ScopeExpression::If { then, .. } => choose(then),
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

    fn asked_for(expression: &str) -> String {
        sign_in(&serde_json::from_str(expression).unwrap())
    }

    #[test]
    fn all_scopes_are_asked_for_and_of_priorities_the_lowest() {
        let expression = r#"{"AllOf": ["queue:scheduler-id:rec",
            {"AnyOf": ["queue:create-task:highest:p/w", "queue:create-task:lowest:p/w"]}]}"#;
        assert_eq!(asked_for(expression), "tc signin -s queue:scheduler-id:rec -s queue:create-task:lowest:p/w");
    }

    #[test]
    fn the_smallest_alternative_is_asked_for() {
        let expression = r#"{"AnyOf": [{"AllOf": ["queue:rerun-task", "assume:x"]}, "queue:rerun-task:s/g/t", "queue:rerun-task-in-project:p"]}"#;
        assert_eq!(asked_for(expression), "tc signin -s queue:rerun-task:s/g/t");
    }

    #[test]
    fn a_scope_is_one_word_of_a_shell() {
        assert_eq!(asked_for(r#""secrets:get:rec/it's""#), r#"tc signin -s "secrets:get:rec/it's""#);
    }

    #[test]
    fn a_hint_of_the_library_is_told_with_its_flag() {
        let error = Error::failed("x").hint(Hint::AllowMoreTime).hint("A sentence.");
        assert_eq!(for_error(&error), ["A longer --timeout may help.", "A sentence."]);
        assert!(error.hints().iter().all(|hint| !hint.to_string().contains("--")));
    }
}
