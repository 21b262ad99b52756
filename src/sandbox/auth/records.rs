//! What the `auth` service holds: clients and roles.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, Utc};
use serde_json::{Value, json};

use super::expand::{RoleRef, expand};
use crate::domain::Secret;
use crate::sandbox::wire::{Name, stamp};
use crate::sandbox::{hooks, index, queue, worker_manager};

/// Clients and roles of one sandbox.
pub(in crate::sandbox) struct Auth {
    pub(super) clients: BTreeMap<Name, Client>,
    pub(super) roles: BTreeMap<Name, Role>,
}

/// A client.
pub(super) struct Client {
    pub id: String,
    pub description: String,
    pub access_token: Secret,
    pub expires: DateTime<Utc>,
    pub created: DateTime<Utc>,
    pub last_modified: DateTime<Utc>,
    pub last_used: DateTime<Utc>,
    pub last_rotated: DateTime<Utc>,
    pub delete_on_expiration: bool,
    pub scopes: Vec<String>,
    pub disabled: bool,
}

/// A role.
pub(super) struct Role {
    pub id: String,
    pub description: String,
    pub scopes: Vec<String>,
    pub created: DateTime<Utc>,
    pub last_modified: DateTime<Utc>,
}

/// What stands before the IDs of clients that come with the deployment and cannot be changed.
pub(super) const STATIC: &str = "static/";

/// The client that may do anything.
pub(in crate::sandbox) const ROOT: &str = "static/taskcluster/root";

/// Scopes of callers without credentials, as a public deployment grants them.
const ANONYMOUS: &[&str] = &[
    "auth:current-scopes",
    "auth:expand-scopes",
    "auth:get-client:*",
    "auth:get-role:*",
    "auth:list-clients",
    "auth:list-roles",
    "github:get-badge:*",
    "github:get-repository:*",
    "github:latest-status:*",
    "github:list-builds",
    "hooks:get:*",
    "hooks:list-hooks:*",
    "hooks:list-last-fires:*",
    "hooks:status:*",
    "index:find-task:*",
    "index:list-namespaces:*",
    "index:list-tasks:*",
    "purge-cache:all-purge-requests",
    "purge-cache:purge-requests:*",
    "queue:get-artifact:public/*",
    "queue:get-provisioner:*",
    "queue:get-task:*",
    "queue:get-worker-type:*",
    "queue:get-worker:*",
    "queue:list-artifacts:*",
    "queue:list-dependent-tasks:*",
    "queue:list-provisioners",
    "queue:list-task-group:*",
    "queue:list-worker-types:*",
    "queue:list-workers:*",
    "queue:pending-count:*",
    "queue:status:*",
    "secrets:list-secrets",
    "worker-manager:get-worker-pool:*",
    "worker-manager:get-worker:*",
    "worker-manager:list-providers",
    "worker-manager:list-worker-pool-errors:*",
    "worker-manager:list-worker-pools",
    "worker-manager:list-workers:*",
];

impl Auth {
    /// How many clients are to be deleted when they expire.
    #[cfg(test)]
    pub(in crate::sandbox) fn deletable(&self) -> usize {
        self.clients.values().filter(|client| client.delete_on_expiration).count()
    }

    /// Drops the clients that expired before a time and are to be deleted then.
    pub(in crate::sandbox) fn forget_expired(&mut self, before: DateTime<Utc>) {
        self.clients.retain(|_, client| !client.delete_on_expiration || client.expires >= before);
    }

    /// The static clients and the role of anonymous callers.
    pub(in crate::sandbox) fn new(now: DateTime<Utc>) -> Self {
        let mut auth = Self { clients: BTreeMap::new(), roles: BTreeMap::new() };
        let expires = now.checked_add_months(Months::new(12 * 1000)).unwrap_or(now);
        for (id, description) in [
            (ROOT, "May do anything in this sandbox."),
            (queue::ISSUER, "Signs the credentials of tasks."),
            (index::ISSUER, "Signs the way to private artifacts."),
            (worker_manager::ISSUER, "Signs the credentials of workers."),
            (hooks::CLIENT, "Creates the tasks of hooks."),
        ] {
            auth.insert(Client::new(id, description, expires, vec!["*".to_owned()], now));
        }
        auth.roles.insert(
            Name::new("anonymous"),
            Role {
                id: "anonymous".into(),
                description: "What callers without credentials may do; every caller has it too.".into(),
                scopes: ANONYMOUS.iter().map(ToString::to_string).collect(),
                created: now,
                last_modified: now,
            },
        );
        auth
    }

    /// A client's access token.
    pub(in crate::sandbox) fn access_token(&self, id: &str) -> Option<Secret> {
        self.client(id).map(|client| client.access_token.clone())
    }

    /// These scopes with all that roles add to them.
    pub(in crate::sandbox) fn expand(&self, scopes: &[String]) -> Vec<String> {
        expand(scopes, &self.role_refs().collect::<Vec<_>>())
    }

    pub(super) fn role_refs(&self) -> impl Iterator<Item = RoleRef<'_>> {
        self.roles.values().map(|role| RoleRef { id: &role.id, scopes: &role.scopes })
    }

    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(&Name::new(id))
    }

    pub(super) fn client_mut(&mut self, id: &str) -> Option<&mut Client> {
        self.clients.get_mut(&Name::new(id))
    }

    pub(super) fn insert(&mut self, client: Client) {
        self.clients.insert(Name::new(&*client.id), client);
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.clients.remove(&Name::new(id));
    }

    pub(super) fn client_json(&self, client: &Client) -> Value {
        json!({
            "clientId": client.id,
            "description": client.description,
            "expires": stamp(client.expires),
            "created": stamp(client.created),
            "lastModified": stamp(client.last_modified),
            "lastDateUsed": stamp(client.last_used),
            "lastRotated": stamp(client.last_rotated),
            "deleteOnExpiration": client.delete_on_expiration,
            "scopes": client.scopes,
            "expandedScopes": self.expand(&client.scopes),
            "disabled": client.disabled,
        })
    }

    pub(super) fn role_json(&self, role: &Role) -> Value {
        json!({
            "roleId": role.id,
            "scopes": role.scopes,
            "expandedScopes": self.expand(&[format!("assume:{}", role.id)]),
            "description": role.description,
            "lastModified": stamp(role.last_modified),
            "created": stamp(role.created),
        })
    }
}

impl Client {
    pub(super) fn new(
        id: &str,
        description: &str,
        expires: DateTime<Utc>,
        scopes: Vec<String>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id: id.into(),
            description: description.into(),
            access_token: new_token(),
            expires,
            created: now,
            last_modified: now,
            last_used: now,
            last_rotated: now,
            delete_on_expiration: false,
            scopes,
            disabled: false,
        }
    }
}

/// A fresh access token: two slugids (44 characters).
pub(super) fn new_token() -> Secret {
    Secret::new(format!("{}{}", slugid::v4(), slugid::v4()))
}
