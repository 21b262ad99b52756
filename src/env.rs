//! Every environment variable that `tc` reads, and the environment itself as a value.
//!
//! The list makes `tc help environment` and the man page; nothing else in the crate asks the
//! process for its environment.

mod interrupt;

pub use interrupt::Interrupt;
pub(crate) use interrupt::{Asked, Interrupts, Quit, terminate};

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::{SharedClock, SystemClock};

/// One environment variable: its name and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// The name, as it is set in a shell.
    pub name: &'static str,
    /// What it does, in one line.
    pub meaning: &'static str,
}

macro_rules! variables {
    ($($ident:ident = $name:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub(crate) const $ident: Variable = Variable { name: $name, meaning: $meaning };)*
        /// All variables, in the order in which help shows them.
        pub(crate) const ALL: &[Variable] = &[$($ident),*];
    };
}

variables! {
    ROOT_URL = "TASKCLUSTER_ROOT_URL", "Root URL of the deployment to talk to.";
    CLIENT_ID = "TASKCLUSTER_CLIENT_ID", "Client ID of the credentials to sign with.";
    ACCESS_TOKEN = "TASKCLUSTER_ACCESS_TOKEN", "Access token that belongs to the client ID.";
    CERTIFICATE = "TASKCLUSTER_CERTIFICATE", "Certificate (JSON) of temporary credentials.";
    PROXY_URL = "TASKCLUSTER_PROXY_URL", "Inside a task: the proxy that signs requests with the task's credentials.";
    TASK_ID = "TASK_ID", "Set inside a task: its ID.";
    RUN_ID = "RUN_ID", "Set inside a task: the number of its run.";
    PULSE_USERNAME = "PULSE_USERNAME", "Pulse user to listen as.";
    PULSE_PASSWORD = "PULSE_PASSWORD", "Password of the Pulse user.";
    PULSE_URL = "PULSE_URL", "Pulse broker, which may hold user and password: amqps://pulse.mozilla.org:5671 by default.";
    PULSE_HOST = "PULSE_HOST", "Host of the Pulse broker, where PULSE_URL is not set.";
    PULSE_HOSTNAME = "PULSE_HOSTNAME", "Another name for PULSE_HOST, as Taskcluster's own services have it.";
    PULSE_VHOST = "PULSE_VHOST", "Virtual host of the Pulse broker; `/` by default.";
    HTTPS_PROXY = "HTTPS_PROXY", "HTTP proxy for https:// URLs.";
    HTTP_PROXY = "HTTP_PROXY", "HTTP proxy for http:// URLs (only in lower case inside CGI).";
    ALL_PROXY = "ALL_PROXY", "HTTP proxy for all URLs.";
    NO_PROXY = "NO_PROXY", "Hosts to reach without the proxy, separated by commas.";
    SSL_CERT_FILE = "SSL_CERT_FILE", "File of CA certificates to trust in place of the system's.";
    NO_COLOR = "NO_COLOR", "When set, no colour.";
    CLICOLOR_FORCE = "CLICOLOR_FORCE", "When set and not 0, colour even in a pipe.";
    TERM = "TERM", "Terminal type; `dumb`, or none at all on Unix, means no colour and no redrawing.";
    COLUMNS = "COLUMNS", "Width of the terminal, when it cannot be asked.";
    BROWSER = "BROWSER", "Commands that open the sign-in page, with colons between them; `%s` stands for its address.";
    DISPLAY = "DISPLAY", "Set where there is a screen (X11), so that a browser can be opened.";
    WAYLAND_DISPLAY = "WAYLAND_DISPLAY", "Set where there is a screen (Wayland), so that a browser can be opened.";
    WSL_DISTRO_NAME = "WSL_DISTRO_NAME", "Set inside Windows Subsystem for Linux, where Windows opens the browser.";
    HOME = "HOME", "Home directory.";
    TMPDIR = "TMPDIR", "Directory of temporary files, such as what is being edited; on Unix /tmp by default.";
    XDG_CONFIG_HOME = "XDG_CONFIG_HOME", "Directory of configuration files, on Linux; ~/.config by default.";
    XDG_CACHE_HOME = "XDG_CACHE_HOME", "Directory of the references that were fetched, on Linux; ~/.cache by default.";
    XDG_DATA_HOME = "XDG_DATA_HOME", "Directory of data files, where completions of bash are installed; ~/.local/share by default.";
    ZDOTDIR = "ZDOTDIR", "Directory of zsh's own files, where completions are added to .zshrc; the home directory by default.";
    SHELL = "SHELL", "The shell to install completions for, where none is named.";
    APPDATA = "APPDATA", "Directory of configuration files, on Windows.";
    LOCALAPPDATA = "LOCALAPPDATA", "Directory of the references that were fetched, on Windows.";
    VISUAL = "VISUAL", "Editor for settings, secrets and task definitions.";
    EDITOR = "EDITOR", "Editor for settings, secrets and task definitions when VISUAL is not set.";
    TC_PROFILE = "TC_PROFILE", "Name of the profile to use.";
    TC = "TC", "Set for programs `tc-NAME` and for aliases that the shell runs: the path of tc. It is not read.";
    PATH = "PATH", "Where programs `tc-NAME` are found that are commands `tc NAME`.";
    TC_COMPLETE = "TC_COMPLETE", "Set by the shell completions: the shell to answer, in place of running the command.";
    TC_PAGER = "TC_PAGER", "Program that shows output that is longer than the terminal; set to nothing for none.";
    PAGER = "PAGER", "The same, where TC_PAGER and the setting `pager` say nothing; `less` by default.";
    LESS = "LESS", "Options of `less`; FRX where there are none.";
    TC_LOG = "TC_LOG", "Log level on standard error: error, warn, info, debug, trace.";
    TC_PROGRESS = "TC_PROGRESS", "When 0, no progress bars and no redrawing: views print lines.";
    DEBUG_TASKCLUSTER_CLIENT = "DEBUG_TASKCLUSTER_CLIENT", "When set, what happens is logged to standard error, unless TC_LOG says otherwise.";
}

