//! What the head of a storage's answer says about the content. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize};

use super::digest::{Algorithm, Checksum, Demand};
use crate::error::{Advice, Error, Result};

/// How content is encoded on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// What tells one version of stored content from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    /// The ETag as it was sent, with its quotes.
    pub etag: Option<String>,
    /// `Last-Modified` as it was sent.
    pub modified: Option<String>,
    /// Bytes on the wire.
    pub length: Option<u64>,
    /// How these bytes are encoded.
    pub encoding: Encoding,
}

/// The head of an answer with content.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// Which version of the content this is.
    pub version: Version,
    /// Whether parts of it can be asked for.
    pub ranges: bool,
    /// Where this answer starts: not 0 for a partial one.
    pub start: u64,
    /// What the bytes on the wire must be.
    pub stored: Vec<Demand>,
    /// What the decoded content must be.
    pub content: Vec<Demand>,
    /// Length of the decoded content, where it is known.
    pub content_length: Option<u64>,
    /// The content type.
    pub content_type: Option<String>,
}

impl Version {
    /// What to send as `If-Range`: a strong ETag, or the date where there is no ETag (RFC 9110, 13.1.5).
    pub(super) fn if_range(&self) -> Option<&str> {
        match &self.etag {
            Some(etag) if etag.starts_with("W/") => None,
            Some(etag) => Some(etag),
            None => self.modified.as_deref(),
        }
    }

    /// Whether another answer is about the same version, as far as that can be known.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let weak = |version: &Self| version.etag.as_deref().map(|etag| etag.trim_start_matches("W/").to_owned());
        self.length == other.length
            && self.encoding == other.encoding
            && match (weak(self), weak(other)) {
                (Some(mine), Some(theirs)) => mine == theirs,
                (None, None) => self.modified == other.modified,
                _ => false,
            }
    }

    /// Whether it can be distinguished from other versions so well that parts may be put together: a weak
    /// ETag stays when bytes change that its server thinks nothing of (RFC 9110, 15.3.7.3).
    pub(super) fn is_known(&self) -> bool {
        let told_apart = match &self.etag {
            Some(etag) => !etag.starts_with("W/"),
            None => self.modified.is_some(),
        };
        self.length.is_some() && told_apart
    }
}

impl Head {
    /// Reads the headers of a 200 or 206; `s3` tells that an ETag may be an MD5.
    ///
    /// # Errors
    /// [`crate::error::Kind::Failed`] for an encoding that is unknown, and for a partial answer that
    /// does not say which part it is.
    pub(super) fn read(what: &str, status: u16, headers: &HeaderMap, s3: bool) -> Result<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let encoding = encoding(what, text("content-encoding"))?;
        let google = Google::read(headers, encoding);
        // An answer that only the end of its connection ends has no length of its own.
        let length = text("content-length").and_then(|value| value.parse().ok()).or(google.length);
        let (start, total) = match status {
            206 => text("content-range").and_then(content_range).ok_or_else(|| {
                Error::failed(format!("{what}: the server sent a part and did not say which part it is"))
            })?,
            _ => (0, length),
        };
        let version = Version {
            etag: text("etag").map(str::to_owned),
            modified: text("last-modified").map(str::to_owned),
            length: total,
            encoding,
        };
        let ranges = status == 206 || text("accept-ranges").is_some_and(|value| value.eq_ignore_ascii_case("bytes"));
        let (mut stored, content) = demands(&text, s3);
        stored.extend(google.hashes);
        let content_length = text("x-amz-meta-content-length").and_then(|value| value.parse().ok());
        let content_type = text("content-type").map(str::to_owned);
        Ok(Self { version, ranges, start, stored, content, content_length, content_type })
    }
}

fn encoding(what: &str, header: Option<&str>) -> Result<Encoding> {
    match header.map(str::to_ascii_lowercase).as_deref() {
        // Browsers upload files with the encoding of the transport (`aws-chunked`), which is gone by now.
        None | Some("" | "identity" | "aws-chunked") => Ok(Encoding::Identity),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some("zstd") => Ok(Encoding::Zstd),
        Some(other) => {
            Err(Error::failed(format!("{what}: content encoding `{other}` cannot be decoded"))
                .advise(Advice::FetchByUrl))
        }
    }
}

/// `bytes 100-199/200` (RFC 9110, 14.4): where it starts, and how much there is in all.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.trim().parse().ok()?;
    let total = total.trim();
    if total == "*" { Some((start, None)) } else { Some((start, Some(total.parse().ok()?))) }
}

