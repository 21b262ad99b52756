//! A refusal by the server: code, message, missing scopes, and what to do about it. Pure.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::connection_error::PROXY_WANTS_USER;
use super::missing;
use super::response::{first_line, is_html};
use crate::error::{Error, Kind};
use crate::reference::{ScopeExpression, Verb};

/// What the server said when it refused a call; the source of the [`Error`] that the call returns.
#[derive(Clone, PartialEq)]
pub struct ApiError {
    /// What was called: `queue.status`.
    pub what: String,
    /// The HTTP verb.
    pub verb: Verb,
    /// The URL, without a bewit.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// `ResourceNotFound`; none when something other than the service answered.
    pub code: Option<String>,
    /// The whole message without the trailer that repeats the request.
    pub message: String,
    /// What the service saw: `{method, params, payload, time}`. The payload can hold secrets.
    pub request_info: Option<Value>,
    /// The scopes that were missing, when the message says so.
    pub missing_scopes: Option<ScopeExpression>,
    /// All scopes that the call needs, when the message says so.
    pub required_scopes: Option<ScopeExpression>,
    /// The body as it came.
    pub body: Bytes,
}

impl fmt::Debug for ApiError {
    /// Without the body and the payload, which can hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("what", &self.what)
            .field("status", &self.status)
            .field("code", &self.code)
            .field("message", &self.message)
            .field("missing_scopes", &self.missing_scopes)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ApiError {
    /// The exchange itself; what the server said is the message of the error that this caused.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} answered {}", self.verb, self.url, self.status)
    }
}

impl StdError for ApiError {}

/// What a service answers with a 4xx or 5xx.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    code: Option<String>,
    message: Option<String>,
    /// Where there is no route, `{error: "Not found"}` is all there is.
    error: Option<Value>,
    /// Artifacts that are errors have a reason and no code.
    reason: Option<String>,
    request_info: Option<Value>,
}

impl ApiError {
    /// Reads an answer whose status is 4xx or 5xx, whatever is in it.
    pub fn parse(what: &str, verb: Verb, url: String, status: u16, body: Bytes) -> Self {
        let parsed = if body.trim_ascii_start().starts_with(b"{") {
            serde_json::from_slice::<Body>(&body).unwrap_or_default()
        } else {
            Body::default()
        };
        let message = match (parsed.message, parsed.error) {
            (Some(message), _) => without_trailer(&message).to_owned(),
            (None, Some(Value::String(error))) => error,
            (None, _) if is_html(&body) => format!("a web page instead of JSON: {}", first_line(&body)),
            (None, _) => first_line(&body),
        };
        let (missing_scopes, required_scopes) =
            if status == 403 { missing::parse(&message) } else { Default::default() };
        Self {
            what: what.to_owned(),
            verb,
            url,
            status,
            code: parsed.code.or(parsed.reason),
            message,
            request_info: parsed.request_info,
            missing_scopes,
            required_scopes,
            body,
        }
    }

    /// The refusal that caused `error`, if one did.
    pub fn of(error: &Error) -> Option<&Self> {
        std::iter::successors(error.source(), |cause| (*cause).source()).find_map(|cause| cause.downcast_ref())
    }

    /// What kind of failure the status means.
    pub fn kind(&self) -> Kind {
        match self.status {
            401 | 403 => Kind::Auth,
            404 | 410 => Kind::NotFound,
            409 => Kind::Conflict,
            429 | 500 | 502.. => Kind::Unavailable,
            _ => Kind::Failed,
        }
    }

    /// Who lacks the scopes, where that is not the caller, whose client ID is `own`: "role `hook-id:a/b`".
    pub(crate) fn other_holder(&self, own: Option<&str>) -> Option<String> {
        self.missing_scopes.as_ref().and_then(|_| missing::other_holder(&self.message, own))
    }

    /// The error to return after `tries` tries. What to do about it depends on the caller's
    /// credentials and is added by the caller.
    pub fn into_error(self, tries: u32) -> Error {
        let after = if tries > 1 { format!(" after {tries} tries") } else { String::new() };
        let reason = match &self.code {
            Some(code) => code.clone(),
            None => format!("the server answered {}", self.status),
        };
        let line = first_line(self.message.as_bytes());
        let message = format!("{} failed{after}: {reason}: {}", self.what, line.trim_end_matches(':'));
        let mut error = Error::new(self.kind(), message);
        if let Some(missing) = &self.missing_scopes {
            error = error.hint(format!("Missing: {}", missing::in_words(missing)));
        } else if self.status == 407 {
            error = error.hint(PROXY_WANTS_USER);
        } else if let Some(more) = self.more_lines() {
            error = error.hint(more);
        }
        error.caused_by(self)
    }

    /// What a rejected input is faulted for stands on lines of its own; the first says nothing.
    fn more_lines(&self) -> Option<String> {
        if self.status != 400 {
            return None;
        }
        let rest: Vec<&str> =
            self.message.trim().lines().skip(1).map(str::trim_end).filter(|line| !line.is_empty()).collect();
        (!rest.is_empty()).then(|| format!("The server says:\n  {}", rest.join("\n  ")))
    }
}

