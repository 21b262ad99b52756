//! What was granted of what was asked for: the page leaves out scopes that the person does not have.

use super::add::{CurrentScopes, current_scopes};
use crate::client::Credentials;
use crate::context::Context;
use crate::domain::scopes;

/// Names the scopes that were asked for and not granted, on standard error.
pub(super) async fn tell(asked: &[String], credentials: Credentials, context: &Context) {
    if asked.iter().all(|scope| scope == "*") {
        return;
    }
    match current_scopes(Some(credentials), context).await {
        Ok(CurrentScopes { scopes: granted }) => {
            let missing = not_granted(asked, &granted);
            if !missing.is_empty() {
                let missing: Vec<_> = missing.iter().map(|scope| context.ui.safe(scope)).collect();
                context.ui.warn(format!("not granted, because you do not have them: {}", missing.join(", ")));
            }
        }
        Err(error) => context.ui.note(format!("The granted scopes are unknown: {error}.")),
    }
}

/// The scopes that nothing granted covers; `*` asks for whatever there is.
fn not_granted<'a>(asked: &'a [String], granted: &[String]) -> Vec<&'a str> {
    let covered = |scope: &str| granted.iter().any(|granted| scopes::covers(granted, scope));
    asked.iter().map(String::as_str).filter(|scope| *scope != "*" && !covered(scope)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_covers_was_not_granted() {
        let list = |scopes: &[&str]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let granted = list(&["queue:rerun-task:*", "assume:anonymous"]);
        assert_eq!(
            not_granted(&list(&["queue:rerun-task:a/b", "queue:cancel-task:*", "*"]), &granted),
            ["queue:cancel-task:*"]
        );
    }
}
