//! `tc sandbox`: serve until Ctrl-C, or for as long as a command runs.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::shape::Shape;
use crate::commands::credentials::child;
use crate::context::Context;
use crate::domain::Secret;
use crate::env;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::sandbox::{Options, Sandbox, SignIn};
use crate::ui::Sink;

/// How many files may be open, and connections with them, where the system allows it.
const OPEN_FILES: u64 = 16 * 1024;

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
    /// Confirm sign-in on the page automatically
    #[arg(long)]
    auto_approve: bool,
    /// Limit the person who signs in to this scope; repeatable
    #[arg(long, value_name = "SCOPE")]
    user_scope: Vec<String>,
    /// Write all task groups with definitions, states and index to FILE when the sandbox ends; a --seed takes them back
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Publish events to this broker as well, as real services do; what --exec runs finds it in PULSE_URL
    #[arg(long, value_name = "URL")]
    pulse: Option<String>,
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
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    // What tasks have started is ended before an interrupt ends this: the sandbox goes first.
    let _claim = context.claim_interrupt();
    // Systems give a process fewer open files than they let it have; without more, the sandbox serves fewer connections.
    drop(rlimit::increase_nofile_limit(OPEN_FILES));
    let options = Options::default().port(args.port).clock(context.env.clock.clone()).sign_in(args.sign_in());
    let options = args.pulse.iter().fold(options, |options, url| options.pulse(Secret::new(url.as_str())));
    let sandbox = Sandbox::start(args.shape.options(options, context)?)?;
    args.shape.warn(&sandbox, context);
    let export = args.export.as_deref().map(|path| Export::prepare(path, context)).transpose()?;
    let groups = args.shape.load(&sandbox, context)?;
    let ended = match &args.exec {
        Some(command) => {
            let mut set = variables(&sandbox).to_vec();
            let mut remove = vec![env::CERTIFICATE, env::PROXY_URL];
            if let Some(url) = &args.pulse {
                set.push((env::PULSE_URL, url));
                // They would go before the user of the URL.
                remove.extend([env::PULSE_USERNAME, env::PULSE_PASSWORD]);
            }
            child::run(command, &set, &remove, context).await
        }
        None => serve(&sandbox, &groups, context).await,
    };
    // Also after a failure of the command: that is when somebody wants to look at its tasks.
    let exported = export.map_or(Ok(()), |export| export.write(&sandbox.export()));
    ended.and_then(|status| exported.map(|()| status))
}

/// Where the tasks go in the end. What cannot be written is known at the start, when nothing is lost yet.
struct Export {
    path: PathBuf,
    sink: Sink<'static>,
}

impl Export {
    fn prepare(path: &Path, context: &Context) -> Result<Self> {
        let path = context.env.resolve(path);
        let sink = Sink::file(&path).map_err(|source| Error::io("write", path.display(), source))?;
        Ok(Self { path, sink })
    }

    fn write(mut self, text: &str) -> Result<()> {
        let failed = |source| Error::io("write", self.path.display(), source);
        self.sink.write_all(text.as_bytes()).map_err(failed)?;
        self.sink.finish().map_err(failed)
    }
}

async fn serve(sandbox: &Sandbox, groups: &[String], context: &Context) -> Result<Status> {
    let _claim = context.claim_interrupt();
    announce(sandbox, groups, context)?;
    context.ui.note("The sandbox serves until Ctrl-C.");
    context.env.interrupt.wait().await;
    Ok(Status::DONE)
}

/// Says where the sandbox is, how to sign in to it, and (as JSON) which task groups are in it.
pub(super) fn announce(sandbox: &Sandbox, groups: &[String], context: &Context) -> Result<()> {
    let mut out = context.ui.out();
    if context.globals.json {
        let mut access = serde_json::json!({
            "rootUrl": sandbox.root_url(),
            "clientId": sandbox.client_id(),
            "accessToken": sandbox.access_token().reveal(),
            "taskGroupIds": groups,
        });
        if let (Some(access), Some(key)) = (access.as_object_mut(), sandbox.chain_of_trust_key()) {
            access.insert("chainOfTrustKey".to_owned(), key.into());
        }
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
