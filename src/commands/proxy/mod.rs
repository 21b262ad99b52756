//! `tc proxy`

mod access;
mod answer;
mod guard;

use std::io::{self, Write as _};
use std::sync::Arc;

use axum::extract::Request;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::commands::credentials::child;
use crate::commands::credentials::needs;
use crate::context::Context;
use crate::domain::Secret;
use crate::env::{self, Variable};
use crate::error::{Advice, Error, Kind, Result};
use crate::exit::Status;
use crate::loopback::{self, accept_all};
use access::Access;
use answer::Shared;
use guard::Guard;

/// What is in the way of the proxy in the environment of a command: it would be used in place of it.
const IN_THE_WAY: [Variable; 4] = [env::CLIENT_ID, env::ACCESS_TOKEN, env::CERTIFICATE, env::TC_PROFILE];

/// Sign the requests of other programs with your credentials
///
/// Serves on this machine alone, as the proxy inside a task does: a request to
/// /api/SERVICE/VERSION/.. is signed and sent to the deployment. So curl and clients without sign-in
/// can be used, and never see the access token. The address has a random path that other users of
/// the machine do not know.
///
///   tc proxy --exec 'curl -s $TASKCLUSTER_PROXY_URL/api/auth/v1/scopes/current'
///   tc proxy -s 'queue:rerun-task:*' --exec ./script.py
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Serve on this port instead of any that is free
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Let requests use only this scope; repeatable, also one a line
    #[arg(short, long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Run CMD in a shell with the environment set, end when it ends, with its exit status
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,
    /// Let programs read the credentials at /credentials, and replace them
    #[arg(long)]
    allow_credentials: bool,
    /// Serve without the random path, for programs that cannot use one; every user of this machine can then use the
    /// proxy
    #[arg(long)]
    open: bool,
}

/// Serves until Ctrl-C, or for as long as a command runs.
///
/// # Errors
/// [`Kind::Auth`] when there is nothing to sign with, [`Kind::Conflict`] when the port is in use.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let identity = context.identity()?;
    let client = context.client()?;
    let given = needs::split_scopes(&args.scope)?;
    if identity.target.proxied && (!given.is_empty() || args.allow_credentials) {
        return Err(Error::usage("the proxy of a task signs by itself: there are no credentials to limit or to show"));
    }
    if client.credentials().is_none() && !identity.target.proxied && !args.allow_credentials {
        let error = Error::new(Kind::Auth, format!("there are no credentials for {}", identity.target.root));
        let error = identity.target.unsigned_because.iter().fold(error, |error, why| error.hint(why));
        return Err(error.advise(Advice::SignIn));
    }
    let limit = access::limit_of(&given, client.credentials())?;
    let (port, sockets) = loopback::listen(args.port).map_err(|source| cannot_listen(args.port, source))?;
    let guard = Guard { port, secret: (!args.open).then(|| Secret::new(slugid::v4())) };
    let announced = Announced {
        url: guard.url(),
        root: identity.target.root.to_string(),
        client_id: client.credentials().map(|credentials| credentials.client_id.clone()),
        limit: limit.clone(),
    };
    let access = Access::new(client, &identity, limit, access::look(context));
    let shared = Arc::new(Shared { guard, access, allows_credentials: args.allow_credentials });
    let mut serving = JoinSet::new();
    for socket in sockets {
        let listener = listener(socket).map_err(|source| cannot_listen(Some(port), source))?;
        let shared = Arc::clone(&shared);
        serving.spawn(accept_all(listener, move |request: Request| {
            let shared = Arc::clone(&shared);
            async move { answer::answer(&shared, request).await }
        }));
    }
    match &args.exec {
        Some(command) => child::run(command, &announced.variables(), &IN_THE_WAY, context).await,
        None => announced.until_interrupted(context).await,
    }
}

fn listener(socket: std::net::TcpListener) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

fn cannot_listen(port: Option<u16>, source: io::Error) -> Error {
    match (port, source.kind()) {
        (Some(port), io::ErrorKind::AddrInUse) => {
            Error::new(Kind::Conflict, format!("port {port} is in use")).advise(Advice::ChoosePort)
        }
        _ => Error::failed("cannot listen on this machine").caused_by(source),
    }
}

/// The environment of the programs.
struct Announced {
    url: String,
    root: String,
    client_id: Option<String>,
    limit: Option<Vec<String>>,
}

impl Announced {
    fn variables(&self) -> [(Variable, &str); 2] {
        [(env::PROXY_URL, &self.url), (env::ROOT_URL, &self.url)]
    }

    /// Says where the proxy is, and serves until Ctrl-C.
    async fn until_interrupted(&self, context: &Context) -> Result<Status> {
        let _claim = context.claim_interrupt();
        let mut out = context.ui.out();
        if context.globals.json {
            let (client_id, scopes) = (&self.client_id, &self.limit);
            writeln!(
                out,
                "{}",
                json!({"proxyUrl": self.url, "rootUrl": self.root, "clientId": client_id, "scopes": scopes})
            )?;
        } else {
            for (variable, value) in self.variables() {
                writeln!(out, "export {}={value}", variable.name)?;
            }
            for variable in IN_THE_WAY.iter().filter(|variable| context.env.get(**variable).is_some()) {
                writeln!(out, "unset {}", variable.name)?;
            }
        }
        drop(out);
        context.ui.flush()?;
        let who = self.client_id.as_ref().map_or_else(String::new, |client_id| format!(" as {client_id}"));
        context.ui.note(format!("The proxy signs for {}{who} until Ctrl-C.", self.root));
        context.env.interrupt.wait().await;
        Ok(Status::DONE)
    }
}
