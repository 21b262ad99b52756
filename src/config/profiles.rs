//! Deployments by name: those that are built in, and the user's own. Pure.

use super::document::Contents;
use super::keys::{Key, Slot};
use super::values::Value;
use crate::domain::root_url::WELL_KNOWN;
use crate::reference::suggest;

/// A named deployment, and the settings that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Its name.
    pub name: String,
    /// Its root URL, as it was written; none where the user's table does not say.
    pub root_url: Option<String>,
    /// Whether it is built in; the user can add settings to it all the same.
    pub built_in: bool,
}

impl Contents {
    /// The value of a slot.
    pub(crate) fn get(&self, wanted: &Slot) -> Option<&Value> {
        self.values.iter().find(|(slot, _)| slot == wanted).map(|(_, value)| value)
    }

    /// All profiles: those that are built in, then the user's own by name.
    pub(crate) fn all_profiles(&self) -> Vec<Profile> {
        let mut own: Vec<&str> = self.profiles.iter().map(String::as_str).collect();
        own.sort_unstable();
        let names = WELL_KNOWN.iter().map(|(name, _)| *name);
        let own = own.into_iter().filter(|name| built_in(name).is_none());
        names.chain(own).filter_map(|name| self.profile(name)).collect()
    }

    /// The profile of this name.
    pub(crate) fn profile(&self, name: &str) -> Option<Profile> {
        let built_in = built_in(name);
        if built_in.is_none() && !self.profiles.iter().any(|own| own == name) {
            return None;
        }
        let own = self.profile_value(name, "root-url").and_then(Value::as_text);
        Some(Profile { name: name.into(), root_url: own.or(built_in).map(Into::into), built_in: built_in.is_some() })
    }

    /// What a profile says of a setting.
    pub(super) fn profile_value(&self, name: &str, key: &str) -> Option<&Value> {
        self.get(&Slot::Profile(name.into(), Key::named(key)?))
    }

    /// Names of profiles that resemble `wanted`.
    pub(crate) fn similar_profiles(&self, wanted: &str) -> Vec<String> {
        let profiles = self.all_profiles();
        suggest(wanted, profiles.iter().map(|profile| profile.name.as_str())).into_iter().map(Into::into).collect()
    }
}

fn built_in(name: &str) -> Option<&'static str> {
    WELL_KNOWN.iter().find(|(known, _)| *known == name).map(|(_, url)| *url)
}

#[cfg(test)]
mod tests {
    use crate::config::Document;

    #[test]
    fn the_users_profiles_follow_the_built_in_ones_and_can_add_to_them() {
        let text =
            "[profiles.zoo]\nroot-url = \"https://zoo.example.com\"\n[profiles.ant]\n[profiles.staging]\nretries = 1\n";
        let contents = Document::parse(text).unwrap().contents().unwrap();
        let names: Vec<_> = contents.all_profiles().into_iter().map(|profile| profile.name).collect();
        assert_eq!(names, ["firefox-ci", "community", "staging", "ant", "zoo"]);
        assert!(contents.profile("staging").unwrap().root_url.unwrap().starts_with("https://stage."));
        assert_eq!(contents.profile("ant").unwrap().root_url, None);
        assert_eq!(contents.profile("cat"), None);
    }
}
