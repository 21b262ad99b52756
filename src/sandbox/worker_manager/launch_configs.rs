//! Launch configurations: the ways in which a cloud provider may start the workers of a pool.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Pool, WorkerManagerState, listing, no_pool};
use crate::sandbox::call::{Call, Outcome};
use crate::sandbox::wire::{Page, canonical, stamp};

/// One launch configuration of a pool.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LaunchConfig {
    pub id: String,
    configuration: Value,
    pub archived: bool,
    created: DateTime<Utc>,
    modified: DateTime<Utc>,
}

/// The launch configurations of a pool's configuration. Those without an ID get one that depends on what they say.
pub(super) fn read(pool: &str, config: &mut Value, now: DateTime<Utc>) -> Vec<LaunchConfig> {
    let Some(configs) = config.get_mut("launchConfigs").and_then(Value::as_array_mut) else { return Vec::new() };
    configs
        .iter_mut()
        .filter_map(|config| {
            let mut bare = config.clone();
            let members = bare.as_object_mut()?;
            members.shift_remove("workerManager");
            let id = config["workerManager"]["launchConfigId"].as_str().map(str::to_owned);
            let id = id.unwrap_or_else(|| id_of(pool, &bare));
            let members = config.as_object_mut()?;
            let of_manager = members.entry("workerManager").or_insert_with(|| json!({}));
            of_manager.as_object_mut()?.insert("launchConfigId".into(), json!(id));
            let configuration = config.clone();
            Some(LaunchConfig { id, configuration, archived: false, created: now, modified: now })
        })
        .collect()
}

fn id_of(pool: &str, config: &Value) -> String {
    let digest = Sha256::digest(format!("{pool}\n{}", canonical(config)));
    let hex: String = HEXLOWER.encode(&digest).chars().take(20).collect();
    format!("lc-{hex}")
}

/// Lets those stay that were there before; what is no longer there is archived.
pub(super) fn keep(before: &[LaunchConfig], now_there: &mut Vec<LaunchConfig>, now: DateTime<Utc>) {
    for old in before {
        match now_there.iter_mut().find(|new| new.id == old.id) {
            Some(new) => {
                new.created = old.created;
                if new.configuration == old.configuration && !old.archived {
                    new.modified = old.modified;
                }
            }
            None => {
                let modified = if old.archived { old.modified } else { now };
                now_there.push(LaunchConfig { archived: true, modified, ..old.clone() });
            }
        }
    }
}

/// Publishes what became of a pool's launch configurations.
pub(super) fn publish_changes(state: &WorkerManagerState, id: &str, before: &[LaunchConfig], pool: &Pool) {
    for config in &pool.launch_configs {
        let old = before.iter().find(|old| old.id == config.id);
        let name = match old {
            None => "launchConfigCreated",
            Some(old) if config.archived && !old.archived => "launchConfigArchived",
            Some(old) if config.modified != old.modified => "launchConfigUpdated",
            Some(_) => continue,
        };
        let (provisioner, worker_type) = id.split_once('/').unwrap_or((id, ""));
        let words = [
            ("providerId", pool.provider.as_str()),
            ("provisionerId", provisioner),
            ("workerType", worker_type),
            ("launchConfigId", config.id.as_str()),
        ];
        let payload = json!({"workerPoolId": id, "providerId": pool.provider, "launchConfigId": config.id});
        state.publish(name, &words, payload);
    }
}

pub(super) fn list(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let id = call.param("workerPoolId");
    let pool = state.pool(id).ok_or_else(no_pool)?;
    let with_archived = call.query("includeArchived") == Some("true");
    let shown = pool.launch_configs.iter().filter(|config| with_archived || !config.archived).map(|config| {
        json!({
            "workerPoolId": id,
            "launchConfigId": config.id,
            "isArchived": config.archived,
            "configuration": config.configuration,
            "created": stamp(config.created),
            "lastModified": stamp(config.modified),
        })
    });
    listing("workerPoolLaunchConfigs", Page::of(call)?.slice(shown))
}
