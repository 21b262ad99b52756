//! Signing: the Hawk header and the bewit (spec, section 3). Pure: time and nonce are handed in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hawk::{Key, PayloadHasher, RequestBuilder, SHA256};
use serde::Serialize;
use serde_json::Value;
use url::{Position, Url};

use super::Credentials;
use crate::error::{Error, Kind, Result};
use crate::reference::Verb;

/// The content type of every body, in the header and in the payload hash.
pub(super) const CONTENT_TYPE: &str = "application/json";

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The HTTP verb.
    pub verb: Verb,
    /// The URL; its path and query are signed as they stand.
    pub url: &'a Url,
    /// The exact bytes of the body.
    pub body: Option<&'a [u8]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorized_scopes: Option<&'a [String]>,
}

/// The value of the `Authorization` header.
///
/// `timestamp` is in seconds since the epoch; `nonce` must never be used twice in a second.
///
/// # Errors
/// [`Kind::Auth`] when the credentials cannot be put into a header: a client ID with a quotation
/// mark or a line break, a certificate that is no JSON object.
pub fn header(credentials: &Credentials, signed: Signed<'_>, timestamp: u64, nonce: &str) -> Result<String> {
    check_client_id(&credentials.client_id)?;
    let hash = match signed.body {
        Some(body) => Some(PayloadHasher::hash(CONTENT_TYPE, SHA256, body).map_err(cannot_sign)?),
        None => None,
    };
    let ext = ext(credentials)?;
    let header = builder(&signed)?
        .hash(hash.as_deref())
        .ext(ext.as_deref())
        .request()
        .make_header_full(&key(credentials)?, seconds(timestamp), nonce)
        .map_err(cannot_sign)?;
    Ok(format!("Hawk {header}"))
}

/// The URL with a bewit: whoever has it may GET it until `expires`, in seconds since the epoch.
///
/// # Errors
/// Those of [`header`].
pub fn signed_url(credentials: &Credentials, url: &Url, expires: u64) -> Result<Url> {
    check_client_id(&credentials.client_id)?;
    let ext = ext(credentials)?;
    let signed = Signed { verb: Verb::Get, url, body: None };
    let key = key(credentials)?;
    let request = builder(&signed)?.ext(ext.as_deref()).request();
    let bewit = request.make_bewit(&key, seconds(expires)).map_err(cannot_sign)?.to_str();
    let query = match url.query() {
        Some(query) if !query.is_empty() => format!("{query}&bewit={bewit}"),
        _ => format!("bewit={bewit}"),
    };
    let mut url = url.clone();
    url.set_query(Some(&query));
    Ok(url)
}

fn builder<'a>(signed: &Signed<'a>) -> Result<RequestBuilder<'a>> {
    let host = signed.url.host_str().ok_or_else(|| Error::failed("cannot sign a URL without a host"))?;
    // Both schemes that a root URL can have come with a default port.
    let port = signed.url.port_or_known_default().unwrap_or(443);
    let resource = &signed.url[Position::BeforePath..Position::AfterQuery];
    Ok(RequestBuilder::new(signed.verb.as_str(), host, port, resource))
}

fn key(credentials: &Credentials) -> Result<hawk::Credentials> {
    let key = Key::new(credentials.access_token.reveal().as_bytes(), SHA256).map_err(cannot_sign)?;
    Ok(hawk::Credentials { id: credentials.client_id.clone(), key })
}

/// The `ext` field: base64 of JSON, or nothing when there is nothing to say.
fn ext(credentials: &Credentials) -> Result<Option<String>> {
    if credentials.certificate.is_none() && credentials.authorized_scopes.is_none() {
        return Ok(None);
    }
    let certificate = match &credentials.certificate {
        Some(text) => Some(Value::Object(serde_json::from_str(text.reveal()).map_err(|_| {
            Error::new(Kind::Auth, "the certificate of the credentials is not a JSON object").hint("Sign in again.")
        })?)),
        None => None,
    };
    let ext = Ext { certificate, authorized_scopes: credentials.authorized_scopes.as_deref() };
    let json = serde_json::to_vec(&ext).map_err(|source| Error::failed("cannot sign").caused_by(source))?;
    Ok(Some(STANDARD.encode(json)))
}

/// A bewit is split at backslashes, a header at quotation marks.
fn check_client_id(client_id: &str) -> Result<()> {
    if client_id.chars().any(|c| c == '"' || c == '\\' || !(' '..='~').contains(&c)) {
        return Err(Error::new(Kind::Auth, "the client ID has a character that no client ID can have"));
    }
    Ok(())
}

fn seconds(timestamp: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(timestamp)
}

fn cannot_sign(source: hawk::Error) -> Error {
    Error::new(Kind::Auth, "cannot sign with these credentials").caused_by(source)
}
