//! What a command receives. Everything costly is built when it is first asked for, so that a
//! command which needs no credentials cannot fail for want of them.

mod blocking;
mod deployment;
mod ending;
mod identity;
mod print;
mod prompt;

pub(crate) use crate::config::parse_timeout;
pub(crate) use blocking::{beside, blocking};
use deployment::KnownClient;
pub(crate) use deployment::{Deployment, Named, NamedTask};
pub(crate) use ending::Ending;
use identity::Loaded;
pub(crate) use identity::left;
pub(crate) use identity::{Identity, Origin, given};

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use crate::cli::Globals;
use crate::client::ApiError;
use crate::env::Environment;
use crate::ui::Ui;

/// What can be done about a refused call by this caller, on this deployment.
pub(crate) type RefusalAdvice = fn(&ApiError, &Identity, &Deployment) -> Vec<String>;

/// What a command receives.
pub(crate) struct Context {
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
    ending: Arc<Ending>,
    advice: RefusalAdvice,
    clients: Mutex<Vec<KnownClient>>,
}

impl Context {
    /// A context in which nothing has been read yet.
    pub(crate) fn new(env: Environment, ui: Arc<Ui>, globals: Globals, words: Vec<OsString>) -> Self {
        let (loaded, ending, clients) = (Loaded::default(), Arc::default(), Mutex::default());
        Self { env, ui, globals, words, loaded, ending, advice: |_, _, _| Vec::new(), clients }
    }

    /// The same with what knows the words of the command line for a refused call.
    #[must_use]
    pub(crate) fn advised_by(self, advice: RefusalAdvice) -> Self {
        Self { advice, ..self }
    }

    /// What the run and the verb tell each other about the end.
    pub(crate) fn ending(&self) -> &Arc<Ending> {
        &self.ending
    }

    /// Whether it was called by the name of the Go tool, whose command lines then mean what they mean there.
    pub(crate) fn is_called_taskcluster(&self) -> bool {
        is_called_taskcluster(&self.words)
    }

    /// The time now.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.env.clock.now()
    }
}

/// Whether a command line starts with the name of the Go tool.
pub(crate) fn is_called_taskcluster(words: &[OsString]) -> bool {
    words.first().is_some_and(|program| Path::new(program).file_stem().is_some_and(|name| name == "taskcluster"))
}
