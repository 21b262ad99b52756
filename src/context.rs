//! What a command receives. Everything costly is built when it is first asked for, so that a
//! command which needs no credentials cannot fail for want of them.

mod blocking;
mod deployment;
mod ending;
mod identity;
mod limit;
mod newer_version;
mod pager;
mod print;
mod prompt;
mod references;
mod remembered;

pub(crate) use crate::config::parse_timeout;
pub(crate) use blocking::{beside, blocking};
use deployment::KnownClient;
pub(crate) use deployment::{Deployment, Named, NamedTask};
pub(crate) use ending::Ending;
use identity::Loaded;
pub(crate) use identity::left;
pub(crate) use identity::{Identity, Origin, given};
use limit::TransferLimit;
pub(crate) use pager::pager;

use std::ffi::OsString;
use std::sync::{Arc, Mutex, OnceLock};

use chrono::{DateTime, Utc};

use crate::cli::{self, Globals};
use crate::client::ApiError;
use crate::config::Remembered;
use crate::env::Environment;
use crate::reference::Catalogue;
use crate::ui::Ui;
use crate::ui::jq::Program;

/// What can be done about a refused call of a verb by this caller, on this deployment.
pub(crate) type RefusalAdvice = fn(&ApiError, &Identity, &Deployment, verb: &str) -> Vec<String>;

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
    /// Noun and verb of the command, with a dot between them.
    verb: String,
    limit: Option<TransferLimit>,
    /// The tasks and groups that were named.
    remembered: Mutex<Vec<Remembered>>,
    clients: Mutex<Vec<KnownClient>>,
    /// The program of `--jq` between its check and its use.
    program: Mutex<Option<Program>>,
    /// The references of the deployment in use, once they were asked for.
    catalogue: OnceLock<&'static Catalogue>,
}

impl Context {
    /// A context in which nothing has been read yet.
    pub(crate) fn new(env: Environment, ui: Arc<Ui>, globals: Globals, words: Vec<OsString>) -> Self {
        let (loaded, ending, clients) = (Loaded::default(), Arc::default(), Mutex::default());
        let remembered = Mutex::default();
        let catalogue = OnceLock::new();
        Self {
            env,
            ui,
            globals,
            words,
            loaded,
            ending,
            advice: |_, _, _, _| Vec::new(),
            verb: String::new(),
            limit: None,
            remembered,
            clients,
            program: Mutex::default(),
            catalogue,
        }
    }

    /// The same for this verb, with what knows the words of the command line for a refused call.
    #[must_use]
    pub(crate) fn advised_by(self, advice: RefusalAdvice, verb: String) -> Self {
        Self { advice, verb, ..self }
    }

    /// Noun and verb of the command, with a dot between them; empty where nobody gave advice.
    pub(crate) fn verb(&self) -> &str {
        &self.verb
    }

    /// What the run and the verb tell each other about the end.
    pub(crate) fn ending(&self) -> &Arc<Ending> {
        &self.ending
    }

    /// Whether the program was called by the Go tool's name.
    pub(crate) fn is_taskcluster(&self) -> bool {
        cli::is_taskcluster(&self.words)
    }

    /// The time now.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.env.clock.now()
    }
}
