//! Temporary credentials and authorized scopes, as they arrive in `ext`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeZone as _, Utc};
use serde_json::{Map, Value};

use super::expand::{is_valid, merge, satisfies, satisfies_all};
use crate::sandbox::hawk::{hmac_sha256, same};

/// How far a certificate's start and expiry may lie off, in milliseconds.
const CLOCK_TOLERANCE_MS: i64 = 5 * 60 * 1000;
/// How long a certificate may be good, in milliseconds.
const MAX_LIFETIME_MS: i64 = 31 * 24 * 60 * 60 * 1000;

/// A key with what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub access_token: String,
    pub scopes: Vec<String>,
    pub expires: DateTime<Utc>,
}

/// The `ext` of a request, decoded.
#[derive(Debug)]
pub(super) struct Ext(Map<String, Value>);

impl Ext {
    /// Decodes base64 of a JSON object.
    ///
    /// # Errors
    /// The server's words when it is invalid.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok();
        match bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            Some(Value::Object(ext)) => Ok(Self(ext)),
            _ => Err("Failed to parse ext".into()),
        }
    }

    /// Whose key signed the certificate, where another name was given to the credentials.
    ///
    /// # Errors
    /// The server's words when it is not a string, or is the name itself.
    pub(super) fn issuer(&self, name: &str) -> Result<Option<&str>, String> {
        match self.0.get("certificate").and_then(|certificate| certificate.get("issuer")) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(issuer)) if issuer == name => {
                Err("ext.certificate.issuer must differ from the supplied clientId".into())
            }
            Some(Value::String(issuer)) => Ok(Some(issuer)),
            Some(_) => Err("ext.certificate.issuer must be a string".into()),
        }
    }

    /// Turns the issuer's key into that of the credentials called `name`.
    ///
    /// # Errors
    /// The server's words for what is wrong with the certificate or the authorized scopes.
    pub(super) fn limit(
        &self,
        name: &str,
        issuer: &str,
        mut key: Key,
        expand: &dyn Fn(&[String]) -> Vec<String>,
        now: DateTime<Utc>,
    ) -> Result<Key, String> {
        match self.0.get("certificate") {
            None | Some(Value::Null) => {}
            Some(Value::Object(certificate)) => {
                key = Certificate::read(certificate)?.derive(name, issuer, key, now)?;
            }
            Some(_) => return Err("ext.certificate must be a JSON object".into()),
        }
        match self.0.get("authorizedScopes") {
            None | Some(Value::Null) => {}
            Some(authorized) => key.scopes = authorized_scopes(authorized, &key.scopes, expand)?,
        }
        Ok(key)
    }
}

fn authorized_scopes(
    authorized: &Value,
    have: &[String],
    expand: &dyn Fn(&[String]) -> Vec<String>,
) -> Result<Vec<String>, String> {
    let authorized = scope_list(authorized, "ext.authorizedScopes")?;
    // What the anonymous role grants may be asked for as well.
    let have = expand(&merge(have, &["assume:anonymous".to_owned()]));
    if satisfies_all(&have, &authorized) {
        return Ok(authorized);
    }
    Err(format!(
        "Supplied credentials do not satisfy authorizedScopes; credentials have scopes:\n\n```\n{}\n```\n\n\
         authorizedScopes are:\n\n```\n{}\n```",
        have.join("\n"),
        authorized.join("\n")
    ))
}

fn scope_list(value: &Value, what: &str) -> Result<Vec<String>, String> {
    let Value::Array(list) = value else { return Err(format!("{what} must be an array")) };
    list.iter()
        .map(|scope| scope.as_str().filter(|scope| is_valid(scope)).map(Into::into))
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{what} must be an array of valid scopes"))
}

/// A certificate whose fields have the right types.
struct Certificate<'a> {
    seed: &'a str,
    start: i64,
    expiry: i64,
    scopes: Vec<String>,
    signature: &'a str,
    issuer: Option<&'a str>,
    names_client: bool,
}

