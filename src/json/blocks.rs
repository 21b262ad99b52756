//! Where a JSON object or list ends, found 64 characters at a time.
//!
//! A bit stands for each character, the lowest for the first one, so what holds for all characters of a block is
//! worked out at once. Most blocks have no bracket, or lie inside a string: these need no more than one comparison
//! or two of all their characters.

use wide::u8x16;

/// Characters that are looked at together.
pub(super) const BLOCK: usize = 64;

/// Characters of one comparison.
pub(super) const PART: usize = 16;

/// How far a walk over an object or a list has come.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Objects and lists that have begun and not ended.
    depth: u32,
    /// Whether a string goes on: all bits, or none.
    in_string: u64,
    /// Whether the last character was a backslash that gives the next one another meaning.
    escapes_next: bool,
    /// Whether there was a backslash at all.
    pub(super) has_escapes: bool,
}

/// What a block was found to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The end: so many of its characters still belong to the object or list.
    End(usize),
    /// What was looked for, so many characters behind its beginning.
    Name(usize),
    /// A part of a string, without a quote or a backslash.
    Text,
    /// Something else, and it goes on.
    More,
}

impl Walk {
    /// A walk that begins between two members of an object, or two items of a list, and goes on to the end of the
    /// object that is so many levels up. Any other begins with the bracket.
    pub(super) fn inside(levels: u32) -> Self {
        Self { depth: levels, ..Self::default() }
    }

    /// Goes over a block.
    #[inline(always)]
    pub(super) fn over(&mut self, block: &[u8; BLOCK]) -> Found {
        let block = Block::new(block);
        let before = self.in_string;
        let quotes = match self.quotes(&block) {
            Ok(quotes) => quotes,
            Err(found) => return found,
        };
        let [opening, closing] = block.brackets();
        if opening | closing == 0 {
            return Found::More;
        }
        let outside = !(odd_so_far(quotes) ^ before);
        self.end_at(opening & outside, closing & outside).map_or(Found::More, Found::End)
    }

    /// Goes over a block, and stops at a string that begins with `first`, lies right inside the object or list,
    /// and is what is looked for, as `is_it` says of its opening quote's place.
    #[inline(always)]
    pub(super) fn seek(&mut self, block: &[u8; BLOCK], first: u8, is_it: impl Fn(usize) -> bool) -> Found {
        let block = Block::new(block);
        let before = self.in_string;
        let quotes = match self.quotes(&block) {
            Ok(quotes) => quotes,
            Err(found) => return found,
        };
        let strings = odd_so_far(quotes) ^ before;
        let [opening, closing] = block.brackets();
        let (mut opening, mut closing) = (opening & !strings, closing & !strings);
        // The first character behind the last quote is in the next block.
        let mut names = quotes & strings & (block.those_that_are(first) >> 1 | 1 << 63);
        while names != 0 {
            let earlier = (names & names.wrapping_neg()) - 1;
            if (opening | closing) & earlier != 0 {
                if let Some(end) = self.end_at(opening & earlier, closing & earlier) {
                    return Found::End(end);
                }
                (opening, closing) = (opening & !earlier, closing & !earlier);
            }
            let at = names.trailing_zeros() as usize;
            if self.depth == 1 && is_it(at) {
                return Found::Name(at);
            }
            names &= names - 1;
        }
        self.end_at(opening, closing).map_or(Found::More, Found::End)
    }

    /// The quotes of a block that begin or end a string, or else what the block is.
    #[inline(always)]
    fn quotes(&mut self, block: &Block) -> Result<u64, Found> {
        let mut quotes = block.those_that_are(b'"');
        let backslashes = block.those_that_are(b'\\');
        if self.escapes_next || backslashes != 0 {
            self.has_escapes = true;
            quotes &= !self.escaped(backslashes);
        }
        if quotes.count_ones() % 2 == 1 {
            self.in_string = !self.in_string;
        } else if quotes == 0 && self.in_string != 0 {
            return Err(if backslashes == 0 { Found::Text } else { Found::More });
        }
        Ok(quotes)
    }

    /// Counts brackets, and stops at the one that closes the first.
    fn end_at(&mut self, mut opening: u64, mut closing: u64) -> Option<usize> {
        while closing != 0 {
            let up_to_it = closing ^ (closing - 1);
            self.depth += (opening & up_to_it).count_ones();
            self.depth = self.depth.saturating_sub(1);
            if self.depth == 0 {
                return Some(closing.trailing_zeros() as usize + 1);
            }
            opening &= !up_to_it;
            closing &= !up_to_it;
        }
        // Most blocks have none, and to count bits takes as long as to find them.
        if opening != 0 {
            self.depth += opening.count_ones();
        }
        None
    }

