//! Authentication as a service: `authenticateHawk`, and the two self-tests of clients.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::authenticate::{Caller, Keys, Presented, identify};
use super::certificate::Key;
use super::expand::{satisfies, satisfies_all};
use super::records::Auth;
use super::scopes::scopes_of;
use crate::reference::ScopeExpression;
use crate::sandbox::call::{Answer, Call, Fault, Outcome, refusal};
use crate::sandbox::hawk::Signed;
use crate::sandbox::wire::stamp;

/// The client of the self-tests; its token is public.
const TESTER: (&str, &str) = ("tester", "no-secret");

/// One client whose scopes the test names; there are no roles.
struct Tester(Vec<String>);

impl Keys for Tester {
    fn key(&self, client_id: &str, now: DateTime<Utc>) -> Result<Key, String> {
        if client_id != TESTER.0 {
            return Err(format!("Client with clientId '{client_id}' not found"));
        }
        let expires = now + Duration::days(1);
        Ok(Key { access_token: TESTER.1.into(), scopes: self.0.clone(), expires })
    }

    fn expand(&self, scopes: &[String]) -> Vec<String> {
        scopes.to_vec()
    }
}

/// Checks the signature of a request that another service received.
pub(super) fn authenticate_hawk(auth: &Auth, call: &Call<'_>) -> Outcome {
    let text = |name: &str| call.body[name].as_str().unwrap_or_default();
    let presented = Presented {
        signed: Signed {
            verb: text("method"),
            resource: text("resource"),
            host: text("host"),
            port: call.body["port"].as_u64().and_then(|port| port.try_into().ok()).unwrap_or_default(),
        },
        authorization: call.body["authorization"].as_str().filter(|header| !header.is_empty()),
        payload: None,
    };
    Ok(Answer::Json(match identify(auth, &presented, call.now) {
        Err(message) => json!({"status": "auth-failed", "message": message}),
        Ok(Caller { client_id: None, scopes, expires, .. }) => {
            json!({"status": "no-auth", "scheme": "none", "expires": stamp(expires), "scopes": scopes})
        }
        Ok(Caller { client_id: Some(client_id), scopes, expires, hash }) => {
            let mut answer = json!({
                "status": "auth-success", "scheme": "hawk", "expires": stamp(expires),
                "scopes": scopes, "clientId": client_id,
            });
            if let Some(hash) = hash {
                answer["hash"] = Value::String(hash);
            }
            answer
        }
    }))
}

/// Checks this very request, as signed by the tester with the scopes that its body names.
pub(super) fn test_authenticate(call: &Call<'_>, presented: &Presented<'_>) -> Outcome {
    test(call, presented, scopes_of(call, "clientScopes"), scopes_of(call, "requiredScopes"))
}

/// The same without a body: the tester has `test:*` and must have `test:authenticate-get`.
pub(super) fn test_authenticate_get(call: &Call<'_>, presented: &Presented<'_>) -> Outcome {
    let scopes = ["test:*", "auth:create-client:test:*"].map(String::from).to_vec();
    test(call, presented, scopes, vec!["test:authenticate-get".into()])
}

fn test(call: &Call<'_>, presented: &Presented<'_>, scopes: Vec<String>, required: Vec<String>) -> Outcome {
    let caller = identify(&Tester(scopes), presented, call.now)
        .map_err(|message| Fault::new(401, "AuthenticationFailed", message))?;
    if satisfies_all(&caller.scopes, &required) {
        let client_id = caller.client_id;
        return Ok(Answer::Json(json!({"clientId": client_id, "scopes": caller.scopes})));
    }
    let needed = ScopeExpression::AllOf { all_of: required.into_iter().map(ScopeExpression::Scope).collect() };
    let missing = needed.missing(&|scope| caller.scopes.iter().any(|have| satisfies(have, scope)));
    Err(refusal(caller.client_id.as_deref(), &needed, missing.as_ref().unwrap_or(&needed)))
}
