//! Signed URLs: `?bewit=<base64url of id\exp\mac\ext>`

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Claims, MAX_LENGTH, Signed, same};

/// What a bewit claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Bewit {
    /// The client ID.
    pub id: String,
    expires: String,
    mac: String,
    /// Base64 of the `ext` object; empty when there is none.
    pub ext: String,
    /// Path and query without the bewit.
    pub resource: String,
}

impl Bewit {
    /// The bewit in a resource, if the query has one.
    ///
    /// # Errors
    /// The server's words for what is wrong with it.
    pub(in crate::sandbox) fn find(resource: &str) -> Option<Result<Self, String>> {
        // The last one counts, as in `a?bewit=x&bewit=y`, where the rest stays part of the resource.
        let at = ["?bewit=", "&bewit="].iter().filter_map(|mark| resource.rfind(mark)).max()?;
        if resource.len() > MAX_LENGTH {
            return Some(Err("Bad Request: Resource path exceeds max length".into()));
        }
        let (before, found) = resource.split_at(at);
        let (mark, found) = found.split_at(1);
        let found = found.trim_start_matches("bewit=");
        let (text, after) = found.split_once('&').unwrap_or((found, ""));
        let resource = if after.is_empty() { before.to_owned() } else { format!("{before}{mark}{after}") };
        Some(Self::parse(text, resource))
    }

    fn parse(text: &str, resource: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err("Unauthorized: Empty bewit".into());
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| "Bad Request: Invalid bewit encoding".to_owned())?;
        let text = String::from_utf8_lossy(&bytes);
        let [id, expires, mac, ext] = text.split('\\').collect::<Vec<_>>()[..] else {
            return Err("Bad Request: Invalid bewit structure".into());
        };
        if id.is_empty() || expires.is_empty() || mac.is_empty() {
            return Err("Bad Request: Missing bewit attributes".into());
        }
        Ok(Self { id: id.into(), expires: expires.into(), mac: mac.into(), ext: ext.into(), resource })
    }

    /// Checks that a signed URL is valid for the verb.
    ///
    /// # Errors
    /// The server's words, for any verb but GET and HEAD.
    pub(in crate::sandbox) fn allows(verb: &str) -> Result<(), String> {
        let allowed = verb.eq_ignore_ascii_case("GET") || verb.eq_ignore_ascii_case("HEAD");
        if allowed { Ok(()) } else { Err("Unauthorized: Invalid method".into()) }
    }

    /// Checks the MAC with the client's key, then the time; `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// The server's words for what is wrong.
    pub(in crate::sandbox) fn verify(&self, signed: &Signed<'_>, key: &[u8], now: i64) -> Result<(), String> {
        let claims = Claims { kind: "bewit", ts: &self.expires, nonce: "", hash: "", ext: &self.ext, app: None };
        // A signed URL is valid for HEAD as well, but it is always signed for GET.
        let signed = Signed { verb: "GET", resource: &self.resource, ..*signed };
        if !same(&signed.mac(key, &claims), &self.mac) {
            return Err("Unauthorized: Bad mac".into());
        }
        match self.expires.parse::<i64>() {
            Ok(expires) if expires > now => Ok(()),
            _ => Err("Unauthorized: Access expired".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bewit(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn the_bewit_is_cut_out_of_the_resource() {
        let text = bewit("id\\12\\mac\\ext");
        for (resource, without) in [
            (format!("/a?bewit={text}"), "/a"),
            (format!("/a?x=1&bewit={text}"), "/a?x=1"),
            (format!("/a?bewit={text}&y=2"), "/a?y=2"),
            (format!("/a?x=1&bewit={text}&y=2"), "/a?x=1&y=2"),
        ] {
            let found = Bewit::find(&resource).unwrap().unwrap();
            assert_eq!((found.resource.as_str(), found.id.as_str(), found.ext.as_str()), (without, "id", "ext"));
        }
        assert_eq!(Bewit::find("/a?x=bewit"), None);
    }

    #[test]
    fn faults_in_a_bewit_are_named() {
        for (text, reason) in [
            (String::new(), "Unauthorized: Empty bewit"),
            ("*".into(), "Bad Request: Invalid bewit encoding"),
            (bewit("a\\b"), "Bad Request: Invalid bewit structure"),
            (bewit("a\\\\c\\"), "Bad Request: Missing bewit attributes"),
        ] {
            assert_eq!(Bewit::find(&format!("/a?bewit={text}")).unwrap().unwrap_err(), reason);
        }
    }
}
