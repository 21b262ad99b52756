//! Requests to the sandbox in the name of a task: signed with its credentials as any client would.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use crate::sandbox::hawk::hmac_sha256;

/// Credentials as a claim hands them out.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credentials {
    pub client_id: String,
    pub access_token: String,
    /// JSON as text; permanent credentials have none.
    pub certificate: Option<String>,
    /// The scopes that may be used; all where there are none.
    #[serde(skip)]
    pub authorized_scopes: Option<Vec<String>>,
}

impl Credentials {
    /// The `ext` attribute that carries the certificate and the authorized scopes; empty without either.
    fn ext(&self) -> String {
        let certificate = self.certificate.as_ref().map(|certificate| format!("\"certificate\":{certificate}"));
        let scopes = self.authorized_scopes.as_ref().map(|scopes| format!("\"authorizedScopes\":{}", json!(scopes)));
        let members: Vec<String> = certificate.into_iter().chain(scopes).collect();
        if members.is_empty() { String::new() } else { STANDARD.encode(format!("{{{}}}", members.join(","))) }
    }

    fn mac(&self, text: &str) -> String {
        STANDARD.encode(hmac_sha256(self.access_token.as_bytes(), text.as_bytes()))
    }

    /// The `Authorization` header of a request: its verb, its path with the query, the host with its port.
    pub(super) fn header(&self, verb: &str, resource: &str, (host, port): (&str, u16), now: DateTime<Utc>) -> String {
        let (ts, nonce, ext) = (now.timestamp(), slugid::v4(), self.ext());
        let verb = verb.to_uppercase();
        let mac = self.mac(&format!("hawk.1.header\n{ts}\n{nonce}\n{verb}\n{resource}\n{host}\n{port}\n\n{ext}\n"));
        let id = &self.client_id;
        let ext = if ext.is_empty() { ext } else { format!(", ext=\"{ext}\"") };
        format!("Hawk id=\"{id}\", ts=\"{ts}\", nonce=\"{nonce}\"{ext}, mac=\"{mac}\"")
    }

    /// The `bewit` that lets anybody GET a path until `expiry`.
    pub(super) fn bewit(&self, resource: &str, (host, port): (&str, u16), expiry: DateTime<Utc>) -> String {
        let (expiry, ext) = (expiry.timestamp(), self.ext());
        let mac = self.mac(&format!("hawk.1.bewit\n{expiry}\n\nGET\n{resource}\n{host}\n{port}\n\n{ext}\n"));
        URL_SAFE_NO_PAD.encode(format!("{}\\{expiry}\\{mac}\\{ext}", self.client_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::hawk::{Bewit, Header, Signed};

    #[test]
    fn what_is_signed_is_accepted_by_the_verifier_and_only_for_what_was_signed() {
        let now = Utc::now();
        let place = ("localhost", 1234);
        for certificate in [None, Some("{\"version\":1}".to_owned())] {
            let credentials = Credentials {
                client_id: "task-client/x".into(),
                access_token: "key".into(),
                certificate,
                authorized_scopes: None,
            };
            let header = Header::parse(&credentials.header("post", "/api/x?y=1", place, now)).unwrap();
            let signed = |resource| Signed { verb: "POST", resource, host: "localhost", port: 1234 };
            assert_eq!(header.verify(&signed("/api/x?y=1"), b"key", now.timestamp()), Ok(()));
            assert!(header.verify(&signed("/api/x?y=2"), b"key", now.timestamp()).is_err());
            let url = format!("/api/x?bewit={}", credentials.bewit("/api/x", place, now + chrono::TimeDelta::hours(1)));
            let bewit = Bewit::find(&url).unwrap().unwrap();
            let signed = Signed { verb: "GET", resource: &url, host: "localhost", port: 1234 };
            assert_eq!(bewit.verify(&signed, b"key", now.timestamp()), Ok(()));
            assert_eq!(header.ext.is_some(), credentials.certificate.is_some());
        }
    }
}
