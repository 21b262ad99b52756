//! Versions of generic-worker: `10.4.0`, `10.11`.

use std::fmt;
use std::str::FromStr;

/// A version; what is not said is as late as can be, so that `10.4` knows what 10.4.9 knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version([u32; 3]);

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("invalid version `{text}`");
        let parts: Vec<u32> =
            text.trim_start_matches('v').split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| invalid())?;
        match parts.as_slice() {
            [major] => Ok(Self([*major, u32::MAX, u32::MAX])),
            [major, minor] => Ok(Self([*major, *minor, u32::MAX])),
            [major, minor, patch] => Ok(Self([*major, *minor, *patch])),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.0.iter().filter(|part| **part != u32::MAX).map(ToString::to_string);
        f.write_str(&said.collect::<Vec<_>>().join("."))
    }
}
