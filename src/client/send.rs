//! A call's life: sign, try, try again, follow redirects, judge the answer.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use url::Url;

use super::answer;
use super::api_error::ApiError;
use super::connection_error::ConnectionError;
use super::hawk::{self, CONTENT_TYPE, Signed};
use super::head_log;
use super::request::{Request, redacted};
use super::response::Response;
use super::retry::{self, Decision, Failure};
use super::transport::{Incoming, Outgoing};
use super::{Client, skew};
use crate::error::{Error, Kind, Result};
use crate::reference::Verb;

/// Waits before the next try that are announced, from this length on.
const ANNOUNCED_WAIT: Duration = Duration::from_secs(3);

/// Said of a call that cannot be repeated, when it failed after it was sent.
const MAY_HAVE_BEEN_DONE: &str =
    "It may have been done all the same, and is not tried again: a second time it would do a second thing.";

/// What the services say where a call is limited to scopes that its credentials do not have.
const UNSATISFIED: &str = "do not satisfy authorizedScopes";

/// Redirects that are followed one after the other.
const MAX_REDIRECTS: usize = 10;

/// One station of a call: the request itself, then each redirect.
pub(super) struct Hop {
    verb: Verb,
    pub(super) url: Url,
    body: Option<Bytes>,
    extra: Vec<(String, String)>,
    streamed: Option<Duration>,
    sign: bool,
    /// Whether it may be sent again when it is not known whether it was done.
    idempotent: bool,
    /// Whether a redirect has led to another resource than the one that was asked for (RFC 9110, 15.4.4).
    is_other_resource: bool,
}

/// An answer with how hard it was to get.
struct Tried {
    incoming: Incoming,
    tries: u32,
}

impl Hop {
    fn first(request: &Request) -> Self {
        Self {
            verb: request.verb,
            url: request.url.clone(),
            body: request.body.clone(),
            extra: request.headers.clone(),
            streamed: None,
            sign: true,
            idempotent: request.idempotent,
            is_other_resource: false,
        }
    }

    /// For an answer that is to be read piece by piece.
    pub(super) fn streamed(request: &Request, extra: Vec<(String, String)>, stall: Duration, sign: bool) -> Self {
        let mut hop = Self { streamed: Some(stall), sign, ..Self::first(request) };
        hop.extra.extend(extra);
        hop
    }
}

