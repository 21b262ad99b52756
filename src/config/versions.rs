//! When deployments were asked for their versions last: once a day is enough.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Paths, private};
use crate::domain::RootUrl;
use crate::env::Environment;
use crate::error::{Error, Result};

/// How long nobody asks again.
const ASK_AGAIN_AFTER: TimeDelta = TimeDelta::days(1);
/// How many deployments are kept.
const MAX_DEPLOYMENTS: usize = 50;
/// The largest file that is read, in bytes; one of ours has a tenth of it.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// By root URL, when it was asked last.
type Asked = BTreeMap<String, DateTime<Utc>>;

/// The file of when each deployment was asked.
#[derive(Debug, Clone)]
pub(crate) struct VersionChecks {
    path: PathBuf,
}

impl VersionChecks {
    /// That of the user whose environment this is; none when no home directory is known.
    pub(crate) fn of(environment: &Environment) -> Option<Self> {
        Some(Self { path: Paths::of(environment)?.versions })
    }

    /// Whether the deployment is to be asked now, which counts as asked from then on. One that was never heard of is not:
    /// what is used once, in a new home, is not worth a request.
    ///
    /// # Errors
    /// When that cannot be written down; then it would be asked all the time.
    pub(crate) fn is_due(&self, root: &RootUrl, now: DateTime<Utc>) -> Result<bool> {
        let mut asked = self.read();
        let before = asked.get(root.as_str()).copied();
        // A clock that was wrong must not silence it for years.
        if before.is_some_and(|before| before <= now && now - before < ASK_AGAIN_AFTER) {
            return Ok(false);
        }
        asked.insert(root.to_string(), now);
        if asked.len() > MAX_DEPLOYMENTS {
            let oldest = asked.iter().min_by_key(|(_, when)| **when).map(|(root, _)| root.clone());
            oldest.map(|root| asked.remove(&root));
        }
        let text = serde_json::to_string(&asked)
            .map_err(|source| Error::failed("cannot record the versions of deployments").caused_by(source))?;
        private::write(&self.path, &text)?;
        Ok(before.is_some())
    }

    /// A file that is absent or broken says nothing.
    fn read(&self) -> Asked {
        let mut text = String::new();
        if !std::fs::metadata(&self.path).is_ok_and(|found| found.is_file()) {
            return Asked::default();
        }
        let read = File::open(&self.path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text));
        read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_asked_once_a_day_from_the_second_day_on() {
        let directory = tempfile::tempdir().unwrap();
        let checks = VersionChecks { path: directory.path().join("tc/versions.json") };
        let root = |name: &str| RootUrl::parse(&format!("https://{name}.example.com")).unwrap();
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let is_due = |name: &str, hours| checks.is_due(&root(name), start + TimeDelta::hours(hours)).unwrap();
        assert!(!is_due("one", 0), "it is new");
        assert!(!is_due("one", 23));
        assert!(is_due("one", 24));
        assert!(!is_due("one", 25) && !is_due("two", 25));
        assert!(is_due("one", 48) && is_due("two", 49));
        assert!(is_due("one", 1), "the clock had been wrong");
        std::fs::write(&checks.path, "{").unwrap();
        assert!(!is_due("one", 100));
        for number in 0..60 {
            is_due(&format!("many{number}"), 200 + number);
        }
        assert_eq!(checks.read().len(), MAX_DEPLOYMENTS);
        assert!(checks.is_due(&root("many59"), start + TimeDelta::hours(300)).unwrap());
    }
}
