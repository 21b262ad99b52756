//! `GET /sandbox/events`: what is published, as it is published, one JSON object a line.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode, header};
use bytes::Bytes;
use futures::stream;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::{Event, Events, exchanges};
use crate::sandbox::host::is_local;

/// Where the stream is.
const PATH: &str = "/sandbox/events";

/// What a reader wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Filter {
    /// Full names of exchanges; all of them when there are none.
    exchanges: BTreeSet<&'static str>,
    /// Patterns of routing keys; all keys when there are none.
    patterns: Vec<String>,
}

impl Filter {
    /// Reads `?exchange=&pattern=`, each as often as wanted. An exchange is named in full or by the end of its name.
    fn of(query: &str) -> Result<Self, String> {
        let mut filter = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "exchange" => {
                    let full = |known: &&str| **known == *value || known.ends_with(&format!("/{value}"));
                    let before = filter.exchanges.len();
                    filter.exchanges.extend(exchanges().values().map(|known| known.full_name.as_str()).filter(full));
                    if filter.exchanges.len() == before {
                        return Err(format!("unknown exchange `{value}`"));
                    }
                }
                "pattern" => filter.patterns.push(value.into_owned()),
                _ => return Err(format!("unknown query argument `{name}`: there are `exchange` and `pattern`")),
            }
        }
        Ok(filter)
    }

    fn admits(&self, event: &Event) -> bool {
        let of_exchange = self.exchanges.is_empty() || self.exchanges.contains(event.exchange);
        of_exchange && (self.patterns.is_empty() || self.patterns.iter().any(|pattern| event.fits(pattern)))
    }
}

/// Answers a request for the stream; nothing when it is for something else.
pub(in crate::sandbox) fn respond(events: &Events, request: &Parts) -> Option<Response<Body>> {
    let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // Everything else is refused where all requests are.
    if request.uri.path() != PATH || request.method != Method::GET || !is_local(host) {
        return None;
    }
    let (status, kind, body) = match Filter::of(request.uri.query().unwrap_or_default()) {
        Ok(filter) => (StatusCode::OK, "application/x-ndjson", lines(events, filter)),
        Err(reason) => (StatusCode::BAD_REQUEST, "application/json", format!("{}\n", json!({"error": reason})).into()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Some(response)
}

/// The lines from now on. A reader that is too slow gets the number of messages that it has missed.
fn lines(events: &Events, filter: Filter) -> Body {
    let reader = events.subscribe();
    let lines = stream::unfold((reader, filter), |(mut reader, filter)| async move {
        loop {
            let line = match reader.recv().await {
                Ok(event) if filter.admits(&event) => serde_json::to_string(&*event).unwrap_or_default(),
                Ok(_) => continue,
                Err(RecvError::Lagged(missed)) => json!({"missed": missed}).to_string(),
                Err(RecvError::Closed) => return None,
            };
            return Some((Ok::<_, std::convert::Infallible>(Bytes::from(line + "\n")), (reader, filter)));
        }
    });
    Body::from_stream(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt as _;

    fn event(exchange: &'static str, routing_key: &str, cc: &[&str]) -> Event {
        Event {
            exchange,
            routing_key: routing_key.into(),
            cc: cc.iter().map(ToString::to_string).collect(),
            payload: json!({}),
        }
    }

    #[test]
    fn a_filter_names_exchanges_and_patterns() {
        let defined = event("exchange/taskcluster-queue/v1/task-defined", "primary.a.b", &["route.x.y"]);
        for (query, admits) in [
            ("", true),
            ("exchange=task-defined", true),
            ("exchange=exchange/taskcluster-queue/v1/task-defined", true),
            ("exchange=task-pending", false),
            ("exchange=task-pending&exchange=task-defined", true),
            ("pattern=primary.%23", true),
            ("pattern=route.x.*", true),
            ("exchange=task-defined&pattern=route.y.*", false),
        ] {
            assert_eq!(Filter::of(query).unwrap().admits(&defined), admits, "{query}");
        }
        assert!(Filter::of("exchange=ask-defined").unwrap_err().contains("unknown exchange"));
        assert!(Filter::of("exchanges=x").unwrap_err().contains("unknown query argument"));
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_missed() {
        let events = Events::default();
        let body = lines(&events, Filter::default());
        let published = super::super::LAG + 7;
        for _ in 0..published {
            events.publish("auth", "roleCreated", &[], &[], json!({"roleId": "r", "version": 1}));
        }
        let first = body.into_data_stream().next().await.unwrap().unwrap();
        assert_eq!(first, "{\"missed\":7}\n");
    }
}
