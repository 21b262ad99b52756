//! What the answer to a call must be. Pure.

use reqwest::header::HeaderMap;
use serde_json::value::RawValue;

use super::Request;
use super::request::redacted;
use super::response::{is_html, not_json};
use crate::error::{Error, Result};
use crate::nesting::{MAX_LEVELS, levels};

/// Checks a successful answer, read to its end, with [`is_json`] for what has no other reader.
///
/// Where it answers with JSON, `read` is to read all of it; what it makes of it is returned. `is_other_resource` says that a redirect led to something other than the method's own answer, such as the content
/// of an artifact, which can be anything.
///
/// # Errors
/// When there is a redirect without a target, a status that answers nothing, or something else than the JSON that
/// the method answers with.
pub(super) fn check<T>(
    request: &Request,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    is_other_resource: bool,
    read: impl FnOnce(&[u8]) -> serde_json::Result<T>,
) -> Result<Option<T>> {
    let what = &request.what;
    match status {
        200..=299 if is_other_resource => Ok(None),
        204 | 205 if body.is_empty() => Ok(None),
        200..=299 => check_content(request, status, headers, body, read),
        301 | 302 | 303 | 307 | 308 if !headers.contains_key("location") => {
            Err(Error::failed(format!("{what} answered {status}, a redirect that leads nowhere")))
        }
        301 | 302 | 303 | 307 | 308 if answers_with_redirect(request) => Ok(None),
        301 | 302 | 303 | 307 | 308 => Err(misled(request, status, headers)),
        _ => Err(Error::failed(format!("{what} answered with the unexpected status {status}"))),
    }
}

/// The methods that answer with a redirect to what is asked for.
const REDIRECTING_METHODS: [&str; 5] =
    ["queue.getArtifact", "queue.getLatestArtifact", "index.findArtifactFromTask", "object.download", "github.latest"];

/// Whether a redirect is what the method answers with, and not the way to its answer or to a web page.
pub(crate) fn answers_with_redirect(request: &Request) -> bool {
    REDIRECTING_METHODS.contains(&request.what.as_str())
}

/// The error for a redirect of a method that has none.
fn misled(request: &Request, status: u16, headers: &HeaderMap) -> Error {
    let location = headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let url = request.url.join(location).ok();
    let target = url.as_ref().map_or_else(|| location.to_owned(), |url| redacted(url).to_string());
    let error =
        Error::failed(format!("{} answered {status}, a redirect to {target}, which is not its answer", request.what));
    match url {
        Some(url) if url.path() == request.url.path() => {
            error.hint(format!("The root URL may be {}.", url.origin().ascii_serialization()))
        }
        _ => error.hint("A proxy may be asking for a sign-in, or the root URL may belong to another web site."),
    }
}

/// Whether a text is one JSON document, in UTF-8 (RFC 8259, 8.1).
pub(super) fn is_json(text: &[u8]) -> serde_json::Result<()> {
    serde_json::from_slice::<&RawValue>(text).map(drop)
}

fn check_content<T>(
    request: &Request,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    read: impl FnOnce(&[u8]) -> serde_json::Result<T>,
) -> Result<Option<T>> {
    let what = &request.what;
    // Where the deployment has no such service it answers 200 with its web page.
    if claims_html(headers) || is_html(body) {
        return Err(not_json(what, status, body)
            .hint("The deployment may lack this service, or the root URL may belong to another web site."));
    }
    if !request.answers_json {
        return Ok(None);
    }
    if body.trim_ascii().is_empty() {
        return Err(Error::failed(format!("{what} answered {status} without a body, not JSON")));
    }
    if levels(body) > MAX_LEVELS {
        return Err(Error::failed(format!("{what} answered JSON with more than {MAX_LEVELS} levels")));
    }
    match read(body) {
        Ok(read) => Ok(Some(read)),
        Err(source) if source.is_eof() => {
            Err(Error::failed(format!("{what} answered {status} with JSON that is cut off")).caused_by(source))
        }
        Err(source) => Err(not_json(what, status, body).caused_by(source)),
    }
}

