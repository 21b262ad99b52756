//! `tc task run`

use serde_json::{Map, Value, json};

use super::create::task_id;
use super::made::{MakeArgs, make};
use super::quoted_list;
use crate::context::{Context, Deployment};
use crate::definition::create::{CreateOptions, prepare};
use crate::domain::slugid;
use crate::domain::time::parse_duration;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Create a task that runs one command
///
/// Takes an image and a command, as `docker run` does, for docker-worker. With --generic the command is run by
/// generic-worker and there is no image.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Provisioner, the first half of a worker pool
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "pool",
        conflicts_with = "pool",
        requires = "worker_type"
    )]
    provisioner: Option<String>,
    /// Worker type, the second half of a worker pool
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "pool",
        conflicts_with = "pool",
        requires = "provisioner"
    )]
    worker_type: Option<String>,
    /// Worker pool: `proj-example/ci`
    #[arg(long, value_name = "POOL")]
    pool: Option<String>,
    /// Run the command by generic-worker; the first word belongs to the command
    #[arg(long)]
    generic: bool,
    /// Set a variable: `NAME=VALUE`; several with commas between them, or repeated. A value with a comma stands in double
    /// quotes together with its name: `'"NAME=a,b"'`
    #[arg(short, long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Name of the task
    #[arg(long, default_value = "Taskcluster-cli Task")]
    name: String,
    /// Description of the task
    #[arg(long, default_value = "Created by Taskcluster-cli")]
    description: String,
    /// Email address of the owner
    #[arg(long, default_value = "name@example.com")]
    owner: String,
    /// URL of the source
    #[arg(long, default_value = "http://taskcluster-cli/task/run")]
    source: String,
    /// Task that this one depends on; repeatable
    #[arg(long, value_name = "TASK", value_delimiter = ',', value_parser = dependency_id)]
    dependency: Vec<String>,
    /// Times that the task is tried again after its worker was lost
    // It takes the place of the global option of this name, as in the Go tool.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=49))]
    retries: u32,
    /// How long the command may take: seconds, or a time such as `15m`
    #[arg(long, value_name = "TIME", default_value = "7200", value_parser = seconds)]
    max_run_time: u64,
    /// File or directory to publish: `NAME=PATH`; a path that ends in a slash is a directory; repeatable
    #[arg(long, value_name = "NAME=PATH")]
    artifact: Vec<String>,
    /// File to fetch first (generic-worker): `PATH=URL`, or `PATH=TASK/ARTIFACT`; repeatable
    #[arg(long, value_name = "PATH=CONTENT", requires = "generic")]
    mount: Vec<String>,
    /// Cache: `NAME=PATH`; repeatable
    #[arg(long, value_name = "NAME=PATH")]
    cache: Vec<String>,
    /// Feature to switch on: `taskclusterProxy`; repeatable
    #[arg(long, value_name = "NAME")]
    feature: Vec<String>,
    /// Scope of the task; repeatable
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Print the log until the task is over; the status is 3 when it did not complete
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    how: MakeArgs,
    /// Image and command, or the command alone with --generic
    #[arg(value_name = "IMAGE COMMAND", required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// What to do about a comma in a value.
const QUOTING: &str = "Put name and value into double quotes, with quotes in them doubled: -e '\"NAME=a,b\"'";

/// Reads the ID of a task. An empty word stands for no dependency, as in the Go tool.
fn dependency_id(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { task_id(text) }
}

/// Whole seconds of a length of time.
fn seconds(text: &str) -> Result<u64, String> {
    let length = parse_duration(text).map_err(|error| error.to_string())?;
    if length.as_secs() == 0 || length.subsec_nanos() != 0 {
        return Err("it must be at least a second, in whole seconds".to_owned());
    }
    Ok(length.as_secs())
}

/// Creates the task.
///
/// # Errors
/// When the arguments make no task, it is not valid, or the queue refuses it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    if !args.owner.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) {
        return Err(Error::usage("owner must be an email-like string"));
    }
    let definition = definition(args)?;
    let tasks = prepare(&definition, &CreateOptions::default(), context.now(), &slugid::nice)
        .map_err(|error| Error::usage("cannot make a task of this").caused_by(error))?;
    make(&tasks, None, &args.how.clone().following(args.follow), false, &Deployment::InUse, context).await
}

