//! Walks over JSON as text, from quote to quote and from brace to brace. What is passed over is not checked.

use std::borrow::Cow;

/// What to pick of an object.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'w> {
    /// The value, as number so and so.
    Value(usize),
    /// These members of the object that it is.
    Members(&'w [(&'w str, Wanted<'w>)]),
}

/// The name of a member as it stands in the text.
pub(super) struct Name<'a> {
    token: &'a [u8],
    has_escapes: bool,
}

impl<'a> Name<'a> {
    fn inside(&self) -> &'a [u8] {
        self.token.get(1..self.token.len() - 1).unwrap_or_default()
    }

    pub(super) fn is(&self, text: &str) -> bool {
        if self.has_escapes { self.text().is_ok_and(|name| name == text) } else { self.inside() == text.as_bytes() }
    }

    pub(super) fn text(&self) -> Result<Cow<'a, str>, String> {
        match std::str::from_utf8(self.inside()) {
            Ok(plain) if !self.has_escapes => Ok(Cow::Borrowed(plain)),
            _ => serde_json::from_slice::<String>(self.token).map(Cow::Owned).map_err(|error| error.to_string()),
        }
    }
}

/// Characters of a string that are looked at one by one.
const SHORT: usize = 16;

/// A place in a JSON text.
pub(super) struct Scan<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(json: &'a [u8]) -> Self {
        Self { json, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
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

    pub(super) fn end<T>(mut self, found: T) -> Result<T, String> {
        self.spaces();
        if self.at == self.json.len() { Ok(found) } else { Err(self.broken("more follows")) }
    }

    fn name(&mut self) -> Result<Name<'a>, String> {
        self.spaces();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.broken("a name is missing"));
        }
        let (end, has_escapes) = self.end_of_string(start + 1)?;
        self.at = end;
        Ok(Name { token: self.json.get(start..end).unwrap_or_default(), has_escapes })
    }

    /// Hands each member of the object that starts here to `visit`, which must move on behind its value.
    pub(super) fn members(
        &mut self,
        mut visit: impl FnMut(&mut Self, Name<'a>) -> Result<(), String>,
    ) -> Result<(), String> {
        self.expect(b'{')?;
        if self.next_is(b'}') {
            return Ok(());
        }
        loop {
            let name = self.name()?;
            self.expect(b':')?;
            self.spaces();
            visit(self, name)?;
            if !self.next_is(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Calls `visit` at each item of the list that starts here; it must move on behind it.
    pub(super) fn each(&mut self, mut visit: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        self.expect(b'[')?;
        if self.next_is(b']') {
            return Ok(());
        }
        loop {
            self.spaces();
            visit(self)?;
            if !self.next_is(b',') {
                return self.expect(b']');
            }
        }
    }

    pub(super) fn pick(&mut self, wanted: Wanted<'_>, found: &mut [Option<&'a [u8]>]) -> Result<(), String> {
        match wanted {
            Wanted::Members(wanted) => {
                self.members(|scan, name| match wanted.iter().find(|(wanted, _)| name.is(wanted)) {
                    Some((_, inner)) => scan.pick(*inner, found),
                    None => scan.value().map(drop),
                })
            }
            Wanted::Value(number) => {
                let value = self.value()?;
                if let Some(slot) = found.get_mut(number) {
                    *slot = Some(value);
                }
                Ok(())
            }
        }
    }

    /// The value that starts here.
    pub(super) fn value(&mut self) -> Result<&'a [u8], String> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.at = self.end_of_string(start + 1)?.0,
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
        let (mut depth, mut at) = (0_usize, self.at);
        while let Some(byte) = self.json.get(at) {
            at += 1;
            match byte {
                b'"' => at = self.end_of_string(at)?.0,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at = at;
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        Err(self.broken("it ends too early"))
    }

    /// Where the string ends whose first character is at `at`, behind its closing quote, and whether it has escapes.
    fn end_of_string(&self, mut at: usize) -> Result<(usize, bool), String> {
        // Most strings are short, and a search that looks at many bytes at once takes a while to begin.
        for (index, byte) in self.json.get(at..).unwrap_or_default().iter().enumerate().take(SHORT) {
            match byte {
                b'"' => return Ok((at + index + 1, false)),
                b'\\' => break,
                _ => {}
            }
        }
        let mut has_escapes = false;
        loop {
            match memchr::memchr2(b'"', b'\\', self.json.get(at..).unwrap_or_default()) {
                None => return Err(self.broken("a string has no end")),
                Some(found) if self.json.get(at + found) == Some(&b'"') => return Ok((at + found + 1, has_escapes)),
                Some(found) => (at, has_escapes) = (at + found + 2, true),
            }
        }
    }

    fn broken(&self, what: &str) -> String {
        format!("{what} at byte {} of {}", self.at, self.json.len())
    }
}
