//! What a command receives. Everything costly is built when it is first asked for, so that a
//! command which needs no credentials cannot fail for want of them.

use std::ffi::OsString;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::cli::Globals;
use crate::client::{Client, Credentials};
use crate::domain::RootUrl;
use crate::env::{self, Environment};
use crate::error::{Error, Result};
use crate::ui::Ui;
use crate::ui::jq::Program;
use crate::ui::json::Layout;

/// What a command receives.
pub struct Context {
    /// The environment.
    pub env: Environment,
    /// The streams.
    pub ui: Arc<Ui>,
    /// The global flags.
    pub globals: Globals,
    /// The command line, as it was given.
    pub words: Vec<OsString>,
}

impl Context {
    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        self.env.clock.now()
    }

    /// Runs `work` to its end, or to the interrupt, whichever is first.
    ///
    /// # Errors
    /// What `work` returns; [`crate::error::Kind::Interrupted`] when the user interrupts.
    pub fn block_on<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let interrupt = self.env.interrupt.clone();
        self.runtime()?.block_on(async {
            tokio::select! {
                biased;
                () = interrupt.wait() => Err(Error::interrupted()),
                outcome = work => outcome,
            }
        })
    }

    /// A runtime for one command, on this thread.
    ///
    /// # Errors
    /// When the system has no more file descriptors.
    pub fn runtime(&self) -> Result<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::failed("cannot start the I/O runtime").caused_by(source))
    }

    /// The deployment to talk to: `-R`, else the environment.
    ///
    /// # Errors
    /// When none is set, or what is set is no root URL.
    pub fn root_url(&self) -> Result<RootUrl> {
        let (given, origin) = match (&self.globals.root_url, self.env.get(env::ROOT_URL)) {
            (Some(flag), _) => (flag.as_str(), "--root-url"),
            (None, Some(variable)) => (variable, env::ROOT_URL.name),
            (None, None) => {
                return Err(Error::usage("no root URL: it is not known which deployment to talk to")
                    .hint(format!("Set {}, or give -R with a URL or a known name.", env::ROOT_URL.name)));
            }
        };
        if let Some(known) = RootUrl::well_known(given) {
            return Ok(known);
        }
        RootUrl::parse(given)
            .map_err(|source| Error::usage(source.to_string()).hint(format!("It comes from {origin}.")))
    }

    /// The credentials to sign with, if there are any.
    ///
    /// # Errors
    /// When they are half set, or the certificate is no JSON.
    pub fn credentials(&self) -> Result<Option<Credentials>> {
        if self.globals.no_credentials {
            return Ok(None);
        }
        let credentials = Credentials::from_env(&self.env)?;
        Ok(credentials.map(|credentials| match self.globals.authorized_scope.as_slice() {
            [] => credentials,
            scopes => credentials.with_authorized_scopes(scopes.to_vec()),
        }))
    }

    /// A client for the deployment, with the global flags applied.
    ///
    /// # Errors
    /// Those of [`Context::root_url`] and [`Context::credentials`]; an unreadable `--cacert`.
    pub fn client(&self) -> Result<Client> {
        Client::builder(self.root_url()?).credentials(self.credentials()?).build()
    }

    /// The program of `--jq`, if there is one.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn jq(&self) -> Result<Option<Program>> {
        self.globals.jq.as_deref().map(Program::compile).transpose().map_err(Error::from)
    }

    /// Runs a jq program over one document and writes its results, one a line (laid out, on a terminal).
    ///
    /// # Errors
    /// When the program fails or the output cannot be written.
    pub fn filter(&self, program: &Program, json: &[u8], terminal: bool, out: &mut dyn Write) -> Result<()> {
        let layout = if terminal { Layout::indented(self.ui.color(), true) } else { Layout::COMPACT };
        program.run(json, |output| -> Result<()> {
            out.write_all(&output.render(layout))?;
            out.write_all(b"\n")?;
            Ok(())
        })
    }

    /// Prints a JSON document as the result: filtered by `--jq`, else indented.
    ///
    /// # Errors
    /// When the filter fails or the output cannot be written.
    pub fn print_json(&self, json: &[u8]) -> Result<()> {
        let program = self.jq()?;
        let terminal = self.ui.terminal.stdout;
        let mut out = self.ui.out();
        match program {
            Some(program) => self.filter(&program, json, terminal, &mut out),
            None => {
                Layout::indented(self.ui.color(), terminal).write(json, &mut out)?;
                Ok(out.write_all(b"\n")?)
            }
        }
    }
}
