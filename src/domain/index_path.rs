//! Paths in the index: words with dots between them, or the address of a page of the index.

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

use super::RootUrl;

/// Where the pages of the index are.
const PAGES: &str = "/tasks/index";

/// A place in the index: a namespace, or a name in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexPath {
    /// The deployment, where the page of the index was given.
    pub root: Option<RootUrl>,
    /// `project.branch.latest`; empty for the root of the index.
    pub path: String,
}

/// Why a text is no path in the index.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum IndexPathError {
    /// Two dots in a row, or one at an end.
    #[error("invalid index path `{0}`: it has an empty part")]
    EmptyPart(String),
    /// A character that the index does not take.
    #[error("invalid index path `{0}`: the index takes letters, digits and _!~*'()%- between the dots")]
    Character(String),
    /// The URL of something else.
    #[error("`{0}` is not a page of the index")]
    OtherPage(String),
}

impl IndexPath {
    /// The path that the page `<root>/tasks/index/<namespace>/<name>` is about; none for anything else.
    pub(crate) fn of_page(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let rest = url.path().strip_prefix(PAGES).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        let path = percent_decode_str(&rest.trim_matches('/').replace('/', ".")).decode_utf8().ok()?.into_owned();
        let root = RootUrl::parse(&url.origin().ascii_serialization()).ok()?;
        Some(Self { root: Some(root), path })
    }

    /// The path of a task: a page of the index, or words with dots between them.
    ///
    /// # Errors
    /// [`IndexPathError`].
    pub(crate) fn parse(text: &str) -> Result<Self, IndexPathError> {
        let found = Self::parse_namespace(text)?;
        if found.path.is_empty() { Err(IndexPathError::EmptyPart(text.to_owned())) } else { Ok(found) }
    }

    /// The path of a namespace, which may be the root.
    ///
    /// # Errors
    /// [`IndexPathError`].
    pub(crate) fn parse_namespace(text: &str) -> Result<Self, IndexPathError> {
        let found = match Self::of_page(text) {
            Some(found) => found,
            None if text.contains("://") => return Err(IndexPathError::OtherPage(text.to_owned())),
            None => Self { root: None, path: text.to_owned() },
        };
        check(&found.path).map(|()| found)
    }
}

/// Whether the index takes a path. The rule is that of its API reference.
fn check(path: &str) -> Result<(), IndexPathError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_!~*'()%-.".contains(c);
    if !path.chars().all(allowed) {
        return Err(IndexPathError::Character(path.to_owned()));
    }
    if !path.is_empty() && path.split('.').any(str::is_empty) {
        return Err(IndexPathError::EmptyPart(path.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_of_the_index_is_a_path_in_it() {
        let page = "https://tc.example.com/tasks/index/gecko.v2.try%2Ex/latest";
        let found = IndexPath::of_page(page).unwrap();
        assert_eq!(found.root.as_ref().map(RootUrl::as_str), Some("https://tc.example.com"));
        assert_eq!(found.path, "gecko.v2.try.x.latest");
        assert_eq!(IndexPath::parse(page).unwrap(), found);
        assert_eq!(IndexPath::of_page("https://tc.example.com/tasks/index/").unwrap().path, "");
        for other in
            ["a.b.c", "https://tc.example.com/tasks/VESwp9JaRo-XkFN_bemBhw", "https://tc.example.com/tasks/indexes"]
        {
            assert_eq!(IndexPath::of_page(other), None, "{other}");
        }
    }

    #[test]
    fn a_path_has_no_empty_part_and_no_other_character() {
        assert_eq!(IndexPath::parse("a.b-c.%2F").unwrap(), IndexPath { root: None, path: "a.b-c.%2F".into() });
        for text in ["", ".", "a..b", ".a", "a."] {
            assert_eq!(IndexPath::parse(text), Err(IndexPathError::EmptyPart(text.into())));
        }
        assert_eq!(IndexPath::parse("a/b"), Err(IndexPathError::Character("a/b".into())));
        let page = "https://tc.example.com/tasks/x";
        assert_eq!(IndexPath::parse(page), Err(IndexPathError::OtherPage(page.into())));
        assert_eq!(IndexPath::parse_namespace("").unwrap().path, "");
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_a_path_that_the_index_takes(text in ".{0,40}") {
            if let Ok(found) = IndexPath::parse(&text) {
                prop_assert!(check(&found.path).is_ok() && !found.path.is_empty());
            }
        }
    }
}