/// What a service said in a message, in one line and without the trailer: of a refusal for lack of scopes, those.
pub(crate) fn in_one_line(message: &str) -> String {
    let message = without_trailer(message);
    match missing::parse(message) {
        (Some(missing), _) => {
            format!("{}: {}", first_line(message.as_bytes()).trim_end_matches(':'), missing::in_words(&missing))
        }
        _ => message.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// A message repeats the request after a line `---`.
fn without_trailer(message: &str) -> &str {
    let end = message.find("\n---\n").unwrap_or(message.len());
    message[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(status: u16, body: &str) -> ApiError {
        let url = "https://tc.example.com/api/queue/v1/x".to_owned();
        ApiError::parse("queue.status", Verb::Get, url, status, Bytes::from(body.to_owned()))
    }

    fn said(status: u16, body: &str) -> (Kind, String, Vec<String>) {
        let refusal = parse(status, body);
        let error = refusal.into_error(1);
        (error.kind(), error.message().to_owned(), error.hints().to_vec())
    }

    #[test]
    fn a_message_in_one_line_has_the_scopes_and_no_trailer() {
        let scopes = "Client ID x lacks the following scopes:\n\n```\n{\"AllOf\": [\"a\", \"b\"]}\n```\n\nThis ..:\n\n```\nc\n```\n\n---\n\n* x";
        assert_eq!(in_one_line(scopes), "Client ID x lacks the following scopes: a and b");
        assert_eq!(in_one_line("\nIt failed!\n  * data\n\n---\n\n* method: x"), "It failed! * data");
    }

    #[test]
    fn the_first_line_is_told_and_the_trailer_is_not() {
        let body = r#"{"code": "ResourceNotFound", "message": "No such task.\nAre you sure?\n\n---\n\n* method:     status",
            "requestInfo": {"method": "status"}}"#;
        assert_eq!(
            said(404, body),
            (Kind::NotFound, "queue.status failed: ResourceNotFound: No such task.".into(), vec![])
        );
        let error = parse(404, body).into_error(6);
        assert_eq!(error.message(), "queue.status failed after 6 tries: ResourceNotFound: No such task.");
        let refusal = ApiError::of(&error).unwrap();
        assert_eq!(refusal.message, "No such task.\nAre you sure?");
        assert_eq!(refusal.request_info.as_ref().unwrap()["method"], "status");
        assert_eq!(refusal.to_string(), "GET https://tc.example.com/api/queue/v1/x answered 404");
    }

    #[test]
    fn what_is_wrong_with_the_input_is_told_in_full() {
        let body = r#"{"code": "InputValidationError", "message": "\nSchema Validation Failed!\nErrors:\n  * data must be object\n\n---\n\nx"}"#;
        let hints = vec!["The server says:\n  Errors:\n    * data must be object".into()];
        assert_eq!(
            said(400, body),
            (Kind::Failed, "queue.status failed: InputValidationError: Schema Validation Failed!".into(), hints)
        );
    }

    #[test]
    fn missing_scopes_are_told() {
        let body = r#"{"code": "InsufficientScopes", "message": "Client ID a is missing the following scopes:\n\n```\n{\"AnyOf\": [\"b:c\", \"d\"]}\n```\n\nThis"}"#;
        let hints = vec!["Missing: b:c or d".into()];
        let message = "queue.status failed: InsufficientScopes: Client ID a is missing the following scopes";
        assert_eq!(said(403, body), (Kind::Auth, message.into(), hints));
    }

    #[test]
    fn an_artifact_that_is_an_error_tells_its_reason() {
        let body = r#"{"reason": "file-missing-on-worker", "message": "no such file"}"#;
        assert_eq!(
            said(424, body),
            (Kind::Failed, "queue.status failed: file-missing-on-worker: no such file".into(), vec![])
        );
    }

    #[test]
    fn whatever_else_answers_is_told_by_status_and_first_line() {
        for (status, kind, body, told) in [
            (404, Kind::NotFound, r#"{"error": "Not found"}"#, "Not found"),
            (502, Kind::Unavailable, "\n<html>\n<body>", "a web page instead of JSON: <html>"),
            (503, Kind::Unavailable, "", "(an empty body)"),
            (500, Kind::Unavailable, "[1, 2", "[1, 2"),
            (410, Kind::NotFound, "{\"message\": 1}", "{\"message\": 1}"),
            (418, Kind::Failed, "{nope", "{nope"),
        ] {
            let message = format!("queue.status failed: the server answered {status}: {told}");
            assert_eq!(said(status, body), (kind, message, vec![]), "{status}");
        }
    }

    #[test]
    fn a_payload_is_not_shown() {
        let body = r#"{"code": "X", "message": "m", "requestInfo": {"payload": {"secret": "hunter2"}}}"#;
        let error = parse(400, body).into_error(1);
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }
}
