//! The prose of a roll-up that is not distilled: what a deployment itself says of its methods.

use std::collections::BTreeMap;

use serde_json::Value;

/// The longest description that is kept, in characters.
const MAX_LENGTH: usize = 4000;

/// What a roll-up says of each method, by `service.method`: the description, or where there is none the title. Nothing for
/// what is no roll-up. Control characters are gone, because it is shown on terminals.
pub(crate) fn descriptions(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Ok(Value::Array(files)) = serde_json::from_str::<Value>(text) else { return found };
    for content in files.iter().filter_map(|file| file.get("content")) {
        let (Some(service), Some(entries)) = (content["serviceName"].as_str(), content["entries"].as_array()) else {
            continue;
        };
        // An exchange has no verb.
        for entry in entries.iter().filter(|entry| entry.get("method").is_some()) {
            let text = ["description", "title"].iter().filter_map(|name| entry[*name].as_str()).map(shown);
            if let (Some(name), Some(text)) = (entry["name"].as_str(), text.into_iter().find(|text| !text.is_empty())) {
                found.insert(format!("{service}.{name}"), text);
            }
        }
    }
    found
}

fn shown(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).take(MAX_LENGTH).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn descriptions_come_before_titles_and_without_control_characters() {
        let text = json!([{"filename": "references/a/v1/api.json", "content": {"serviceName": "a", "entries": [
            {"name": "x", "method": "get", "title": "T", "description": "one\u{1b}[31m\ntwo\u{7} "},
            {"name": "y", "method": "get", "title": "T", "description": " "},
            {"name": "z", "method": "get"},
            {"name": "exchange", "description": "no method"},
        ]}}, {"content": {"serviceName": 7}}, 1]);
        let expected = [("a.x", "one[31m\ntwo"), ("a.y", "T")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(descriptions(&text.to_string()), BTreeMap::from(expected));
        assert!(descriptions("{").is_empty() && descriptions("{}").is_empty());
    }
}
