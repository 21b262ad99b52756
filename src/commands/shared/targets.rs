//! The tasks and groups that a command line names, and the deployment that they are on.

use std::collections::HashSet;

use crate::context::Context;
use crate::domain::RootUrl;
use crate::domain::task_ref::{TaskRef, TaskRefError};
use crate::env;
use crate::error::{Error, Result};

/// What a command line names.
pub struct Targets {
    /// The tasks, each once, in the order in which they were named.
    pub refs: Vec<TaskRef>,
    /// The context to call with: its deployment is that of the pages that were named.
    pub context: Context,
}

/// The group that `text` names, and the context to call with.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when it names none, or one on another deployment than the one in use.
pub fn group(text: &str, context: &Context) -> Result<(String, Context)> {
    let found = TaskRef::parse_group(text).map_err(|fault| malformed(&[fault]))?;
    let context = deployment(std::slice::from_ref(&found), context)?;
    Ok((found.id, context))
}

/// The tasks that `words` name; `-` reads more, separated by white space, from standard input.
///
/// With `skip_invalid` what names no task is left out with a warning.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when something names no task (all of it is told), when there is no
/// task at all, or when tasks are on different deployments or on another one than that in use.
pub async fn tasks(words: &[String], skip_invalid: bool, context: &Context) -> Result<Targets> {
    let mut faults = Vec::new();
    let mut refs = Vec::new();
    let mut seen = HashSet::new();
    let mut read = |word: &str| match TaskRef::parse_task(word) {
        Ok(found) => {
            if seen.insert((found.id.clone(), found.run)) {
                refs.push(found);
            }
        }
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
    let context = deployment(&refs, context)?;
    Ok(Targets { refs, context })
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

/// The context for the deployment whose pages were named.
fn deployment(refs: &[TaskRef], context: &Context) -> Result<Context> {
    let mut roots: Vec<&RootUrl> = refs.iter().filter_map(|found| found.root.as_ref()).collect();
    roots.dedup();
    let Some(first) = roots.first() else { return Ok(context.same()) };
    if let Some(other) = roots.iter().find(|root| *root != first) {
        return Err(Error::usage(format!("the pages are those of two deployments: {first} and {other}"))
            .hint("Run the command once for each."));
    }
    let chosen = context.globals.root_url.is_some() || context.env.get(env::ROOT_URL).is_some();
    match context.root_url() {
        Ok(in_use) if in_use == **first => Ok(context.same()),
        // The proxy of a task stands for a deployment whose own address may be unknown here.
        Ok(_) if !chosen => Ok(context.same()),
        Ok(in_use) => Err(Error::usage(format!("the page is one of {first}, but the deployment in use is {in_use}"))
            .hint(format!("To use the page's deployment: -R {first}"))),
        Err(_) if !chosen => Ok(context.with_root_url(first)),
        Err(error) => Err(error),
    }
}
