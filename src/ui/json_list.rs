//! The items of a list inside a JSON object, as text: found in one pass at the speed of a search for quotes.
//!
//! What lies inside the items is not looked at, so a page of a million bytes costs less than its transfer.

use std::borrow::Cow;

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
    let mut scan = Scan { json, at: 0 };
    let mut found = Split::default();
    scan.expect(b'{')?;
    if scan.next_is(b'}') {
        return scan.end(found);
    }
    loop {
        let name = scan.name()?;
        scan.expect(b':')?;
        scan.spaces();
        let wanted = match list {
            Some(list) => name == list,
            None => scan.peek() == Some(b'['),
        };
        if wanted && found.list.is_none() {
            if scan.peek() != Some(b'[') {
                return Err(format!("`{name}` is not a list"));
            }
            found.items = scan.items()?;
            found.list = Some(name);
        } else {
            let members = if found.list.is_none() { &mut found.before } else { &mut found.after };
            members.push((name, scan.value()?));
        }
        if !scan.next_is(b',') {
            scan.expect(b'}')?;
            return scan.end(found);
        }
    }
}

struct Scan<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn next_is(&mut self, byte: u8) -> bool {
        self.spaces();
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.next_is(byte) { Ok(()) } else { Err(self.broken(&format!("`{}` is missing", char::from(byte)))) }
    }

    fn end(mut self, found: Split<'a>) -> Result<Split<'a>, String> {
        self.spaces();
        if self.at == self.json.len() { Ok(found) } else { Err(self.broken("more follows")) }
    }

    fn name(&mut self) -> Result<Cow<'a, str>, String> {
        self.spaces();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.broken("a name is missing"));
        }
        self.string()?;
        let token = &self.json[start..self.at];
        let inside = &token[1..token.len() - 1];
        match std::str::from_utf8(inside) {
            Ok(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
            _ => serde_json::from_slice::<String>(token).map(Cow::Owned).map_err(|error| error.to_string()),
        }
    }

    fn items(&mut self) -> Result<Vec<&'a [u8]>, String> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        if self.next_is(b']') {
            return Ok(items);
        }
        loop {
            self.spaces();
            items.push(self.value()?);
            if !self.next_is(b',') {
                self.expect(b']')?;
                return Ok(items);
            }
        }
    }

    /// The value that starts here.
    fn value(&mut self) -> Result<&'a [u8], String> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'{' | b'[') => self.container()?,
            _ => {
                let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
                let rest = &self.json[self.at.min(self.json.len())..];
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        if self.at == start { Err(self.broken("a value is missing")) } else { Ok(&self.json[start..self.at]) }
    }

    fn container(&mut self) -> Result<(), String> {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        Err(self.broken("it ends too early"))
    }

    fn string(&mut self) -> Result<(), String> {
        let mut at = self.at + 1;
        loop {
            match memchr::memchr2(b'"', b'\\', self.json.get(at..).unwrap_or_default()) {
                None => return Err(self.broken("a string has no end")),
                Some(found) if self.json[at + found] == b'"' => {
                    self.at = at + found + 1;
                    return Ok(());
                }
                Some(found) => at += found + 2,
            }
        }
    }

    fn broken(&self, what: &str) -> String {
        format!("{what} at byte {} of {}", self.at, self.json.len())
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

    proptest! {
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
        }
    }
}