impl<'a> Certificate<'a> {
    fn read(certificate: &'a Map<String, Value>) -> Result<Self, String> {
        let number = |name: &str| {
            certificate
                .get(name)
                .and_then(|value| value.as_i64().or_else(|| value.as_f64().map(|value| value as i64)))
                .ok_or_else(|| format!("ext.certificate.{name} must be a number"))
        };
        if certificate.get("version").and_then(Value::as_f64) != Some(1.0) {
            return Err("ext.certificate.version must be 1".into());
        }
        let seed = certificate.get("seed").and_then(Value::as_str);
        let seed = seed.ok_or("ext.certificate.seed must be a string")?;
        if seed.encode_utf16().count() != 44 {
            return Err("ext.certificate.seed must be 44 characters".into());
        }
        Ok(Self {
            seed,
            start: number("start")?,
            expiry: number("expiry")?,
            scopes: scope_list(certificate.get("scopes").unwrap_or(&Value::Null), "ext.certificate.scopes")?,
            signature: certificate.get("signature").and_then(Value::as_str).unwrap_or_default(),
            issuer: certificate.get("issuer").and_then(Value::as_str).filter(|issuer| !issuer.is_empty()),
            names_client: certificate.contains_key("clientId"),
        })
    }

    /// The temporary key, once all about the certificate has been checked.
    fn derive(&self, name: &str, issuer: &str, key: Key, now: DateTime<Utc>) -> Result<Key, String> {
        let now = now.timestamp_millis();
        if self.start > now + CLOCK_TOLERANCE_MS {
            return Err("ext.certificate.start > now".into());
        }
        if self.expiry < now - CLOCK_TOLERANCE_MS {
            return Err("ext.certificate.expiry < now".into());
        }
        if self.expiry.saturating_sub(self.start) > MAX_LIFETIME_MS {
            return Err("ext.certificate cannot last longer than 31 days!".into());
        }
        if name != issuer {
            let create = format!("auth:create-client:{name}");
            if !key.scopes.iter().any(|have| satisfies(have, &create)) {
                return Err(format!(
                    "ext.certificate issuer `{issuer}` doesn't have `{create}` for supplied clientId."
                ));
            }
        } else if self.names_client {
            return Err("ext.certificate.clientId must only be used with ext.certificate.issuer".into());
        }
        if !satisfies_all(&key.scopes, &self.scopes) {
            return Err(format!(
                "ext.certificate issuer `{issuer}` doesn't satisfy all certificate scopes {}.  \
                 The temporary credentials were not generated correctly.",
                self.scopes.join(", ")
            ));
        }
        let signature = STANDARD.encode(hmac_sha256(key.access_token.as_bytes(), self.signed_text(name).as_bytes()));
        if !same(&signature, self.signature) {
            let hint = if self.issuer.is_some() { ", or wrong clientId provided" } else { "" };
            return Err(format!("ext.certificate.signature is not valid{hint}"));
        }
        let access_token = URL_SAFE_NO_PAD.encode(hmac_sha256(key.access_token.as_bytes(), self.seed.as_bytes()));
        let expires = Utc.timestamp_millis_opt(self.expiry).single().map_or(key.expires, |at| at.min(key.expires));
        Ok(Key { access_token, scopes: self.scopes.clone(), expires })
    }

    fn signed_text(&self, name: &str) -> String {
        let mut lines = vec!["version:1".to_owned()];
        if let Some(issuer) = self.issuer {
            lines.push(format!("clientId:{name}"));
            lines.push(format!("issuer:{issuer}"));
        }
        lines.push(format!("seed:{}", self.seed));
        lines.push(format!("start:{}", self.start));
        lines.push(format!("expiry:{}", self.expiry));
        lines.push("scopes:".into());
        lines.extend(self.scopes.iter().cloned());
        lines.join("\n")
    }
}
