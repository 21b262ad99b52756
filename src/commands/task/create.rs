//! `tc task create`

use serde_json::{Map, Value};

use super::made::{MakeArgs, make};
use super::render::EventArgs;
use crate::cli::unshielded;
use crate::commands::credentials::expanded_scopes;
use crate::commands::documents::Document;
use crate::context::{Context, Deployment};
use crate::definition::create::{CreateError, CreateOptions, NewTask, prepare};
use crate::definition::d2g;
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Create tasks from a file
///
/// The file is JSON or YAML: a task definition, or an object with a list `tasks` of definitions that each have a
/// `name`, by which they can name each other in `dependencies`. What is missing is filled in: taskId, created,
/// deadline (after a day), expires, taskGroupId, schedulerId. {$fromNow: 2 hours} is a time; with --context the file
/// is a JSON-e template. All is checked first, also against the schema of the worker.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File to read; `-` for standard input. With --render: .taskcluster.yml
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath, required_unless_present = "render")]
    file: Option<String>,
    /// ID of the task, where the file has one task
    #[arg(long, value_name = "ID", value_parser = task_id)]
    task_id: Option<String>,
    /// Task group; the IDs of named tasks follow from it, so the same group makes the same IDs
    #[arg(long, value_name = "ID", value_parser = task_id)]
    group: Option<String>,
    /// Continue this group: tasks that exist already are left alone
    #[arg(long, value_name = "GROUP", value_parser = task_id, conflicts_with = "group")]
    resume: Option<String>,
    /// Task that all of them depend on; repeatable
    #[arg(long = "dep", value_name = "TASK", value_parser = task_id)]
    dependencies: Vec<String>,
    /// Set a value in each definition: `payload.maxRunTime=60`, as JSON where it is valid JSON, else as a string;
    /// repeatable
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    set: Vec<(String, Value)>,
    /// Render the file as a JSON-e template with `KEY=VALUE`, or the object in @FILE; repeatable
    #[arg(long, value_name = "KEY=VALUE|@FILE", conflicts_with = "render")]
    context: Vec<String>,
    /// Convert docker-worker payloads to generic-worker
    #[arg(long)]
    d2g: bool,
    /// Create what the github service would make of .taskcluster.yml
    #[arg(long)]
    render: bool,
    #[command(flatten)]
    event: EventArgs,
    /// Set a value of the event of --render: `pull_request.draft=true`; repeatable
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment, requires = "render")]
    set_event: Vec<(String, Value)>,
    #[command(flatten)]
    how: MakeArgs,
}

/// An ID of a task or a group.
pub(super) fn task_id(text: &str) -> Result<String, String> {
    let text = unshielded(text);
    if slugid::is_slugid(&text) { Ok(text) } else { Err(format!("invalid task ID `{text}`")) }
}

/// `a.b=1`, where the value is JSON if it can be.
pub(super) fn assignment(text: &str) -> Result<(String, Value), String> {
    let (path, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`"))?;
    Ok((path.into(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

/// # Errors
/// When the file makes no tasks, they are not valid, or the queue refuses one.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut options = CreateOptions {
        task_id: args.task_id.clone(),
        group: args.group.clone().or_else(|| args.resume.clone()),
        dependencies: args.dependencies.clone(),
        set: args.set.clone(),
        context: None,
    };
    let (document, mut tasks) = if args.render {
        let path = args.file.as_deref().unwrap_or(super::render::FILE);
        (None, super::render::new_tasks(path, &args.event, &args.set_event, &options, context).await?)
    } else {
        options.context = template_context(&args.context, context).await?;
        let document = Document::read(args.file.as_deref().unwrap_or("-"), context).await?;
        let tasks = prepare(&document.value, &options, context.now(), &slugid::nice)
            .map_err(|error| explained(error, &document.name))?;
        (Some(document), tasks)
    };
    if args.d2g {
        convert(&mut tasks, context).await?;
    }
    // What was rendered or converted does not stand in the file as it is.
    let document = document.filter(|_| options.context.is_none() && !args.d2g);
    make(&tasks, document.as_ref(), &args.how, args.resume.is_some(), &Deployment::InUse, context).await
}

/// The values of `--context`; none when it was not given.
async fn template_context(words: &[String], context: &Context) -> Result<Option<Map<String, Value>>> {
    if words.is_empty() {
        return Ok(None);
    }
    let mut values = Map::new();
    for word in words {
        match word.strip_prefix('@') {
            Some(path) => match Document::read(path, context).await?.value {
                Value::Object(members) => values.extend(members),
                _ => return Err(Error::usage(format!("--context {word} is not an object"))),
            },
            None => {
                let (key, value) = assignment(word).map_err(|fault| Error::usage(format!("--context {fault}")))?;
                values.insert(key, value);
            }
        }
    }
    Ok(Some(values))
}

fn explained(error: CreateError, file: &str) -> Error {
    let hint = match &error {
        CreateError::UnknownDependency { suggestion: Some(name), .. } => Some(format!("Did you mean `{name}`?")),
        CreateError::Shape => Some("tc schema skeleton queue createTask prints a definition to fill in".into()),
        _ => None,
    };
    let failure = Error::usage(format!("cannot make tasks of {file}")).caused_by(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

async fn convert(tasks: &mut [NewTask], context: &Context) -> Result<()> {
    for task in tasks {
        let container = format!("taskcontainer_{}", slugid::nice());
        let expanded = expanded_scopes(&task.definition, context).await?;
        let converted =
            d2g::convert_definition(&task.definition, expanded.as_deref(), &container).map_err(|error| {
                let faults: Vec<String> = error.faults().iter().map(ToString::to_string).collect();
                let name = task.name.as_deref().unwrap_or(&task.task_id);
                let failure = Error::failed(format!("cannot convert the payload of task `{name}`")).caused_by(error);
                if faults.is_empty() { failure } else { failure.hint(faults.join("; ")) }
            })?;
        task.definition = converted.value;
    }
    Ok(())
}
