//! Time limits of connections that tasks make.

use std::time::Duration;

/// How long a server may be silent.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a connection may take to open, and how long it may be silent.
pub(super) fn with_limits(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.connect_timeout(STALL_TIMEOUT).read_timeout(STALL_TIMEOUT)
}
