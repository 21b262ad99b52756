//! Faults around the answer to a request, whichever origin answers.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::body::{hang_up, spoil};
use super::plan::Plan;
use super::spec::Kind;
use crate::clock::SharedClock;
use crate::sandbox::wire::stamp;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Origin {
    Services,
    Storage,
}

/// Answers a request, with what the plan has in store for it.
pub(in crate::sandbox) async fn around(
    plan: &Plan,
    origin: Origin,
    clock: &SharedClock,
    mut request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let Some(trouble) = plan.next(request.method().as_str(), request.uri().path()) else {
        return answer(request).await;
    };
    if trouble.delay > Duration::ZERO {
        clock.sleep(trouble.delay).await;
    }
    let stored = origin == Origin::Storage;
    let signed = request.uri().query().is_some_and(|query| query.contains("X-Amz-"));
    match &trouble.refusal {
        Some(Kind::Expired) if !(stored && signed) => {}
        Some(kind) => return refuse(kind, origin, clock.now()),
        None => {}
    }
    if stored && trouble.no_range {
        request.headers_mut().remove(header::RANGE);
    }
    let answer = answer(request).await;
    if trouble.hang_up { hang_up() } else { spoil(answer, &trouble, stored, clock) }
}

fn refuse(kind: &Kind, origin: Origin, now: DateTime<Utc>) -> Response {
    let (status, content_type, text) = match (kind, origin) {
        (Kind::TooMany(_), _) => (429, "text/html", "<html><body>429 Too Many Requests</body></html>".to_owned()),
        (Kind::Expired, _) => (403, "application/xml", xml("AccessDenied", "Request has expired")),
        (Kind::Error(status), Origin::Storage) => {
            (*status, "application/xml", xml("InternalError", "We encountered an internal error. Please try again."))
        }
        (Kind::Error(status), Origin::Services) => (*status, "application/json; charset=utf-8", error(*status, now)),
        // Everything else goes with an answer.
        _ => (500, "text/plain", String::new()),
    };
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Kind::TooMany(wait) = kind {
        // The header knows whole seconds only.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

fn xml(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
}

fn error(status: u16, now: DateTime<Utc>) -> String {
    let time = stamp(now);
    let trailer = format!("* errorCode:  InternalServerError\n* statusCode: {status}\n* time:       {time}");
    json!({
        "code": "InternalServerError",
        "message": format!("Internal Server Error, made on purpose\n\n---\n\n{trailer}"),
        "requestInfo": {"params": {}, "payload": {}, "time": time},
    })
    .to_string()
}
