//! What the proxy signs with: the credentials of who started it, read again when they end, or what it was given since.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::client::{Client, Credentials, TemporaryOptions, check_credentials, temporary_credentials};
use crate::context::{Context, Identity};
use crate::domain::{RootUrl, scopes};
use crate::error::{Error, Kind, Result};

/// How long credentials are valid that are handed out in place of those that may do more.
const HANDED_OUT_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Reads the user's credentials, as they are now.
pub(super) type Look = Box<dyn Fn() -> Result<Identity> + Send + Sync>;

/// What the proxy signs with.
pub(super) struct Access {
    root: RootUrl,
    /// Scopes that every signature is limited to.
    limit: Option<Vec<String>>,
    look: Look,
    held: Mutex<CurrentClient>,
}

struct CurrentClient {
    /// Signs with the credentials; for a task's proxy, and when there are none, it signs nothing.
    client: Client,
    /// When they end, where known.
    expires: Option<DateTime<Utc>>,
    /// The user's own may be other ones by now.
    is_stale: bool,
    /// They were given to the proxy, and are nobody's to look up.
    is_given: bool,
}

impl Access {
    /// Starts with the credentials of `identity`; `client` is one for its deployment.
    pub(super) fn new(client: Client, identity: &Identity, limit: Option<Vec<String>>, look: Look) -> Self {
        let credentials = client.credentials().cloned().map(|credentials| limited(credentials, limit.as_ref()));
        // A task's proxy signs by itself: without credentials, the client goes on to ask it.
        let client = if credentials.is_some() { client.with_credentials(credentials) } else { client };
        let held = CurrentClient { client, expires: identity.expires, is_stale: false, is_given: false };
        Self { root: identity.target.root.clone(), limit, look, held: Mutex::new(held) }
    }

    /// The deployment.
    pub(super) fn root(&self) -> &RootUrl {
        &self.root
    }

    /// A client that signs with credentials that are valid now.
    ///
    /// # Errors
    /// [`Kind::Auth`] when they have ended and there are no others.
    pub(super) fn client(&self) -> Result<Client> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = held.client.clock().now();
        let has_ended = held.expires.is_some_and(|expires| expires <= now);
        if held.is_given || !(has_ended || held.is_stale) {
            return Ok(held.client.clone());
        }
        held.is_stale = false;
        let identity = (self.look)()?;
        match identity.target.credentials {
            Some(credentials) if identity.target.root == self.root => {
                held.client = held.client.with_credentials(Some(limited(credentials, self.limit.as_ref())));
                held.expires = identity.expires;
            }
            _ if has_ended => {
                return Err(Error::new(Kind::Auth, format!("the credentials for {} have expired", self.root))
                    .hint("Sign in again with `tc signin`; the proxy takes the new ones."));
            }
            _ => {}
        }
        Ok(held.client.clone())
    }

    /// The deployment has refused the credentials: before the next call they are looked up again.
    pub(super) fn was_refused(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).is_stale = true;
    }

    /// Takes credentials from a body: `{clientId, accessToken, certificate}`, where the last may be missing or empty.
    ///
    /// # Errors
    /// [`Kind::Usage`] when it is something else; [`Kind::Auth`] when they cannot sign.
    pub(super) fn take(&self, body: &[u8]) -> Result<()> {
        let credentials = limited(parse(body)?, self.limit.as_ref());
        check_credentials(&credentials, &self.root)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.client = held.client.with_credentials(Some(credentials));
        (held.expires, held.is_stale, held.is_given) = (None, false, true);
        Ok(())
    }

    /// The credentials, for whoever may have them. Where the proxy is limited to scopes, so are they.
    ///
    /// # Errors
    /// [`Kind::Auth`] when there are none, or they cannot be limited.
    pub(super) fn handed_out(&self) -> Result<Value> {
        let client = self.client()?;
        let Some(credentials) = client.credentials() else {
            return Err(Error::new(Kind::Auth, "the proxy has no credentials of its own"));
        };
        let now = client.clock().now();
        let credentials = match &credentials.authorized_scopes {
            None => credentials.clone(),
            Some(scopes) => temporary_credentials(
                credentials,
                &TemporaryOptions {
                    name: None,
                    scopes: scopes.clone(),
                    start: now,
                    expiry: now + HANDED_OUT_LIFETIME,
                    seed: format!("{}{}", slugid::v4(), slugid::v4()),
                },
            )?,
        };
        let mut object = json!({"clientId": credentials.client_id, "accessToken": credentials.access_token.reveal()});
        if let (Some(certificate), Some(object)) = (&credentials.certificate, object.as_object_mut()) {
            object.insert("certificate".to_owned(), certificate.reveal().into());
        }
        Ok(object)
    }
}

fn limited(credentials: Credentials, limit: Option<&Vec<String>>) -> Credentials {
    match limit {
        Some(scopes) => credentials.with_authorized_scopes(scopes.clone()),
        None => credentials,
    }
}

fn parse(body: &[u8]) -> Result<Credentials> {
    let wrong = || Error::usage("the body is not {\"clientId\": .., \"accessToken\": .., \"certificate\": ..}");
    let value: Value = serde_json::from_slice(body).map_err(|_| wrong())?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let credentials = Credentials::new(text("clientId").ok_or_else(wrong)?, text("accessToken").ok_or_else(wrong)?);
    match value.get("certificate") {
        None | Some(Value::Null) => Ok(credentials),
        Some(Value::String(text)) if text.is_empty() => Ok(credentials),
        Some(Value::String(text)) => Ok(credentials.with_certificate(text.as_str())),
        Some(object @ Value::Object(_)) => Ok(credentials.with_certificate(object.to_string())),
        Some(_) => Err(wrong()),
    }
}

