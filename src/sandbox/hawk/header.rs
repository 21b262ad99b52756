//! `Authorization: Hawk id="..", ts="..", ..`

use super::{Claims, MAX_LENGTH, MAX_SKEW_SECONDS, Signed, same};

/// What an `Authorization` header claims.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Header {
    /// The client ID.
    pub id: String,
    ts: String,
    nonce: String,
    /// The hash of the body, where the client signed it.
    pub hash: Option<String>,
    /// Base64 of the `ext` object.
    pub ext: Option<String>,
    mac: String,
    app: Option<String>,
    dlg: Option<String>,
}

impl Header {
    /// Takes a header apart.
    ///
    /// # Errors
    /// The server's words for what is wrong with it.
    pub(in crate::sandbox) fn parse(text: &str) -> Result<Self, String> {
        let bad = |reason: &str| Err(format!("Bad Request: {reason}"));
        if text.len() > MAX_LENGTH {
            return bad("Header length too long");
        }
        let (scheme, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        if scheme.is_empty() || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return bad("Invalid header syntax");
        }
        if !scheme.eq_ignore_ascii_case("hawk") {
            return Err("Unauthorized: Unauthorized".into());
        }
        if rest.trim().is_empty() {
            return bad("Invalid header syntax");
        }
        let mut header = Self::default();
        let mut seen = Vec::new();
        let mut rest = rest.trim_start();
        while !rest.is_empty() {
            let Some((name, value, after)) = attribute(rest) else { return bad("Bad header format") };
            if seen.contains(&name) {
                return bad(&format!("Duplicate attribute: {name}"));
            }
            seen.push(name);
            if value.is_empty() || !value.chars().all(is_allowed) {
                return bad(&format!("Bad attribute value: {name}"));
            }
            if !header.set(name, value) {
                return bad(&format!("Unknown attribute: {name}"));
            }
            rest = after;
        }
        if [&header.id, &header.ts, &header.nonce, &header.mac].iter().any(|value| value.is_empty()) {
            return bad("Missing attributes");
        }
        Ok(header)
    }

    fn set(&mut self, name: &str, value: &str) -> bool {
        let value = value.to_owned();
        match name {
            "id" => self.id = value,
            "ts" => self.ts = value,
            "nonce" => self.nonce = value,
            "mac" => self.mac = value,
            "hash" => self.hash = Some(value),
            "ext" => self.ext = Some(value),
            "app" => self.app = Some(value),
            "dlg" => self.dlg = Some(value),
            _ => return false,
        }
        true
    }

    /// Checks the MAC with the client's key, then the time; `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// The server's words for what is wrong.
    pub(in crate::sandbox) fn verify(&self, signed: &Signed<'_>, key: &[u8], now: i64) -> Result<(), String> {
        let claims = Claims {
            kind: "header",
            ts: &self.ts,
            nonce: &self.nonce,
            hash: self.hash.as_deref().unwrap_or_default(),
            ext: self.ext.as_deref().unwrap_or_default(),
            app: self.app.as_deref().map(|app| (app, self.dlg.as_deref().unwrap_or_default())),
        };
        if !same(&signed.mac(key, &claims), &self.mac) {
            return Err("Unauthorized: Bad mac".into());
        }
        match self.ts.parse::<i64>() {
            Ok(ts) if ts.saturating_sub(now).saturating_abs() <= MAX_SKEW_SECONDS => Ok(()),
            _ => Err("Unauthorized: Stale timestamp".into()),
        }
    }
}

/// Name and value of the first attribute, and what follows it.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once("=\"")?;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let (value, rest) = rest.split_once('"')?;
    if value.contains('\\') {
        return None;
    }
    let rest = rest.trim_start();
    match rest.strip_prefix(',') {
        Some(after) => Some((name, value, after.trim_start())),
        None if rest.is_empty() => Some((name, value, "")),
        None => None,
    }
}

/// Printable ASCII; quotes and backslashes cannot come this far, as Hawk has no escapes.
fn is_allowed(c: char) -> bool {
    (' '..='~').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_in_the_header_are_named() {
        let long = format!("Hawk id=\"{}\"", "a".repeat(MAX_LENGTH));
        for (text, reason) in [
            ("Hawk", "Bad Request: Invalid header syntax"),
            ("Basic abc", "Unauthorized: Unauthorized"),
            ("", "Bad Request: Invalid header syntax"),
            ("Hawk id=\"a\" ts=\"1\"", "Bad Request: Bad header format"),
            ("Hawk id=\"a\", id=\"b\"", "Bad Request: Duplicate attribute: id"),
            ("Hawk id=\"a\", x=\"b\"", "Bad Request: Unknown attribute: x"),
            ("Hawk id=\"\u{e9}\"", "Bad Request: Bad attribute value: id"),
            ("Hawk id=\"a\", ts=\"1\"", "Bad Request: Missing attributes"),
            (&long, "Bad Request: Header length too long"),
        ] {
            assert_eq!(Header::parse(text).unwrap_err(), reason, "{text}");
        }
    }

    #[test]
    fn a_header_is_taken_apart() {
        let header = Header::parse("hawk id=\"a/b\", ts=\"12\",nonce=\"n\", ext=\"e30=\", mac=\"m=\"").unwrap();
        assert_eq!((header.id.as_str(), header.ext.as_deref()), ("a/b", Some("e30=")));
        assert_eq!((header.ts.as_str(), header.mac.as_str(), header.hash), ("12", "m=", None));
    }
}
