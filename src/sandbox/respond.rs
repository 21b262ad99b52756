//! From a request to a response: routing, then the checks in the order of the services, then behaviour.

use std::cell::Cell;

use axum::http::header::{self, HeaderName};
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::auth::{Caller, Presented, authenticate};
use super::call::{Answer, Call, Fault, Outcome};
use super::hawk::{Signed, host_and_port};
use super::message::{Request, Response};
use super::refusal::{RequestInfo, not_found, render};
use super::router::{Compiled, Target};
use super::shared::Shared;
use super::{bodies, documents, gate, github, input, notify, signin_page};
use crate::reference::Verb;

/// What is known of a caller before the body of the request is read.
pub(super) enum Admission {
    /// The header is valid.
    Known,
    /// There is no header, or nothing asks for one.
    Anonymous,
    /// The request is answered without its body.
    Refused(Box<Response>),
}

/// Looks at a request whose body has not been read yet.
pub(super) fn admit(shared: &Shared, request: &Request) -> Admission {
    let Some((verb, path)) = verb(&request.verb).zip(request.path().strip_prefix("/api/")) else {
        return Admission::Anonymous;
    };
    let Target::Method(target, params) = shared.router.find(verb, path) else { return Admission::Anonymous };
    let attempt = Attempt::new(shared, request, target, params);
    let caller = attempt.presented().and_then(|presented| attempt.caller(&Presented { payload: None, ..presented }));
    match caller {
        Ok(caller) if caller.client_id.is_some() => Admission::Known,
        Ok(_) => Admission::Anonymous,
        Err(fault) => Admission::Refused(Box::new(attempt.refuse(&fault))),
    }
}

/// Answers one request.
pub(super) fn respond(shared: &Shared, request: &Request) -> Response {
    let Some(path) = request.path().strip_prefix("/api/") else {
        if request.path() == notify::PATH && request.verb == "GET" {
            return Response::json(200, &shared.lock().notify.sent());
        }
        let page = signin_page::respond(shared, request);
        return page.unwrap_or_else(|| documents::respond(request));
    };
    let Some(verb) = verb(&request.verb) else { return not_found() };
    match shared.router.find(verb, path) {
        Target::NoMethod => not_found(),
        Target::NoService => documents::web_page(),
        Target::Method(target, params) => Attempt::new(shared, request, target, params).answer(),
    }
}

fn verb(text: &str) -> Option<Verb> {
    Some(match text {
        "GET" | "HEAD" => Verb::Get,
        "POST" => Verb::Post,
        "PUT" => Verb::Put,
        "PATCH" => Verb::Patch,
        "DELETE" => Verb::Delete,
        _ => return None,
    })
}

/// One call of a method, on its way through the checks.
struct Attempt<'a> {
    shared: &'a Shared,
    request: &'a Request,
    target: &'static Compiled,
    now: DateTime<Utc>,
    params: IndexMap<String, String>,
    /// What an error repeats of the body.
    payload: Value,
}

impl<'a> Attempt<'a> {
    fn new(
        shared: &'a Shared,
        request: &'a Request,
        target: &'static Compiled,
        params: IndexMap<String, String>,
    ) -> Self {
        Self { shared, request, target, now: shared.clock.now(), params, payload: json!({}) }
    }

    fn answer(mut self) -> Response {
        let mut response = match self.outcome() {
            Ok(answer) => render_answer(answer),
            Err(fault) => {
                let Compiled { service, method, .. } = self.target;
                bodies::conceal(&service.service_name, method, &mut self.payload);
                self.refuse(&fault)
            }
        };
        // The web server is no service like the others.
        if self.target.service.service_name == "web-server" {
            response.headers.remove(header::X_CONTENT_TYPE_OPTIONS);
        }
        response
    }

    fn refuse(&self, fault: &Fault) -> Response {
        let method = &self.target.method.name;
        render(fault, &RequestInfo { method, params: &self.params, payload: &self.payload, time: self.now })
    }

    fn outcome(&mut self) -> Outcome {
        let method = self.target.method;
        self.payload = input::parse_body(self.request).inspect_err(|_| {
            // What could not be understood is repeated as it came.
            self.payload = String::from_utf8_lossy(&self.request.body).into();
        })?;
        let presented = self.presented()?;
        let caller = self.caller(&presented)?;
        let query = self.request.query();
        let mut call = Call {
            service: &self.target.service.service_name,
            method,
            params: self.params.clone(),
            query: query.iter().filter(|(name, _)| name != "bewit").cloned().collect(),
            body: Value::Null,
            client_id: caller.client_id,
            scopes: caller.scopes,
            now: self.now,
            root_url: &self.shared.root_url,
            authorized: Cell::new(method.scopes.is_none()),
        };
        if method.scopes.as_ref().is_some_and(|scopes| gate::is_filled_by(scopes, &self.params)) {
            call.authorize(&[])?;
        }
        input::check_arguments(self.target, &self.params, &query)?;
        input::check_body(self.target, self.request, &mut self.payload, &self.shared.root_url)?;
        if method.input.is_some() {
            call.body = self.payload.clone();
        }
        bodies::amend(call.service, method, &self.params, &mut self.payload);
        self.behave(&call, &presented)
    }

