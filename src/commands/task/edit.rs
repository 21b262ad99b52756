//! `tc task edit`

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::made::{MakeArgs, make};
use crate::commands::bulk::Confirmation;
use crate::commands::documents::{self, Document};
use crate::commands::selection;
use crate::context::{Context, Deployment};
use crate::definition::create::{CreateOptions, prepare, template};
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Change a task's definition in your editor, and create a new task of it
///
/// The editor is that of VISUAL or EDITOR. The new task has a new ID, and times count from now; it stays in the group
/// of the old one. The difference is shown, and on a terminal asked about.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task: an ID or the address of its page
    #[arg(value_name = "TASK")]
    task: String,
    /// Create it without being asked
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    how: MakeArgs,
}

/// Edits.
///
/// # Errors
/// When the editor fails or what it leaves is no valid definition: nothing is created and the text is kept.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let task = selection::task(&args.task, context)?;
    let definition: Value =
        task.deployment.client(context)?.call("queue", "task").arg(task.id.as_str()).send().await?.json()?;
    let mut before = template(&definition);
    if let (Value::Object(members), Some(group)) = (&mut before, definition.get("taskGroupId")) {
        members.insert("taskGroupId".into(), group.clone());
    }
    let before = format!("{before:#}\n");
    let copy = copy(&before)?;
    let made = edited(&copy, &before, args, &task.deployment, context).await;
    match made {
        Ok(status) => {
            fs::remove_file(&copy).map_err(|source| Error::io("remove", copy.display(), source))?;
            Ok(status)
        }
        Err(error) => Err(error.hint(format!("The edited text is in {}", copy.display()))),
    }
}

async fn edited(copy: &Path, before: &str, args: &Args, deployment: &Deployment, context: &Context) -> Result<Status> {
    documents::edit(copy, context).await?;
    let path = copy.to_string_lossy();
    let document = Document::read(&path, context).await?;
    if document.text == before {
        context.ui.note("Nothing has changed; nothing was created.");
        return Ok(Status::DONE);
    }
    let tasks = prepare(&document.value, &CreateOptions::default(), context.now(), &slugid::nice)
        .map_err(|error| Error::usage("the edited text is no task definition").caused_by(error))?;
    for line in difference(before, &document.text) {
        context.ui.note(context.ui.safe(&line));
    }
    let confirmation = Confirmation {
        action: "create an edited task",
        refusal: "created nothing",
        question: "Create this task?",
        hint: "Add --yes",
        ..Confirmation::default()
    };
    if !args.yes && !confirmation.ask(context).await? {
        return Ok(Status(1));
    }
    make(&tasks, Some(&document), &args.how, false, deployment, context).await
}

/// A copy that is not removed when something goes wrong: nobody wants to type twice.
fn copy(text: &str) -> Result<PathBuf> {
    let cannot = |source: std::io::Error| Error::failed("cannot make a file for the editor").caused_by(source);
    let mut file = tempfile::Builder::new().prefix("tc-task-").suffix(".json").tempfile().map_err(cannot)?;
    file.write_all(text.as_bytes()).map_err(cannot)?;
    let (_, path) = file.keep().map_err(|fault| cannot(fault.error))?;
    Ok(path)
}

/// The lines that went and came, with `-` and `+` before them, in the order of the text.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same_start;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[same_start..old.len() - same_end], &new[same_start..new.len() - same_end]);
    // The longest common subsequence of what lies between; of a rewritten file only that it was.
    if old.len().saturating_mul(new.len()) > 4_000_000 {
        return vec![format!("- {} lines", old.len()), format!("+ {} lines", new.len())];
    }
    let width = new.len() + 1;
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i * width + j] = if old[i] == new[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            lines.push(format!("- {}", old[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_shows_what_went_and_what_came() {
        assert_eq!(difference("a\nb\nc\nd\n", "a\nx\nc\ny\nd\n"), ["- b", "+ x", "+ y"]);
        assert_eq!(difference("a\nb", "a\nb"), [""; 0]);
        assert_eq!(difference("", "a"), ["+ a"]);
    }
}
