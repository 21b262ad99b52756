//! Signing: the Hawk header and the bewit. Pure: time and nonce are handed in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hawk::{Key, PayloadHasher, RequestBuilder, SHA256};
use serde::Serialize;
use serde_json::Value;
use url::{Position, Url};

use super::Credentials;
use crate::domain::RootUrl;
use crate::error::{Error, Kind, Result};
use crate::reference::Verb;

/// The content type of every body, in the header and in the payload hash.
pub(super) const CONTENT_TYPE: &str = "application/json";

/// The longest `Authorization` header that the services read, in characters. Certificates of some sixty long scopes do
/// not fit.
pub(crate) const HEADER_LIMIT: usize = 4096;

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
pub(super) fn header(credentials: &Credentials, signed: Signed<'_>, timestamp: u64, nonce: &str) -> Result<String> {
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
    let header = format!("Hawk {header}");
    if header.len() > HEADER_LIMIT {
        return Err(Error::new(
            Kind::Auth,
            format!("signing takes a header of {} characters, and the services read {HEADER_LIMIT}", header.len()),
        )
        .hint("Use credentials with fewer or shorter scopes; a `*` at the end of one can stand for many."));
    }
    Ok(header)
}

/// Whether requests can be signed with these credentials.
pub(crate) fn check(credentials: &Credentials, root: &RootUrl) -> Result<()> {
    let url = Url::parse(root.as_str())
        .map_err(|source| Error::usage(format!("invalid root URL `{root}`")).caused_by(source))?;
    let longest = Signed { verb: Verb::Delete, url: &url, body: Some(b"{}") };
    header(credentials, longest, u64::from(u32::MAX), &slugid::v4()).map(drop)
}

/// The URL with a bewit: whoever has it may GET it until `expires`, in seconds since the epoch.
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Vector {
        name: String,
        verb: String,
        url: String,
        body: Option<String>,
        authorized_scopes: Option<Vec<String>>,
        certificate: Option<String>,
        client_id: String,
        access_token: String,
        timestamp: u64,
        nonce: String,
        mac: String,
        hash: Option<String>,
        ext: Option<String>,
        expires: Option<u64>,
        bewit: Option<String>,
    }

    /// The signatures of two implementations that share no code with this one (scripts/hawk-vectors).
    const VECTORS: [&str; 2] =
        [include_str!("../../tests/data/hawk-npm.json"), include_str!("../../tests/data/hawk-mohawk.json")];

    fn vectors() -> impl Iterator<Item = Vector> {
        VECTORS.iter().flat_map(|text| serde_json::from_str::<Vec<Vector>>(text).unwrap())
    }

    fn credentials(vector: &Vector) -> Credentials {
        let mut credentials = Credentials::new(&vector.client_id, &vector.access_token);
        credentials.authorized_scopes.clone_from(&vector.authorized_scopes);
        match &vector.certificate {
            Some(certificate) => credentials.with_certificate(certificate),
            None => credentials,
        }
    }

    fn field(header: &str, name: &str) -> Option<String> {
        let (_, rest) = header.split_once(&format!(" {name}=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }

    #[test]
    fn headers_are_those_of_other_implementations() {
        assert_eq!(vectors().count(), 26);
        for vector in vectors() {
            let verb: Verb = serde_json::from_value(vector.verb.to_lowercase().into()).unwrap();
            let url = Url::parse(&vector.url).unwrap();
            assert_eq!(url.as_str(), vector.url);
            let signed = Signed { verb, url: &url, body: vector.body.as_ref().map(String::as_bytes) };
            let header = header(&credentials(&vector), signed, vector.timestamp, &vector.nonce).unwrap();
            let name = &vector.name;
            assert!(header.starts_with("Hawk id=\""), "{name}: {header}");
            assert_eq!(field(&header, "id").as_ref(), Some(&vector.client_id), "{name}");
            assert_eq!(field(&header, "ts"), Some(vector.timestamp.to_string()), "{name}");
            assert_eq!(field(&header, "nonce").as_ref(), Some(&vector.nonce), "{name}");
            assert_eq!(field(&header, "hash"), vector.hash, "{name}");
            assert_eq!(field(&header, "ext"), vector.ext, "{name}");
            assert_eq!(field(&header, "mac").as_ref(), Some(&vector.mac), "{name}");
        }
    }

    #[test]
    fn signed_urls_are_those_of_other_implementations() {
        let mut count = 0;
        for vector in vectors() {
            let (Some(expires), Some(bewit)) = (vector.expires, &vector.bewit) else { continue };
            let url = signed_url(&credentials(&vector), &Url::parse(&vector.url).unwrap(), expires).unwrap();
            let separator = if vector.url.contains('?') { '&' } else { '?' };
            assert_eq!(url.as_str(), format!("{}{separator}bewit={bewit}", vector.url), "{}", vector.name);
            count += 1;
        }
        assert_eq!(count, 18);
    }

    #[test]
    fn what_would_break_the_header_is_refused() {
        let url = Url::parse("https://tc.example.com/").unwrap();
        let signed = Signed { verb: Verb::Get, url: &url, body: None };
        for client_id in ["a\"b", "a\nb", "a\\b", "é"] {
            let error = header(&Credentials::new(client_id, "key"), signed, 1, "n").unwrap_err();
            assert_eq!(error.kind(), Kind::Auth, "{client_id}");
        }
        let broken = Credentials::new("c", "hunter2").with_certificate("[\"hunter3\"]");
        let error = header(&broken, signed, 1, "n").unwrap_err();
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
    }
}
