//! Once a day, on a terminal: a note that a deployment is newer than the references.

use std::time::Duration;

use serde_json::Value;

use super::Context;
use crate::config::{ReferenceCache, Settings, VersionChecks};
use crate::error::Result;
use crate::reference;

/// How long the deployment may take to say its version, after the command has done what it was to do.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);

impl Context {
    /// Says so where the deployment that was called is newer than its references here. That it cannot be found out is no
    /// failure of the command.
    pub(crate) async fn hint_at_newer_version(&self) {
        match self.newer_version().await {
            Ok(Some((root, there, here))) => {
                self.ui.note(format_args!("{root} is of Taskcluster {there}; the references in use are of {here}."));
                self.ui.hint(
                    "To use its own: tc references update. To turn this notice off: tc config set version-hint off",
                );
            }
            Ok(None) => {}
            Err(error) => tracing::debug!("the version of the deployment is not known: {}", error.message()),
        }
    }

    /// The root URL, its version and that of the references, where the first is newer.
    async fn newer_version(&self) -> Result<Option<(String, String, String)>> {
        let terminal = self.ui.terminal;
        if !terminal.stdout || !terminal.stderr || self.globals.quiet || !self.has_client_in_use() {
            return Ok(None);
        }
        if !self.settings().is_ok_and(Settings::has_version_hint) {
            return Ok(None);
        }
        let (root, checks) = (self.root_url()?, VersionChecks::of(&self.env));
        if root.is_legacy() || !checks.map_or(Ok(false), |checks| checks.is_due(&root, self.now()))? {
            return Ok(None);
        }
        let kept = ReferenceCache::of(&self.env).and_then(|cache| cache.read(&root).ok().flatten());
        let here = kept.and_then(|kept| kept.taskcluster_version).unwrap_or_else(|| reference::VERSION.to_owned());
        self.ui.flush()?;
        let limit = self.env.clock.sleep(ANSWER_LIMIT);
        let there = tokio::select! {
            there = self.deployment_version() => there,
            () = limit => None,
        };
        Ok(there.filter(|there| is_newer(there, &here)).map(|there| (root.to_string(), there, here)))
    }

    /// The version of the deployment in use, where it tells one.
    pub(crate) async fn deployment_version(&self) -> Option<String> {
        let client = self.client_to_ask_once(None).ok()?;
        let answer: Value = client.call("auth", "version").send().await.ok()?.json().ok()?;
        let version = answer.get("version")?.as_str()?.trim_start_matches('v');
        let is_version =
            !version.is_empty() && version.len() < 40 && version.bytes().all(|byte| byte.is_ascii_graphic());
        is_version.then(|| version.to_owned())
    }
}

/// Whether a version comes after another one; what is no version does not.
fn is_newer(there: &str, here: &str) -> bool {
    let numbers = |version: &str| -> Option<Vec<u64>> {
        let numbers: Vec<u64> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        (numbers.len() == 3).then_some(numbers)
    };
    numbers(there).zip(numbers(here)).is_some_and(|(there, here)| there > here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (there, here) in [("107.0.0", "106.0.0"), ("106.0.1", "106.0.0"), ("100.0.0", "99.12.3")] {
            assert!(is_newer(there, here) && !is_newer(here, there), "{there} {here}");
        }
        for there in ["106.0.0", "dev", "", "107", "107.0.x", "107.0.0.1"] {
            assert!(!is_newer(there, "106.0.0"), "{there}");
        }
    }
}
