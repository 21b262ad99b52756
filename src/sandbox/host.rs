//! Which names this machine answers to.

use super::hawk::host_and_port;

/// Whether the name is one of this machine's own: a web page elsewhere may let its name lead here. What is no name at all
/// is left to the check of signatures.
pub(super) fn is_local(host: &str) -> bool {
    let Some((name, _)) = host_and_port(host) else { return true };
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name == "127.0.0.1" || name == "[::1]"
}
