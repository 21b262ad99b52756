//! The items of a list inside a JSON object, as text: found in one pass at the speed of a search for quotes.
//!
//! What lies inside the items is not looked at, so a page of a million bytes costs less than its transfer.

use std::borrow::Cow;

use super::blocks;
use super::scan::{Scan, Wanted};

/// A JSON object, taken apart around one list.
#[derive(Debug, Default)]
pub struct Split<'a> {
    /// Members before the list.
    pub before: Vec<Member<'a>>,
    /// The list's name; none when there is no such list.
    pub list: Option<Cow<'a, str>>,
    /// The list's items.
    pub items: Vec<&'a [u8]>,
    /// Members after the list.
    pub after: Vec<Member<'a>>,
}

/// A member of an object: its name and its value as text.
pub type Member<'a> = (Cow<'a, str>, &'a [u8]);

/// Takes an object apart around the list called `list`, or around the first one without a name.
///
/// # Errors
/// When it is no JSON object, or what should be the list is none; says what.
pub fn split<'a>(json: &'a [u8], list: Option<&str>) -> Result<Split<'a>, String> {
    let mut scan = Scan::new(json);
    let mut found = Split::default();
    scan.members(|scan, name| {
        let wanted = match list {
            Some(list) => name.is(list),
            None => scan.peek() == Some(b'['),
        };
        let name = name.text()?;
        if !wanted || found.list.is_some() {
            let members = if found.list.is_none() { &mut found.before } else { &mut found.after };
            members.push((name, scan.value()?));
            return Ok(());
        }
        if scan.peek() != Some(b'[') {
            return Err(format!("`{name}` is not a list").into());
        }
        scan.each(|scan| {
            found.items.push(scan.value()?);
            Ok(())
        })?;
        found.list = Some(name);
        Ok(())
    })?;
    Ok(scan.end(found)?)
}

/// Values of an object as text; none for those that it lacks.
pub type Picked<'a, const N: usize> = [Option<&'a [u8]>; N];

/// Picks `N` values out of an object, as text; a value is none where the object lacks it.
///
/// # Errors
/// When `json` is no JSON object, or something that is to have members is none; says what.
pub fn pick<'a, const N: usize>(json: &'a [u8], wanted: Wanted<'_>) -> Result<Picked<'a, N>, String> {
    let mut picked = [None; N];
    let mut scan = Scan::new(json);
    scan.spaces();
    scan.pick(wanted, &mut picked)?;
    Ok(scan.end(picked)?)
}

