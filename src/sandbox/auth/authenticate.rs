//! From a header or a bewit to a caller with scopes.

use chrono::{DateTime, Duration, Utc};

use super::certificate::{Ext, Key};
use super::expand::merge;
use super::records::Auth;
use crate::sandbox::hawk::{Bewit, Header, Signed, payload_hash, same};

/// What a request presents of itself.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct Presented<'a> {
    /// Verb, resource with its query, host and port.
    pub signed: Signed<'a>,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// Content type and body, to check a signed hash against; none where the body is elsewhere.
    pub payload: Option<(&'a str, &'a [u8])>,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Caller {
    /// None for an anonymous caller.
    pub client_id: Option<String>,
    /// Expanded.
    pub scopes: Vec<String>,
    /// Until when the credentials are valid.
    pub expires: DateTime<Utc>,
    /// The hash of the body, where the caller signed one.
    pub hash: Option<String>,
}

/// Where keys and roles come from: the sandbox's own, or those of a self-test.
pub(super) trait Keys {
    /// The key of a client that may be used.
    ///
    /// # Errors
    /// The server's words when there is none, or it is disabled or expired.
    fn key(&self, client_id: &str, now: DateTime<Utc>) -> Result<Key, String>;

    /// Scopes with what roles add.
    fn expand(&self, scopes: &[String]) -> Vec<String>;
}

impl Keys for Auth {
    fn key(&self, client_id: &str, now: DateTime<Utc>) -> Result<Key, String> {
        let client = self.client(client_id).ok_or_else(|| format!("Client with clientId '{client_id}' not found"))?;
        if client.disabled {
            return Err(format!("Client with clientId '{client_id}' is disabled"));
        }
        if client.expires < now {
            return Err(format!("Client with clientId '{client_id}' has expired"));
        }
        Ok(Key {
            access_token: client.access_token.reveal().to_owned(),
            scopes: Auth::expand(self, &client.scopes),
            expires: client.expires,
        })
    }

    fn expand(&self, scopes: &[String]) -> Vec<String> {
        Auth::expand(self, scopes)
    }
}

/// Finds out who calls.
///
/// # Errors
/// The server's words for why the caller is unknown (401 `AuthenticationFailed`).
pub(in crate::sandbox) fn authenticate(
    keys: &Auth,
    presented: &Presented<'_>,
    now: DateTime<Utc>,
) -> Result<Caller, String> {
    identify(keys, presented, now)
}

/// [`authenticate`] with any source of keys.
pub(super) fn identify(keys: &dyn Keys, presented: &Presented<'_>, now: DateTime<Utc>) -> Result<Caller, String> {
    let seconds = now.timestamp();
    match (presented.authorization, Bewit::find(presented.signed.resource)) {
        (Some(_), Some(_)) => Err("Cannot use two authentication schemes at once this request has both bewit in \
                                   querystring and and 'authorization' header"
            .into()),
        (Some(header), None) => {
            let header = Header::parse(header)?;
            let key = load(keys, &header.id, header.ext.as_deref(), now)?;
            header.verify(&presented.signed, key.access_token.as_bytes(), seconds)?;
            if let (Some(hash), Some((content_type, body))) = (&header.hash, presented.payload) {
                check_hash(hash, &payload_hash(content_type, body))?;
            }
            Ok(caller(keys, header.id, key, header.hash))
        }
        (None, Some(bewit)) => {
            Bewit::allows(presented.signed.verb)?;
            let bewit = bewit?;
            let ext = Some(bewit.ext.as_str()).filter(|ext| !ext.is_empty());
            let key = load(keys, &bewit.id, ext, now)?;
            bewit.verify(&presented.signed, key.access_token.as_bytes(), seconds)?;
            Ok(caller(keys, bewit.id, key, None))
        }
        (None, None) => Ok(Caller {
            client_id: None,
            scopes: keys.expand(&["assume:anonymous".to_owned()]),
            expires: now + Duration::minutes(15),
            hash: None,
        }),
    }
}

fn check_hash(hash: &str, computed: &str) -> Result<(), String> {
    if same(hash, computed) {
        return Ok(());
    }
    Err(format!(
        "Invalid payload hash: {hash}\nComputed payload hash: {computed}\n\
         The request signs another body or content type than it carries."
    ))
}

fn load(keys: &dyn Keys, name: &str, ext: Option<&str>, now: DateTime<Utc>) -> Result<Key, String> {
    let Some(ext) = ext else { return keys.key(name, now) };
    let ext = Ext::parse(ext)?;
    let issuer = ext.issuer(name)?.unwrap_or(name);
    let key = keys.key(issuer, now)?;
    ext.limit(name, issuer, key, &|scopes| keys.expand(scopes), now)
}

/// Every caller has the role of anonymous ones too, whatever scopes were authorized.
fn caller(keys: &dyn Keys, client_id: String, key: Key, hash: Option<String>) -> Caller {
    let scopes = keys.expand(&merge(&key.scopes, &["assume:anonymous".to_owned()]));
    Caller { client_id: Some(client_id), scopes, expires: key.expires, hash }
}
