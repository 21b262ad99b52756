//! Walks over JSON as text, from quote to quote and from brace to brace. What is passed over is not checked.

use std::borrow::Cow;

use super::blocks::{BLOCK, Found, PART, Walk, quote_or_backslash};

/// What to pick of an object.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'w> {
    /// The value, as number so and so.
    Value(usize),
    /// These members of the object that it is.
    Members(&'w [(&'w str, Wanted<'w>)]),
}

/// What is wrong, and where. Small, because nearly every step of a walk could return it.
#[derive(Debug)]
pub(super) struct Fault(Box<str>);

impl From<String> for Fault {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.0.into()
    }
}

/// The name of a member as it stands in the text.
#[derive(Clone, Copy)]
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

/// Which of the members that follow are of interest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Following<'w> {
    All,
    Only(&'w str),
    None,
}

/// Where a jump to a member ended.
enum Jump {
    There,
    /// There is none: behind the end of the object.
    Nowhere,
    /// Where it began: there is none, unless its name is written with escapes.
    PerhapsEscaped,
}

/// A place in a JSON text.
pub(super) struct Scan<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(json: &'a [u8]) -> Self {
        Self { json, at: 0 }
    }

    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.json.get(start..self.at).unwrap_or_default()
    }

    #[inline(always)]
    pub(super) fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    #[inline(always)]
    fn next_is(&mut self, byte: u8) -> bool {
        self.spaces();
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.next_is(byte) { Ok(()) } else { Err(self.missing(byte)) }
    }

    #[cold]
    fn missing(&self, byte: u8) -> Fault {
        self.fault(&format!("`{}` is missing", char::from(byte)))
    }

    #[cold]
    fn fault(&self, what: &str) -> Fault {
        Fault(format!("{what} at byte {} of {}", self.at, self.json.len()).into())
    }

    pub(super) fn end<T>(mut self, found: T) -> Result<T, Fault> {
        self.spaces();
        if self.at == self.json.len() { Ok(found) } else { Err(self.fault("more follows")) }
    }

    /// Hands the members of the object that starts here to `visit`: those that are of interest, which it says of
    /// the members that follow. It must move on behind the value of each.
    #[inline(always)]
    pub(super) fn members<'w>(
        &mut self,
        mut following: Following<'w>,
        mut visit: impl FnMut(&mut Self, Name<'a>) -> Result<Following<'w>, Fault>,
    ) -> Result<(), Fault> {
        self.expect(b'{')?;
        if self.next_is(b'}') {
            return Ok(());
        }
        let mut may_jump = true;
        loop {
            match following {
                Following::All => {}
                Following::None => return self.walk(Walk::inside()),
                Following::Only(name) if may_jump => match self.jump(name)? {
                    Jump::There => {}
                    Jump::Nowhere => return Ok(()),
                    Jump::PerhapsEscaped => may_jump = false,
                },
                Following::Only(_) => {}
            }
            self.spaces();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.fault("a name is missing"));
            }
            let has_escapes = self.string()?;
            let name = Name { token: self.since(start), has_escapes };
            self.expect(b':')?;
            self.spaces();
            following = visit(self, name)?;
            if !self.next_is(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Calls `visit` at each item of the list that starts here; it must move on behind it.
    pub(super) fn each(&mut self, mut visit: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
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

    pub(super) fn pick(&mut self, wanted: Wanted<'_>, found: &mut [Option<&'a [u8]>]) -> Result<(), Fault> {
        match wanted {
            Wanted::Members(wanted) => {
                // A bit for each that was not found yet.
                let mut left = wanted.iter().fold(0_u64, |bits, _| bits << 1 | 1);
                let following = |left: u64| match (left.count_ones(), wanted.get(left.trailing_zeros() as usize)) {
                    (0, _) => Following::None,
                    (1, Some((name, _))) => Following::Only(name),
                    _ => Following::All,
                };
                self.members(following(left), |scan, name| {
                    match wanted.iter().zip(0_u32..).find(|((wanted, _), _)| name.is(wanted)) {
                        Some(((_, inner), index)) => {
                            scan.pick(*inner, found)?;
                            left &= !1_u64.checked_shl(index).unwrap_or(0);
                        }
                        None => scan.skip()?,
                    }
                    Ok(following(left))
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
    pub(super) fn value(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at;
        self.skip()?;
        Ok(self.since(start))
    }

    /// Moves on behind the value that starts here.
    #[inline(always)]
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{' | b'[') => self.container(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<(), Fault> {
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
        let rest = self.json.get(self.at..).unwrap_or_default();
        match rest.iter().position(ends).unwrap_or(rest.len()) {
            0 => Err(self.fault("a value is missing")),
            length => {
                self.at += length;
                Ok(())
            }
        }
    }

    fn container(&mut self) -> Result<(), Fault> {
        self.walk(Walk::default())
    }

    /// Moves on to the end of the object or list that the walk is about.
    fn walk(&mut self, mut walk: Walk) -> Result<(), Fault> {
        self.blocks(|block, _| walk.over(block)).map(drop)
    }

    /// Moves on to the member of this name, or behind the end of the object that this place is inside of.
    fn jump(&mut self, name: &str) -> Result<Jump, Fault> {
        let (json, start) = (self.json, self.at);
        let is_it = |at: usize| {
            let behind = json.get(at + 1..).and_then(|text| text.strip_prefix(name.as_bytes())?.strip_prefix(b"\""));
            // The same string may be the value of another member.
            behind.is_some_and(|behind| behind.trim_ascii_start().first() == Some(&b':'))
        };
        let first = name.bytes().next().unwrap_or(b'"');
        let mut walk = Walk::inside();
        if self.blocks(|block, at| walk.seek(block, first, |offset| is_it(at + offset)))? {
            return Ok(Jump::There);
        }
        if walk.has_escapes {
            self.at = start;
            return Ok(Jump::PerhapsEscaped);
        }
        Ok(Jump::Nowhere)
    }

    /// Goes over block after block from here. Stops at what was looked for (then it is true) or behind the end.
    #[inline(always)]
    fn blocks(&mut self, mut over: impl FnMut(&[u8; BLOCK], usize) -> Found) -> Result<bool, Fault> {
        let mut at = self.at;
        loop {
            let rest = self.json.get(at..).unwrap_or_default();
            let found = match rest.first_chunk() {
                Some(block) => over(block, at),
                None => {
                    let mut block = [b' '; BLOCK];
                    block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                    over(&block, at)
                }
            };
            at += BLOCK;
            match found {
                Found::End(length) => {
                    self.at = at - BLOCK + length;
                    return Ok(false);
                }
                Found::Name(offset) => {
                    self.at = at - BLOCK + offset;
                    return Ok(true);
                }
                // A search for two characters is faster than a walk, where it has some way to go.
                Found::Text => {
                    let rest = self.json.get(at..).unwrap_or_default();
                    at += memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                }
                Found::More => {}
            }
            if at >= self.json.len() {
                return Err(self.fault("it ends too early"));
            }
        }
    }

    /// Moves on behind the string that starts here; whether it has escapes.
    fn string(&mut self) -> Result<bool, Fault> {
        let mut at = self.at + 1;
        // Most strings are short, and a search that looks at many bytes at once takes a while to begin.
        for _ in 0..2 {
            let Some(part) = self.json.get(at..).and_then(|rest| rest.first_chunk::<PART>()) else { break };
            if let Some(found) = quote_or_backslash(part) {
                at += found;
                if self.json.get(at) == Some(&b'"') {
                    self.at = at + 1;
                    return Ok(false);
                }
                break;
            }
            at += PART;
        }
        self.long_string(at)
    }

    fn long_string(&mut self, mut at: usize) -> Result<bool, Fault> {
        let mut has_escapes = false;
        loop {
            match memchr::memchr2(b'"', b'\\', self.json.get(at..).unwrap_or_default()) {
                None => return Err(self.fault("a string has no end")),
                Some(found) if self.json.get(at + found) == Some(&b'"') => {
                    self.at = at + found + 1;
                    return Ok(has_escapes);
                }
                Some(found) => (at, has_escapes) = (at + found + 2, true),
            }
        }
    }
}