    /// The characters that stand behind a backslash with a meaning.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        let mut escaped = u64::from(self.escapes_next);
        let mut left = backslashes & !escaped;
        self.escapes_next = false;
        while left != 0 {
            let behind = (left & left.wrapping_neg()) << 1;
            self.escapes_next = behind == 0;
            escaped |= behind;
            // A backslash behind a backslash is a character like any other.
            left &= (left - 1) & !behind;
        }
        escaped
    }
}

/// Where the first quote or backslash is.
#[inline(always)]
pub(super) fn quote_or_backslash(part: &[u8; PART]) -> Option<usize> {
    let found = quotes_and_backslashes(u8x16::new(*part)).to_bitmask();
    (found != 0).then(|| found.trailing_zeros() as usize)
}

#[inline(always)]
fn quotes_and_backslashes(part: u8x16) -> u8x16 {
    part.simd_eq(u8x16::splat(b'"')) | part.simd_eq(u8x16::splat(b'\\'))
}

/// Whether characters of a string stand for themselves: there is no quote, no backslash and no control character.
pub(super) fn is_plain(text: &[u8]) -> bool {
    let is_plain = |part: &[u8; PART]| {
        let part = u8x16::new(*part);
        (quotes_and_backslashes(part) | part.simd_eq(part.min(u8x16::splat(0x1f)))).to_bitmask() == 0
    };
    // The last part overlaps the one before, so that none has to be filled up.
    match text.last_chunk() {
        Some(last) => text.as_chunks().0.iter().all(is_plain) && is_plain(last),
        None => text.iter().all(|byte| !matches!(byte, b'"' | b'\\' | ..=0x1f)),
    }
}

/// Characters, ready to be compared.
struct Block([u8x16; BLOCK / PART]);

// What is done to all parts is written out: optimized for size, a loop over them takes twice as long.
impl Block {
    #[inline(always)]
    fn new(block: &[u8; BLOCK]) -> Self {
        let (parts, _) = block.as_chunks();
        Self([u8x16::new(parts[0]), u8x16::new(parts[1]), u8x16::new(parts[2]), u8x16::new(parts[3])])
    }

    #[inline(always)]
    fn those_that_are(&self, byte: u8) -> u64 {
        let [a, b, c, d] = self.0;
        let byte = u8x16::splat(byte);
        let is = |part: u8x16| u64::from(part.simd_eq(byte).to_bitmask());
        is(a) | is(b) << 16 | is(c) << 32 | is(d) << 48
    }

    /// The opening ones, and the closing ones.
    #[inline(always)]
    fn brackets(&self) -> [u64; 2] {
        // Square and curly ones differ in this bit only, and no other character of a JSON text becomes one by it.
        let bit = u8x16::splat(0x20);
        let [a, b, c, d] = self.0;
        let curly = Self([a | bit, b | bit, c | bit, d | bit]);
        [curly.those_that_are(b'{'), curly.those_that_are(b'}')]
    }
}

/// For each bit, whether the number of bits up to it, it included, is odd.
fn odd_so_far(mut bits: u64) -> u64 {
    // Written out for the same reason.
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::scan::Scan;
    use super::*;

    /// The same, character by character.
    fn end_one_by_one(json: &[u8]) -> Option<usize> {
        let (mut depth, mut in_string, mut escapes_next) = (0, false, false);
        for (at, character) in json.iter().enumerate() {
            match (std::mem::take(&mut escapes_next), character) {
                (true, _) => {}
                (false, b'\\') => escapes_next = true,
                (false, b'"') => in_string = !in_string,
                (false, b'{' | b'[') if !in_string => depth += 1,
                (false, b'}' | b']') if !in_string => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(at + 1);
            }
        }
        None
    }

    fn end_by_blocks(json: &[u8]) -> Option<usize> {
        Scan::new(json).value().ok().map(<[u8]>::len)
    }

    #[test]
    fn an_escape_reaches_over_the_end_of_a_block() {
        for before in 55..70 {
            let json = format!("{{\"{}\\\"}}\":[\"\\\\\"]}} }}", "x".repeat(before));
            assert_eq!(end_by_blocks(json.as_bytes()), Some(json.len() - 2), "{json}");
        }
    }

    proptest! {
        #[test]
        fn blocks_end_where_characters_do(json in r#"[{\[]([ax \n]|[{}\[\]]|"([a{\]]|\\["\\n]|a{100}){0,80}"){0,80}"#) {
            prop_assert_eq!(end_by_blocks(json.as_bytes()), end_one_by_one(json.as_bytes()));
        }

        #[test]
        fn the_first_quote_or_backslash_is_found(part: [u8; PART], text in r#"[a-f"\\]{16}"#) {
            for part in [part, text.as_bytes().try_into().unwrap()] {
                let expected = part.iter().position(|byte| matches!(byte, b'"' | b'\\'));
                prop_assert_eq!(quote_or_backslash(&part), expected);
            }
        }
    }
}
