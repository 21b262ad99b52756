//! A task's definition as that of a new task. Pure.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use thiserror::Error;

use super::task::time;
use super::time::to_iso;

/// Why a definition cannot be used again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum RetriggerError {
    /// The definition is not an object.
    #[error("the definition of the task is not an object")]
    NoObject,
    /// A time that the new ones are reckoned from is missing, or is invalid.
    #[error("the task's `{0}` is not a time")]
    NoTime(&'static str),
}

/// The definition of a new task that does what the task with this `definition` did.
///
/// `created` becomes `now`, and `deadline` and `expires` keep their distances from it. The new task
/// stays in the same task group. Unless `exact`, it has no routes, so that it does not take the
/// place of the old one in the index, and no dependencies, so that it starts at once.
///
/// # Errors
/// [`RetriggerError`] when the definition does not say when the task was created, or by when it is
/// to be resolved.
pub(crate) fn retrigger(definition: &Value, now: DateTime<Utc>, exact: bool) -> Result<Value, RetriggerError> {
    let mut copy = definition.clone();
    let fields = copy.as_object_mut().ok_or(RetriggerError::NoObject)?;
    let at = |name: &'static str| time(definition[name].as_str()).ok_or(RetriggerError::NoTime(name));
    let created = at("created")?;
    let shifted = |name| {
        let offset = at(name)? - created;
        now.checked_add_signed(offset).map(to_iso).ok_or(RetriggerError::NoTime(name))
    };
    fields.insert("created".into(), json!(to_iso(now)));
    fields.insert("deadline".into(), json!(shifted("deadline")?));
    // A task without a time of expiry gets one from the queue.
    if definition.get("expires").is_some() {
        fields.insert("expires".into(), json!(shifted("expires")?));
    }
    if !exact {
        fields.insert("routes".into(), json!([]));
        fields.insert("dependencies".into(), json!([]));
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn definition(created: DateTime<Utc>, deadline: i64, expires: i64) -> Value {
        json!({
            "taskQueueId": "p/w", "schedulerId": "s", "taskGroupId": "VESwp9JaRo-XkFN_bemBhw", "projectId": "x",
            "dependencies": ["VESwp9JaRo-XkFN_bemBhw"], "requires": "all-resolved", "routes": ["index.a.b"],
            "priority": "low", "retries": 3, "created": to_iso(created),
            "deadline": to_iso(created + TimeDelta::milliseconds(deadline)),
            "expires": to_iso(created + TimeDelta::milliseconds(expires)),
            "scopes": ["a:b"], "payload": {"maxRunTime": 60, "big": 18446744073709551616.0}, "metadata": {"name": "n"},
            "tags": {"kind": "test"}, "extra": {"z": 1, "a": [null]},
        })
    }

    #[test]
    fn a_copy_is_made_for_today() {
        let created: DateTime<Utc> = "2026-11-20T10:00:00.123Z".parse().unwrap();
        let now: DateTime<Utc> = "2026-11-22T12:00:00.456Z".parse().unwrap();
        let copy = retrigger(&definition(created, 7_200_000, 86_400_000), now, false).unwrap();
        assert_eq!(copy["created"], "2026-11-22T12:00:00.456Z");
        assert_eq!(copy["deadline"], "2026-11-22T14:00:00.456Z");
        assert_eq!(copy["expires"], "2026-11-23T12:00:00.456Z");
        assert_eq!((&copy["routes"], &copy["dependencies"]), (&json!([]), &json!([])));
        assert_eq!(copy["taskGroupId"], "VESwp9JaRo-XkFN_bemBhw");
    }

    #[test]
    fn what_has_no_times_cannot_be_shifted() {
        let now = Utc::now();
        assert_eq!(retrigger(&json!([]), now, false), Err(RetriggerError::NoObject));
        assert_eq!(retrigger(&json!({"deadline": to_iso(now)}), now, false), Err(RetriggerError::NoTime("created")));
        let undue = json!({"created": to_iso(now), "deadline": "soon"});
        assert_eq!(retrigger(&undue, now, false), Err(RetriggerError::NoTime("deadline")));
    }

    #[test]
    fn a_task_that_never_expires_gets_no_expiry_here() {
        let now = Utc::now();
        let copy = retrigger(&json!({"created": to_iso(now), "deadline": to_iso(now)}), now, true).unwrap();
        assert_eq!(copy.get("expires"), None);
    }

    proptest! {
        /// Distances stay, and nothing else changes but what must.
        #[test]
        fn only_times_routes_and_dependencies_change(
            created in 0_i64..4_000_000_000_000, now in 0_i64..4_000_000_000_000,
            deadline in 0_i64..432_000_000, expires in 0_i64..100_000_000_000, exact: bool,
        ) {
            let at = |millis| DateTime::from_timestamp_millis(millis).unwrap();
            let old = definition(at(created), deadline, expires);
            let copy = retrigger(&old, at(now), exact).unwrap();
            prop_assert_eq!(&copy["created"], &json!(to_iso(at(now))));
            prop_assert_eq!(&copy["deadline"], &json!(to_iso(at(now + deadline))));
            prop_assert_eq!(&copy["expires"], &json!(to_iso(at(now + expires))));
            let mut changed = vec!["created", "deadline", "expires"];
            if !exact {
                changed.extend(["routes", "dependencies"]);
            }
            for (name, value) in old.as_object().unwrap() {
                prop_assert!(changed.contains(&name.as_str()) || copy[name] == *value, "{}", name);
            }
            prop_assert!(old.as_object().unwrap().keys().eq(copy.as_object().unwrap().keys()));
        }
    }
}
