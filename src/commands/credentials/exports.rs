//! Credentials as assignments for a shell, or as JSON.

use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use crate::client::Credentials;
use crate::context::Context;
use crate::domain::{RootUrl, Shell};
use crate::env::{self, Variable};
use crate::error::{Error, Result};

/// The shell to print for.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct ShellFlags {
    /// Print for csh and tcsh
    #[arg(long)]
    csh: bool,
    /// Print for fish
    #[arg(long)]
    fish: bool,
    /// Print for PowerShell
    #[arg(long)]
    powershell: bool,
}

impl ShellFlags {
    /// The shell that was chosen.
    pub(crate) fn chosen(self) -> Option<Shell> {
        match (self.csh, self.fish, self.powershell) {
            (true, ..) => Some(Shell::Csh),
            (_, true, _) => Some(Shell::Fish),
            (.., true) => Some(Shell::Powershell),
            _ => None,
        }
    }

    /// The shell that was chosen, where credentials are to be printed.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] together with `--json`, which is another form.
    pub(crate) fn or_json(self, context: &Context) -> Result<Option<Shell>> {
        let chosen = self.chosen();
        if chosen.is_some() && (context.wants_json()) {
            return Err(Error::usage("credentials are printed as JSON or for a shell, not both")
                .hint("Leave out either --json and --jq, or the shell."));
        }
        Ok(chosen)
    }
}

/// Prints credentials for a deployment: with `--json` as an object, else as the shell's assignments.
///
/// # Errors
/// When the output cannot be written.
pub(crate) async fn print(
    context: &Context,
    shell: Shell,
    root: &RootUrl,
    credentials: &Credentials,
    expires: Option<DateTime<Utc>>,
) -> Result<()> {
    if context.wants_json() {
        let mut json = json!({
            "rootUrl": root.as_str(),
            "clientId": credentials.client_id,
            "accessToken": credentials.access_token.reveal(),
        });
        if let Some(certificate) = &credentials.certificate {
            json["certificate"] = certificate.reveal().into();
        }
        if let Some(expires) = expires {
            json["expires"] = expires.to_rfc3339_opts(SecondsFormat::Millis, true).into();
        }
        return context.print_json(json.to_string()).await;
    }
    let mut out = context.ui.out();
    let mut assign = |variable: Variable, value: &str| writeln!(out, "{}", shell.assign(variable.name, value));
    let mut lines = [
        (env::ROOT_URL, root.as_str()),
        (env::CLIENT_ID, credentials.client_id.as_str()),
        (env::ACCESS_TOKEN, credentials.access_token.reveal()),
    ];
    if context.is_taskcluster() {
        // The Go tool ends with the root URL, and there are scripts that count lines.
        lines.rotate_left(1);
    }
    for (variable, value) in lines {
        assign(variable, value)?;
    }
    match &credentials.certificate {
        Some(certificate) => assign(env::CERTIFICATE, certificate.reveal())?,
        // The certificate of other credentials would spoil these.
        None if context.env.get(env::CERTIFICATE).is_some() => {
            writeln!(out, "{}", shell.unset(env::CERTIFICATE.name))?;
        }
        None => {}
    }
    Ok(())
}