/// What the program gets from outside, apart from its arguments and streams.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    /// The file of the program, where it is one.
    program: Option<PathBuf>,
    /// The working directory that relative paths start from.
    pub directory: PathBuf,
    /// The user's directories, as the system knows them apart from the variables.
    pub directories: Directories,
    /// Where the time comes from.
    pub clock: SharedClock,
    /// Completes when the user interrupts.
    pub interrupt: Interrupt,
}

/// A user's directories by the system's own record; `HOME` and its like come before them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directories {
    /// The home directory.
    pub home: Option<PathBuf>,
    /// Where the platform keeps configuration files.
    pub config: Option<PathBuf>,
}

impl fmt::Debug for Environment {
    /// Names only: values can be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// An environment with nothing set, for tests and for embedding.
    pub fn empty(directory: impl Into<PathBuf>) -> Self {
        Self {
            variables: BTreeMap::new(),
            program: None,
            directory: directory.into(),
            directories: Directories::default(),
            clock: Arc::new(SystemClock),
            interrupt: Interrupt::never(),
        }
    }

    /// The real environment of this process, with Ctrl-C as the interrupt.
    pub fn from_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            program: std::env::current_exe().ok(),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            directories: Directories { home: dirs::home_dir(), config: dirs::config_dir() },
            clock: Arc::new(SystemClock),
            interrupt: Interrupt::from_signals(),
        }
    }

    /// The same environment with one more variable.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.as_ref().into(), value.as_ref().into());
        self
    }

    /// The same environment with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// A variable's value; one that is empty or not Unicode counts as unset.
    pub fn get(&self, variable: Variable) -> Option<&str> {
        self.text(variable.name)
    }

    /// Where temporary files go.
    pub(crate) fn temporary_directory(&self) -> PathBuf {
        let own = self.variables.get(OsStr::new(TMPDIR.name)).filter(|directory| !directory.is_empty());
        own.map_or_else(std::env::temp_dir, |directory| self.resolve(directory))
    }

    /// The file of the program that runs, where this is the environment of a process.
    pub(crate) fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// Whether a variable is set, and to nothing.
    pub(crate) fn is_set_to_nothing(&self, variable: Variable) -> bool {
        self.variables.get(OsStr::new(variable.name)).is_some_and(|value| value.is_empty())
    }

    /// The root URL of the deployment. One that names the proxy, as in what a proxy runs, is not the deployment's own.
    pub(crate) fn root_url(&self) -> Option<&str> {
        self.get(ROOT_URL).filter(|root| self.get(PROXY_URL) != Some(root))
    }

    /// Like [`Environment::get`], but accepts the name in lower case as well, as proxies are set.
    pub(crate) fn get_any_case(&self, variable: Variable) -> Option<&str> {
        self.text(&variable.name.to_lowercase()).or_else(|| self.text(variable.name))
    }

    /// The variables that a child process should inherit.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// A relative path, seen from the working directory.
    pub fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.join(path)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment = Environment::empty("/").with("TASKCLUSTER_ROOT_URL", "");
        assert_eq!(environment.get(ROOT_URL), None);
    }

    #[test]
    fn every_variable_is_listed_once() {
        let mut names: Vec<_> = ALL.iter().map(|variable| variable.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
