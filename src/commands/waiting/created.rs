//! Verbs that create a task and may stay with it.

use crate::context::Deployment;
use crate::exit::Status;

/// Whether to stay with the tasks that are created.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct StayArgs {
    /// Wait until what was created is resolved; the status is 3 when it did not complete
    #[arg(long)]
    wait: bool,
    /// Print the log of what was created, and wait for it
    #[arg(long)]
    log: bool,
}

impl StayArgs {
    /// How a verb ends that has created these tasks.
    pub(crate) fn with(self, ids: Vec<String>, deployment: Deployment) -> Ended {
        if ids.is_empty() || !self.wait && !self.log {
            return Ended::Done(Status::DONE);
        }
        Ended::Created(CreatedTasks { ids, with_logs: self.log, deployment })
    }
}

/// How a verb ended that may create tasks.
#[derive(Debug)]
pub(crate) enum Ended {
    /// With this exit status.
    Done(Status),
    /// With tasks to stay with until they are resolved.
    Created(CreatedTasks),
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self::Done(status)
    }
}

/// Tasks that were created.
#[derive(Debug)]
pub(crate) struct CreatedTasks {
    /// Their IDs.
    pub ids: Vec<String>,
    /// Print their logs.
    pub with_logs: bool,
    /// Where they are.
    pub deployment: Deployment,
}
