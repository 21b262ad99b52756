//! How many connections this process may open.

use std::path::Path;

/// Connections that are opened at most, whatever the system allows: more gain nothing, and each
/// costs memory here and there.
pub(crate) const MOST_CONNECTIONS: usize = 512;

/// Files that are left to the rest of the process: look-ups of the host's name, temporary files,
/// the connection that fetches the next page.
const RESERVED_FILES: usize = 16;

/// How many requests may be under way at once: as many as leave all their connections within the
/// limit of open files and [`MOST_CONNECTIONS`].
pub(crate) fn connections_available() -> usize {
    within(max_open_files(), open_files())
}

/// How many files this process may have open; the least of the usual limits where the system does not say.
#[cfg(unix)]
fn max_open_files() -> usize {
    let limit = rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(256, |(soft, _)| soft);
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Sockets are no files on Windows, and have no limit of their own.
#[cfg(not(unix))]
fn max_open_files() -> usize {
    usize::MAX
}

fn within(limit: usize, open: usize) -> usize {
    let most = limit.saturating_sub(open).saturating_sub(RESERVED_FILES).min(MOST_CONNECTIONS);
    // While a connection is being opened for a request, that request may take another one that has
    // become free, so there can be a few more connections than requests: up to a seventh was seen.
    (most - most / 6).max(1)
}

/// Files that are open now; a guess where the system does not say.
fn open_files() -> usize {
    ["/proc/self/fd", "/dev/fd"]
        .iter()
        .find_map(|directory| std::fs::read_dir(Path::new(directory)).ok())
        .map_or(RESERVED_FILES, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_kept() {
        assert_eq!(within(128, 8), 87);
        assert_eq!(within(1024, 8), 427);
        assert_eq!(within(1 << 20, 8), 427);
        assert_eq!(within(16, 8), 1);
        assert_eq!(within(0, 8), 1);
        assert!(connections_available() >= 1);
    }
}
