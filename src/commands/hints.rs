//! What to do about an error, in words of the command line. What is below `commands` knows no flag and no verb.

use crate::client::{ApiError, least_scopes};
use crate::context::{Deployment, Identity, Origin};
use crate::domain::shell::quote;
use crate::env;
use crate::error::{Advice, Error};

/// The error with its advice as hints.
pub(crate) fn worded(mut error: Error) -> Error {
    let advice = error.take_advice();
    advice.iter().fold(error, |error, advice| error.hint(words(advice)))
}

fn words(advice: &Advice) -> String {
    match advice {
        Advice::SignIn => "To get credentials: tc signin".to_owned(),
        Advice::SelectDeployment => {
            format!("Set {}, or give -R with a URL or a known name.", env::ROOT_URL.name)
        }
        Advice::CheckRootUrl => "Check the root URL and the network.".to_owned(),
        Advice::TrustCertificate => "If the deployment's CA is a private one, name its file with --cacert.".to_owned(),
        Advice::AllowMoreTime => "A longer --timeout may help.".to_owned(),
        Advice::UseRootUrl(root) => format!("To use the page's deployment: -R {root}"),
        Advice::ListServices => "`tc api` lists all services.".to_owned(),
        Advice::ListMethods(service) => format!("`tc api {service}` lists its methods."),
        Advice::OtherReferences => {
            "A deployment of another version may have it: `tc references update` fetches what the \
             deployment itself says."
                .to_owned()
        }
        Advice::ListSchemas => "`tc schema list` lists all schemas.".to_owned(),
        Advice::ListArtifacts(task) => format!("`tc artifact list {task}` lists the artifacts that exist."),
        Advice::FetchByUrl => {
            "Fetch the URL that `tc artifact url` prints with another tool; tc decodes gzip and zstd.".to_owned()
        }
        Advice::ChooseFile => "Wait until it is done, or choose another file with -o.".to_owned(),
        Advice::ChoosePort => "Choose another port with --port, or omit it to use any free port.".to_owned(),
        Advice::PasteAddress => "Use --paste to paste the browser's last address instead of waiting for it.".to_owned(),
        Advice::EditSettings => "Repair it with `tc config edit`; the file was left unchanged.".to_owned(),
        Advice::SetSetting { key, value } => format!("Set it with `tc config set {key} {value}`."),
        Advice::ListProfiles => "`tc profile list` shows all profiles.".to_owned(),
    }
}

/// What the caller can do about a refused call: sign in, sign in for more, or ask someone else.
///
/// The advice is enough: who follows it is not refused again for the same call. It comes from the whole scope expression
/// that the server sent, less what the caller has.
pub(crate) fn advise(refusal: &ApiError, identity: &Identity, deployment: &Deployment) -> Vec<String> {
    if identity.target.unsigned_because.is_some() {
        // Credentials that were turned off are not what is missing; those that have ended are.
        let again = identity.expires.map(|_| format!("To sign in again: {}", sign_in(deployment)));
        return again.into_iter().collect();
    }
    match (&refusal.missing_scopes, refusal.status) {
        (Some(missing), 403) => {
            let own = identity.target.credentials.as_ref().map(|credentials| credentials.client_id.as_str());
            if let Some(who) = refusal.other_holder(own) {
                return vec![format!(
                    "These are scopes of the {who}, not yours: signing in does not help. Grant them to it."
                )];
            }
            if matches!(identity.origin, Some(Origin::Proxy)) {
                return vec!["Add what is missing to the `scopes` of the task.".to_owned()];
            }
            let keeps = matches!(identity.origin, Some(Origin::Store(_)));
            let scopes = if keeps { missing } else { refusal.required_scopes.as_ref().unwrap_or(missing) };
            let mut command = sign_in(deployment);
            if keeps {
                command.push_str(" --add");
            }
            for scope in least_scopes(scopes) {
                command.push_str(" -s ");
                command.push_str(&quote(&scope));
            }
            vec![format!("To get what is missing: {command}")]
        }
        (None, 401) if !matches!(identity.origin, Some(Origin::Proxy)) => {
            vec![format!("To get new credentials: {}", sign_in(deployment))]
        }
        _ => Vec::new(),
    }
}

/// The command that signs in to the deployment.
fn sign_in(deployment: &Deployment) -> String {
    match deployment {
        Deployment::InUse => "tc signin".to_owned(),
        Deployment::At(root) => format!("tc signin -R {}", quote(root.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Credentials, Endpoint};
    use crate::domain::RootUrl;
    use crate::reference::Verb;

    const REFUSED: &str = "Client ID me/tc does not have sufficient scopes and is missing the following scopes:\n\n\
        ```\nqueue:b\n```\n\nThis request requires the client to satisfy the following scope expression:\n\n\
        ```\n{\"AllOf\": [\"queue:a\", \"queue:b\"]}\n```";

    fn advice(message: &str, origin: Option<Origin>, deployment: &Deployment) -> Vec<String> {
        let body = serde_json::json!({"code": "InsufficientScopes", "message": message}).to_string();
        let refusal = ApiError::parse("queue.x", Verb::Get, "https://tc.example.com/x".into(), 403, body.into());
        let target = Endpoint {
            root: RootUrl::parse("https://tc.example.com").unwrap(),
            credentials: origin.is_some().then(|| Credentials::new("me/tc", "key")),
            unsigned_because: None,
            proxied: false,
        };
        let identity = Identity { target, root_source: None, origin, issued: None, expires: None };
        advise(&refusal, &identity, deployment)
    }

    #[test]
    fn stored_credentials_are_added_to_and_others_made_anew() {
        let (store, here) = (Origin::Store("/x".into()), Deployment::InUse);
        assert_eq!(advice(REFUSED, Some(store), &here), ["To get what is missing: tc signin --add -s queue:b"]);
        let all = ["To get what is missing: tc signin -s queue:a -s queue:b"];
        assert_eq!(advice(REFUSED, Some(Origin::Environment), &here), all);
        assert_eq!(advice(REFUSED, None, &here), all);
        let there = Deployment::At(RootUrl::parse("https://other.example.com").unwrap());
        assert_eq!(
            advice(REFUSED, None, &there),
            ["To get what is missing: tc signin -R https://other.example.com -s queue:a -s queue:b"]
        );
    }

    #[test]
    fn scopes_of_another_client_need_no_sign_in() {
        let message = REFUSED.replace("Client ID me/tc", "The role `hook-id:g/h`");
        assert_eq!(
            advice(&message, Some(Origin::Environment), &Deployment::InUse),
            ["These are scopes of the role `hook-id:g/h`, not yours: signing in does not help. Grant them to it."]
        );
        let proxied = advice(REFUSED, Some(Origin::Proxy), &Deployment::InUse);
        assert_eq!(proxied, ["Add what is missing to the `scopes` of the task."]);
    }

    #[test]
    fn advice_becomes_a_hint_after_those_that_are_there() {
        let error = worded(Error::failed("x").hint("y").advise(Advice::ListProfiles));
        assert_eq!(error.hints(), ["y", "`tc profile list` shows all profiles."]);
        assert!(error.advice().is_empty());
    }
}
