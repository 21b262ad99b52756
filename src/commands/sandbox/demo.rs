//! `tc sandbox demo`: the main job on a real API surface, with the real commands and their real output.

use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use chrono::{SecondsFormat, TimeDelta};

use crate::context::{Context, blocking};
use crate::env::{self, Environment};
use crate::error::{Error, Kind, Result};
use crate::exit::{Program, Status};
use crate::sandbox::{Options, Push, Sandbox};
use crate::ui::{Streams, Ui};

const HEADING: Style = Style::new().bold();
const PROMPT: Style = AnsiColor::Green.on_default().bold();
const COMMAND: Style = AnsiColor::Cyan.on_default();

/// The push that is shown: large enough to be real, small enough to be quick.
const PUSH: Push = Push { tasks: 300, seed: 7, age: TimeDelta::minutes(150) };

/// Tour tc's main commands on a sandbox with a made-up push of 300 tasks
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Keep the sandbox running until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Serve on this port instead of any that is free
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    port: u16,
}

/// Starts a sandbox, loads a push, and runs the commands of the tour in it.
///
/// # Errors
/// When the sandbox cannot start, or a command of the tour does not end as it should.
pub(super) async fn run(args: &Args, context: &Context, program: Program) -> Result<Status> {
    let sandbox = Sandbox::start(Options::default().port(args.port).clock(context.env.clock.clone()))?;
    let group = sandbox.load(PUSH)?;
    let tour = Tour { program, context, sandbox: &sandbox, group: &group };
    tour.say(format_args!(
        "This is a Taskcluster of your own, in memory, at {}. In it is a made-up push of Firefox: a task group of \
         {} tasks, two and a half hours old.",
        sandbox.root_url(),
        PUSH.tasks
    ))?;
    tour.walk().await?;
    if args.keep {
        let _claim = context.claim_interrupt();
        super::serve::announce(&sandbox, std::slice::from_ref(&group), context)?;
        context.ui.note("The sandbox serves until Ctrl-C.");
        context.env.interrupt.wait().await;
    }
    Ok(Status::DONE)
}

struct Tour<'a> {
    program: Program,
    context: &'a Context,
    sandbox: &'a Sandbox,
    group: &'a str,
}

