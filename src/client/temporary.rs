//! Temporary credentials, made offline from permanent ones. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;

use super::Credentials;
use crate::error::{Error, Kind, Result};

/// The longest time that temporary credentials may be good for.
const MAX_LIFETIME: TimeDelta = TimeDelta::days(31);

/// What temporary credentials shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporaryOptions {
    /// The client ID of *named* credentials; without a name they keep the issuer's.
    pub name: Option<String>,
    /// What they may do; no more than the issuer may.
    pub scopes: Vec<String>,
    /// From when they are valid.
    pub start: DateTime<Utc>,
    /// Until when they are valid: at most 31 days after the start.
    pub expiry: DateTime<Utc>,
    /// Random text that is never used twice: two slugids, one after the other.
    pub seed: String,
}

#[derive(Serialize)]
struct Certificate<'a> {
    version: u8,
    scopes: &'a [String],
    start: i64,
    expiry: i64,
    seed: &'a str,
    signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
}

/// Makes temporary credentials; the server learns of them when they are used.
///
/// # Errors
/// [`Kind::Usage`] when they would last more than 31 days, end before they start, or have a scope
/// with a line break, which would be two; [`Kind::Auth`] when the issuer is temporary itself.
pub fn temporary_credentials(issuer: &Credentials, options: &TemporaryOptions) -> Result<Credentials> {
    if issuer.certificate.is_some() {
        return Err(Error::new(Kind::Auth, "temporary credentials cannot issue others")
            .hint("Issue them with permanent credentials: those of a client."));
    }
    if options.expiry <= options.start {
        return Err(Error::usage("temporary credentials must expire after they start"));
    }
    if options.expiry - options.start > MAX_LIFETIME {
        return Err(Error::usage("temporary credentials cannot last longer than 31 days"));
    }
    let name = options.name.as_deref();
    let lines = options.scopes.iter().chain(options.name.iter()).any(|text| text.contains(['\n', '\r']));
    if lines || name.is_some_and(str::is_empty) {
        return Err(Error::usage("neither a scope nor a name can have a line break, and a name must not be empty"));
    }
    let key = issuer.access_token.reveal().as_bytes();
    let certificate = Certificate {
        version: 1,
        scopes: &options.scopes,
        start: options.start.timestamp_millis(),
        expiry: options.expiry.timestamp_millis(),
        seed: &options.seed,
        signature: STANDARD.encode(hmac(key, &signed_text(&issuer.client_id, options))?),
        issuer: name.map(|_| issuer.client_id.as_str()),
    };
    let certificate = serde_json::to_string(&certificate)
        .map_err(|source| Error::failed("cannot write the certificate").caused_by(source))?;
    let access_token = URL_SAFE_NO_PAD.encode(hmac(key, &options.seed)?);
    let mut credentials =
        Credentials::new(name.unwrap_or(&issuer.client_id), access_token).with_certificate(certificate);
    credentials.authorized_scopes.clone_from(&issuer.authorized_scopes);
    Ok(credentials)
}

/// What the signature covers, line by line.
fn signed_text(issuer: &str, options: &TemporaryOptions) -> String {
    let mut lines = vec!["version:1".to_owned()];
    if let Some(name) = &options.name {
        lines.push(format!("clientId:{name}"));
        lines.push(format!("issuer:{issuer}"));
    }
    lines.push(format!("seed:{}", options.seed));
    lines.push(format!("start:{}", options.start.timestamp_millis()));
    lines.push(format!("expiry:{}", options.expiry.timestamp_millis()));
    lines.push("scopes:".to_owned());
    lines.extend(options.scopes.iter().cloned());
    lines.join("\n")
}

fn hmac(key: &[u8], text: &str) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .map_err(|_| Error::new(Kind::Auth, "the access token cannot be used as a key"))?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::Value;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        case: String,
        issuer: String,
        issuer_token: String,
        name: Option<String>,
        scopes: Vec<String>,
        start: i64,
        expiry: i64,
        seed: String,
        client_id: String,
        access_token: String,
        certificate: Value,
    }

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(milliseconds).unwrap()
    }

    fn options() -> TemporaryOptions {
        let (start, expiry) = (at(1_700_000_000_000), at(1_700_003_600_000));
        TemporaryOptions { name: None, scopes: vec!["a".into()], start, expiry, seed: "seed".into() }
    }

    #[test]
    fn credentials_are_those_of_the_services_own_library() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/data/hawk-temporary.json")).unwrap();
        assert_eq!(vectors.len(), 4);
        for vector in vectors {
            let options = TemporaryOptions {
                name: vector.name,
                scopes: vector.scopes,
                start: at(vector.start),
                expiry: at(vector.expiry),
                seed: vector.seed,
            };
            let made = temporary_credentials(&Credentials::new(vector.issuer, vector.issuer_token), &options).unwrap();
            assert_eq!(made.client_id, vector.client_id, "{}", vector.case);
            assert_eq!(made.access_token.reveal(), vector.access_token, "{}", vector.case);
            let certificate: Value = serde_json::from_str(made.certificate.unwrap().reveal()).unwrap();
            assert_eq!(certificate, vector.certificate, "{}", vector.case);
        }
    }

    #[test]
    fn temporary_credentials_issue_no_others() {
        let issuer = Credentials::new("c", "t").with_certificate("{}");
        assert_eq!(temporary_credentials(&issuer, &options()).unwrap_err().kind(), Kind::Auth);
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_here() {
        let issuer = Credentials::new("c", "t");
        let refused = |options: TemporaryOptions| temporary_credentials(&issuer, &options).unwrap_err().kind();
        let start = options().start;
        assert!(
            temporary_credentials(&issuer, &TemporaryOptions { expiry: start + MAX_LIFETIME, ..options() }).is_ok()
        );
        let too_long = start + MAX_LIFETIME + TimeDelta::milliseconds(1);
        assert_eq!(refused(TemporaryOptions { expiry: too_long, ..options() }), Kind::Usage);
        assert_eq!(refused(TemporaryOptions { expiry: start, ..options() }), Kind::Usage);
        assert_eq!(refused(TemporaryOptions { scopes: vec!["a\nb".into()], ..options() }), Kind::Usage);
        assert_eq!(refused(TemporaryOptions { name: Some(String::new()), ..options() }), Kind::Usage);
    }
}
