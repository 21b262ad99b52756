//! What to do about an error, as data: whoever shows it has words of its own for it.

use std::fmt;

/// What to do about an error.
///
/// It displays in the words of the library. A program says it in its own: which flag, which command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// A sentence.
    Text(String),
    /// Trust the certificate authority of a private deployment.
    TrustAuthority,
    /// Allow a try more time.
    AllowMoreTime,
    /// Set both client ID and access token, or neither.
    SetBothCredentials,
    /// Say which deployment is meant.
    ChooseDeployment,
    /// The root URL that was given explicitly is the wrong one.
    GivenRootUrl,
    /// Look at the artifacts of this task.
    ListArtifacts(String),
    /// Fetch content, whose encoding is unknown, with another program.
    FetchElsewhere,
    /// Wait for the browser on another port.
    ChoosePort,
    /// Take the browser's last address instead of waiting for it.
    PasteAddress,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::TrustAuthority => f.write_str("Trust the deployment's own certificate authority, if it has one."),
            Self::AllowMoreTime => f.write_str("Allow more time for a try."),
            Self::SetBothCredentials => f.write_str("Set both, or neither to call without credentials."),
            Self::ChooseDeployment => f.write_str("Set TASKCLUSTER_ROOT_URL."),
            Self::GivenRootUrl => f.write_str("It is the root URL that was given."),
            Self::ListArtifacts(task) => write!(f, "List the artifacts of task {task}."),
            Self::FetchElsewhere => f.write_str("Fetch it with another program: only gzip and zstd can be decoded."),
            Self::ChoosePort => f.write_str("Choose another port."),
            Self::PasteAddress => f.write_str("Take the browser's last address instead of waiting for it."),
        }
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl PartialEq<&str> for Hint {
    fn eq(&self, text: &&str) -> bool {
        let words = self.to_string();
        words == *text
    }
}