/// Picks `N` values out of each item of the list called `list` in an object, as text, in one pass; a value is
/// none where an item lacks it, and all is none where the object has no such list.
///
/// # Errors
/// When `json` is no JSON object, or something that is to have members is none; says what.
pub fn pick_each<'a, const N: usize>(
    json: &'a [u8],
    list: &str,
    wanted: Wanted<'_>,
) -> Result<Option<Vec<Picked<'a, N>>>, String> {
    let mut found = None;
    let mut scan = Scan::new(json);
    scan.members(|scan, name| {
        if found.is_some() || !name.is(list) {
            return scan.skip();
        }
        let items: &mut Vec<Picked<'_, N>> = found.insert(Vec::new());
        scan.each(|scan| {
            let mut picked = [None; N];
            scan.pick(wanted, &mut picked)?;
            items.push(picked);
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(scan.end(found)?)
}

/// The string that a value is, borrowed where it has no escapes.
///
/// # Errors
/// When it is no string.
pub fn string(value: &[u8]) -> Result<Cow<'_, str>, String> {
    let inside = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    match inside.filter(|inside| blocks::is_plain(inside)).and_then(|inside| std::str::from_utf8(inside).ok()) {
        Some(text) => Ok(Cow::Borrowed(text)),
        None => serde_json::from_slice::<String>(value).map(Cow::Owned).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn texts<'a>(items: &[&'a [u8]]) -> Vec<&'a str> {
        items.iter().map(|item| std::str::from_utf8(item).unwrap()).collect()
    }

    #[test]
    fn an_object_is_taken_apart_around_its_list() {
        let json = br#" {"a": [1], "t\u0061sks" : [ {"x":"]}\"\\"} , 1.0,[[]] ,"s" ] ,"b":{"c":null} } "#;
        let found = split(json, Some("tasks")).unwrap();
        assert_eq!(texts(&found.items), [r#"{"x":"]}\"\\"}"#, "1.0", "[[]]", "\"s\""]);
        assert_eq!(found.before, [("a".into(), b"[1]".as_slice())]);
        assert_eq!(found.after, [("b".into(), br#"{"c":null}"#.as_slice())]);
        assert_eq!(split(json, None).unwrap().list.as_deref(), Some("a"));
        assert_eq!(split(b"{}", None).unwrap().list, None);
    }

    #[test]
    fn what_is_torn_is_told() {
        for json in
            ["", "[", "[]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":[1", "{\"a\":\"", "{} x", "<html>", "{1:2}"]
        {
            assert!(split(json.as_bytes(), None).is_err(), "{json}");
        }
        assert_eq!(split(b"{\"a\":{}}", Some("a")).unwrap_err(), "`a` is not a list");
    }

    const WANTED: Wanted<'static> = Wanted::Members(&[
        ("a", Wanted::Members(&[("b", Wanted::Value(0)), ("c", Wanted::Members(&[("d", Wanted::Value(1))]))])),
        ("e", Wanted::Value(2)),
    ]);

    #[test]
    fn values_are_picked_at_any_depth() {
        let picked = |json: &'static str| {
            let items = pick_each::<3>(json.as_bytes(), "l", WANTED)?;
            let text = |value: Option<&'static [u8]>| value.map(|text| std::str::from_utf8(text).unwrap());
            Ok::<_, String>(items.map(|items| items.into_iter().map(|item| item.map(text)).collect::<Vec<_>>()))
        };
        assert_eq!(
            picked(
                r#" {"k": [1], "\u006c" : [{"x": {"b": 9}, "\u0061" : {"z": ["}"], "b": "\"", "c": {"d": [1 ]}}, "e" : 1.0 }
                    , {"a": {}, "b": 1}], "l": [{}]}"#
            )
            .unwrap()
            .unwrap(),
            [[Some(r#""\"""#), Some("[1 ]"), Some("1.0")], [None; 3]]
        );
        assert_eq!(picked(r#"{"l": []}"#).unwrap().unwrap().len(), 0);
        assert_eq!(picked(r#"{"k": []}"#).unwrap(), None);
        for torn in ["", "[]", r#"{"l": 1}"#, r#"{"l": [1]}"#, r#"{"l": [{"a": 1}]}"#, r#"{"l": [{"a": {"b": "}}"#] {
            assert!(picked(torn).is_err(), "{torn}");
        }
    }

    #[test]
    fn a_member_is_told_from_all_that_looks_like_it() {
        let state = |json: &str| {
            let [state] = pick(json.as_bytes(), Wanted::Members(&[("state", Wanted::Value(0))]))?;
            Ok::<_, String>(state.map(|value| String::from_utf8(value.to_vec()).unwrap()))
        };
        let found = |value: &str| Ok(Some(value.to_owned()));
        let lookalikes = r#""x":"state","y":["state"],"z":{"state":1},"s":"\"state\":1","states":0,"#;
        assert_eq!(state(&format!(r#" {{{lookalikes}"state" : 2,"q":{{}}}} "#)), found("2"));
        assert_eq!(state(&format!(r#"{{{lookalikes}"st\u0061te":3,"q":[]}}"#)), found("3"));
        for absent in [r#"{"z":{"state":1}}"#, r#"{"z":"state"}"#, r#"{"z":"\\","y":"state"}"#, "{}"] {
            assert_eq!(state(absent), Ok(None), "{absent}");
        }
        for length in 0..200 {
            let (text, other) = ("x".repeat(length), "[".repeat(length % 7));
            let json = format!(r#"{{"a":"{text}","b":"{other}","c":[{{"state":"{text}"}}],"state":"{text}","d":0}}"#);
            assert_eq!(state(&json), found(&format!("\"{text}\"")));
        }
        for torn in [r#"{"a":1"#, r#"{"a":{"state":1}"#, r#"{"state":}"#, r#"{"state":1"#, "[]"] {
            assert!(state(torn).is_err(), "{torn}");
        }
    }

    /// Any JSON, mostly objects, whose members have the names of what is wanted, or others that begin like them.
    fn values(depth: u32) -> BoxedStrategy<Value> {
        let text = r#"[a-e"{}\\]{0,9}"#.prop_map(Value::from);
        let leaf = prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), text];
        if depth == 0 {
            return leaf.boxed();
        }
        let inner = values(depth - 1);
        let name = prop_oneof![6 => "[a-e]", 1 => "a[a-e]|é"];
        let members = prop::collection::vec((name, inner.clone()), 0..12);
        let list = prop::collection::vec(inner, 0..3).prop_map(Value::Array);
        let object = members.prop_map(|members| Value::Object(members.into_iter().collect()));
        prop_oneof![1 => leaf, 1 => list, 8 => object].boxed()
    }

    /// The same by a parser; none where what is to have members has none.
    fn pick_parsed(value: &Value, wanted: Wanted<'_>, found: &mut [Option<Value>]) -> Option<()> {
        match wanted {
            Wanted::Value(number) => found[number] = Some(value.clone()),
            Wanted::Members(wanted) => {
                let object = value.as_object()?;
                for (name, inner) in wanted {
                    if let Some(value) = object.get(*name) {
                        pick_parsed(value, *inner, found)?;
                    }
                }
            }
        }
        Some(())
    }

    proptest! {
        #[test]
        fn picking_and_parsing_come_to_the_same(value in values(3), is_pretty: bool) {
            let json = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let mut expected = [const { None }; 3];
            let expected = pick_parsed(&value, WANTED, &mut expected).map(|()| expected);
            let read = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
            let picked = pick::<3>(json.as_bytes(), WANTED).ok().map(|picked| picked.map(|text| text.map(read)));
            prop_assert_eq!(picked, expected, "{}", json);
        }

        #[test]
        fn what_is_picked_is_what_a_parser_finds(b: String, d: Option<f64>, other: Vec<String>) {
            let item = serde_json::json!({"o": other, "a": {"p": [other], "b": b, "c": {"d": d}}, "q": null});
            let json = serde_json::json!({"l": [1, item], "q": b}).to_string().replacen("[1,", "[{},", 1);
            let items = pick_each::<3>(json.as_bytes(), "l", WANTED).unwrap().unwrap();
            let read = |text: Option<&[u8]>| serde_json::from_slice::<Value>(text.unwrap()).unwrap();
            prop_assert_eq!(items.len(), 2);
            prop_assert_eq!((&read(items[1][0]), &read(items[1][1])), (&item["a"]["b"], &item["a"]["c"]["d"]));
            prop_assert_eq!(items[1][2], None);
        }

        #[test]
        fn strings_are_what_a_parser_reads(text: String, bytes in r#""?[a-c"\\\n\x00é]{0,6}"?"#) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(string(json.as_bytes()).unwrap(), text);
            let read = serde_json::from_str::<String>(&bytes).ok();
            prop_assert_eq!(string(bytes.as_bytes()).ok().map(Cow::into_owned), read);
        }

        #[test]
        fn every_list_is_found_whole(items: Vec<(String, f64, bool)>, name in "[a-z]{1,5}", other: String) {
            let items: Vec<Value> = items.iter().map(|(a, b, c)| serde_json::json!({a: [b, c, {"n": a}]})).collect();
            let json = serde_json::json!({"0": other, name.clone(): items.clone(), "1": [other]}).to_string();
            let found = split(json.as_bytes(), Some(&name)).unwrap();
            let read: Vec<Value> = found.items.iter().map(|item| serde_json::from_slice(item).unwrap()).collect();
            prop_assert_eq!(read, items);
        }

        #[test]
        fn no_input_makes_it_panic(bytes: Vec<u8>, json in r#"[{}\[\]",:\\a1 ]*"#) {
            let _outcomes = (split(&bytes, None), split(json.as_bytes(), None), split(json.as_bytes(), Some("a")));
            let _picked = (pick_each::<3>(&bytes, "a", WANTED), pick_each::<3>(json.as_bytes(), "a", WANTED));
        }
    }
}
