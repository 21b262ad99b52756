//! `tc task edit`

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::made::{MakeArgs, make};
use crate::commands::bulk::Confirmation;
use crate::commands::documents::{self, Document, difference};
use crate::commands::selection;
use crate::context::{Context, Deployment};
use crate::definition::create::{CreateOptions, prepare, template};
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Change a task's definition in your editor, and create a new task of it
///
/// The editor is that of VISUAL or EDITOR. The new task has a new ID, and times count from now; it stays in the group
/// of the old one. The difference is shown, and confirmed on a terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task: an ID or the address of its page
    #[arg(value_name = "TASK")]
    task: String,
    /// Read the argument as an index path: `project.branch.latest.build`
    #[arg(long)]
    index: bool,
    /// Create it without being asked
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    how: MakeArgs,
}

/// # Errors
/// When the editor fails or what it leaves is no valid definition: nothing is created and the text is kept.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let task = selection::indexed_task(&args.task, args.index, context).await?;
    let definition: Value =
        task.deployment.client(context)?.call("queue", "task").arg(task.id.as_str()).send().await?.json()?;
    let mut before = template(&definition);
    if let (Value::Object(members), Some(group)) = (&mut before, definition.get("taskGroupId")) {
        members.insert("taskGroupId".into(), group.clone());
    }
    let before = format!("{before:#}\n");
    let copy = copy(&before, &context.env.temporary_directory())?;
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
fn copy(text: &str, directory: &Path) -> Result<PathBuf> {
    let cannot = |source: std::io::Error| Error::failed("cannot make a file for the editor").caused_by(source);
    let mut file =
        tempfile::Builder::new().prefix("tc-task-").suffix(".json").tempfile_in(directory).map_err(cannot)?;
    file.write_all(text.as_bytes()).map_err(cannot)?;
    let (_, path) = file.keep().map_err(|fault| cannot(fault.error))?;
    Ok(path)
}
