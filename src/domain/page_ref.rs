//! What the address of a web page names: a secret, a worker, a client, a role. Pure.

use percent_encoding::percent_decode_str;
use url::Url;

use super::RootUrl;

/// What a page's address names, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRef {
    /// The deployment.
    pub root: RootUrl,
    /// What stands at each `{}` of the template, decoded.
    pub parts: Vec<String>,
}

/// Whether a text is a web address, and not a name.
pub(crate) fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Reads the address of a page by the first of these templates that fits, such as `worker-manager/{}/*`.
///
/// `{}` is one segment, `{..}` the rest of the path, and `*` whatever may follow and means nothing here.
pub(crate) fn page_ref(text: &str, templates: &[&str]) -> Option<PageRef> {
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    let mut segments: Vec<&str> = url.path_segments()?.collect();
    while segments.last().is_some_and(|last| last.is_empty()) {
        segments.pop();
    }
    let parts = templates.iter().find_map(|template| fit(template, &segments))?;
    Some(PageRef { root: RootUrl::parse(&url.origin().ascii_serialization()).ok()?, parts })
}

fn fit(template: &str, segments: &[&str]) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = segments;
    for word in template.split('/') {
        match (word, rest) {
            ("*", _) => return Some(parts),
            ("{..}", [_, ..]) => {
                let decoded: Option<Vec<String>> = rest.iter().map(|segment| decoded(segment)).collect();
                parts.push(decoded?.join("/"));
                rest = &[];
            }
            ("{}", [first, after @ ..]) => {
                parts.push(decoded(first)?);
                rest = after;
            }
            (word, [first, after @ ..]) if word == *first => rest = after,
            _ => return None,
        }
    }
    rest.is_empty().then_some(parts)
}

fn decoded(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (!text.is_empty()).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(path: &str, templates: &[&str]) -> Option<Vec<String>> {
        page_ref(&format!("https://tc.example.com{path}"), templates).map(|page| page.parts)
    }

    #[test]
    fn the_parts_of_a_page_are_decoded() {
        let templates = ["secrets/{..}"];
        assert_eq!(parts("/secrets/project%2Fa%20b", &templates).unwrap(), ["project/a b"]);
        assert_eq!(parts("/secrets/project/a/", &templates).unwrap(), ["project/a"]);
        assert_eq!(parts("/secrets", &templates), None);
        assert_eq!(parts("/secrets/%ff", &templates), None);
        let page = page_ref("https://tc.example.com:8443/secrets/a?x=1#y", &templates).unwrap();
        assert_eq!(page.root.as_str(), "https://tc.example.com:8443");
    }

    #[test]
    fn what_may_follow_means_nothing() {
        let templates = ["worker-manager/{}/*", "provisioners/{}/worker-types/{}/*"];
        assert_eq!(parts("/worker-manager/p%2Fw", &templates).unwrap(), ["p/w"]);
        assert_eq!(parts("/worker-manager/p%2Fw/errors", &templates).unwrap(), ["p/w"]);
        assert_eq!(parts("/provisioners/p/worker-types/w?sort=x", &templates).unwrap(), ["p", "w"]);
        assert_eq!(parts("/tasks/x", &templates), None);
        assert_eq!(page_ref("p/w", &templates), None);
    }

    #[test]
    fn only_web_addresses_are_addresses() {
        assert!(is_address("https://tc.example.com/secrets/a"));
        assert!(!is_address("project/a") && !is_address("garbage:a") && !is_address("file:///secrets/a"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String, path: String) {
            let _page = page_ref(&text, &["a/{}/*", "a/{..}"]);
            let _page = page_ref(&format!("https://a/{path}"), &["a/{}/*", "{..}"]);
        }
    }
}
