//! What a command receives. Everything costly is built when it is first asked for, so that a
//! command which needs no credentials cannot fail for want of them.

mod print;
mod prompt;

use std::ffi::OsString;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::cli::Globals;
use crate::client::{Client, ClientBuilder, Credentials, Target};
use crate::domain::RootUrl;
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::ui::Ui;

/// Threads for what the system offers no other way than blocking.
const BLOCKING_THREADS: usize = 8;
/// How long writers of files may take to leave them in order.
const PUTTING_IN_ORDER: Duration = Duration::from_secs(10);

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
    /// What `work` spawns, such as fetching the next page, goes on in a thread of its own while
    /// `work` itself computes or writes.
    ///
    /// # Errors
    /// What `work` returns; [`crate::error::Kind::Interrupted`] when the user interrupts.
    pub fn block_on<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.drive(work, Duration::ZERO)
    }

    /// Like [`Context::block_on`], but after an interrupt threads that write files get the time to
    /// leave them in order.
    ///
    /// # Errors
    /// Those of [`Context::block_on`].
    pub fn block_on_in_order<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.drive(work, PUTTING_IN_ORDER)
    }

    fn drive<T>(&self, work: impl Future<Output = Result<T>>, grace: Duration) -> Result<T> {
        let interrupt = self.env.interrupt.clone();
        // The log of this run belongs to this thread, and the other one takes part in it.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
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
            .build()
            .map_err(|source| Error::failed("cannot start the I/O runtime").caused_by(source))
    }

    /// The deployment to talk to: `-R`, else the environment.
    ///
    /// # Errors
    /// When none is set, or what is set is no root URL.
    pub fn root_url(&self) -> Result<RootUrl> {
        Target::root_url(&self.env, self.globals.root_url.as_deref())
    }

    /// The same command.
    #[must_use]
    pub fn same(&self) -> Self {
        let (env, ui) = (self.env.clone(), Arc::clone(&self.ui));
        Self { env, ui, globals: self.globals.clone(), words: self.words.clone() }
    }

    /// The same command, talking to this deployment.
    #[must_use]
    pub fn with_root_url(&self, root: &RootUrl) -> Self {
        let mut same = self.same();
        same.globals.root_url = Some(root.as_str().to_owned());
        same
    }

    /// The credentials to sign with, if there are any.
    ///
    /// # Errors
    /// When they are half set, or the certificate is no JSON.
    pub fn credentials(&self) -> Result<Option<Credentials>> {
        if self.globals.no_credentials {
            return Ok(None);
        }
        let credentials = Target::credentials(&self.env, self.globals.root_url.as_deref())?;
        Ok(credentials.map(|credentials| self.limited(credentials)))
    }

    /// A client for the deployment, with the global flags applied.
    ///
    /// # Errors
    /// When there is no root URL, credentials are half set, `--timeout` is no time, or `--cacert`
    /// cannot be read.
    pub fn client(&self) -> Result<Client> {
        self.client_builder()?.build()
    }

    /// What [`Context::client`] builds, to be changed first.
    ///
    /// # Errors
    /// Those of [`Context::client`], but for `--cacert`.
    pub fn client_builder(&self) -> Result<ClientBuilder> {
        let globals = &self.globals;
        let mut target = Target::resolve(&self.env, globals.root_url.as_deref(), globals.no_credentials)?;
        target.credentials = target.credentials.map(|credentials| self.limited(credentials));
        let mut builder = Client::builder_for(&self.env, target);
        if let Some(retries) = globals.retries {
            builder = builder.retries(retries);
        }
        if let Some(timeout) = &globals.timeout {
            builder = builder.timeout(parse_timeout(timeout)?);
        }
        if let Some(file) = &globals.cacert {
            builder = builder.extra_ca_file(self.env.resolve(file));
        }
        Ok(builder)
    }

    fn limited(&self, credentials: Credentials) -> Credentials {
        match self.globals.authorized_scope.as_slice() {
            [] => credentials,
            scopes => credentials.with_authorized_scopes(scopes.to_vec()),
        }
    }
}

/// `30s`, `2m`, `500ms`, `1h`; a bare number is seconds.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for anything else.
pub fn parse_timeout(text: &str) -> Result<Duration> {
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let milliseconds = match unit.trim() {
        "ms" => Some(1),
        "" | "s" | "sec" => Some(1000),
        "m" | "min" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    number
        .parse::<u64>()
        .ok()
        .zip(milliseconds)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .filter(|total| *total > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| Error::usage(format!("`{text}` is no time limit")).hint("It looks like 30s, 2m or 500ms."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_have_units() {
        for (text, milliseconds) in [("30s", 30_000), ("2m", 120_000), ("500ms", 500), ("7", 7000), ("1 h", 3_600_000)]
        {
            assert_eq!(parse_timeout(text).unwrap(), Duration::from_millis(milliseconds), "{text}");
        }
        for text in ["", "s", "0s", "-1s", "2 weeks", "99999999999999999999s"] {
            assert!(parse_timeout(text).is_err(), "{text}");
        }
    }
}
