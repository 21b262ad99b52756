//! What is waiting for the workers of a pool, and what went wrong with them lately.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::fields::number;
use crate::client::Client;
use crate::context::Context;
use crate::domain::time::parse_time;
use crate::error::{Kind, Result};

/// Tasks of a pool by what they wait for; none where the caller may not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QueueCounts {
    pub pending: u64,
    pub claimed: u64,
}

/// What the caller may not know: the rest is shown all the same, and this is said once.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Vec<String>>);

impl Refusals {
    /// An answer, or none where it is refused to this caller.
    ///
    /// # Errors
    /// All others.
    fn bridge<T>(&self, what: &str, answer: Result<T>) -> Result<Option<T>> {
        match answer {
            Err(error) if error.kind() == Kind::Auth => {
                let line = format!("{what}: {}", error.message().lines().next().unwrap_or_default());
                let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if !refused.contains(&line) {
                    refused.push(line);
                }
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    /// Says what is missing, and why.
    pub(super) fn tell(&self, context: &Context) {
        for line in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            context.ui.warn(context.ui.safe(&line));
        }
    }
}

/// How many tasks are pending and claimed.
///
/// # Errors
/// Those of the call, but for a refusal.
pub(super) async fn queue_counts(client: &Client, pool: &str, refusals: &Refusals) -> Result<Option<QueueCounts>> {
    let answer = client.call("queue", "taskQueueCounts").arg(pool).send().await;
    let Some(answer) = refusals.bridge("the tasks that wait are not counted", answer)? else { return Ok(None) };
    let answer: Value = answer.json()?;
    Ok(Some(QueueCounts { pending: number(&answer, "pendingTasks"), claimed: number(&answer, "claimedTasks") }))
}

/// How many errors the last `hours` hours had, by what `workerPoolErrorStats` tells of single hours.
pub(super) fn recent_errors(stats: &Value, hours: u8, now: chrono::DateTime<chrono::Utc>) -> u64 {
    let hourly = stats.get("totals").and_then(|totals| totals.get("hourly")).and_then(Value::as_object);
    // An hour counts that has ended after the time from which on errors are asked for.
    let from = now - chrono::TimeDelta::hours(i64::from(hours) + 1);
    let in_time = |hour: &str| parse_time(hour).is_ok_and(|hour| hour > from);
    let counts = hourly.into_iter().flat_map(Map::iter).filter(|(hour, _)| in_time(hour));
    counts.filter_map(|(_, count)| count.as_u64()).sum()
}

/// `workerPoolErrorStats`, of one pool or of all.
///
/// # Errors
/// Those of the call, but for a refusal.
pub(super) async fn error_stats(client: &Client, pool: Option<&str>, refusals: &Refusals) -> Result<Option<Value>> {
    let call = client.call("worker-manager", "workerPoolErrorStats");
    let call = match pool {
        Some(pool) => call.query("workerPoolId", pool),
        None => call,
    };
    let answer = refusals.bridge("errors are not counted", call.send().await)?;
    answer.map(|answer| answer.json()).transpose()
}

/// The pools that had errors in the last seven days.
pub(super) fn pools_with_errors(stats: &Value) -> Vec<String> {
    let pools = stats.get("totals").and_then(|totals| totals.get("workerPool")).and_then(Value::as_object);
    let counted =
        pools.into_iter().flat_map(Map::iter).filter(|(_, count)| count.as_u64().is_some_and(|count| count > 0));
    counted.map(|(pool, _)| pool.clone()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hours_count_that_reach_into_the_time() {
        let hourly =
            json!({"2026-11-22T09:00:00.000Z": 1, "2026-11-22T10:00:00.000Z": 2, "2026-11-22T12:00:00.000Z": 4});
        let stats = json!({"totals": {"hourly": hourly, "workerPool": {"a/b": 7, "c/d": 0}}});
        let now = parse_time("2026-11-22T12:30:00Z").unwrap();
        assert_eq!([1, 2, 3, 24].map(|hours| recent_errors(&stats, hours, now)), [4, 6, 7, 7]);
        assert_eq!(recent_errors(&json!({}), 24, now), 0);
        assert_eq!(pools_with_errors(&stats), ["a/b"]);
        assert_eq!(pools_with_errors(&json!({"totals": null})), [""; 0]);
    }
}
