//! Signed, expiring URLs in the form of S3: AWS Signature Version 4 in the query, with the payload left unsigned.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// What AWS leaves unencoded in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same in a path, whose slashes stand.
const PATH: &AsciiSet = &QUERY.remove(b'/');
const REGION: &str = "us-east-1";
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// Who signs.
pub(super) struct Signer {
    pub key_id: String,
    pub secret: String,
}

/// What a URL allows.
pub(super) struct Grant<'a> {
    pub verb: &'a str,
    /// Host and port.
    pub host: &'a str,
    /// The path, decoded.
    pub path: &'a str,
    /// The headers that must come with exactly these values, with names in lower case, sorted.
    pub headers: &'a [(&'a str, &'a str)],
    /// Further pairs of the query.
    pub query: &'a [(&'a str, &'a str)],
    pub at: DateTime<Utc>,
    pub lifetime: TimeDelta,
}

/// Why a signed URL is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// It was good before.
    Expired,
    /// Something in it, or in the request, is not what was signed.
    Mismatch,
}

/// The path as it stands in a URL.
pub(super) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

impl Signer {
    /// The query of a URL with this grant, without the question mark.
    pub(super) fn sign(&self, grant: &Grant<'_>) -> String {
        let names: Vec<&str> = grant.headers.iter().map(|(name, _)| *name).chain(["host"]).collect();
        let mut names = names;
        names.sort_unstable();
        let date = grant.at.format(TIME).to_string();
        let credential = format!("{}/{}/{REGION}/s3/aws4_request", self.key_id, date.get(..8).unwrap_or_default());
        let mut pairs: Vec<(String, String)> = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("X-Amz-Credential", credential),
            ("X-Amz-Date", date.clone()),
            ("X-Amz-Expires", grant.lifetime.num_seconds().to_string()),
            ("X-Amz-SignedHeaders", names.join(";")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        pairs.extend(grant.query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut headers: Vec<(&str, &str)> = grant.headers.to_vec();
        headers.push(("host", grant.host));
        headers.sort_unstable();
        let signature = self.signature(grant.verb, grant.path, &pairs, &headers, &date);
        pairs.push(("X-Amz-Signature".into(), signature));
        canonical_query(&pairs)
    }

    /// Checks a request whose query is signed; `header` tells the value of a header of the request.
    pub(super) fn check(
        &self,
        verb: &str,
        path: &str,
        query: &[(String, String)],
        header: impl Fn(&str) -> Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(), Denied> {
        let value = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let (date, names) = value("X-Amz-Date").zip(value("X-Amz-SignedHeaders")).ok_or(Denied::Mismatch)?;
        let at = NaiveDateTime::parse_from_str(date, TIME).map_err(|_| Denied::Mismatch)?.and_utc();
        let lifetime = value("X-Amz-Expires").and_then(|text| text.parse::<u32>().ok()).ok_or(Denied::Mismatch)?;
        let headers: Vec<(&str, String)> =
            names.split(';').map(|name| (name, header(name).unwrap_or_default())).collect();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.trim())).collect();
        let pairs: Vec<_> = query.iter().filter(|(name, _)| name != "X-Amz-Signature").cloned().collect();
        let expected = self.signature(verb, path, &pairs, &headers, date);
        if value("X-Amz-Signature") != Some(expected.as_str()) {
            return Err(Denied::Mismatch);
        }
        if at + TimeDelta::seconds(i64::from(lifetime)) < now { Err(Denied::Expired) } else { Ok(()) }
    }

    fn signature(
        &self,
        verb: &str,
        path: &str,
        query: &[(String, String)],
        headers: &[(&str, &str)],
        date: &str,
    ) -> String {
        let mut request = format!("{verb}\n{}\n{}\n", encode_path(path), canonical_query(query));
        let mut names = Vec::new();
        for (name, value) in headers {
            request += &format!("{name}:{value}\n");
            names.push(*name);
        }
        request += &format!("\n{}\nUNSIGNED-PAYLOAD", names.join(";"));
        let day = date.get(..8).unwrap_or_default();
        let hash = HEXLOWER.encode(&Sha256::digest(request.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{day}/{REGION}/s3/aws4_request\n{hash}");
        let key = [day, REGION, "s3", "aws4_request"]
            .iter()
            .fold(format!("AWS4{}", self.secret).into_bytes(), |key, part| mac(&key, part));
        HEXLOWER.encode(&mac(&key, &text))
    }
}

fn canonical_query(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, QUERY).to_string();
    let mut encoded: Vec<(String, String)> = pairs.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    encoded.sort_unstable();
    encoded.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length, so there is always a code.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of a presigned URL in the documentation of AWS Signature Version 4.
    #[test]
    fn a_signature_is_that_of_the_public_example() {
        let signer =
            Signer { key_id: "AKIAIOSFODNN7EXAMPLE".into(), secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into() };
        let query = signer.sign(&Grant {
            verb: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/test.txt",
            headers: &[],
            query: &[],
            at: "2013-05-24T00:00:00Z".parse().unwrap(),
            lifetime: TimeDelta::seconds(86400),
        });
        let expected = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
            &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400\
            &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404\
            &X-Amz-SignedHeaders=host";
        assert_eq!(query, expected);
    }

    fn checked(verb: &str, path: &str, content_type: &str, after: i64) -> Result<(), Denied> {
        let signer = Signer { key_id: "k".into(), secret: "s".into() };
        let at: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let query = signer.sign(&Grant {
            verb: "PUT",
            host: "localhost:1",
            path: "/b/a name/x+y",
            headers: &[("content-type", "text/plain")],
            query: &[("x-id", "PutObject")],
            at,
            lifetime: TimeDelta::seconds(60),
        });
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let header = |name: &str| Some(if name == "host" { "localhost:1".into() } else { content_type.to_owned() });
        signer.check(verb, path, &pairs, header, at + TimeDelta::seconds(after))
    }

    #[test]
    fn a_signed_url_is_good_for_what_was_signed_and_for_a_time() {
        assert_eq!(checked("PUT", "/b/a name/x+y", "text/plain", 60), Ok(()));
        assert_eq!(checked("PUT", "/b/a name/x+y", "text/plain", 61), Err(Denied::Expired));
        assert_eq!(checked("GET", "/b/a name/x+y", "text/plain", 0), Err(Denied::Mismatch));
        assert_eq!(checked("PUT", "/b/a name/x y", "text/plain", 0), Err(Denied::Mismatch));
        assert_eq!(checked("PUT", "/b/a name/x+y", "text/html", 0), Err(Denied::Mismatch));
    }
}
