//! The tasks and groups that a command line names, and the deployments that they are on.

use std::collections::HashSet;

use crate::context::{Context, Named, NamedTask};
use crate::domain::task_ref::{TaskRef, TaskRefError};
use crate::error::{Error, Result};

/// The tasks that a command line names.
#[derive(Debug)]
pub(crate) struct NamedTasks {
    /// Each once, in the order in which they were named.
    pub tasks: Vec<NamedTask>,
    /// One task was named, and it alone could be: results need not say whose they are.
    pub is_single: bool,
}

/// The group that `text` names.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when it names none, or one on another deployment than the one that was chosen.
pub(crate) fn group(text: &str, context: &Context) -> Result<Named> {
    let found = TaskRef::parse_group(text).map_err(|fault| malformed(&[fault]))?;
    Ok(Named { deployment: context.deployment_of(found.root.as_ref())?, id: found.id })
}

/// The task that `text` names.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when it names none, or one on another deployment than the one that was chosen.
pub(crate) fn task(text: &str, context: &Context) -> Result<NamedTask> {
    let found = TaskRef::parse_task(text).map_err(|fault| malformed(&[fault]))?;
    located(found, context)
}

/// The tasks that `words` name; `-` reads more, separated by white space, from standard input.
///
/// With `skip_invalid` what names no task is left out with a warning.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when something names no task (all of it is told), when there is no
/// task at all, or when one is on another deployment than the one that was chosen.
pub(crate) async fn tasks(words: &[String], skip_invalid: bool, context: &Context) -> Result<NamedTasks> {
    let mut faults = Vec::new();
    let mut refs = Vec::new();
    let mut read = |word: &str| match TaskRef::parse_task(word) {
        Ok(found) => refs.push(found),
        Err(fault) => faults.push(fault),
    };
    for word in words {
        if word == "-" {
            let bytes = context.read_stdin().await?;
            String::from_utf8_lossy(&bytes).split_whitespace().for_each(&mut read);
        } else {
            read(word);
        }
    }
    match faults.as_slice() {
        [] => {}
        faults if skip_invalid => {
            for fault in faults {
                context.ui.warn(format_args!("skipped: {fault}"));
            }
        }
        faults => {
            let error = malformed(faults);
            return Err(if refs.is_empty() {
                error
            } else {
                error.hint("Nothing was sent. --skip-invalid leaves these out.")
            });
        }
    }
    if refs.is_empty() {
        return Err(Error::usage("no task is named")
            .hint("Give IDs or addresses of task pages; `-` reads them from standard input."));
    }
    let is_single = words.len() == 1 && words.iter().all(|word| word != "-");
    let tasks = refs.into_iter().map(|found| located(found, context)).collect::<Result<Vec<_>>>()?;
    Ok(NamedTasks { tasks: distinct(tasks), is_single })
}

fn located(found: TaskRef, context: &Context) -> Result<NamedTask> {
    let TaskRef { id, root, run, artifact, .. } = found;
    Ok(NamedTask { deployment: context.deployment_of(root.as_ref())?, id, run, artifact })
}

/// Each task once.
fn distinct(tasks: Vec<NamedTask>) -> Vec<NamedTask> {
    let mut seen = HashSet::with_capacity(tasks.len());
    let mut tasks = tasks;
    tasks.retain(|task| seen.insert((task.deployment.clone(), task.id.clone(), task.run)));
    tasks
}

fn malformed(faults: &[TaskRefError]) -> Error {
    match faults {
        [fault] => Error::usage(fault.to_string()),
        faults => {
            let mut message = format!("{} of the IDs are malformed:", faults.len());
            for fault in faults {
                message.push_str("\n  ");
                message.push_str(&fault.to_string());
            }
            Error::usage(message)
        }
    }
}
