//! Faults as the services write them: `{code, message, requestInfo}`.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::call::Fault;
use super::message::Response;
use super::wire::stamp;
use axum::http::header;
use chrono::{DateTime, Utc};

/// What of the request an error repeats.
pub(super) struct RequestInfo<'a> {
    /// Name of the method.
    pub method: &'a str,
    pub params: &'a IndexMap<String, String>,
    /// The body with its defaults; an empty object where there was none.
    pub payload: &'a Value,
    pub time: DateTime<Utc>,
}

/// The answer that tells of a fault.
pub(super) fn render(fault: &Fault, info: &RequestInfo<'_>) -> Response {
    let response = Response::json(fault.status, &error_body(fault, info));
    // The token of a hook is no signature: better credentials would not help.
    let wants_signature = fault.status == 401 && info.method != "triggerHookWithToken";
    if wants_signature { response.with(header::WWW_AUTHENTICATE, "hawk") } else { response }
}

/// `{code, message, requestInfo}`, the message with a trailer that repeats the request.
pub(super) fn error_body(fault: &Fault, info: &RequestInfo<'_>) -> Value {
    let time = stamp(info.time);
    let Fault { status, code, message } = fault;
    let message = match *code {
        "InternalServerError" => &format!("Internal Server Error, incidentId {}. {message}", uuid::Uuid::new_v4()),
        _ => message,
    };
    let message = format!(
        "{message}\n\n---\n\n* method:     {}\n* errorCode:  {code}\n* statusCode: {status}\n* time:       {time}",
        info.method
    );
    json!({
        "code": code,
        "message": message,
        "requestInfo": {"method": info.method, "params": info.params, "payload": info.payload, "time": time},
    })
}

/// The answer for what is not there at all: no service's words, only this.
pub(super) fn not_found() -> Response {
    Response::json(404, &json!({"error": "Not found"}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_repeats_the_request() {
        let params = IndexMap::from([("clientId".to_owned(), "nope".to_owned())]);
        let time = DateTime::parse_from_rfc3339("2026-11-22T12:54:11.983Z").unwrap().to_utc();
        let info = RequestInfo { method: "client", params: &params, payload: &json!({}), time };
        let response = render(&Fault::not_found("Client not found"), &info);
        assert_eq!(response.status, 404);
        assert_eq!(
            serde_json::from_slice::<Value>(&response.body).unwrap(),
            json!({
                "code": "ResourceNotFound",
                "message": "Client not found\n\n---\n\n* method:     client\n* errorCode:  ResourceNotFound\n\
                            * statusCode: 404\n* time:       2026-11-22T12:54:11.983Z",
                "requestInfo": {
                    "method": "client", "params": {"clientId": "nope"}, "payload": {},
                    "time": "2026-11-22T12:54:11.983Z",
                },
            })
        );
    }
}
