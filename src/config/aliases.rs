//! Commands of the user's own. Pure.

use super::document::Contents;
use super::keys::Slot;
use crate::reference::suggest;

impl Contents {
    /// What an alias stands for.
    pub(crate) fn alias(&self, name: &str) -> Option<&str> {
        self.get(&Slot::Alias(name.into()))?.as_text()
    }

    /// All aliases with what they stand for, by name.
    pub(crate) fn aliases(&self) -> Vec<(String, String)> {
        let alias = |(slot, value): &(Slot, super::Value)| match slot {
            Slot::Alias(name) => Some((name.clone(), value.as_text()?.to_owned())),
            Slot::Top(_) | Slot::Profile(..) | Slot::Preset(_) => None,
        };
        let mut found: Vec<(String, String)> = self.values.iter().filter_map(alias).collect();
        found.sort_unstable();
        found
    }

    /// Names of aliases that resemble `wanted`.
    pub(crate) fn similar_aliases(&self, wanted: &str) -> Vec<String> {
        let aliases = self.aliases();
        suggest(wanted, aliases.iter().map(|(name, _)| name.as_str())).into_iter().map(Into::into).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Document;

    #[test]
    fn aliases_come_in_the_order_of_their_names() {
        let text = "retries = 1\n[aliases]\nzz = \"group list\"\nrr = \"!echo hello\"\n";
        let contents = Document::parse(text).unwrap().contents().unwrap();
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(contents.aliases(), [pair("rr", "!echo hello"), pair("zz", "group list")]);
        assert_eq!((contents.alias("zz"), contents.alias("retries")), (Some("group list"), None));
        assert_eq!(contents.similar_aliases("z"), ["zz"]);
    }

    #[test]
    fn an_alias_of_nothing_and_one_that_is_no_text_are_refused() {
        for text in ["[aliases]\na = \" \"\n", "[aliases]\na = 7\n", "aliases = \"a\"\n"] {
            assert!(Document::parse(text).unwrap().contents().is_err(), "{text}");
        }
        let odd = Document::parse("[aliases]\n\"a b\" = \"group list\"\n").unwrap().contents().unwrap();
        assert_eq!(odd.unknown.len(), 1);
    }
}
