//! Errors of worker pools, put together by what they have in common. Pure.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::fields::text;

/// Errors of one pool, kind, launch configuration and title.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub count: usize,
    /// When the first one was reported, as the service says it.
    pub first: String,
    /// When the last one was.
    pub last: String,
    /// The last one as a whole.
    pub example: Value,
}

/// The groups of these errors, the largest first.
pub(super) fn grouped(errors: &[Value]) -> Vec<Group> {
    let mut groups: IndexMap<[&str; 4], Group> = IndexMap::new();
    for error in errors {
        let key = ["workerPoolId", "kind", "launchConfigId", "title"].map(|key| text(error, key));
        let at = text(error, "reported");
        let group = groups.entry(key).or_insert_with(|| Group {
            count: 0,
            first: at.to_owned(),
            last: at.to_owned(),
            example: error.clone(),
        });
        group.count += 1;
        // Times of one form are in the order of their texts.
        if at < group.first.as_str() {
            at.clone_into(&mut group.first);
        }
        if at > group.last.as_str() {
            at.clone_into(&mut group.last);
            group.example = error.clone();
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| b.last.cmp(&a.last)));
    groups
}

impl Group {
    /// For `--json`.
    pub(super) fn json(&self) -> Value {
        json!({
            "workerPoolId": self.example.get("workerPoolId"),
            "kind": self.example.get("kind"),
            "launchConfigId": self.example.get("launchConfigId"),
            "title": self.example.get("title"),
            "count": self.count,
            "first": self.first,
            "last": self.last,
            "example": self.example,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_one_kind_and_launch_config_are_one_group() {
        let error = |kind: &str, config: &str, hour: u32| {
            json!({"workerPoolId": "p/w", "kind": kind, "launchConfigId": config, "title": "t",
                "reported": format!("2026-11-22T{hour:02}:00:00.000Z")})
        };
        let errors =
            [error("a", "x", 10), error("b", "x", 12), error("a", "x", 9), error("a", "y", 8), error("a", "x", 11)];
        let groups = grouped(&errors);
        let told: Vec<_> = groups.iter().map(|group| (text(&group.example, "kind"), group.count)).collect();
        assert_eq!(told, [("a", 3), ("b", 1), ("a", 1)]);
        assert_eq!(
            (groups[0].first.as_str(), groups[0].last.as_str()),
            ("2026-11-22T09:00:00.000Z", "2026-11-22T11:00:00.000Z")
        );
        assert_eq!(groups[0].example, errors[4]);
        assert_eq!(groups[2].json()["launchConfigId"], "y");
        assert_eq!(grouped(&[json!(null)])[0].count, 1);
    }
}