impl Client {
    /// Sends a request, with retries and redirects, and returns the successful answer.
    ///
    /// # Errors
    /// By kind: [`Kind::Unavailable`] when neither network nor server gave an answer after all
    /// tries, otherwise what the server's status means ([`ApiError::kind`]); [`ApiError::of`] gives
    /// what the server said.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        self.send_and_read(request, answer::is_json).await.map(|(response, _)| response)
    }

    /// The same, with what `read` makes of the body, in place of looking whether that is JSON. Nothing is made of a body
    /// that need not be JSON.
    pub(super) async fn send_and_read<T>(
        &self,
        request: &Request,
        read: fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<(Response, Option<T>)> {
        let hop = Hop::first(request);
        let (hop, incoming) = self.follow(request, hop).await?;
        let Incoming { status, headers, body, .. } = incoming;
        let read = answer::check(request, status, &headers, &body, hop.is_other_resource, read)?;
        Ok((Response { what: request.what.clone(), status, headers, body, url: hop.url }, read))
    }

    /// Goes from station to station until one answers with something other than a redirect.
    pub(super) async fn follow(&self, request: &Request, mut hop: Hop) -> Result<(Hop, Incoming)> {
        super::runtime()?;
        let mut visited: Vec<Url> = Vec::new();
        loop {
            let Tried { incoming, tries } = self.try_hop(&request.what, &hop).await?;
            if incoming.status >= 400 {
                return Err(self.refusal(&request.what, &hop, incoming, tries));
            }
            let location = incoming.headers.get("location").and_then(|value| value.to_str().ok());
            match location.filter(|_| request.follow && matches!(incoming.status, 301 | 302 | 303 | 307 | 308)) {
                Some(location) => {
                    visited.push(hop.url.clone());
                    hop = redirect(request, &hop, incoming.status, location, &visited)?;
                }
                None => return Ok((hop, incoming)),
            }
        }
    }

    /// The headers that a request is sent with now: with a signature that is valid for one use.
    ///
    /// # Errors
    /// [`Kind::Auth`] when the credentials cannot sign.
    pub fn sign(&self, request: &Request) -> Result<Vec<(String, String)>> {
        let mut headers = self.headers(request.verb, &request.url, request.body.as_ref(), true)?;
        headers.extend(request.headers.iter().cloned());
        Ok(headers)
    }

    pub(super) fn headers(
        &self,
        verb: Verb,
        url: &Url,
        body: Option<&Bytes>,
        sign: bool,
    ) -> Result<Vec<(String, String)>> {
        let mut headers = Vec::new();
        if body.is_some() {
            headers.push(("Content-Type".to_owned(), CONTENT_TYPE.to_owned()));
        }
        if let Some(credentials) = self.0.credentials.as_ref().filter(|_| sign) {
            let skew = self.0.skew.load(Ordering::Relaxed);
            let timestamp = self.0.clock.now().timestamp().saturating_add(skew);
            let signed = Signed { verb, url, body: body.map(AsRef::as_ref) };
            let nonce = slugid::v4();
            let header = hawk::header(credentials, signed, u64::try_from(timestamp).unwrap_or(0), &nonce)?;
            headers.push(("Authorization".to_owned(), header));
        }
        Ok(headers)
    }

    /// Tries one station until it answers, or until there is no point in trying again.
    async fn try_hop(&self, what: &str, hop: &Hop) -> Result<Tried> {
        // A bewit is a signature already.
        let sign = self.0.credentials.is_some() && hop.sign && !hop.url.query().unwrap_or_default().contains("bewit=");
        let (mut tries, mut corrected) = (0, false);
        loop {
            tries += 1;
            let outcome = self.try_once(hop, sign).await?;
            if outcome.as_ref().is_ok_and(|incoming| matches!(incoming.status, 429 | 503)) {
                self.0.pushbacks.fetch_add(1, Ordering::Relaxed);
            }
            if let (Ok(incoming), true, false) = (&outcome, sign, corrected)
                && incoming.status == 401
                && self.correct_clock(&incoming.headers)
            {
                corrected = true;
                tries -= 1;
                continue;
            }
            let failure = match &outcome {
                Ok(incoming) => retry::failure(incoming.status, self.retry_after(incoming)),
                Err(broken) if broken.may_pass() => Some(Failure::Passing { retry_after: None }),
                Err(_) => Some(Failure::Lasting),
            };
            let is_unsure = !hop.idempotent && may_have_been_done(&outcome);
            let failure = failure.map(|failure| if is_unsure { Failure::Lasting } else { failure });
            let decision = failure.map(|failure| retry::decide(failure, tries, self.0.retries, fastrand::f64()));
            match (decision, outcome) {
                (Some(Decision::Retry(wait)), _) => {
                    tracing::debug!(what, tries, ?wait, "trying again");
                    if let Some(Failure::Passing { retry_after: Some(_) }) = failure {
                        self.announce(what, wait);
                    }
                    self.0.clock.sleep(wait).await;
                }
                (Some(Decision::TooLong(wait)), Ok(incoming)) => {
                    let error = self.refusal(what, hop, incoming, tries);
                    return Err(error.hint(retry::too_long(wait)));
                }
                (Some(_), Ok(incoming)) if is_unsure => {
                    return Err(self.refusal(what, hop, incoming, tries).hint(MAY_HAVE_BEEN_DONE));
                }
                (_, Ok(incoming)) => return Ok(Tried { incoming, tries }),
                (_, Err(broken)) => {
                    let error = broken.into_error(what, tries);
                    return Err(if is_unsure { error.hint(MAY_HAVE_BEEN_DONE) } else { error });
                }
            }
        }
    }

    async fn try_once(&self, hop: &Hop, sign: bool) -> Result<Result<Incoming, ConnectionError>> {
        let mut headers = self.headers(hop.verb, &hop.url, hop.body.as_ref(), sign)?;
        headers.extend(hop.extra.iter().cloned());
        let (url, streamed) = (&hop.url, hop.streamed);
        let outgoing = Outgoing { verb: hop.verb, url, headers: &headers, body: hop.body.as_ref(), streamed };
        head_log::request(&headers);
        let started = Instant::now();
        let outcome = self.0.transport.exchange(outgoing).await?;
        let (url, elapsed) = (redacted(&hop.url), started.elapsed());
        match &outcome {
            Ok(incoming) => {
                tracing::debug!(verb = %hop.verb, %url, status = incoming.status, ?elapsed, signed = sign, "answered");
                head_log::answer(&incoming.headers);
            }
            Err(broken) => {
                tracing::debug!(verb = %hop.verb, %url, error = %broken.summary(), cause = %broken, ?elapsed, "failed");
            }
        }
        Ok(outcome)
    }

    /// Says that the next try comes late, once for all calls that wait at the same time.
    pub(crate) fn announce(&self, what: &str, wait: Duration) {
        if wait < ANNOUNCED_WAIT {
            return;
        }
        let now = self.0.clock.now().timestamp_millis();
        let until = now.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let announced = self.0.announced_until.fetch_max(until, Ordering::Relaxed);
        if announced <= now {
            tracing::warn!("{what}: the server asks to wait {} s before the next try", wait.as_secs());
        }
    }

    fn retry_after(&self, incoming: &Incoming) -> Option<Duration> {
        let header = incoming.headers.get("retry-after")?.to_str().ok()?;
        retry::retry_after(header, self.0.clock.now())
    }

    fn measured_skew(&self, headers: &HeaderMap) -> Option<i64> {
        let date = headers.get("date").and_then(|value| value.to_str().ok());
        skew::measure(date, self.0.clock.now())
    }

    /// Takes over the server's time for the signatures to come; false when that would change nothing.
    pub(super) fn correct_clock(&self, headers: &HeaderMap) -> bool {
        let Some(ahead) = self.measured_skew(headers) else { return false };
        let before = self.0.skew.swap(ahead, Ordering::Relaxed);
        let changes = before.abs_diff(ahead) > 1;
        if changes {
            tracing::warn!("{} Requests are signed with the server's time.", skew::describe(ahead));
        }
        changes
    }

    /// The error for a 4xx or 5xx, with what this client knows about why.
    fn refusal(&self, what: &str, hop: &Hop, incoming: Incoming, tries: u32) -> Error {
        let ahead = self.measured_skew(&incoming.headers);
        let refusal = ApiError::parse(what, hop.verb, redacted(&hop.url).to_string(), incoming.status, incoming.body);
        // What another host refuses has nothing to do with the credentials for this deployment.
        let is_own = self.is_own(hop) && !hop.is_other_resource;
        let advice = self.0.advisor.as_ref().filter(|_| is_own).map(|advisor| advisor(&refusal));
        let advice = advice.unwrap_or_default();
        let mut hints = Vec::new();
        match (&self.0.credentials, &self.0.unsigned_because) {
            (None, Some(reason)) if refusal.kind() == Kind::Auth && is_own => {
                // Signing gives no scopes to a role.
                hints.extend(refusal.other_holder(None).is_none().then(|| reason.clone()));
                hints.extend(advice);
            }
            (Some(credentials), _) if refusal.status == 403 && credentials.authorized_scopes.is_some() => {
                hints.push("The call was limited to its authorized scopes, whatever the credentials have.".into());
            }
            // New credentials would not help.
            (Some(credentials), _)
                if refusal.status == 401
                    && credentials.authorized_scopes.is_some()
                    && refusal.message.contains(UNSATISFIED) =>
            {
                hints.push("The call is limited to authorized scopes that the credentials do not have.".into());
            }
            (Some(credentials), _) if refusal.status == 401 && is_own => {
                let now = self.0.clock.now() + chrono::TimeDelta::seconds(ahead.unwrap_or(0));
                hints.extend(skew::certificate_fault(credentials, now));
                hints.extend(ahead.map(skew::describe));
                hints.extend(advice);
            }
            _ => hints.extend(advice),
        }
        let is_foreign = refusal.kind() == Kind::Auth && !self.is_own(hop);
        let error = hints.into_iter().fold(refusal.into_error(tries), Error::hint);
        if is_foreign { error.of_kind(Kind::Failed) } else { error }
    }

    /// Whether it is the deployment that is asked, and not a storage.
    fn is_own(&self, hop: &Hop) -> bool {
        hop.sign || Url::parse(self.root_url().as_str()).is_ok_and(|root| root.origin() == hop.url.origin())
    }
}

