//! `tc task render`

use serde_json::{Map, Value, json};

use crate::commands::documents::{Document, report};
use crate::context::Context;
use crate::definition::create::{CreateOptions, NewTask};
use crate::definition::finding::Finding;
use crate::definition::render::{self, Deployment, Event, EventKind, RenderError, Rendered, Repository};
use crate::domain::fields::set_field;
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// The usual name.
pub(super) const FILE: &str = ".taskcluster.yml";

/// Show what the github service would make of .taskcluster.yml
///
/// Nothing is sent anywhere. The event is made up, unless it is read from a file: `--event @payload.json` takes what
/// GitHub sent. Prints the tasks and the scopes that they would be created with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File to render; `-` for standard input
    #[arg(value_name = "FILE", default_value = FILE, value_hint = clap::ValueHint::FilePath)]
    file: String,
    #[command(flatten)]
    event: EventArgs,
    /// Set a value of the event: `pull_request.draft=true`; repeatable
    #[arg(long, value_name = "PATH=VALUE", value_parser = super::create::assignment)]
    set: Vec<(String, Value)>,
}

/// What happened.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct EventArgs {
    /// Event: push, pull-request, pull-request-untrusted, release, issue-comment, cron, action, or @FILE
    #[arg(long, value_name = "EVENT", default_value = "push")]
    event: String,
    /// What happened to the pull request or the release: opened, synchronize, published
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Branch
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// Tag that is pushed, in place of a branch
    #[arg(long, value_name = "NAME", conflicts_with = "branch")]
    tag: Option<String>,
    /// Commit
    #[arg(long, value_name = "SHA")]
    sha: Option<String>,
    /// Repository: `owner/name`
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// Login name of the person
    #[arg(long, value_name = "LOGIN")]
    owner: Option<String>,
}

/// Renders and prints.
///
/// # Errors
/// When the file cannot be rendered.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (_, rendered) = rendered(&args.file, &args.event, &args.set, context).await?;
    let mut answer = rendered.to_answer();
    if let Value::Object(members) = &mut answer {
        members.insert("autoCancelPreviousChecks".into(), rendered.cancels_previous_checks.into());
        if let Some(policy) = &rendered.pull_request_policy {
            members.insert("policy".into(), json!({"pullRequests": policy}));
        }
    }
    context.print_json(answer.to_string()).await?;
    Ok(Status::DONE)
}

/// The tasks that a file makes, ready to be created.
///
/// # Errors
/// When the file cannot be rendered.
pub(super) async fn new_tasks(
    path: &str,
    args: &EventArgs,
    set_event: &[(String, Value)],
    options: &CreateOptions,
    context: &Context,
) -> Result<Vec<NewTask>> {
    let (_, rendered) = rendered(path, args, set_event, context).await?;
    let mut tasks = Vec::with_capacity(rendered.tasks.len());
    for task in rendered.tasks {
        let mut definition = task.task;
        for (path, value) in &options.set {
            set_field(&mut definition, path, value.clone()).map_err(Error::usage)?;
        }
        if let (Some(group), Value::Object(members)) = (&options.group, &mut definition) {
            members.insert("taskGroupId".into(), group.as_str().into());
        }
        let name = definition["metadata"]["name"].as_str().map(String::from);
        tasks.push(NewTask { name, task_id: task.task_id, base: String::new(), definition });
    }
    if tasks.is_empty() {
        return Err(Error::failed(format!("{path} makes no tasks of this event")));
    }
    Ok(tasks)
}

async fn rendered(
    path: &str,
    args: &EventArgs,
    set_event: &[(String, Value)],
    context: &Context,
) -> Result<(Document, Rendered)> {
    let document = Document::read(path, context).await?;
    let event = event(args, set_event, context).await?;
    // Templates that ask for the root URL get the one in use; none is needed for the others.
    let root = context.root_url().map_or_else(|_| "https://tc.example.com".to_owned(), |root| root.as_str().to_owned());
    let deployment = Deployment::at(root.trim_end_matches('/'));
    match render::render(&document.value, &event, &deployment, context.now(), &slugid::nice) {
        Ok(rendered) => Ok((document, rendered)),
        Err(error) => Err(explained(error, &document, context)),
    }
}