/// The digests that the storage promises: of its stored bytes, and of the decoded content.
fn demands<'a>(text: &impl Fn(&str) -> Option<&'a str>, s3: bool) -> (Vec<Demand>, Vec<Demand>) {
    let demand = |checksum: Option<Checksum>, by| checksum.map(|checksum| Demand { checksum, by });
    let hex = |name: &str| text(name).and_then(|value| Checksum::from_hex(Algorithm::Sha256, value));
    let base64 =
        |algorithm, value: &str| STANDARD.decode(value).ok().and_then(|bytes| Checksum::from_bytes(algorithm, &bytes));
    // A checksum of checksums of parts has their number behind a dash, and is of no use here.
    let whole = text("x-amz-checksum-type").is_none_or(|kind| kind.eq_ignore_ascii_case("FULL_OBJECT"));
    let checksum = text("x-amz-checksum-sha256").filter(|_| whole).and_then(|value| base64(Algorithm::Sha256, value));
    let digests = text("repr-digest").unwrap_or_default().split(',').filter_map(|entry| {
        let (name, value) = entry.trim().split_once('=')?;
        let algorithm = Algorithm::parse(&name.to_ascii_lowercase().replace('-', ""))?;
        base64(algorithm, value.trim_matches(':'))
    });
    // With a key of the customer's or of KMS an ETag has 32 digits, too, and is no MD5.
    let opaque = text("x-amz-server-side-encryption").is_some_and(|kind| kind.starts_with("aws:kms"))
        || text("x-amz-server-side-encryption-customer-algorithm").is_some();
    let etag = text("etag").filter(|_| s3 && !opaque).map(|etag| etag.trim_matches('"'));
    let etag = etag.and_then(|etag| Checksum::from_hex(Algorithm::Md5, etag));
    let mut stored: Vec<Demand> = digests.map(|checksum| Demand { checksum, by: "Repr-Digest" }).collect();
    stored.extend(demand(checksum, "x-amz-checksum-sha256"));
    stored.extend(demand(hex("x-amz-meta-transfer-sha256"), "x-amz-meta-transfer-sha256"));
    stored.extend(demand(etag, "its ETag"));
    let content = demand(hex("x-amz-meta-content-sha256"), "x-amz-meta-content-sha256");
    (stored, content.into_iter().collect())
}

/// What Google's storage says of the bytes that it has stored.
///
/// It may decompress them on the way (`gzip` to a client that does not accept it); then this is not about what arrives.
#[derive(Default)]
struct Google {
    length: Option<u64>,
    hashes: Vec<Demand>,
}

