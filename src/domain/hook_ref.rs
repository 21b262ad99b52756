//! What a user may give where a hook is asked for: its group and ID, or the address of its web page.

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

use super::RootUrl;

/// Longer names are refused by the service.
const MAX_NAME_BYTES: usize = 1000;

/// A hook, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HookRef {
    /// The group.
    pub group: String,
    /// The ID within the group, which may have slashes.
    pub id: String,
    /// The deployment whose page was given; none for a bare name.
    pub root: Option<RootUrl>,
}

/// A group of hooks, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HookGroupRef {
    /// The group.
    pub group: String,
    /// The deployment whose page was given; none for a bare name.
    pub root: Option<RootUrl>,
}

/// Why a text refers to no hook.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum HookRefError {
    /// Neither a name nor a URL.
    #[error("invalid hook `{0}`; a hook is named GROUP/HOOK, such as project-example/nightly")]
    NoHook(String),
    /// Neither a name nor a URL, where a group is asked for.
    #[error("invalid hook group `{0}`")]
    NoGroup(String),
    /// The URL of something else.
    #[error("`{0}` is not the page of a hook")]
    OtherPage(String),
}

impl HookRef {
    /// Reads `GROUP/HOOK`, or the address of the page of a hook or of its API route.
    ///
    /// # Errors
    /// [`HookRefError`].
    pub(crate) fn parse(text: &str) -> Result<Self, HookRefError> {
        let text = text.trim();
        if let Some((url, root)) = address(text) {
            let (group, id) = page(&url).ok_or_else(|| HookRefError::OtherPage(text.to_owned()))?;
            let id = id.ok_or_else(|| HookRefError::OtherPage(text.to_owned()))?;
            return Ok(Self { group, id, root: Some(root) });
        }
        match text.split_once('/') {
            Some((group, id)) if is_group(group) && is_id(id) => {
                Ok(Self { group: group.to_owned(), id: id.to_owned(), root: None })
            }
            _ => Err(HookRefError::NoHook(text.to_owned())),
        }
    }
}

impl HookGroupRef {
    /// Reads the name of a group, or the address of its page.
    ///
    /// # Errors
    /// [`HookRefError`].
    pub(crate) fn parse(text: &str) -> Result<Self, HookRefError> {
        let text = text.trim();
        if let Some((url, root)) = address(text) {
            let (group, _) = page(&url).ok_or_else(|| HookRefError::OtherPage(text.to_owned()))?;
            return Ok(Self { group, root: Some(root) });
        }
        let group = text.trim_end_matches('/');
        if is_group(group) {
            Ok(Self { group: group.to_owned(), root: None })
        } else {
            Err(HookRefError::NoGroup(text.to_owned()))
        }
    }
}

/// A web address, and the deployment that it is one of.
fn address(text: &str) -> Option<(Url, RootUrl)> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    let root = RootUrl::parse(&url.origin().ascii_serialization()).ok()?;
    Some((url, root))
}

/// Group and ID that a page is about; the page of a group has no ID.
fn page(url: &Url) -> Option<(String, Option<String>)> {
    let segments: Vec<&str> = url.path_segments()?.collect();
    let (group, id) = match segments.as_slice() {
        ["api", "hooks", _, "hooks", group, id, ..] => (group, (*id).to_owned()),
        ["api", "hooks", _, "hooks", group] => (group, String::new()),
        ["hooks", group, id @ ..] => (group, id.join("/")),
        _ => return None,
    };
    let decode = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    let (group, id) = (decode(group)?, decode(id.trim_end_matches('/'))?);
    match id.as_str() {
        "" => is_group(&group).then_some((group, None)),
        _ => (is_group(&group) && is_id(&id)).then_some((group, Some(id))),
    }
}

fn is_group(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NAME_BYTES
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NAME_BYTES
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        match HookRef::parse(text) {
            Ok(HookRef { group, id, root }) => {
                format!("{group} {id} {}", root.map(|root| root.to_string()).unwrap_or_default()).trim_end().to_owned()
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_id_may_have_slashes() {
        assert_eq!(shown("project-x/nightly"), "project-x nightly");
        assert_eq!(shown("project-x/in-tree-action-1-generic/09bf"), "project-x in-tree-action-1-generic/09bf");
    }

    #[test]
    fn every_page_of_a_hook_will_do() {
        let root = "https://tc.example.com";
        for path in ["/hooks/g/a%2Fb", "/hooks/g/a/b", "/hooks/g/a%2Fb/", "/api/hooks/v1/hooks/g/a%2Fb/trigger"] {
            assert_eq!(shown(&format!("{root}{path}")), format!("g a/b {root}"), "{path}");
        }
        let group = HookGroupRef::parse("https://tc.example.com/hooks/g").unwrap();
        assert_eq!((group.group.as_str(), group.root.unwrap().as_str()), ("g", root));
        assert_eq!(HookGroupRef::parse("g/").unwrap().group, "g");
    }

    #[test]
    fn other_things_are_refused() {
        for text in ["", "g", "/h", "g/", "g h/x", "g/h\u{1b}", "g/h?x"] {
            assert_eq!(HookRef::parse(text), Err(HookRefError::NoHook(text.into())));
        }
        for path in ["", "/hooks", "/hooks/g", "/tasks/x", "/hooks/g/%00"] {
            let text = format!("https://tc.example.com{path}");
            assert_eq!(HookRef::parse(&text), Err(HookRefError::OtherPage(text.clone())));
        }
        assert_eq!(HookGroupRef::parse("a/b"), Err(HookRefError::NoGroup("a/b".into())));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_a_name_that_the_service_takes(text in ".{0,40}") {
            if let Ok(found) = HookRef::parse(&text) {
                prop_assert!(is_group(&found.group) && is_id(&found.id));
            }
        }
    }
}
