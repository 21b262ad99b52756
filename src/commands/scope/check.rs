//! `tc scope check`

use std::io::Write as _;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::commands::credentials::needs::{self, Narrowing};
use crate::commands::credentials::verb_methods;
use crate::context::Context;
use crate::domain::scopes;
use crate::domain::shell::quote;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::reference::{Method, ScopeExpression};

/// Tell whether the current credentials would be allowed to make a call
///
/// Nothing is changed: the deployment is asked for the scopes of the credentials, and for what the call's
/// scopes name of an existing task or group (its scheduler, group and project). Exits with 0 when the call
/// would be allowed and with 4 when it would not.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A verb (task.rerun) or a method (queue.rerunTask)
    #[arg(value_name = "VERB|METHOD")]
    method: String,
    #[command(flatten)]
    args: Positionals,
    #[command(flatten)]
    narrowing: Narrowing,
}

/// The arguments of a method, each a positional one by itself: a list of values that can start with a
/// dash, as IDs do, would swallow the flags behind it.
#[derive(Debug)]
struct Positionals(Vec<String>);

/// More than any method takes, so that too many are named in the message.
const MAX_ARGUMENTS: usize = 8;

impl clap::Args for Positionals {
    fn augment_args(command: clap::Command) -> clap::Command {
        (0..MAX_ARGUMENTS).fold(command, |command, index| {
            let argument = clap::Arg::new(format!("argument:{index}")).allow_hyphen_values(true).hide(index > 0);
            let argument = argument.value_name(if index == 0 { "ARG.." } else { "ARG" });
            command.arg(argument.help("Its arguments, in their order; those left out stand for any"))
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Positionals {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let value = |index| matches.get_one::<String>(&format!("argument:{index}")).cloned();
        Ok(Self((0..MAX_ARGUMENTS).filter_map(value).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Deserialize)]
struct CurrentScopes {
    scopes: Vec<String>,
}

/// Prints the verdict and what is missing.
///
/// # Errors
/// When there is no such method, or the deployment cannot be asked.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (what, methods) = methods(&args.method, context)?;
    let mut known = known(args, &what, methods.first().map_or(&[], |method| method.args.as_slice()))?;
    let client = context.client()?;
    let CurrentScopes { scopes: have } = client.call("auth", "currentScopes").send().await?.json()?;
    let expressions: Vec<&ScopeExpression> = methods.iter().filter_map(|method| method.scopes.as_ref()).collect();
    for expression in &expressions {
        look_up(&client, expression, &mut known).await?;
    }
    let needed = all_of(expressions.iter().map(|expression| expression.render(&known)).collect());
    let satisfied = |scope: &str| have.iter().any(|have| scopes::covers(have, &any(scope)));
    let missing = needed.as_ref().and_then(|needed| needed.missing(&satisfied));
    print(&Verdict { what, needed, missing, client: &client }, context).await
}

/// The methods that a verb or a method name stands for, and its usual spelling.
fn methods(name: &str, context: &Context) -> Result<(String, Vec<&'static Method>)> {
    if let Some(names) = verb_methods(name) {
        let methods = names.iter().map(|name| needs::method_of_verb(name, context)).collect::<Result<_>>()?;
        return Ok((name.trim().to_lowercase().replace(char::is_whitespace, "."), methods));
    }
    let (service, method) = needs::method(name, context)?;
    Ok((format!("{}.{}", service.service_name, method.name), vec![method]))
}

fn all_of(mut expressions: Vec<ScopeExpression>) -> Option<ScopeExpression> {
    match expressions.len() {
        0 | 1 => expressions.pop(),
        _ => Some(ScopeExpression::AllOf { all_of: expressions }),
    }
}

struct Verdict<'a> {
    /// The verb or method.
    what: String,
    needed: Option<ScopeExpression>,
    missing: Option<ScopeExpression>,
    client: &'a Client,
}

async fn print(verdict: &Verdict<'_>, context: &Context) -> Result<Status> {
    let allowed = verdict.missing.is_none();
    let status = Status(if allowed { 0 } else { Kind::Auth.exit_code() });
    let what = &verdict.what;
    let client_id = verdict.client.credentials().map(|credentials| credentials.client_id.as_str());
    if context.wants_json() {
        let json = json!({"method": what, "clientId": client_id, "allowed": allowed, "needed": verdict.needed,
            "missing": verdict.missing});
        context.print_json(json.to_string()).await?;
        return Ok(status);
    }
    let mut out = context.ui.out();
    let who = context.ui.safe(client_id.unwrap_or("anybody"));
    let Some(missing) = &verdict.missing else {
        writeln!(out, "{what} is allowed to {who}")?;
        return Ok(status);
    };
    write!(out, "{what} is not allowed to {who}; missing:\n{}", context.ui.safe(&missing.outline(1)))?;
    drop(out);
    let wanted = missing.needs(&IndexMap::new()).scopes;
    if !wanted.is_empty() {
        let words: Vec<String> = wanted.iter().map(|scope| format!(" -s {}", quote(scope))).collect();
        context.ui.hint(format!("To ask for what is missing: tc signin{}", words.concat()));
    }
    Ok(status)
}

fn known(args: &Args, what: &str, names: &[String]) -> Result<IndexMap<String, Value>> {
    let given = &args.args.0;
    if let Some(rest) = given.get(names.len()..).filter(|rest| !rest.is_empty()) {
        let names: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
        return Err(Error::usage(format!("{what} got more arguments than it takes: `{}`", rest.join("` `")))
            .hint(format!("It takes {}.", if names.is_empty() { "none".to_owned() } else { names.join(" ") })));
    }
    let mut known = args.narrowing.known()?;
    known.extend(names.iter().zip(given).map(|(name, value)| (name.clone(), value.as_str().into())));
    // Artifacts are asked for one at a time, though the expression has a list of them.
    if let Some(name) = known.get("name").cloned() {
        known.entry("names".into()).or_insert_with(|| json!([name]));
    }
    needs::split_pool(&mut known);
    Ok(known)
}

/// Adds what an existing task or group tells of the parameters that are not known yet.
async fn look_up(client: &Client, expression: &ScopeExpression, known: &mut IndexMap<String, Value>) -> Result<()> {
    let unknown = |known: &IndexMap<String, Value>| {
        let rendered = expression.render(known);
        let names =
            ["schedulerId", "taskGroupId", "projectId", "taskQueueId", "provisionerId", "workerType", "priority"];
        names.into_iter().any(|name| rendered.scopes().iter().any(|scope| scope.contains(&format!("<{name}>"))))
    };
    let text = |known: &IndexMap<String, Value>, name: &str| known.get(name).and_then(Value::as_str).map(str::to_owned);
    let found: Value = match (text(known, "taskId"), text(known, "taskGroupId")) {
        _ if !unknown(known) => return Ok(()),
        (Some(task), _) => match client.call("queue", "task").arg(task).send().await {
            // The call may be the one that makes the task.
            Err(error) if error.kind() == Kind::NotFound => return Ok(()),
            answer => answer?.json()?,
        },
        (None, Some(group)) => client.call("queue", "getTaskGroup").arg(group).send().await?.json()?,
        (None, None) => return Ok(()),
    };
    let Value::Object(found) = found else { return Ok(()) };
    for name in ["schedulerId", "taskGroupId", "projectId", "taskQueueId", "provisionerId", "workerType", "priority"] {
        if let Some(value) = found.get(name) {
            known.entry(name.to_owned()).or_insert_with(|| value.clone());
        }
    }
    needs::split_pool(known);
    Ok(())
}

/// A parameter that is not known can be anything, and so must what it takes be.
fn any(scope: &str) -> String {
    match scope.split_once('<') {
        Some((before, after)) if after.contains('>') => format!("{before}*"),
        _ => scope.to_owned(),
    }
}
