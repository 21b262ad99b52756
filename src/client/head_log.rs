//! `-vv`: the headers of requests and answers, without what would let others in. Pure but for the log.

use std::fmt;

use reqwest::header::HeaderMap;
use url::Url;

use super::request::redacted;

/// Headers whose values are secrets, or are made of some.
const SECRETS: [&str; 8] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "server-authorization",
    "set-cookie",
    "www-authenticate",
    "x-amz-security-token",
    "x-taskcluster-access-token",
];

/// Logs the headers of a request.
pub(super) fn request(headers: &[(String, String)]) {
    if tracing::enabled!(tracing::Level::TRACE) {
        for (name, value) in headers {
            tracing::trace!("> {}", line(name, value));
        }
    }
}

/// Logs the headers of an answer.
pub(super) fn answer(headers: &HeaderMap) {
    if tracing::enabled!(tracing::Level::TRACE) {
        for (name, value) in headers {
            tracing::trace!("< {}", line(name.as_str(), &String::from_utf8_lossy(value.as_bytes())));
        }
    }
}

fn line(name: &str, value: &str) -> impl fmt::Display {
    let name = name.to_ascii_lowercase();
    fmt::from_fn(move |f| match name.as_str() {
        secret if SECRETS.contains(&secret) => write!(f, "{name}: (redacted)"),
        // Where a redirect leads can be signed.
        "location" | "content-location" => match Url::parse(value) {
            Ok(url) => write!(f, "{name}: {}", redacted(&url)),
            Err(_) => write!(f, "{name}: {}", value.split('?').next().unwrap_or_default()),
        },
        _ => write!(f, "{name}: {value}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_stand_in_the_log() {
        for (name, value, shown) in [
            ("Authorization", "Hawk id=\"me\", mac=\"s3cret\"", "authorization: (redacted)"),
            ("set-cookie", "s3cret", "set-cookie: (redacted)"),
            ("Content-Type", "application/json", "content-type: application/json"),
            (
                "location",
                "https://s.example/a?x=1&X-Amz-Signature=s3cret",
                "location: https://s.example/a?x=1&X-Amz-Signature=(redacted)",
            ),
            ("location", "/a?bewit=s3cret", "location: /a"),
        ] {
            assert_eq!(line(name, value).to_string(), shown);
        }
    }
}