/// Whether an answer says that it is a web page.
pub(super) fn claims_html(headers: &HeaderMap) -> bool {
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::RootUrl;
    use crate::reference::{Catalogue, Source};

    fn request(service: &str, method: &str) -> Request {
        let (service, method) = Catalogue::embedded(Source::Current).method(service, method).unwrap();
        let args = vec!["x".to_owned(); method.args.len()];
        Request::build(&RootUrl::parse("https://tc.example.com").unwrap(), service, method, &args, &[], None).unwrap()
    }

    fn headers(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn checked(status: u16, of: &[(&'static str, &'static str)], body: &[u8]) -> Result<(), String> {
        let outcome = check(&request("queue", "status"), status, &headers(of), body, false, is_json);
        outcome.map(drop).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn methods_that_lead_elsewhere_answer_with_a_redirect() {
        let storage = headers(&[("location", "https://storage.example.com")]);
        for method in ["getArtifact", "getLatestArtifact"] {
            assert!(check(&request("queue", method), 303, &storage, b"", false, is_json).is_ok(), "{method}");
        }
        let known = |name: &&str| {
            let (service, method) = name.split_once('.').unwrap();
            Catalogue::embedded(Source::Current).method(service, method).is_ok()
        };
        assert!(REDIRECTING_METHODS.iter().all(known));
        let https = headers(&[("location", "https://tc.example.com/api/queue/v1/task/x/status")]);
        let mut plain = request("queue", "status");
        plain.url.set_scheme("http").unwrap();
        let error = check(&plain, 301, &https, b"", false, is_json).unwrap_err();
        assert_eq!(error.hints()[0].to_string(), "The root URL may be https://tc.example.com.");
    }

    #[test]
    fn what_is_not_the_answer_of_a_method_is_an_error() {
        for (status, of, body, told) in [
            (200, vec![], "", "answered 200 without a body, not JSON"),
            (200, vec![], " \n", "answered 200 without a body, not JSON"),
            (200, vec![], "not json!", "answered 200 with something that is not JSON: not json!"),
            (200, vec![], r#"{"status": {"#, "answered 200 with JSON that is cut off"),
            (200, vec![("content-type", "text/html")], "{}", "answered 200 with something that is not JSON: {}"),
            (200, vec![], "<!DOCTYPE html>", "answered 200 with HTML that is not JSON: <!DOCTYPE html>"),
            (302, vec![], "", "answered 302, a redirect that leads nowhere"),
            (
                302,
                vec![("location", "/login?bewit=x")],
                "",
                "answered 302, a redirect to https://tc.example.com/login?bewit=(redacted), which is not its answer",
            ),
            (
                303,
                vec![("location", "https://a.example.com")],
                "{}",
                "answered 303, a redirect to https://a.example.com/, which is not its answer",
            ),
            (304, vec![], "", "answered with the unexpected status 304"),
            (101, vec![], "", "answered with the unexpected status 101"),
        ] {
            assert_eq!(checked(status, &of, body.as_bytes()), Err(format!("queue.status {told}")));
        }
        for body in ["{}", "[1]", " null\n", "\"\""] {
            assert_eq!(checked(200, &[], body.as_bytes()), Ok(()), "{body}");
        }
        assert_eq!(checked(204, &[], b""), Ok(()));
        assert!(checked(200, &[], b"\"\xff\"").is_err(), "it is not UTF-8");
    }

    #[test]
    fn a_method_without_an_answer_of_its_own_may_answer_anything_but_a_web_page() {
        let request = request("github", "badge");
        let of = |body: &[u8]| check(&request, 200, &HeaderMap::new(), body, false, is_json).is_ok();
        assert!(of(b"\x89PNG") && of(b"") && !of(b"<html>"));
        assert!(check(&request, 200, &HeaderMap::new(), b"<html>", true, is_json).is_ok());
    }

    #[test]
    fn json_that_is_nested_too_deeply_is_refused() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(checked(200, &[], nested(MAX_LEVELS).as_bytes()), Ok(()));
        let told = checked(200, &[], nested(MAX_LEVELS + 1).as_bytes());
        assert_eq!(told, Err("queue.status answered JSON with more than 10000 levels".into()));
        let flat = format!(r#"["{}\"[", "]"]"#, "[".repeat(2 * MAX_LEVELS));
        assert_eq!(checked(200, &[], flat.as_bytes()), Ok(()));
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_check_panic(body in prop::collection::vec(any::<u8>(), 0..40), levels in 0_usize..3) {
            let body = [b"[\"".repeat(levels * MAX_LEVELS), body].concat();
            let _outcome = checked(200, &[], &body);
        }
    }
}
