//! One page of a list, taken apart without building the values in it. Pure.
//!
//! Items and members stay the text that the server sent, so numbers, the order of keys and repeated keys survive.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The member of a page that leads to the next one.
pub(crate) const CONTINUATION_TOKEN: &str = "continuationToken";

/// A member of a page besides its list.
pub(crate) type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// A page, taken apart around its list.
#[derive(Debug, Default)]
pub(crate) struct Page<'a> {
    /// Members before the list.
    pub(crate) before: Vec<Member<'a>>,
    /// The list's name.
    pub(crate) list: Cow<'a, str>,
    /// The list's items.
    pub(crate) items: Vec<&'a RawValue>,
    /// Members after the list.
    pub(crate) after: Vec<Member<'a>>,
}

impl<'a> Page<'a> {
    /// Takes a page apart around the list called `list`, or around its first list when there is no name.
    ///
    /// # Errors
    /// What is wrong with it, when it is not a JSON object or has no such list.
    pub(crate) fn parse(json: &'a [u8], list: Option<&str>) -> serde_json::Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let page = AroundList(list).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(page)
    }
}

/// Reads a page around the list of this name.
struct AroundList<'l>(Option<&'l str>);

impl<'de> DeserializeSeed<'de> for AroundList<'_> {
    type Value = Page<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AroundList<'_> {
    type Value = Page<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of a list, which is a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Page<'de>, M::Error> {
        let (mut page, mut found) = (Page::default(), false);
        while let Some(Name(name)) = members.next_key()? {
            if !found && self.0 == Some(&*name) {
                (page.items, page.list, found) = (members.next_value::<Items<'_>>()?.0, name, true);
                continue;
            }
            let value: &RawValue = members.next_value()?;
            if !found && self.0.is_none() && value.get().starts_with('[') {
                page.items = serde_json::from_str(value.get()).map_err(M::Error::custom)?;
                (page.list, found) = (name, true);
                continue;
            }
            let members = if found { &mut page.after } else { &mut page.before };
            members.push((name, value));
        }
        match (found, self.0) {
            (true, _) => Ok(page),
            (false, Some(list)) => Err(M::Error::custom(format_args!("the page has no `{list}`"))),
            (false, None) => Err(M::Error::custom("the page has no list")),
        }
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Items<'a>(#[serde(borrow)] Vec<&'a RawValue>);

/// The token of a page that is not the last.
///
/// # Errors
/// When the page is not a JSON object, or its token is not a string.
pub(super) fn continuation_token(page: &[u8]) -> serde_json::Result<Option<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Token {
        continuation_token: Option<String>,
    }

    if !page.trim_ascii_start().starts_with(b"{") {
        // A struct may be read from an array, too.
        serde_json::from_slice::<IgnoredAny>(page)?;
        return Err(serde_json::Error::custom("a page of a list is a JSON object"));
    }
    // What skips values does not look into strings; what reads them says where they go wrong.
    if std::str::from_utf8(page).is_err() {
        serde_json::from_slice::<&RawValue>(page)?;
    }
    let token: Token = serde_json::from_slice(page)?;
    Ok(token.continuation_token.filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn texts<'a>(items: &[&'a RawValue]) -> Vec<&'a str> {
        items.iter().map(|item| item.get()).collect()
    }

    #[test]
    fn items_and_members_keep_their_text() {
        let json = br#" {"a": [1], "t\u0061sks" : [ {"x":"]}\"\\"} , 1.0,[[]] ,1e400 ] ,"b":{"c":null,"c":2} } "#;
        let page = Page::parse(json, Some("tasks")).unwrap();
        assert_eq!(texts(&page.items), [r#"{"x":"]}\"\\"}"#, "1.0", "[[]]", "1e400"]);
        assert_eq!((page.before.len(), page.before[0].1.get()), (1, "[1]"));
        assert_eq!((page.after.len(), page.after[0].1.get()), (1, r#"{"c":null,"c":2}"#));
    }

    #[test]
    fn without_a_name_the_first_list_counts() {
        let page = Page::parse(br#"{"x":{},"a":[1],"b":[2]}"#, None).unwrap();
        assert_eq!((&*page.list, texts(&page.items)), ("a", vec!["1"]));
    }

    #[test]
    fn a_page_without_its_list_is_an_error_that_names_it() {
        let fault = |json: &str, list| Page::parse(json.as_bytes(), list).unwrap_err().to_string();
        assert!(fault(r#"{"clients":[]}"#, Some("tasks")).contains("the page has no `tasks`"));
        assert!(fault(r#"{"tasks":{}}"#, Some("tasks")).contains("expected a sequence"));
        assert!(fault(r#"{"a":{}}"#, None).contains("the page has no list"));
        for json in ["", "[]", "<html>", "{", "{} x", r#"{"tasks":[1"#, r#"{"tasks":[],"b":"#, r#"{1:[]}"#] {
            assert!(Page::parse(json.as_bytes(), Some("tasks")).is_err(), "{json}");
        }
    }

    #[test]
    fn the_token_is_found_wherever_it_stands() {
        let token = |page: &str| continuation_token(page.as_bytes()).unwrap();
        assert_eq!(
            token(r#"{"tasks": [{"continuationToken": "inner"}], "continuationToken": "a\"b"}"#).unwrap(),
            "a\"b"
        );
        assert_eq!(token(r#"{"continuationToken": "x", "tasks": []}"#).unwrap(), "x");
        for last in ["{}", r#"{"continuationToken": null}"#, r#"{"continuationToken": ""}"#, r#"{"a":"{}"}"#] {
            assert_eq!(token(last), None, "{last}");
        }
    }

    #[test]
    fn a_page_that_is_not_an_object_has_no_token() {
        for page in ["", "[]", r#"["x"]"#, "<html>", "{", r#"{"continuationToken": 1}"#] {
            assert!(continuation_token(page.as_bytes()).is_err(), "{page}");
        }
    }

    #[test]
    fn a_nested_item_takes_no_stack() {
        let deep = format!(r#"{{"tasks":[{}{}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Page::parse(deep.as_bytes(), Some("tasks")).unwrap().items.len(), 1);
    }

    proptest! {
        #[test]
        fn every_list_is_found_whole(items: Vec<(String, f64, bool)>, name in "[a-z]{1,5}", other: String) {
            let items: Vec<Value> = items.iter().map(|(a, b, c)| json!({a: [b, c, {"n": a}]})).collect();
            let json = json!({"0": other, name.clone(): items.clone(), "1": [other]}).to_string();
            let page = Page::parse(json.as_bytes(), Some(&name)).unwrap();
            let read: Vec<Value> = page.items.iter().map(|item| serde_json::from_str(item.get()).unwrap()).collect();
            prop_assert_eq!(read, items);
        }

        #[test]
        fn no_input_makes_it_panic(bytes: Vec<u8>, json in r#"[{}\[\]",:\\a1 ]*"#) {
            for input in [&bytes[..], json.as_bytes()] {
                let _outcomes = (Page::parse(input, None), Page::parse(input, Some("a")), continuation_token(input));
            }
        }
    }
}