    fn behave(&mut self, call: &Call<'_>, presented: &Presented<'_>) -> Outcome {
        let name = &call.method.name;
        // What is rendered may take seconds, and needs nothing that others wait for.
        let outcome = if call.service == "github" { github::handle(call) } else { None };
        let outcome = outcome.or_else(|| self.shared.change(|state| state.behave(call, presented)));
        let Some(outcome) = outcome else {
            return Err(Fault::new(
                501,
                "NotImplemented",
                format!("The sandbox has no behaviour for {} {name}; it only knows that there is one.", call.service),
            ));
        };
        checked(outcome, call)
    }

    /// What the request presents of itself, with the names by which the caller reached us.
    fn presented(&self) -> Result<Presented<'a>, Fault> {
        let (host, port) = host_and_port(&self.request.host)
            .ok_or_else(|| Fault::new(401, "AuthenticationFailed", "Bad Request: Invalid Host header"))?;
        Ok(Presented {
            signed: Signed { verb: &self.request.verb, resource: &self.request.target, host, port },
            authorization: self.request.authorization.as_deref(),
            payload: Some((self.request.header(header::CONTENT_TYPE).unwrap_or_default(), &self.request.body)),
        })
    }

    /// Who calls. Methods that need no scopes do not ask, so that wrong credentials do no harm there.
    fn caller(&self, presented: &Presented<'_>) -> Result<Caller, Fault> {
        if self.target.method.scopes.is_none() {
            return Ok(Caller { client_id: None, scopes: Vec::new(), expires: self.now, hash: None });
        }
        authenticate(&self.shared.lock().auth, presented, self.now)
            .map_err(|message| Fault::new(401, "AuthenticationFailed", message))
    }
}

/// The outcome of a behaviour that has checked scopes: whoever forgets that must not be able to answer.
fn checked(outcome: Outcome, call: &Call<'_>) -> Outcome {
    if outcome.is_err() || call.authorized.get() {
        return outcome;
    }
    Err(Fault::internal(format!("the scopes of {} {} were never checked", call.service, call.method.name)))
}

fn render_answer(answer: Answer) -> Response {
    match answer {
        Answer::Json(body) => Response::json(200, &body),
        Answer::Raw(body) => Response::json_text(200, &body),
        Answer::NoContent => Response::no_content(),
        Answer::Status(status, body) => Response::json(status, &body),
        Answer::Text(text) => Response::text(200, text),
        Answer::NoWork(request) => Response { waiting: Some(request), ..Response::json(200, &json!({"tasks": []})) },
        Answer::Redirect(location, body) => {
            let response = match body {
                Value::Null => Response::text(303, format!("See Other. Redirecting to {location}")),
                body => Response::json(303, &body),
            };
            response.with(header::LOCATION, &location)
        }
        Answer::WithHeaders(headers, answer) => {
            headers.into_iter().fold(render_answer(*answer), |response, (name, value)| {
                match HeaderName::try_from(name) {
                    Ok(name) => response.with(name, &value),
                    Err(_) => response,
                }
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Catalogue, Source};

    #[test]
    fn a_behaviour_that_forgot_to_check_scopes_cannot_answer() {
        let (service, method) = Catalogue::embedded(Source::Current).method("queue", "createTask").unwrap();
        let call = Call {
            service: &service.service_name,
            method,
            params: IndexMap::new(),
            query: IndexMap::new(),
            body: Value::Null,
            client_id: None,
            scopes: vec!["*".into()],
            now: DateTime::UNIX_EPOCH,
            root_url: "http://localhost:1",
            authorized: Cell::new(false),
        };
        let answer = || Ok(Answer::Json(json!({})));
        assert_eq!(checked(answer(), &call).unwrap_err().status, 500);
        assert_eq!(checked(Err(Fault::not_found("x")), &call).unwrap_err().status, 404);
        call.authorize(&[("scopes", json!([])), ("routes", json!([])), ("priorities", json!(["low"]))]).unwrap();
        assert_eq!(checked(answer(), &call), answer());
    }
}