/// Where a redirect leads (RFC 9110, 15.4): 307 and 308 keep verb and body, the others become a GET.
fn redirect(request: &Request, from: &Hop, status: u16, location: &str, visited: &[Url]) -> Result<Hop> {
    let what = &request.what;
    let url = from
        .url
        .join(location)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| Error::failed(format!("{what} redirects to an address that is not a web server's")))?;
    let target = redacted(&url).to_string();
    if visited.contains(&url) {
        let stations: Vec<String> = visited.iter().map(|url| redacted(url).to_string()).collect();
        return Err(Error::failed(format!("{what} redirects in a loop: {} -> {target}", stations.join(" -> "))));
    }
    if visited.len() > MAX_REDIRECTS {
        return Err(Error::failed(format!("{what} redirects more than {MAX_REDIRECTS} times, last to {target}")));
    }
    let keeps = matches!(status, 307 | 308) || matches!(from.verb, Verb::Get | Verb::Head);
    let body = from.body.clone().filter(|_| keeps);
    if body.is_some() && url.origin() != request.url.origin() {
        // Only the deployment is meant to see what the body holds.
        return Err(Error::failed(format!("{what} redirects the request's body to another host: {target}")));
    }
    let verb = if keeps { from.verb } else { Verb::Get };
    let is_other_resource = from.is_other_resource || status == 303;
    let mut extra = from.extra.clone();
    if url.origin() != request.url.origin() {
        extra.retain(|header| !request.headers.contains(header));
    }
    // A signature is for the deployment and the call that was asked for, not for what that leads to.
    Ok(Hop { verb, url, body, extra, sign: false, is_other_resource, ..*from })
}

/// Whether a try that failed may have done what it was for. Who asks for fewer requests has done none.
fn may_have_been_done(outcome: &Result<Incoming, ConnectionError>) -> bool {
    match outcome {
        Ok(incoming) => incoming.status >= 500,
        Err(broken) => broken.may_have_arrived(),
    }
}
