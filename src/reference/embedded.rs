//! The distilled references that are part of the binary.
//!
//! They are embedded as they are. Compressed they would take 42 KB in place of 298, a thirtieth of
//! the binary, and reading one would take half as long again.

/// The Taskcluster version that the current references are of.
pub const VERSION: &str = include_str!("../../references/VERSION").trim_ascii_end();

/// One embedded file: a service's name and its distilled JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EmbeddedFile {
    /// `worker-manager`.
    pub service: &'static str,
    /// The content of `references/worker-manager.json`.
    pub json: &'static str,
}

macro_rules! files {
    ($directory:literal: $($service:literal),* $(,)?) => {
        &[$(EmbeddedFile { service: $service, json: include_str!(concat!("../../references/", $directory, $service, ".json")) }),*]
    };
}

/// The services of today.
pub(super) static CURRENT: &[EmbeddedFile] = files!["":
    "auth", "github", "hooks", "index", "notify", "object", "purge-cache", "queue", "secrets", "web-server",
    "worker-manager",
];

/// The services of 2018.
pub(super) static LEGACY: &[EmbeddedFile] = files!["legacy/":
    "auth", "aws-provisioner", "github", "hooks", "index", "login", "notify", "pulse", "purge-cache", "queue",
    "secrets", "treeherder-events",
];

/// Schemas that belong to no API.
pub(super) static FAMILIES: &[EmbeddedFile] = files!["schemas/": "common", "docker-worker", "generic-worker"];

/// One line in our own words for each service, method and exchange.
pub(super) static SUMMARIES: &str = include_str!("../../references/summaries.toml");

/// The same for what the services of 2018 have alone, or mean otherwise.
pub(super) static LEGACY_SUMMARIES: &str = include_str!("../../references/legacy/summaries.toml");

/// What the services' own checks of arguments look like.
pub(super) static PATTERNS: &str = include_str!("../../references/patterns.toml");

/// Which calls must not be sent twice.
pub(super) static IDEMPOTENCY: &str = include_str!("../../references/idempotency.toml");