fn explained(error: RenderError, document: &Document, context: &Context) -> Error {
    if let RenderError::Faults { faults, .. } = &error {
        let finding = |fault: &crate::schema::Fault| {
            let detail = fault.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            Finding::error(fault.path.clone(), format!("{}{detail}", fault.message))
        };
        let findings: Vec<Finding> = faults.iter().map(finding).collect();
        report(&findings, Some(document), context);
    }
    Error::failed(format!("cannot render {}", document.name)).caused_by(error)
}

async fn event(args: &EventArgs, set_event: &[(String, Value)], context: &Context) -> Result<Event> {
    let repository = args.repo.as_deref().map(repository).transpose()?;
    let mut event = match args.event.strip_prefix('@') {
        Some(path) => {
            let document = Document::read(path, context).await?;
            let Value::Object(body) = document.value else {
                return Err(Error::usage(format!("{path} is not an event: it is not an object")));
            };
            Event::from_payload(body)
                .map_err(|error| Error::usage(format!("{path} is not an event")).caused_by(error))?
        }
        None => {
            let kind = EventKind::named(&args.event).ok_or_else(|| {
                Error::usage(format!("unknown event `{}`", args.event)).hint(
                    "Use push, pull-request, pull-request-untrusted, release, issue-comment, cron, action or @FILE",
                )
            })?;
            let default = || Repository { organization: "example-org".into(), name: "example-repo".into() };
            let branch = args.branch.as_deref().unwrap_or("main");
            Event::mocked(kind, args.action.as_deref(), repository.clone().unwrap_or_else(default), branch)
        }
    };
    for (path, value) in overrides(args, event.kind).into_iter().chain(set_event.iter().cloned()) {
        let mut body = Value::Object(std::mem::take(&mut event.body));
        set_field(&mut body, &path, value).map_err(|fault| Error::usage("cannot change the event").caused_by(fault))?;
        event.body = if let Value::Object(members) = body { members } else { Map::new() };
    }
    Ok(event)
}

/// What the flags say, as paths into the event.
fn overrides(args: &EventArgs, kind: EventKind) -> Vec<(String, Value)> {
    let mut values: Vec<(String, Value)> = Vec::new();
    let is_decision = matches!(kind, EventKind::Cron | EventKind::Action);
    let is_pull_request = matches!(kind, EventKind::PullRequest | EventKind::PullRequestUntrusted);
    let mut put = |path: &str, value: &str| values.push((path.into(), value.into()));
    if let Some(sha) = &args.sha {
        match kind {
            EventKind::Push => {
                put("after", sha);
                put("head_commit.id", sha);
            }
            _ if is_pull_request => put("pull_request.head.sha", sha),
            _ if is_decision => put("push.revision", sha),
            _ => {}
        }
    }
    if let Some(owner) = &args.owner {
        match kind {
            _ if is_decision => put("push.owner", owner),
            _ => put("sender.login", owner),
        }
        match kind {
            EventKind::Push => put("pusher.name", owner),
            _ if is_pull_request => put("pull_request.user.login", owner),
            EventKind::Release => put("release.author.login", owner),
            _ => {}
        }
    }
    match (&args.tag, kind) {
        (Some(tag), EventKind::Push) => put("ref", &format!("refs/tags/{tag}")),
        (Some(tag), EventKind::Release) => put("release.tag_name", tag),
        _ => {}
    }
    // An event of a file has its own branch, unless another is asked for.
    if let (Some(branch), true) = (&args.branch, args.event.starts_with('@')) {
        match kind {
            EventKind::Push => put("ref", &format!("refs/heads/{branch}")),
            _ if is_pull_request => put("pull_request.base.ref", branch),
            EventKind::Release => put("release.target_commitish", branch),
            _ => {}
        }
    }
    values
}

fn repository(text: &str) -> Result<Repository> {
    match text.split_once('/') {
        Some((organization, name)) if !organization.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(Repository { organization: organization.into(), name: name.into() })
        }
        _ => Err(Error::usage(format!("invalid repository `{text}`")).hint("Give it as `owner/name`.")),
    }
}
