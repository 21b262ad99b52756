//! Task and task-group IDs: slugids, kept in place so that a map of 30,000 of them allocates nothing.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::sandbox::wire;

/// A slugid, ordered as the services list them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TaskId([u8; 22]);

impl TaskId {
    /// The ID in `text`; none when that has not the form of a slugid.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let bytes: [u8; 22] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(allowed).then_some(Self(bytes))
    }

    /// The 22 characters.
    pub(crate) fn as_str(&self) -> &str {
        // ASCII by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Ord for TaskId {
    fn cmp(&self, other: &Self) -> Ordering {
        wire::compare(self.as_str(), other.as_str())
    }
}

impl PartialOrd for TaskId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_listed_as_the_services_list_them() {
        let mut ids = ["MPLMkmYYTl6i6ouTB2dDlA", "LUR_H_TwSOOyGto9Wl_aRg", "cCxeJUuTSJ2-psQePalB1A"]
            .map(|text| TaskId::parse(text).unwrap());
        ids.sort();
        assert_eq!(ids.map(|id| id.to_string().remove(0)), ['c', 'L', 'M']);
        assert_eq!(TaskId::parse("bad"), None);
        assert_eq!(TaskId::parse("MPLMkmYYTl6i6ouTB2dD/A"), None);
    }
}
