//! The server's half of Hawk: what a header or a bewit claims, and whether it is true.
//!
//! Written from the protocol and checked against vectors of another implementation
//! (`tests/data/hawk-server-*.json`); it uses none of the code that signs.

mod bewit;
mod header;

pub(super) use bewit::Bewit;
pub(super) use header::Header;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// How far a request's time may lie off the server's: 15 minutes, in seconds.
pub(super) const MAX_SKEW_SECONDS: i64 = 15 * 60;

/// Longest `Authorization` header, and longest URL with a bewit, that the services' library reads, in bytes.
pub(super) const MAX_LENGTH: usize = 4096;

/// What a request is signed over, apart from what its header or bewit claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'a> {
    /// The verb, in any case.
    pub verb: &'a str,
    /// Path and query as they were sent.
    pub resource: &'a str,
    /// Host without port.
    pub host: &'a str,
    /// Explicit or default port.
    pub port: u16,
}

/// The parts of the text that a MAC covers, in their order.
struct Claims<'a> {
    kind: &'a str,
    ts: &'a str,
    nonce: &'a str,
    hash: &'a str,
    ext: &'a str,
    app: Option<(&'a str, &'a str)>,
}

impl Signed<'_> {
    fn mac(&self, key: &[u8], claims: &Claims<'_>) -> String {
        let mut text = format!(
            "hawk.1.{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            claims.kind,
            claims.ts,
            claims.nonce,
            self.verb.to_uppercase(),
            self.resource,
            self.host.to_lowercase(),
            self.port,
            claims.hash,
            claims.ext.replace('\\', "\\\\").replace('\n', "\\n"),
        );
        if let Some((app, delegated_by)) = claims.app {
            text.push_str(&format!("{app}\n{delegated_by}\n"));
        }
        STANDARD.encode(hmac_sha256(key, text.as_bytes()))
    }
}

/// HMAC-SHA256.
pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// The hash of a body with its content type; parameters of the type do not count.
pub(super) fn payload_hash(content_type: &str, body: &[u8]) -> String {
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_lowercase();
    let mut hash = Sha256::new();
    hash.update(b"hawk.1.payload\n");
    hash.update(content_type.as_bytes());
    hash.update(b"\n");
    hash.update(body);
    hash.update(b"\n");
    STANDARD.encode(hash.finalize())
}

/// Compares two texts in a time that does not tell where they differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Host and port of a `Host` header; the port is 80 where it names none.
pub(super) fn host_and_port(host: &str) -> Option<(&str, u16)> {
    let host = host.trim();
    let name_ends = if host.starts_with('[') { host.find(']')? + 1 } else { host.find(':').unwrap_or(host.len()) };
    let (name, port) = host.split_at(name_ends);
    match port.strip_prefix(':') {
        Some(port) => Some((name, port.parse().ok()?)),
        None if port.is_empty() && !name.is_empty() => Some((name, 80)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        name: String,
        now: i64,
        key: String,
        verb: String,
        resource: String,
        host: String,
        port: u16,
        header: Option<String>,
        body: Option<String>,
        content_type: Option<String>,
        hash: Option<String>,
        verdict: String,
    }

    impl Vector {
        fn judge(&self) -> Result<(), String> {
            let signed = Signed { verb: &self.verb, resource: &self.resource, host: &self.host, port: self.port };
            match &self.header {
                Some(header) => Header::parse(header)?.verify(&signed, self.key.as_bytes(), self.now),
                None => {
                    let bewit = Bewit::find(&self.resource).ok_or("no bewit")??;
                    Bewit::allows(&self.verb)?;
                    bewit.verify(&signed, self.key.as_bytes(), self.now)
                }
            }
        }
    }

    #[test]
    fn another_implementation_judges_the_same() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../tests/data/hawk-server-npm.json")).unwrap();
        assert!(vectors.len() > 40);
        for vector in vectors {
            let verdict = vector.judge().err().unwrap_or_else(|| "ok".into());
            assert_eq!(verdict, vector.verdict, "{}", vector.name);
            if let (Some(body), Some(content_type)) = (&vector.body, &vector.content_type) {
                assert_eq!(Some(payload_hash(content_type, body.as_bytes())), vector.hash, "{}", vector.name);
            }
        }
    }

    #[test]
    fn a_host_header_has_a_name_and_perhaps_a_port() {
        assert_eq!(host_and_port("localhost:8080"), Some(("localhost", 8080)));
        assert_eq!(host_and_port("[::1]:8080"), Some(("[::1]", 8080)));
        assert_eq!(host_and_port("tc.example.com"), Some(("tc.example.com", 80)));
        assert_eq!(host_and_port("a:b"), None);
        assert_eq!(host_and_port("[::1"), None);
        assert_eq!(host_and_port(""), None);
    }

    #[test]
    fn parameters_of_the_content_type_do_not_count() {
        let hash = payload_hash("application/json", b"{}");
        assert_eq!(payload_hash("Application/JSON; charset=utf-8", b"{}"), hash);
        assert_ne!(payload_hash("text/plain", b"{}"), hash);
    }

    #[test]
    fn same_compares_all_of_it() {
        assert!(same("abc", "abc"));
        assert!(!same("abc", "abd"));
        assert!(!same("abc", "ab"));
    }
}
