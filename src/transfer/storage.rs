//! One request for content, with its redirects, and what its answer means.

use std::ops::Range;
use std::time::Duration;

use url::Url;

use super::head::{Head, Version};
use super::source::{Location, Storage};
use crate::client::{Client, Lost, RawAnswer, RawRequest, host_of, retry};
use crate::error::{Error, Kind, Result};
use crate::reference::Verb;

/// Redirects that are followed one after the other.
const MAX_REDIRECTS: usize = 10;

/// A request that brought no content.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Another try may do better.
    Passing(Error, Option<Duration>),
    /// The URL may have expired.
    Expired(Error),
    /// The part that was asked for is not there: it is another version.
    Changed,
    /// The next try would end alike.
    Lasting(Error),
}

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Content,
    Redirect,
    Passing,
    Expired,
    Changed,
    Missing,
    Refused,
}

/// Objects are asked for without redirects.
fn meaning(status: u16, storage: Storage, partial: bool) -> Meaning {
    match status {
        206 if !partial => Meaning::Refused,
        200..=206 => Meaning::Content,
        301 | 302 | 303 | 307 | 308 if storage != Storage::Object => Meaning::Redirect,
        412 | 416 if partial => Meaning::Changed,
        // Signed URLs that are past their time are refused with any of these.
        400 | 401 | 403 if storage != Storage::Reference => Meaning::Expired,
        404 | 410 => Meaning::Missing,
        408 => Meaning::Passing,
        status if matches!(retry::failure(status, None), Some(retry::Failure::Passing { .. })) => Meaning::Passing,
        _ => Meaning::Refused,
    }
}

/// What to ask for.
pub(super) struct ContentRequest<'a> {
    /// As messages name it.
    pub(super) what: &'a str,
    /// The bytes on the wire; all of them when there is no range.
    pub(super) range: Option<Range<u64>>,
    /// The version that earlier bytes are of.
    pub(super) version: Option<&'a Version>,
    /// Nothing in this time is a failure.
    pub(super) stall: Duration,
    /// Only the head is wanted.
    pub(super) head_only: bool,
}

impl ContentRequest<'_> {
    fn headers(&self, storage: Storage) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        let accepted = if storage == Storage::Object { "gzip, identity" } else { "gzip, zstd, identity" };
        add("Accept-Encoding", accepted);
        if let Some(range) = &self.range {
            match range.end {
                u64::MAX => add("Range", &format!("bytes={}-", range.start)),
                end => add("Range", &format!("bytes={}-{}", range.start, end - 1)),
            }
            if let Some(validator) = self.version.and_then(Version::if_range) {
                add("If-Range", validator);
            }
        }
        headers
    }
}

/// Asks for content once.
pub(super) async fn get(
    client: &Client,
    location: &Location,
    wanted: &ContentRequest<'_>,
) -> Result<(RawAnswer, Head), Refusal> {
    let headers = wanted.headers(location.storage);
    let mut url = location.url.clone();
    for _ in 0..=MAX_REDIRECTS {
        let request = RawRequest {
            what: wanted.what,
            // What is signed is signed for GET; there the body is left unread.
            verb: if wanted.head_only && url.query().is_none() { Verb::Head } else { Verb::Get },
            url: &url,
            headers: &headers,
            body: None,
            stall: wanted.stall,
        };
        let answer = match client.send_raw(request).await.map_err(Refusal::Lasting)? {
            Ok(answer) => answer,
            Err(lost) => return Err(lost.into()),
        };
        match meaning(answer.status, location.storage, wanted.range.is_some()) {
            Meaning::Content => {
                let s3 = location.storage == Storage::S3;
                let head = Head::read(wanted.what, answer.status, &answer.headers, s3).map_err(Refusal::Lasting)?;
                return Ok((answer, head));
            }
            Meaning::Redirect => url = redirected(wanted.what, &url, &answer).map_err(Refusal::Lasting)?,
            Meaning::Changed => return Err(Refusal::Changed),
            meaning => return Err(refusal(client, wanted.what, meaning, &url, &answer)),
        }
    }
    Err(Refusal::Lasting(Error::failed(format!("{}: more than {MAX_REDIRECTS} redirects", wanted.what))))
}

fn redirected(what: &str, from: &Url, answer: &RawAnswer) -> Result<Url> {
    let target = answer.header("location").and_then(|location| from.join(location).ok());
    let target = target.filter(|url| matches!(url.scheme(), "http" | "https"));
    target.ok_or_else(|| Error::failed(format!("{what}: the storage redirects to an invalid URL")))
}

fn refusal(client: &Client, what: &str, meaning: Meaning, url: &Url, answer: &RawAnswer) -> Refusal {
    let host = host_of(url);
    let reason = reason(answer);
    let message = format!("{what}: {host} answered {}{reason}", answer.status);
    match meaning {
        Meaning::Missing => Refusal::Lasting(
            Error::new(Kind::NotFound, message).hint("The artifact is on record, but its content is not there."),
        ),
        Meaning::Expired => Refusal::Expired(Error::failed(message)),
        Meaning::Passing => {
            let wait = answer.header("retry-after").and_then(|text| retry::retry_after(text, client.clock().now()));
            Refusal::Passing(Error::new(Kind::Unavailable, message), wait)
        }
        _ => Refusal::Lasting(Error::failed(message)),
    }
}

/// The code in the XML that storages answer: `: NoSuchKey`.
pub(super) fn reason(answer: &RawAnswer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    match code.map(str::trim).filter(|code| code.len() < 100 && code.chars().all(|c| c.is_ascii_alphanumeric())) {
        Some(code) if !code.is_empty() => format!(": {code}"),
        _ => String::new(),
    }
}

impl From<Lost> for Refusal {
    fn from(lost: Lost) -> Self {
        if lost.passing { Self::Passing(lost.error, None) } else { Self::Lasting(lost.error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::head::Encoding;

    #[test]
    fn a_status_means_what_the_storage_makes_of_it() {
        use Meaning::*;
        for (status, storage, partial, expected) in [
            (200, Storage::S3, false, Content),
            (206, Storage::S3, true, Content),
            (206, Storage::S3, false, Refused),
            (302, Storage::Reference, false, Redirect),
            (302, Storage::Object, false, Refused),
            (403, Storage::Object, false, Expired),
            (403, Storage::Reference, false, Refused),
            (404, Storage::S3, false, Missing),
            (416, Storage::S3, true, Changed),
            (416, Storage::S3, false, Refused),
            (429, Storage::S3, false, Passing),
            (500, Storage::Object, true, Passing),
            (501, Storage::S3, false, Refused),
        ] {
            assert_eq!(meaning(status, storage, partial), expected, "{status} {storage:?} {partial}");
        }
    }

    #[test]
    fn a_range_names_its_version() {
        let version =
            Version { etag: Some("\"v\"".into()), modified: None, length: Some(10), encoding: Encoding::Identity };
        let headers = |range| {
            let wanted = ContentRequest {
                what: "x",
                range,
                version: Some(&version),
                stall: Duration::from_secs(1),
                head_only: false,
            };
            let headers = wanted.headers(Storage::Object);
            headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        assert_eq!(headers(None), ["Accept-Encoding: gzip, identity"]);
        assert_eq!(headers(Some(3..10)), ["Accept-Encoding: gzip, identity", "Range: bytes=3-9", "If-Range: \"v\""]);
        assert_eq!(headers(Some(3..u64::MAX))[1], "Range: bytes=3-");
    }
}