/// The scopes that the proxy is limited to; none without a limit.
///
/// # Errors
/// [`Kind::Usage`] when the credentials are limited already, to something that does not have all of them.
pub(super) fn limit_of(given: &[String], credentials: Option<&Credentials>) -> Result<Option<Vec<String>>> {
    if given.is_empty() {
        return Ok(credentials.and_then(|credentials| credentials.authorized_scopes.clone()));
    }
    if let Some(known) = credentials.and_then(|credentials| credentials.authorized_scopes.as_ref())
        && let Some(missing) = scopes::missing(known, given).first()
    {
        return Err(Error::usage(format!("the credentials are limited to scopes without {missing}"))
            .hint("Leave out --authorized-scope, or name only scopes that it covers."));
    }
    Ok(Some(scopes::normalize(given.to_vec())))
}

/// Looks the user's credentials up as a new run would.
pub(super) fn look(context: &Context) -> Look {
    let (env, ui, globals) = (context.env.clone(), Arc::clone(&context.ui), context.globals.clone());
    Box::new(move || Context::new(env.clone(), Arc::clone(&ui), globals.clone(), Vec::new()).identity())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::BoxFuture;

    use super::*;
    use crate::client::Endpoint;
    use crate::clock::Clock;

    /// A clock that is set by hand.
    struct Hand(Mutex<DateTime<Utc>>);

    impl Clock for Hand {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn identity(client_id: Option<&str>, expires: &str) -> Identity {
        let credentials = client_id.map(|client_id| Credentials::new(client_id, "key"));
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        let target = Endpoint { root, credentials, unsigned_because: None, proxied: false };
        Identity { target, root_source: None, origin: None, issued: None, expires: Some(at(expires)) }
    }

    #[test]
    fn credentials_that_have_ended_are_replaced_by_those_that_are_there_now() {
        let clock = Arc::new(Hand(Mutex::new(at("2026-11-22T12:00:00Z"))));
        let first = identity(Some("first"), "2026-11-22T13:00:00Z");
        let stored = Arc::new(Mutex::new(identity(None, "2026-11-22T13:00:00Z")));
        let looked = Arc::clone(&stored);
        let client = Client::builder(first.target.root.clone())
            .credentials(first.target.credentials.clone())
            .clock(clock.clone())
            .build()
            .unwrap();
        let look: Look = Box::new(move || Ok(looked.lock().unwrap().clone()));
        let access = Access::new(client, &first, Some(vec!["a".into()]), look);
        let signs_as = || access.client().map(|client| client.credentials().unwrap().clone());
        assert_eq!(signs_as().unwrap().client_id, "first");
        assert_eq!(signs_as().unwrap().authorized_scopes, Some(vec!["a".into()]));
        *clock.0.lock().unwrap() = at("2026-11-22T13:00:00Z");
        let error = signs_as().unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (Kind::Auth, "the credentials for https://tc.example.com have expired")
        );
        *stored.lock().unwrap() = identity(Some("second"), "2026-11-22T14:00:00Z");
        assert_eq!(signs_as().unwrap().client_id, "second");
        assert_eq!(signs_as().unwrap().authorized_scopes, Some(vec!["a".into()]));
        // The user may have chosen another deployment meanwhile: its credentials are not for this one.
        let mut other = identity(Some("third"), "2026-11-22T15:00:00Z");
        other.target.root = RootUrl::parse("https://other.example.com").unwrap();
        *stored.lock().unwrap() = other;
        *clock.0.lock().unwrap() = at("2026-11-22T14:00:00Z");
        assert_eq!(signs_as().unwrap_err().kind(), Kind::Auth);
    }

    #[test]
    fn credentials_are_read_as_clients_send_them() {
        let read = |text: &str| parse(text.as_bytes()).map(|found| (found.client_id, found.certificate.is_some()));
        assert_eq!(read(r#"{"clientId": "a", "accessToken": "t"}"#).unwrap(), ("a".to_owned(), false));
        assert!(!read(r#"{"clientId": "a", "accessToken": "t", "certificate": ""}"#).unwrap().1);
        assert!(read(r#"{"clientId": "a", "accessToken": "t", "certificate": "{}"}"#).unwrap().1);
        assert!(read(r#"{"clientId": "a", "accessToken": "t", "certificate": {"version": 1}}"#).unwrap().1);
        for wrong in ["", "[]", "{}", r#"{"clientId": "a"}"#, r#"{"clientId": "", "accessToken": "t"}"#] {
            let error = read(wrong).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage, "{wrong}");
        }
        let error = read(r#"{"clientId": "a", "accessToken": "hunter2", "certificate": 7}"#).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn a_limit_is_never_widened() {
        let credentials = Credentials::new("a", "t").with_authorized_scopes(vec!["queue:*".into()]);
        let given = |scopes: &[&str]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(limit_of(&[], None).unwrap(), None);
        assert_eq!(limit_of(&[], Some(&credentials)).unwrap(), Some(given(&["queue:*"])));
        assert_eq!(limit_of(&given(&["queue:a"]), Some(&credentials)).unwrap(), Some(given(&["queue:a"])));
        assert_eq!(limit_of(&given(&["auth:a"]), Some(&credentials)).unwrap_err().kind(), Kind::Usage);
        assert_eq!(limit_of(&given(&["auth:a"]), None).unwrap(), Some(given(&["auth:a"])));
    }
}
