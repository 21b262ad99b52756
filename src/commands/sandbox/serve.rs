//! `tc sandbox`: serve until Ctrl-C, or for as long as a command runs.

use std::io::Write as _;
use std::process::ExitStatus;
use std::time::Duration;

use super::shape::Shape;
use crate::commands::Status;
use crate::context::Context;
use crate::env;
use crate::error::{Error, Result};
use crate::sandbox::{Options, Sandbox, SignIn};

/// How long a command that is interrupted has to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// Where to serve and for how long.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Serve on this port instead of any that is free
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Run CMD in a shell with the environment set, end when it ends, with its exit status
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,
    /// Let the sign-in page confirm by itself
    #[arg(long)]
    auto_approve: bool,
    /// Let the person who signs in have this scope, and no others than those given so; repeatable
    #[arg(long, value_name = "SCOPE")]
    user_scope: Vec<String>,
    #[command(flatten)]
    shape: Shape,
}

impl Args {
    fn sign_in(&self) -> SignIn {
        let mut sign_in = SignIn { auto_approve: self.auto_approve, ..SignIn::default() };
        if !self.user_scope.is_empty() {
            sign_in.scopes.clone_from(&self.user_scope);
        }
        sign_in
    }
}

/// Serves, or runs one command against a sandbox.
///
/// # Errors
/// When the port is in use, a seed cannot be loaded, or the command cannot be started.
pub(super) fn run(args: &Args, context: &Context) -> Result<Status> {
    let options = Options::default().port(args.port).clock(context.env.clock.clone()).sign_in(args.sign_in());
    let sandbox = Sandbox::start(args.shape.options(options, context)?)?;
    let groups = args.shape.load(&sandbox, context)?;
    match &args.exec {
        Some(command) => execute(command, &sandbox, context),
        None => serve(&sandbox, &groups, context),
    }
}

fn serve(sandbox: &Sandbox, groups: &[String], context: &Context) -> Result<Status> {
    announce(sandbox, groups, context)?;
    context.ui.note("The sandbox serves until Ctrl-C.");
    let interrupt = context.env.interrupt.clone();
    context.runtime()?.block_on(interrupt.wait());
    Ok(Status::DONE)
}

/// Says where the sandbox is, how to sign in to it, and (as JSON) which task groups are in it.
pub(super) fn announce(sandbox: &Sandbox, groups: &[String], context: &Context) -> Result<()> {
    let mut out = context.ui.out();
    if context.globals.json {
        let access = serde_json::json!({
            "rootUrl": sandbox.root_url(),
            "clientId": sandbox.client_id(),
            "accessToken": sandbox.access_token().reveal(),
            "taskGroupIds": groups,
        });
        writeln!(out, "{access}")?;
    } else {
        for (variable, value) in variables(sandbox) {
            writeln!(out, "export {}={value}", variable.name)?;
        }
        // A certificate that is left over from a sign-in would spoil these credentials.
        if context.env.get(env::CERTIFICATE).is_some() {
            writeln!(out, "unset {}", env::CERTIFICATE.name)?;
        }
    }
    drop(out);
    Ok(context.ui.flush()?)
}

fn variables(sandbox: &Sandbox) -> [(env::Variable, &str); 3] {
    [
        (env::ROOT_URL, sandbox.root_url()),
        (env::CLIENT_ID, sandbox.client_id()),
        (env::ACCESS_TOKEN, sandbox.access_token().reveal()),
    ]
}

fn execute(command: &str, sandbox: &Sandbox, context: &Context) -> Result<Status> {
    let mut shell = tokio::process::Command::new("sh");
    shell.arg("-c").arg(command).current_dir(&context.env.directory).kill_on_drop(true);
    shell.env_clear().envs(context.env.variables());
    shell.env_remove(env::CERTIFICATE.name).env_remove(env::PROXY_URL.name);
    shell.envs(variables(sandbox).map(|(variable, value)| (variable.name, value)));
    let interrupt = context.env.interrupt.clone();
    let cannot = |source: std::io::Error| Error::failed(format!("cannot run `{command}`")).caused_by(source);
    context.runtime()?.block_on(async {
        let mut child = shell.spawn().map_err(cannot)?;
        tokio::select! {
            ended = child.wait() => return ended.map(status).map_err(cannot),
            () = interrupt.wait() => {}
        }
        // Ctrl-C reaches the command as well; it may have something to clean up.
        tokio::select! {
            biased;
            ended = child.wait() => return ended.map(status).map_err(cannot),
            () = context.env.clock.sleep(GRACE) => {}
        }
        child.kill().await.map_err(cannot)?;
        Err(Error::interrupted())
    })
}

/// The exit status of the command as a shell would tell it: 128 + n for one that died of signal n.
fn status(ended: ExitStatus) -> Status {
    let code = ended.code().or_else(|| signal(ended).map(|signal| 128 + signal));
    Status(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

#[cfg(unix)]
fn signal(ended: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&ended)
}

#[cfg(not(unix))]
fn signal(_ended: ExitStatus) -> Option<i32> {
    None
}
