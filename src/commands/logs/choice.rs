//! Which artifact of a run is the log. Pure.

use serde_json::Value;

use crate::commands::transfers::ListedArtifact;

const LIVE: &str = "public/logs/live.log";
const BACKING: &str = "public/logs/live_backing.log";

/// Names that a task's payload gives to its logs: `logs.live` and `logs.backing` for generic-worker,
/// `log` for docker-worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PayloadLogs {
    live: Option<String>,
    backing: Option<String>,
}

impl PayloadLogs {
    /// The names in the payload of this definition.
    pub(crate) fn of(definition: &Value) -> Self {
        let payload = &definition["payload"];
        let text = |value: &Value| value.as_str().filter(|name| !name.is_empty()).map(str::to_owned);
        Self {
            live: text(&payload["logs"]["live"]).or_else(|| text(&payload["log"])),
            backing: text(&payload["logs"]["backing"]),
        }
    }

    /// All names that the log can have, the best first.
    ///
    /// Of a run that is over, the live log may still lead to a worker that is gone, so what was
    /// uploaded comes first.
    fn candidates(&self, over: bool) -> Vec<&str> {
        let live = self.live.iter().map(String::as_str).chain([LIVE]);
        let backing = self.backing.iter().map(String::as_str).chain([BACKING]);
        if over { backing.chain(live).collect() } else { live.chain(backing).collect() }
    }
}

/// The name of the log among the artifacts of a run.
pub(crate) fn choose<'a>(listed: &'a [ListedArtifact], logs: &PayloadLogs, over: bool) -> Option<&'a str> {
    let candidates = logs.candidates(over);
    let named = |name: &str, with_errors: bool| {
        listed.iter().find(|artifact| artifact.name == name && (with_errors || !artifact.is_error()))
    };
    // An artifact that stands for an error is better than nothing: it says what went wrong.
    [false, true]
        .into_iter()
        .find_map(|with_errors| candidates.iter().find_map(|name| named(name, with_errors)))
        .map(|artifact| artifact.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use serde_json::value::RawValue;

    fn chosen(names: &[&str], payload: Value, over: bool) -> Option<String> {
        let artifact = |name: &&str| {
            let storage_type = if name.ends_with('!') { "error" } else { "s3" };
            let fields = json!({"name": name.trim_end_matches('!'), "storageType": storage_type});
            ListedArtifact::read(RawValue::from_string(fields.to_string()).unwrap()).unwrap()
        };
        let listed: Vec<ListedArtifact> = names.iter().map(artifact).collect();
        choose(&listed, &PayloadLogs::of(&json!({"payload": payload})), over).map(str::to_owned)
    }

    #[test]
    fn a_run_that_is_over_has_its_log_uploaded() {
        let both = [LIVE, BACKING, "public/build/x.log"];
        assert_eq!(chosen(&both, json!({}), true).unwrap(), BACKING);
        assert_eq!(chosen(&both, json!({}), false).unwrap(), LIVE);
        assert_eq!(chosen(&[LIVE], json!({}), true).unwrap(), LIVE);
        assert_eq!(chosen(&["public/build/x.log"], json!({}), true), None);
        assert_eq!(chosen(&[], json!({}), true), None);
    }

    #[test]
    fn the_payload_may_give_the_log_another_name() {
        let names = [LIVE, "private/my.log"];
        assert_eq!(chosen(&names, json!({"logs": {"live": "private/my.log"}}), false).unwrap(), "private/my.log");
        assert_eq!(chosen(&names, json!({"log": "private/my.log"}), true).unwrap(), "private/my.log");
        assert_eq!(chosen(&names, json!({"logs": {"backing": "private/my.log"}}), true).unwrap(), "private/my.log");
        assert_eq!(chosen(&names, json!({"log": "gone.log"}), true).unwrap(), LIVE);
    }

    #[test]
    fn an_error_in_place_of_a_log_is_the_last_choice() {
        let backing = format!("{BACKING}!");
        assert_eq!(chosen(&[&backing, LIVE], json!({}), true).unwrap(), LIVE);
        assert_eq!(chosen(&[&backing], json!({}), true).unwrap(), BACKING);
    }
}
