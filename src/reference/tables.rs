//! TOML files of ours, of which only what is asked for is parsed: a start asks for one service or two.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

/// A file with a table for each service, each parsed when it is first asked for.
#[derive(Debug)]
pub(super) struct Tables<T> {
    parts: Vec<Part<T>>,
}

#[derive(Debug)]
struct Part<T> {
    name: &'static str,
    toml: &'static str,
    parsed: OnceLock<T>,
}

impl<T: DeserializeOwned + Default> Tables<T> {
    /// The tables of `toml`. Those inside of a table, such as `[queue.methods]`, must stand behind it; headers
    /// begin their lines, as nothing else with a bracket does.
    pub(super) fn of(toml: &'static str) -> Self {
        let mut parts: Vec<Part<T>> = Vec::new();
        let mut end = toml.len();
        for (start, _) in toml.rmatch_indices('[').filter(|(at, _)| *at == 0 || toml[..*at].ends_with('\n')) {
            let header = &toml[start + 1..end];
            let name = header.split(['.', ']']).next().unwrap_or_default();
            match parts.last_mut().filter(|later| later.name == name) {
                Some(later) => later.toml = &toml[start..start + later.toml.len() + (end - start)],
                None => parts.push(Part { name, toml: &toml[start..end], parsed: OnceLock::new() }),
            }
            end = start;
        }
        parts.reverse();
        Self { parts }
    }

    /// The table of this name.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.parts.iter().find(|part| part.name == name).map(Part::parsed)
    }

    /// All tables by their names, in the order of the file.
    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &T)> {
        self.parts.iter().map(|part| (part.name, part.parsed()))
    }
}

impl<T: DeserializeOwned + Default> Part<T> {
    fn parsed(&self) -> &T {
        let parse = || toml::from_str::<BTreeMap<String, T>>(self.toml).ok()?.remove(self.name);
        // The tests of what is in these files miss all that does not parse.
        self.parsed.get_or_init(|| parse().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Table = BTreeMap<String, toml::Value>;

    /// Whether a file has the same tables, read one by one, as read at once.
    fn check(toml: &'static str) {
        let tables = Tables::<Table>::of(toml);
        let apart: BTreeMap<String, Table> =
            tables.all().map(|(name, table)| (name.to_owned(), table.clone())).collect();
        assert_eq!(apart, toml::from_str::<BTreeMap<String, Table>>(toml).unwrap());
        assert_eq!(apart.len(), tables.parts.len(), "the tables of one name stand together");
    }

    #[test]
    fn tables_are_the_same_one_by_one() {
        check("# a\n[a]\nx = \"[b]\" # [c]\n[a.b]\ny = 1\n\n[a.b.c]\n[b.a]\n  z = [1]\n[c]\n");
        check("[a]");
        check("");
        for toml in [super::super::embedded::SUMMARIES, super::super::embedded::LEGACY_SUMMARIES] {
            check(toml);
        }
        check(super::super::embedded::PATTERNS);
    }

    #[test]
    fn only_what_is_asked_for_is_parsed() {
        let tables = Tables::<Table>::of("[a]\nx = 1\n[b]\nthis is no TOML\n");
        assert_eq!(tables.get("a").unwrap()["x"].as_integer(), Some(1));
        assert!(tables.get("c").is_none());
        assert!(tables.get("b").unwrap().is_empty());
    }
}
