//! Running a command of the user's with credentials in its environment.

use std::time::Duration;

use tokio::process::Command;

use crate::context::Context;
use crate::env::{Variable, terminate};
use crate::error::{Error, Result};
use crate::exit::Status;

/// How long a command that is interrupted has to end by itself.
const INTERRUPTED_CHILD_LIMIT: Duration = Duration::from_secs(2);

/// Runs `command` in a shell, with some variables set and some removed, and ends as it ends.
///
/// # Errors
/// When it cannot be started; [`crate::error::Kind::Interrupted`] when it outlives an interrupt.
pub(crate) async fn run(
    command: &str,
    set: &[(Variable, &str)],
    remove: &[Variable],
    context: &Context,
) -> Result<Status> {
    let set: Vec<(&str, &str)> = set.iter().map(|(variable, value)| (variable.name, *value)).collect();
    run_with(command, &set, remove, context).await
}

/// The same with variables that are not those of `tc`.
pub(crate) async fn run_with(
    command: &str,
    set: &[(&str, &str)],
    remove: &[Variable],
    context: &Context,
) -> Result<Status> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(&context.env.directory).kill_on_drop(true);
    shell.env_clear().envs(context.env.variables());
    for variable in remove {
        shell.env_remove(variable.name);
    }
    shell.envs(set.iter().copied());
    let cannot = |source: std::io::Error| Error::failed(format!("cannot run `{command}`")).caused_by(source);
    let interrupt = context.env.interrupt.clone();
    let clock = context.env.clock.clone();
    // Ctrl-C reaches the command as well; it may have something to clean up.
    let _claim = context.claim_interrupt();
    let mut child = shell.spawn().map_err(cannot)?;
    tokio::select! {
        ended = child.wait() => return ended.map(Status::of).map_err(cannot),
        () = interrupt.wait() => {}
    }
    if context.ending().is_interrupted_alone() {
        child.id().map(terminate).unwrap_or_default();
    }
    tokio::select! {
        biased;
        ended = child.wait() => return ended.map(Status::of).map_err(cannot),
        () = clock.sleep(INTERRUPTED_CHILD_LIMIT) => {}
    }
    child.kill().await.map_err(cannot)?;
    Err(Error::interrupted())
}
