//! Whose references a command line is read by, before anything of it is known.

use std::ffi::OsString;

use crate::config::{Given, ReferenceCache, Settings, keys};
use crate::env::Environment;
use crate::reference::{Catalogue, Source};

/// The references kept for the deployment that these words and this environment choose; else the embedded ones. What is
/// broken is said when the command runs, not here.
pub(super) fn catalogue(words: &[OsString], environment: &Environment) -> &'static Catalogue {
    kept(words, environment).unwrap_or_else(|| Catalogue::embedded(Source::Current))
}

fn kept(words: &[OsString], environment: &Environment) -> Option<&'static Catalogue> {
    let cache = ReferenceCache::of(environment)?;
    if cache.is_empty() {
        return None;
    }
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--").collect();
    let given = Given::default()
        .with(&keys::ROOT_URL, value(&words, "--root-url", Some("-R")))
        .with(&keys::PROFILE, value(&words, "--profile", None));
    let (root, _) = Settings::load(environment, given).ok()?.root_url().ok()??;
    cache.catalogue(&root).ok()?
}

/// The last value of an option: behind it as a word of its own, behind `=`, or behind the one letter.
fn value<'a>(words: &[&'a str], long: &str, short: Option<&str>) -> Option<&'a str> {
    let next = |at: usize| words.get(at + 1).copied();
    words.iter().enumerate().rev().find_map(|(at, word)| {
        if *word == long || Some(*word) == short {
            return next(at);
        }
        let attached = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('='));
        attached.or_else(|| Some(word.strip_prefix(short?)?.trim_start_matches('=')).filter(|rest| !rest.is_empty()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployment_is_found_wherever_it_stands() {
        let root = |line: &'static str| value(&line.split(' ').collect::<Vec<_>>(), "--root-url", Some("-R"));
        for line in
            ["tc -R x api", "tc api -Rx", "tc --root-url x api", "tc api --root-url=x queue", "tc -R y api -R=x"]
        {
            assert_eq!(root(line), Some("x"), "{line}");
        }
        assert_eq!(root("tc api queue"), None);
        assert_eq!(root("tc api -R"), None);
    }
}