fn definition(args: &Args) -> Result<Value> {
    let payload = if args.generic { generic(args)? } else { docker(args)? };
    let mut definition = json!({
        "schedulerId": "taskcluster-cli",
        "retries": args.retries,
        "scopes": args.scope,
        "payload": payload,
        "metadata": {
            "name": args.name, "description": args.description, "owner": args.owner, "source": args.source,
        },
    });
    match (&args.pool, &args.provisioner, &args.worker_type) {
        (Some(pool), ..) => definition["taskQueueId"] = pool.as_str().into(),
        (None, Some(provisioner), Some(worker_type)) => {
            definition["provisionerId"] = provisioner.as_str().into();
            definition["workerType"] = worker_type.as_str().into();
        }
        _ => return Err(Error::usage("no worker pool is named")),
    }
    let dependencies: Vec<&str> = args.dependency.iter().map(String::as_str).filter(|id| !id.is_empty()).collect();
    if !dependencies.is_empty() {
        definition["dependencies"] = dependencies.into();
    }
    Ok(definition)
}

/// `NAME=VALUE` pairs.
fn pairs<'a>(texts: &'a [String], flag: &str) -> Result<Vec<(&'a str, &'a str)>> {
    let split = |text: &'a String| {
        text.split_once('=').ok_or_else(|| Error::usage(format!("{flag} takes NAME=VALUE, and `{text}` has no `=`")))
    };
    texts.iter().map(split).collect()
}

fn common(args: &Args) -> Result<Map<String, Value>> {
    let mut env = Map::new();
    // One that is empty is an unset variable of a script.
    for text in args.env.iter().filter(|text| !text.is_empty()) {
        for variable in
            quoted_list::parts(text).map_err(|fault| Error::usage(format!("--env {fault}")).hint(QUOTING))?
        {
            // A variable without a value is empty, as in the Go tool.
            let (name, value) = variable.split_once('=').unwrap_or((&variable, ""));
            if name.is_empty() {
                return Err(Error::usage(format!("--env has a value without a name: `{text}`")));
            }
            env.insert(name.to_owned(), value.into());
        }
    }
    let mut payload = Map::new();
    payload.insert("env".into(), Value::Object(env));
    payload.insert("maxRunTime".into(), args.max_run_time.into());
    if !args.feature.is_empty() {
        let features: Map<String, Value> = args.feature.iter().map(|name| (name.clone(), true.into())).collect();
        payload.insert("features".into(), Value::Object(features));
    }
    Ok(payload)
}

fn kind(path: &str) -> &'static str {
    if path.ends_with('/') { "directory" } else { "file" }
}

fn docker(args: &Args) -> Result<Value> {
    let [image, command @ ..] = args.words.as_slice() else { return Err(Error::usage("no image is named")) };
    if command.is_empty() {
        return Err(Error::usage("run requires at least 2 arguments: image and command")
            .hint("For generic-worker, which has no images, add --generic."));
    }
    let mut payload = common(args)?;
    payload.insert("image".into(), image.as_str().into());
    payload.insert("command".into(), command.into());
    if !args.artifact.is_empty() {
        let artifacts = pairs(&args.artifact, "--artifact")?;
        let artifacts =
            artifacts.into_iter().map(|(name, path)| (name.into(), json!({"type": kind(path), "path": path})));
        payload.insert("artifacts".into(), Value::Object(artifacts.collect()));
    }
    if !args.cache.is_empty() {
        let caches = pairs(&args.cache, "--cache")?;
        payload.insert(
            "cache".into(),
            Value::Object(caches.into_iter().map(|(name, path)| (name.into(), path.into())).collect()),
        );
    }
    Ok(Value::Object(payload))
}

fn generic(args: &Args) -> Result<Value> {
    let mut payload = common(args)?;
    payload.insert("command".into(), json!([args.words]));
    if !args.artifact.is_empty() {
        let artifacts = pairs(&args.artifact, "--artifact")?;
        let artifacts = artifacts
            .into_iter()
            .map(|(name, path)| json!({"name": name, "path": path.trim_end_matches('/'), "type": kind(path)}));
        payload.insert("artifacts".into(), artifacts.collect::<Vec<_>>().into());
    }
    let caches = pairs(&args.cache, "--cache")?;
    let mut mounts: Vec<Value> =
        caches.into_iter().map(|(name, path)| json!({"cacheName": name, "directory": path})).collect();
    for (path, content) in pairs(&args.mount, "--mount")? {
        let content = match content.split_once('/') {
            Some((task, artifact)) if slugid::is_slugid(task) => json!({"taskId": task, "artifact": artifact}),
            _ => json!({"url": content}),
        };
        mounts.push(json!({"file": path, "content": content}));
    }
    if !mounts.is_empty() {
        payload.insert("mounts".into(), mounts.into());
    }
    Ok(Value::Object(payload))
}
