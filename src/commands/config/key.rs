//! Keys as they are given, and values as they are shown.

use crate::config::{Setting, Settings, Slot, Value};
use crate::error::{Error, Result};

/// What the Go tool calls `config.rootUrl`, which is the one of its settings that is a setting here.
pub(super) const GO_ROOT_URL: &str = "config.rootUrl";

/// Reads a key of the settings file.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when there is none of this name; similar ones are hinted at.
pub(super) fn slot(key: &str) -> Result<Slot> {
    let key = if key == GO_ROOT_URL { "root-url" } else { key };
    Slot::parse(key).map_err(|unknown| {
        let error = Error::usage(format!("unknown setting `{}`", unknown.key));
        if unknown.key == "config.authorizedScopes" {
            return error.hint("Limit calls, one by one, with --authorized-scope.");
        }
        if unknown.key.starts_with("config.") {
            return error.hint("Credentials are no settings: `tc signin` stores them.");
        }
        match unknown.suggestions.first() {
            Some(suggestion) => error.hint(format!("Did you mean `{suggestion}`?")),
            None => error.hint("`tc config list` shows all settings."),
        }
    })
}

/// The value of a key that counts, if there is one.
pub(super) fn effective(settings: &Settings, slot: &Slot) -> Option<(Value, String)> {
    match slot {
        Slot::Top(key) => {
            let Setting { value, source } = settings.find(key)?;
            // A deployment can be given by name, and a URL is what everyone needs.
            let root =
                value.as_text().filter(|_| key.name == "root-url").and_then(|text| settings.deployment(text).ok());
            Some((root.map_or(value, |root| Value::Text(root.to_string())), source.to_string()))
        }
        Slot::Profile(..) | Slot::Preset(_) | Slot::Alias(_) => {
            let path = settings.paths().map(|paths| paths.settings.display().to_string()).unwrap_or_default();
            Some((settings.contents().get(slot)?.clone(), path))
        }
    }
}
