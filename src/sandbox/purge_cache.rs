//! The purge-cache service: which caches of which worker pool are to be dropped.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::wire::{Name, Page, parse_time, stamp};

/// How long a request is remembered.
const REQUEST_LIFETIME: TimeDelta = TimeDelta::days(1);

/// The requests by worker pool and cache, with their times.
#[derive(Default)]
pub(super) struct PurgeCacheState {
    requests: BTreeMap<(Name, Name), DateTime<Utc>>,
}

impl PurgeCacheState {
    /// How many there are.
    #[cfg(test)]
    pub(in crate::sandbox) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Drops the requests that are no longer listed.
    pub(super) fn forget_expired(&mut self, now: DateTime<Utc>) {
        self.requests.retain(|_, before| *before + REQUEST_LIFETIME >= now);
    }
}

/// Answers a call of the purge-cache service; none for methods without behaviour.
pub(super) fn handle(state: &mut PurgeCacheState, call: &Call<'_>) -> Option<Outcome> {
    state.forget_expired(call.now);
    Some(match call.method.name.as_str() {
        "purgeCache" => purge(state, call),
        "purgeRequests" => of_pool(state, call),
        "allPurgeRequests" => all(state, call),
        _ => return None,
    })
}

fn purge(state: &mut PurgeCacheState, call: &Call<'_>) -> Outcome {
    let cache = call.body["cacheName"].as_str().unwrap_or_default();
    call.authorize(&[("cacheName", json!(cache))])?;
    state.requests.insert((Name::new(call.param("workerPoolId")), Name::new(cache)), call.now);
    Ok(Answer::NoContent)
}

fn request_json(((pool, cache), before): (&(Name, Name), &DateTime<Utc>)) -> Value {
    let (provisioner, worker_type) = pool.0.split_once('/').unwrap_or((&pool.0, ""));
    json!({
        "provisionerId": provisioner, "workerType": worker_type, "cacheName": &*cache.0, "before": stamp(*before),
    })
}

fn of_pool(state: &PurgeCacheState, call: &Call<'_>) -> Outcome {
    let since = call.query("since").map(|text| {
        parse_time(text).ok_or_else(|| {
            Fault::new(
                400,
                "InvalidRequestArguments",
                format!("Query-string parameter: since=\"{text}\" is not valid, error: Invalid Date"),
            )
        })
    });
    let since = since.transpose()?;
    let pool = call.param("workerPoolId");
    let wanted =
        state.requests.iter().filter(|((of, _), before)| &*of.0 == pool && since.is_none_or(|since| **before >= since));
    Ok(Answer::Json(json!({"requests": wanted.map(request_json).collect::<Vec<_>>()})))
}

fn all(state: &PurgeCacheState, call: &Call<'_>) -> Outcome {
    let paged = Page::of(call)?.slice(&state.requests);
    // Here the token stands before the list.
    let token = paged.token.map(|token| ("continuationToken".to_owned(), json!(token)));
    let requests = ("requests".to_owned(), paged.items.into_iter().map(request_json).collect());
    Ok(Answer::Json(token.into_iter().chain([requests]).collect::<Map<_, _>>().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rig::{Request, read};

    #[test]
    fn a_pool_is_told_of_requests_since_a_time_and_for_a_day() {
        let mut state = PurgeCacheState::default();
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut send = |now, request: Request<'_>| read(request.send(now, |call| handle(&mut state, call)).unwrap());
        let purge = |cache: &str| {
            Request::new("purge-cache", "purgeCache").param("workerPoolId", "p/w").body(json!({"cacheName": cache}))
        };
        assert_eq!(send(now, purge("a").scopes(&["purge-cache:p/w:b"])).0, 403);
        assert_eq!(send(now, purge("a")).0, 204);
        assert_eq!(send(now + TimeDelta::hours(1), purge("b")).0, 204);
        let asked = |since: &str| {
            Request::new("purge-cache", "purgeRequests").param("workerPoolId", "p/w").query("since", since)
        };
        let caches = |answer: (u16, Value)| answer.1["requests"].as_array().map(Vec::len);
        assert_eq!(caches(send(now, asked("2026-11-22T12:00:00Z"))), Some(2));
        assert_eq!(caches(send(now, asked("2026-11-22T12:30:00Z"))), Some(1));
        assert_eq!(send(now, asked("x")).0, 400);
        let later = now + TimeDelta::hours(25);
        assert_eq!(caches(send(later, Request::new("purge-cache", "allPurgeRequests"))), Some(1));
    }
}
