//! Why a task stands where it does. Pure: facts in, findings out.

mod facts;
mod finding;
mod pending;
mod resolved;
mod running;
#[cfg(test)]
mod tests;
mod waiting;

use chrono::{DateTime, Utc};

use crate::domain::TaskState;

pub(crate) use facts::{
    Ahead, Capacity, Hidden, PoolError, PoolFacts, PoolState, QueueFacts, RunFacts, SeenWorker, StatusFacts, TaskFacts,
    Upstream,
};
pub(crate) use finding::{Finding, Remedy};
pub(crate) use resolved::kind_of_reason;

/// Why a task stands where it does at this time.
pub(crate) fn explain(facts: &TaskFacts, now: DateTime<Utc>) -> Finding {
    let finding = match facts.status.state {
        TaskState::Unscheduled => waiting::explain(facts, now),
        TaskState::Pending => pending::explain(facts, now),
        TaskState::Running => running::explain(facts, now),
        TaskState::Completed => resolved::completed(facts),
        TaskState::Failed => resolved::failed(facts),
        TaskState::Exception => resolved::exception(facts, now),
        TaskState::Other(state) => {
            Finding::new("unknown-state", format!("the queue says {state}, which is not known here"))
        }
    };
    hidden(finding, facts)
}

/// Says what could not be looked at.
fn hidden(mut finding: Finding, facts: &TaskFacts) -> Finding {
    let mut scopes: Vec<String> = Vec::new();
    for hidden in &facts.hidden {
        if hidden.scopes.is_empty() {
            finding = finding.fact(format!("not known: {} ({})", hidden.what, hidden.reason));
        } else {
            finding =
                finding.fact(format!("not allowed to see {}: {} is missing", hidden.what, hidden.scopes.join(", ")));
            scopes.extend(hidden.scopes.iter().filter(|scope| !scopes.contains(scope)).cloned().collect::<Vec<_>>());
        }
    }
    if scopes.is_empty() { finding } else { finding.next(Remedy::GetScopes(scopes)) }
}
