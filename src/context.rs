//! What a command receives. Everything costly is built when it is first asked for, so that a
//! command which needs no credentials cannot fail for want of them.

mod identity;
mod print;
mod prompt;

pub use crate::config::parse_timeout;
use identity::Loaded;
pub(crate) use identity::left;
pub use identity::{Identity, Origin, given};

use std::ffi::OsString;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::cli::Globals;
use crate::client::{Client, ClientBuilder};
use crate::domain::RootUrl;
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::ui::Ui;

/// Threads for what the system offers no other way than blocking.
const BLOCKING_THREADS: usize = 8;
/// The same for downloads, where each large file takes one, too. Many files are synced at once quickly,
/// but threads beyond some only stand in each other's way.
pub(crate) const WRITING_THREADS: usize = 16;
/// Tasks that have their turn before the command itself goes on: two for each of the 512 connections that a
/// bulk action may have.
const TURNS: u32 = 1024;
/// How long writers of files may take to leave them in order.
pub(crate) const PUTTING_IN_ORDER: Duration = Duration::from_secs(10);

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
    /// The user's files, once they have been read.
    loaded: Loaded,
}

impl Context {
    /// A context in which nothing has been read yet.
    pub fn new(env: Environment, ui: Arc<Ui>, globals: Globals, words: Vec<OsString>) -> Self {
        Self { env, ui, globals, words, loaded: Loaded::default() }
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        self.env.clock.now()
    }

    /// Runs `work` to its end, or to the interrupt, whichever is first.
    ///
    /// What `work` spawns, such as fetching the next page, goes on in a thread of its own while
    /// `work` itself computes or writes.
    ///
    /// # Errors
    /// What `work` returns; [`crate::error::Kind::Interrupted`] when the user interrupts.
    pub fn block_on<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        self.drive(builder.worker_threads(1), work, Duration::ZERO)
    }

    /// Like [`Context::block_on`], with all that `work` spawns on this thread, too. While it computes, the system
    /// goes on receiving; where little is computed, a thread of its own for what is fetched would only take turns
    /// with this one.
    ///
    /// # Errors
    /// Those of [`Context::block_on`].
    pub fn block_on_here<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        self.drive(&mut builder, work, Duration::ZERO)
    }

    /// Like [`Context::block_on_here`], but after an interrupt threads that write files get the time to
    /// leave them in order.
    ///
    /// # Errors
    /// Those of [`Context::block_on`].
    pub fn block_on_in_order<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        self.drive(builder.max_blocking_threads(WRITING_THREADS), work, PUTTING_IN_ORDER)
    }

    fn drive<T>(
        &self,
        builder: &mut tokio::runtime::Builder,
        work: impl Future<Output = Result<T>>,
        grace: Duration,
    ) -> Result<T> {
        let interrupt = self.env.interrupt.clone();
        // The log of this run belongs to this thread, and the others take part in it.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let runtime = builder
            .enable_all()
            .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&log)))
            .build()
            .map_err(|source| Error::failed("cannot start the I/O runtime").caused_by(source))?;
        let outcome = runtime.block_on(async {
            tokio::select! {
                biased;
                () = interrupt.wait() => Err(Error::interrupted()),
                outcome = work => outcome,
            }
        });
        // A name that is being looked up cannot be stopped, and is not worth waiting for.
        runtime.shutdown_timeout(grace);
        outcome
    }

    /// A runtime for one command, on this thread.
    ///
    /// # Errors
    /// When the system has no more file descriptors.
    pub fn runtime(&self) -> Result<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // Each new connection looks its host up on such a thread, and each look-up takes open files.
            .max_blocking_threads(BLOCKING_THREADS)
            // All connections that are done return to their pool before the next requests start.
            .event_interval(TURNS)
            .build()
            .map_err(|source| Error::failed("cannot start the I/O runtime").caused_by(source))
    }

    /// The same command.
    #[must_use]
    pub fn same(&self) -> Self {
        let loaded = self.loaded.again();
        Self {
            env: self.env.clone(),
            ui: Arc::clone(&self.ui),
            globals: self.globals.clone(),
            words: self.words.clone(),
            loaded,
        }
    }

    /// The same command, talking to this deployment.
    #[must_use]
    pub fn with_root_url(&self, root: &RootUrl) -> Self {
        let mut same = self.same();
        same.globals.root_url = Some(root.as_str().to_owned());
        same
    }

    /// A client for the deployment, with the global flags applied.
    ///
    /// # Errors
    /// When there is no root URL, credentials are half set or refused, the user's files are broken,
    /// `--timeout` is no time, or `--cacert` cannot be read.
    pub fn client(&self) -> Result<Client> {
        self.client_builder()?.build()
    }

    /// What [`Context::client`] builds, to be changed first.
    ///
    /// # Errors
    /// Those of [`Context::client`], but for `--cacert`.
    pub fn client_builder(&self) -> Result<ClientBuilder> {
        let settings = self.settings()?;
        let identity = self.identity()?;
        self.warn_of_the_end(&identity);
        let mut builder = Client::builder_for(&self.env, identity.target);
        if let Some(retries) = settings.retries() {
            builder = builder.retries(retries);
        }
        if let Some(timeout) = settings.timeout()? {
            builder = builder.timeout(timeout);
        }
        if let Some(file) = settings.cacert(&self.env) {
            builder = builder.extra_ca_file(file);
        }
        Ok(builder)
    }
}
