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
    let mut findings = unordered(definition, base, checks)?;
    let order = positions(definition);
    let place = |finding: &Finding| {
        let path = finding.path.strip_prefix(base).unwrap_or_default();
        order.get(path).or_else(|| order.get(path.rsplit_once('/').map_or("", |(above, _)| above))).copied()
    };
    findings.sort_by_key(place);
    Ok(findings)
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