impl Google {
    fn read(headers: &HeaderMap, encoding: Encoding) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let as_stored = match text("x-goog-stored-content-encoding").map(str::to_ascii_lowercase).as_deref() {
            Some("gzip" | "x-gzip") => encoding == Encoding::Gzip,
            Some("zstd") => encoding == Encoding::Zstd,
            Some(_) => encoding == Encoding::Identity,
            None => true,
        };
        if !as_stored {
            return Self::default();
        }
        // It comes as one header with a comma, or as one header for each.
        let values = headers.get_all("x-goog-hash").into_iter().filter_map(|value| value.to_str().ok());
        let hashes = values.flat_map(|value| value.split(',')).filter_map(|entry| {
            let (name, value) = entry.trim().split_once('=')?;
            let bytes = STANDARD.decode(value).ok()?;
            let checksum = Checksum::from_bytes(Algorithm::parse(name)?, &bytes)?;
            Some(Demand { checksum, by: "x-goog-hash" })
        });
        let length = text("x-goog-stored-content-length").and_then(|value| value.parse().ok());
        Self { length, hashes: hashes.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(status: u16, given: &[(&'static str, &str)], s3: bool) -> Result<Head> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        Head::read("it", status, &headers, s3)
    }

    const MD5: &str = "\"900150983cd24fb0d6963f7d28e17f72\"";

    #[test]
    fn a_whole_answer_is_read() {
        let head = read(200, &[("content-length", "7"), ("etag", "\"x\""), ("accept-ranges", "bytes")], true).unwrap();
        assert_eq!((head.version.length, head.start, head.ranges), (Some(7), 0, true));
        assert_eq!(head.version.if_range(), Some("\"x\""));
        assert!(head.stored.is_empty());
        assert!(head.version.is_known());
    }

    #[test]
    fn a_partial_answer_says_which_part_it_is() {
        let head = read(206, &[("content-length", "3"), ("content-range", "bytes 4-6/7")], true).unwrap();
        assert_eq!((head.version.length, head.start, head.ranges), (Some(7), 4, true));
        assert!(read(206, &[("content-length", "3")], true).is_err());
        assert!(read(206, &[("content-range", "lines 4-6/7")], true).is_err());
    }

    #[test]
    fn an_etag_is_an_md5_on_s3_without_kms_only() {
        let count = |headers: &[(&'static str, &str)], s3| read(200, headers, s3).unwrap().stored.len();
        assert_eq!(count(&[("etag", MD5)], true), 1);
        assert_eq!(count(&[("etag", MD5)], false), 0);
        assert_eq!(count(&[("etag", MD5), ("x-amz-server-side-encryption", "aws:kms")], true), 0);
        assert_eq!(count(&[("etag", MD5), ("x-amz-server-side-encryption", "AES256")], true), 1);
        assert_eq!(count(&[("etag", "\"900150983cd24fb0d6963f7d28e17f72-2\"")], true), 0);
    }

    #[test]
    fn all_digests_that_are_offered_are_demanded() {
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let head = read(
            200,
            &[
                ("x-amz-checksum-sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
                ("x-amz-meta-transfer-sha256", sha),
                ("x-amz-meta-content-sha256", sha),
                ("repr-digest", "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:, unixsum=:AA==:"),
            ],
            false,
        )
        .unwrap();
        assert_eq!((head.stored.len(), head.content.len()), (3, 1));
        assert!(head.stored.iter().chain(&head.content).all(|demand| demand.checksum.hex() == sha));
        let parts = read(200, &[("x-amz-checksum-sha256", "AAAA-3"), ("x-amz-checksum-type", "COMPOSITE")], true);
        assert!(parts.unwrap().stored.is_empty());
    }

    #[test]
    fn google_says_what_it_has_stored_unless_it_decompresses() {
        const MD5_OF_ABC: &str = "md5=kAFQmDzST7DWlj99KOF/cg==";
        const CRC_OF_ABC: &str = "crc32c=Nks/tw==";
        let one = format!("{CRC_OF_ABC},{MD5_OF_ABC}");
        let both: &[(&str, &str)] = &[("x-goog-hash", CRC_OF_ABC), ("x-goog-hash", MD5_OF_ABC)];
        for hashes in [&[("x-goog-hash", one.as_str())], both] {
            for (stored, encoding, counts) in
                [("identity", "identity", true), ("gzip", "gzip", true), ("gzip", "identity", false)]
            {
                let more = [
                    ("x-goog-stored-content-encoding", stored),
                    ("x-goog-stored-content-length", "3"),
                    ("content-encoding", encoding),
                ];
                let head = read(200, &[hashes, &more].concat(), false).unwrap();
                let found: Vec<String> = head.stored.iter().map(|demand| demand.checksum.to_string()).collect();
                let expected = ["crc32c 364b3fb7", "md5 900150983cd24fb0d6963f7d28e17f72"];
                assert_eq!(found, if counts { expected.as_slice() } else { &[] }, "{stored} {encoding}");
                assert_eq!(head.version.length, counts.then_some(3));
            }
        }
        let head = read(200, &[("x-goog-stored-content-length", "3"), ("content-length", "2")], false).unwrap();
        assert_eq!(head.version.length, Some(2));
    }

    #[test]
    fn versions_are_told_apart() {
        let version = |etag: Option<&str>, length| Version {
            etag: etag.map(str::to_owned),
            modified: None,
            length: Some(length),
            encoding: Encoding::Identity,
        };
        assert!(version(Some("\"a\""), 1).is_same(&version(Some("W/\"a\""), 1)));
        assert!(!version(Some("\"a\""), 1).is_same(&version(Some("\"b\""), 1)));
        assert!(!version(Some("\"a\""), 1).is_same(&version(Some("\"a\""), 2)));
        assert!(!version(Some("\"a\""), 1).is_same(&version(None, 1)));
        assert_eq!(version(Some("W/\"a\""), 1).if_range(), None);
        assert!(version(Some("\"a\""), 1).is_known());
        assert!(!version(Some("W/\"a\""), 1).is_known(), "parts of it cannot be put together");
        assert!(!version(None, 1).is_known());
    }

    proptest! {
        #[test]
        fn whatever_a_storage_answers_is_read_or_refused(
            status in 200_u16..=206,
            range in "(bytes )?[0-9*-]{0,25}(/[0-9*]{0,25})?",
            length in "[0-9-]{0,25}",
            digest in "((sha-256|md5|crc32c|)=:?[a-zA-Z0-9+/=]{0,50}:?,? ?){0,3}",
            etag in "(W/)?\"?[0-9a-f]{0,33}\"?",
        ) {
            let headers = [
                ("content-range", range.as_str()),
                ("content-length", &length),
                ("repr-digest", &digest),
                ("x-amz-checksum-sha256", &digest),
                ("x-goog-hash", &digest),
                ("etag", &etag),
            ];
            if let Ok(head) = read(status, &headers, true) {
                prop_assert!(head.start == 0 || status == 206);
                prop_assert!(head.version.is_same(&head.version));
            }
        }
    }

    #[test]
    fn unknown_encodings_are_refused_before_anything_is_written() {
        assert!(read(200, &[("content-encoding", "br")], true).is_err());
        assert_eq!(read(200, &[("content-encoding", "GZIP")], true).unwrap().version.encoding, Encoding::Gzip);
        assert_eq!(read(200, &[("content-encoding", "zstd")], true).unwrap().version.encoding, Encoding::Zstd);
    }
}
