//! Checks a definition before the queue and the worker do: the schemas, and what they enforce beyond them.

mod needs;
mod times;
mod worker;

use serde_json::Value;

use super::finding::{Finding, Severity};
use crate::reference::{Catalogue, Source};
use crate::schema::{Checker, SchemaError, positions};

pub(crate) use times::Clock;
pub(crate) use worker::{Worker, WorkerChoice};

/// The longest body that the services take, in bytes; anything longer is an error of theirs that says nothing.
const MAX_BODY_BYTES: u64 = 10 << 20;

/// What to check against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checks {
    /// Which worker runs it.
    pub worker: WorkerChoice,
    /// Which times count.
    pub clock: Clock,
}

/// Checks the definition that stands at `base` in a file.
///
/// # Errors
/// When a schema of ours is broken.
pub(crate) fn check_definition(definition: &Value, base: &str, checks: Checks) -> Result<Vec<Finding>, SchemaError> {
    let length = length_in_bytes(definition);
    if length > MAX_BODY_BYTES {
        // Whatever else is wrong with so much is of no use to anybody.
        return Ok(vec![
            Finding {
                expected: Some(format!("at most {} MiB of JSON", MAX_BODY_BYTES >> 20)),
                found: Some(format!("{} MiB", length.div_ceil(1 << 20))),
                ..Finding::error(base, "the definition is too large for the queue")
            }
            .help("put what is large into an artifact, and fetch it from there"),
        ]);
    }
    let mut findings = unordered(definition, base, checks)?;
    let order = positions(definition);
    let place = |finding: &Finding| {
        let path = finding.path.strip_prefix(base).unwrap_or_default();
        order.get(path).or_else(|| order.get(path.rsplit_once('/').map_or("", |(above, _)| above))).copied()
    };
    findings.sort_by_key(place);
    Ok(findings)
}

/// How long a value is as JSON without white space.
fn length_in_bytes(value: &Value) -> u64 {
    /// Counts what is written to it.
    struct Count(u64);

    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        // A value always has a text; without one it could not be sent.
        Err(_) => u64::MAX,
    }
}

fn unordered(definition: &Value, base: &str, checks: Checks) -> Result<Vec<Finding>, SchemaError> {
    let schema = "v1/create-task-request.json";
    let missing = || SchemaError::Missing { path: schema.into() };
    let queue = Catalogue::embedded(Source::Current).service("queue").map_err(|_| missing())?;
    let mismatches = Checker::new(queue, schema)?.mismatches(definition);
    let mut findings: Vec<Finding> = mismatches.into_iter().map(|found| Finding::of(found, base)).collect();
    let has = |name: &str| definition.get(name).is_some();
    if definition.is_object() && !has("taskQueueId") && !(has("provisionerId") && has("workerType")) {
        findings.push(Finding::error(base, "missing property `taskQueueId`"));
    }
    times::check(definition, base, checks.clock, &mut findings);
    let Some(payload) = definition.get("payload").filter(|payload| payload.is_object()) else { return Ok(findings) };
    let path = format!("{base}/payload");
    match checks.worker.of(payload) {
        Some(worker) => {
            findings.extend(worker.check(payload, &path)?);
            needs::check(definition, base, worker, &mut findings);
        }
        None => findings.push(
            Finding::warning(path, "the payload is not checked: it is not known which worker it is for")
                .help("name the worker"),
        ),
    }
    Ok(findings)
}

/// Whether something must be mended.
pub(crate) fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

#[cfg(test)]
mod tests;
