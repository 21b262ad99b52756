//! How deep JSON is nested, which is bounded before anything that recurses reads it. Pure.

/// Levels of arrays and objects that a document may have; jq reads as many, and what reads deeper ones may run out of
/// stack.
pub(crate) const MAX_LEVELS: usize = 10_000;

/// Levels of arrays and objects in a text, which need not be a whole document, nor JSON.
pub(crate) fn levels(json: &[u8]) -> usize {
    let (mut level, mut deepest, mut at) = (0_usize, 0, 0);
    // Nothing but these opens or closes anything, or hides what does.
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => {
                at = string_end(json, at);
                continue;
            }
            b'[' | b'{' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' => level = level.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// The index after the string whose first quote is at `start`.
pub(crate) fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', json.get(at..).unwrap_or_default()) {
        if json.get(at + found) == Some(&b'"') {
            return at + found + 1;
        }
        // A backslash, and what it takes the meaning of.
        at += found + 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn brackets_in_strings_are_no_levels() {
        assert_eq!(levels(br#"{"a[[[":["]\"[",{}]}"#), 3);
        assert_eq!(levels(br#"]]"[["#), 0);
    }

    #[test]
    fn a_string_ends_after_its_quote_or_with_the_text() {
        assert_eq!(string_end(br#""a\"b",1"#, 0), 6);
        assert_eq!(string_end(br#""a\\",1"#, 0), 5);
        for open in [&br#""abc"#[..], br#""abc\"#, br#"""#] {
            assert_eq!(string_end(open, 0), open.len());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_levels_and_ends(json in prop::collection::vec(any::<u8>(), 0..40), start in 0_usize..50) {
            prop_assert!(levels(&json) <= json.len());
            prop_assert!(string_end(&json, start) <= json.len());
        }
    }
}
