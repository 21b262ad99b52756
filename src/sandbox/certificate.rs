//! What services sign with their own clients: temporary credentials for tasks, and URLs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// A permanent client that issues temporary credentials.
#[derive(Clone)]
pub(super) struct Issuer {
    /// The client ID: `static/taskcluster/queue`.
    pub client_id: String,
    /// The access token; it keys the signatures.
    pub access_token: String,
}

impl Issuer {
    /// Named credentials with these scopes for a time: `{clientId, accessToken, certificate}`, the last as text.
    pub(super) fn credentials(
        &self,
        name: &str,
        scopes: &[String],
        start: DateTime<Utc>,
        expiry: DateTime<Utc>,
    ) -> Value {
        let seed = format!("{}{}", slugid::v4(), slugid::v4());
        self.with_seed(name, scopes, start, expiry, &seed)
    }

    fn with_seed(
        &self,
        name: &str,
        scopes: &[String],
        start: DateTime<Utc>,
        expiry: DateTime<Utc>,
        seed: &str,
    ) -> Value {
        let (start, expiry) = (start.timestamp_millis(), expiry.timestamp_millis());
        let mut lines = vec![
            "version:1".to_owned(),
            format!("clientId:{name}"),
            format!("issuer:{}", self.client_id),
            format!("seed:{seed}"),
            format!("start:{start}"),
            format!("expiry:{expiry}"),
            "scopes:".to_owned(),
        ];
        lines.extend_from_slice(scopes);
        let certificate = json!({
            "version": 1,
            "scopes": scopes,
            "start": start,
            "expiry": expiry,
            "seed": seed,
            "signature": STANDARD.encode(self.mac(&lines.join("\n"))),
            "issuer": self.client_id,
        });
        json!({
            "clientId": name,
            "accessToken": URL_SAFE_NO_PAD.encode(self.mac(seed)),
            "certificate": certificate.to_string(),
        })
    }

    /// A URL for a GET that this client makes on somebody's behalf, valid until `expiry`. `path` is encoded already and
    /// has no query.
    pub(super) fn signed_url(&self, root_url: &str, path: &str, expiry: DateTime<Utc>) -> String {
        let (scheme, authority) = root_url.split_once("://").unwrap_or(("http", root_url));
        let (host, port) = authority
            .rsplit_once(':')
            .filter(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
            .unwrap_or((authority, if scheme == "https" { "443" } else { "80" }));
        let expiry = expiry.timestamp();
        let text = format!("hawk.1.bewit\n{expiry}\n\nGET\n{path}\n{}\n{port}\n\n\n", host.to_lowercase());
        let bewit = format!("{}\\{expiry}\\{}\\", self.client_id, STANDARD.encode(self.mac(&text)));
        format!("{root_url}{path}?bewit={}", URL_SAFE_NO_PAD.encode(bewit))
    }

    fn mac(&self, text: &str) -> Vec<u8> {
        // HMAC takes keys of any length, so there is always a code.
        Hmac::<Sha256>::new_from_slice(self.access_token.as_bytes())
            .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::wire::parse_time;

    /// The expected values were made with Python's `hmac` and `base64` from the lines of the specification.
    #[test]
    fn signature_and_token_follow_the_specification() {
        let issuer = Issuer { client_id: "static/taskcluster/queue".into(), access_token: "key".into() };
        let made = issuer.with_seed(
            "task-client/x",
            &["a".to_owned(), "b:*".to_owned()],
            parse_time("2026-11-22T12:54:12.240Z").unwrap(),
            parse_time("2026-11-22T13:14:12.236Z").unwrap(),
            "tv7dRNNqQmijGG7Yw7JVgQn2ppTd1YSVWfWEgkXHJAXw",
        );
        assert_eq!(made["clientId"], "task-client/x");
        assert_eq!(made["accessToken"], "7D6InJKEgEIItby1oeeFycYBSX-09t4qEepUzP3e1Ss");
        assert_eq!(
            made["certificate"],
            r#"{"version":1,"scopes":["a","b:*"],"start":1795352052240,"expiry":1795353252236,"seed":"tv7dRNNqQmijGG7Yw7JVgQn2ppTd1YSVWfWEgkXHJAXw","signature":"KTs75m0FQCK3YG1bODVvg0esLIeQvXxMiByH3DjZHZs=","issuer":"static/taskcluster/queue"}"#
        );
    }

    /// The code was made with Python's `hmac` over the lines that Hawk's specification lists.
    #[test]
    fn a_signed_url_carries_client_expiry_and_code() {
        let issuer = Issuer { client_id: "static/taskcluster/index".into(), access_token: "key".into() };
        let expiry = parse_time("2026-11-22T13:14:12.236Z").unwrap();
        let url = issuer.signed_url("http://localhost:1234", "/api/queue/v1/task/x/artifacts/private%2Fx", expiry);
        let (before, bewit) = url.split_once("?bewit=").unwrap();
        assert_eq!(before, "http://localhost:1234/api/queue/v1/task/x/artifacts/private%2Fx");
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(bewit).unwrap()).unwrap();
        assert_eq!(text, "static/taskcluster/index\\1795353252\\/bDQ4l9iGmno32/uk8xIvHMgEk52cx110DPlGvbSouU=\\");
    }

    #[test]
    fn every_certificate_has_its_own_seed() {
        let issuer = Issuer { client_id: "i".into(), access_token: "key".into() };
        let now = Utc::now();
        let one = issuer.credentials("n", &[], now, now);
        assert_ne!(one, issuer.credentials("n", &[], now, now));
    }
}