impl Tour<'_> {
    async fn walk(&self) -> Result<()> {
        let (group, context) = (self.group, self.context);
        self.say(format_args!("How is it going, and what failed?"))?;
        self.show(&["group", "status", group], 0).await?;
        self.show(&["group", "list", group, "--state", "failed"], 0).await?;

        self.say(format_args!("Why did they fail? By their logs and reports, grouped by what they have in common:"))?;
        self.show(&["group", "failures", group], 0).await?;
        self.say(format_args!("Why are other tasks not running? They wait for tasks that failed, or for a worker:"))?;
        let blocked = self.first_cause("--unscheduled", "dependency-failed").await?;
        self.show(&["task", "why", &blocked], 0).await?;
        let waiting = self.first_cause("--pending", "pool-is-full").await?;
        self.show(&["task", "why", &waiting], 0).await?;

        let failed = self.first(r#"select(.status.state == "failed") | .status.taskId"#).await?;
        self.say(format_args!("Rerun the first one: the same task gets another run."))?;
        self.show(&["task", "rerun", &failed], 0).await?;
        self.show(&["task", "status", &failed, "--all-runs"], 0).await?;

        self.say(format_args!("What decided how long it has taken so far, in minutes?"))?;
        let path = r#".criticalPath[] | "\(.seconds | add / 60 | round)\t\(.name)""#;
        self.show(&["group", "timeline", group, "--jq", path], 0).await?;

        self.say(format_args!("Cancel tests that still wait for a worker: first look at which, then do it:"))?;
        let cancel = ["group", "cancel", group, "--state", "pending", "--name", "mochitest-plain"];
        self.show(&[&cancel[..], &["--dry-run"]].concat(), 0).await?;
        // One at a time, so that the lines come in the same order each time.
        self.show(&[&cancel[..], &["--yes", "--jobs", "1"]].concat(), 0).await?;

        let pool = self.first(r#"select(.status.state == "pending") | .status.taskQueueId"#).await?;
        self.say(format_args!("Any method of the API can be called by its name, and --jq picks from its answer:"))?;
        self.show(&["api", "queue", "taskQueueCounts", &pool, "--jq", ".pendingTasks"], 0).await?;

        let waiting = self.first(r#"select(.status.state == "unscheduled") | .status.taskId"#).await?;
        let client = self.client_that_may("queue:rerun-task:*").await?;
        self.say(format_args!("{} may only rerun. This call is refused, and names the scopes to ask for:", client.0))?;
        self.show_as(Some(&client), &["task", "cancel", &waiting], Kind::Auth.exit_code()).await?;

        self.say(format_args!("Now you. Point a shell at a sandbox and use any command, or any other client:"))?;
        let program = context.words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or("tc".into());
        self.print(&format!(
            "    {program} sandbox --exec bash       # a shell in a sandbox of its own\n    \
             {program} sandbox demo --keep       # this one, until Ctrl-C\n    \
             {program} group watch --help        # the daily work: group, task, artifact\n    \
             {program} api search artifact       # find a method\n"
        ))
    }

    /// The first result of a jq program over the group's tasks.
    async fn first(&self, program: &str) -> Result<String> {
        self.quietly(&["api", "queue", "listTaskGroup", self.group, "--jsonl", "--jq", program]).await
    }

    /// The first task that stands where it does for a cause of this kind.
    async fn first_cause(&self, state: &str, kind: &str) -> Result<String> {
        let program = format!(".causes[] | select(.kind == \"{kind}\") | .tasks[0]");
        self.quietly(&["group", "why", self.group, state, "--jq", &program]).await
    }

    /// A new client with one scope: its ID and access token.
    async fn client_that_may(&self, scope: &str) -> Result<(String, String)> {
        const CLIENT: &str = "demo/rerunner";
        let expires = (self.context.now() + TimeDelta::hours(1)).to_rfc3339_opts(SecondsFormat::Millis, true);
        let body = serde_json::json!({"expires": expires, "description": "", "scopes": [scope]}).to_string();
        let token = self.quietly(&["api", "auth", "createClient", CLIENT, "-d", &body, "--jq", ".accessToken"]).await?;
        Ok((CLIENT.to_owned(), token))
    }

    /// The first line that a command prints.
    async fn quietly(&self, args: &[&str]) -> Result<String> {
        let output = Capture::default();
        let streams = self.streams(Box::new(output.clone()), Box::new(io::sink()));
        run_nested(self.program, args, self.environment(), streams).await?;
        let found = output.text().lines().next().map(str::to_owned);
        found.ok_or_else(|| Error::failed(format!("`tc {}` found nothing for the demo", args.join(" "))))
    }

    /// Shows a command line, runs it, and shows what it prints.
    async fn show(&self, args: &[&str], expected: u8) -> Result<()> {
        self.show_as(None, args, expected).await
    }

    /// The same as another client.
    async fn show_as(&self, client: Option<&(String, String)>, args: &[&str], expected: u8) -> Result<()> {
        let ui = &self.context.ui;
        let line = args.iter().map(|arg| quote(arg)).collect::<Vec<_>>().join(" ");
        self.print(&format!("\n{} {}\n", ui.paint(PROMPT, "$"), ui.paint(COMMAND, format_args!("tc {line}"))))?;
        let environment = match client {
            Some((id, token)) => self.environment().with(env::CLIENT_ID.name, id).with(env::ACCESS_TOKEN.name, token),
            None => self.environment(),
        };
        // What a shell would show on standard error belongs to the tour, so both go to the same place in order.
        let streams = self.streams(Box::new(Through(Arc::clone(ui))), Box::new(Through(Arc::clone(ui))));
        let status = run_nested(self.program, args, environment, streams).await?;
        if status == expected {
            return Ok(());
        }
        Err(Error::failed(format!("`tc {line}` ended with {status} where the demo expects {expected}")))
    }

    fn say(&self, text: std::fmt::Arguments<'_>) -> Result<()> {
        let ui = &self.context.ui;
        self.print(&format!("\n{}\n", ui.paint(HEADING, ui.wrapped(&text.to_string(), ""))))
    }

    fn print(&self, text: &str) -> Result<()> {
        let mut out = self.context.ui.out();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    fn streams(&self, stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Streams {
        Streams { stdin: Box::new(io::empty()), stdout, stderr, terminal: self.context.ui.terminal }
    }

    /// An environment that knows the sandbox and nothing else of the user's.
    fn environment(&self) -> Environment {
        let mut environment = Environment::empty(&self.context.env.directory)
            .with(env::ROOT_URL.name, self.sandbox.root_url())
            .with(env::CLIENT_ID.name, self.sandbox.client_id())
            .with(env::ACCESS_TOKEN.name, self.sandbox.access_token().reveal())
            .with_clock(self.context.env.clock.clone());
        environment.interrupt = self.context.env.interrupt.clone();
        if self.context.ui.color() { environment } else { environment.with(env::NO_COLOR.name, "1") }
    }
}

/// Runs a command as a process of its own would: with a runtime and an end of its own.
async fn run_nested(program: Program, args: &[&str], environment: Environment, streams: Streams) -> Result<u8> {
    let words = words(args);
    blocking(move || Ok(program(words, &environment, streams))).await
}

fn words(args: &[&str]) -> Vec<OsString> {
    std::iter::once("tc").chain(args.iter().copied()).map(OsString::from).collect()
}

/// An argument as a person would type it: in single quotes, which need no backslashes.
fn quote(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    if arg.chars().all(plain) { arg.to_owned() } else { format!("'{arg}'") }
}

/// Writes to the standard output of the demo itself.
struct Through(Arc<Ui>);

impl Write for Through {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.out().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Capture(Arc<std::sync::Mutex<Vec<u8>>>);

impl Capture {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)).into_owned()
    }
}

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
