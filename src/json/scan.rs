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

/// Where a jump to a member ended.
enum Jump {
    /// At its value.
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

    /// Hands the members of the object that starts here to `visit`, which must move on behind the value of each.
    pub(super) fn members(
        &mut self,
        mut visit: impl FnMut(&mut Self, Name<'a>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut more = self.enter()?;
        while more {
            let name = self.name()?;
            visit(self, name)?;
            more = self.has_another()?;
        }
        Ok(())
    }

    /// Moves into the object that starts here; false when it is empty, and then behind it.
    #[inline(always)]
    fn enter(&mut self) -> Result<bool, Fault> {
        self.expect(b'{')?;
        Ok(!self.next_is(b'}'))
    }

    /// Moves on behind the comma after a member; false at the end of the object, and then behind it.
    #[inline(always)]
    fn has_another(&mut self) -> Result<bool, Fault> {
        if self.next_is(b',') {
            return Ok(true);
        }
        self.expect(b'}').map(|()| false)
    }

    /// Moves on from a member's name to its value.
    #[inline(always)]
    fn name(&mut self) -> Result<Name<'a>, Fault> {
        self.spaces();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.fault("a name is missing"));
        }
        let has_escapes = self.string()?;
        let name = Name { token: self.since(start), has_escapes };
        self.expect(b':')?;
        self.spaces();
        Ok(name)
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

    /// Picks what is wanted of the value that starts here, and moves on behind it.
    pub(super) fn pick(&mut self, wanted: Wanted<'_>, found: &mut [Option<&'a [u8]>]) -> Result<(), Fault> {
        match self.pick_inside(wanted, found)? {
            0 => Ok(()),
            open => self.walk(Walk::inside(open)),
        }
    }

    /// The same, but stays where the last of it was found. Returns how many objects are still open there: what is
    /// behind it is of no interest, so their ends can be looked for together.
    fn pick_inside(&mut self, wanted: Wanted<'_>, found: &mut [Option<&'a [u8]>]) -> Result<u32, Fault> {
        let wanted = match wanted {
            Wanted::Members(wanted) => wanted,
            Wanted::Value(number) => {
                let value = self.value()?;
                if let Some(slot) = found.get_mut(number) {
                    *slot = Some(value);
                }
                return Ok(0);
            }
        };
        // A bit for each that was not found yet.
        let mut left = wanted.iter().fold(0_u64, |bits, _| bits << 1 | 1);
        // Objects that were entered and not left: those inside of the last member, where it was found.
        let mut open = 0;
        let mut may_jump = true;
        if !self.enter()? {
            return Ok(0);
        }
        loop {
            let last = wanted.get(left.trailing_zeros() as usize).filter(|_| left.count_ones() == 1);
            match last {
                _ if left == 0 => return Ok(open + 1),
                Some((name, inner)) if may_jump => match self.jump(name, open + 1)? {
                    Jump::There => {
                        (open, left) = (self.pick_inside(*inner, found)?, 0);
                        continue;
                    }
                    Jump::Nowhere => return Ok(0),
                    Jump::PerhapsEscaped => may_jump = false,
                },
                _ => {}
            }
            if open > 0 {
                self.walk(Walk::inside(open))?;
                open = 0;
                if !self.has_another()? {
                    return Ok(0);
                }
            }
            let name = self.name()?;
            match wanted.iter().zip(0_u32..).find(|((wanted, _), _)| name.is(wanted)) {
                Some(((_, inner), index)) => {
                    open = self.pick_inside(*inner, found)?;
                    left &= !1_u64.checked_shl(index).unwrap_or(0);
                }
                None => self.skip()?,
            }
            if open == 0 && !self.has_another()? {
                return Ok(0);
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

    /// Moves on to the value of the member of this name, or behind the end of the object that it would be in. Of so
    /// many objects this place is inside, up to that one.
    fn jump(&mut self, name: &str, open: u32) -> Result<Jump, Fault> {
        let (json, start) = (self.json, self.at);
        let is_it = |at: usize| {
            let behind = json.get(at + 1..).and_then(|text| text.strip_prefix(name.as_bytes())?.strip_prefix(b"\""));
            // The same string may be the value of another member.
            behind.is_some_and(|behind| behind.trim_ascii_start().first() == Some(&b':'))
        };
        let first = name.bytes().next().unwrap_or(b'"');
        let mut walk = Walk::inside(open);
        if self.blocks(|block, at| walk.seek(block, first, |offset| is_it(at + offset)))? {
            self.at += name.len() + 2;
            self.expect(b':')?;
            self.spaces();
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
