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
    context.remember(&found.id, true);
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

/// The tasks that `words` name; `-` reads more from standard input: see [`ids_in`].
///
/// With `skip_invalid` what names no task is left out with a warning.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when something names no task (all of them are reported), when there is no
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
            ids_in(&String::from_utf8_lossy(&bytes)).for_each(&mut read);
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

/// The words of a text that name tasks. Where a line starts with a task and goes on with other words, as those that
/// `tc group list` prints, they belong to it; of any other line each word counts.
pub(crate) fn ids_in(text: &str) -> impl Iterator<Item = &str> {
    let is_id = |word: &str| TaskRef::parse_task(word).is_ok();
    text.lines().flat_map(move |line| {
        let mut words = line.split_whitespace();
        let is_one = words.next().is_some_and(is_id) && !words.all(is_id);
        line.split_whitespace().take(if is_one { 1 } else { usize::MAX })
    })
}

fn located(found: TaskRef, context: &Context) -> Result<NamedTask> {
    let TaskRef { id, root, run, artifact, .. } = found;
    context.remember(&id, false);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_an_id_on_its_line_belongs_to_it_unless_it_is_an_id() {
        let (one, two) = ("VESwp9JaRo-XkFN_bemBhw", "AAAAAAAAQAGAAAAAAAAAAA");
        let text = format!("{one} build & test failed\n\n  {two}\t{one}\r\nnope {two} x\n{two}");
        assert_eq!(ids_in(&text).collect::<Vec<_>>(), [one, two, one, "nope", two, "x", two]);
    }
}
