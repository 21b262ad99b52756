//! The order of listings: the services' database sorts text by a locale, not by bytes.

use std::cmp::Ordering;

/// ASCII punctuation in the order of the Unicode collation table, which digits and then letters follow.
const PUNCTUATION: &[u8] = b" _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Compares as the database does: letters without regard to case first, then lower case before upper case.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    // Equal texts are the common case of a look-up.
    if a == b {
        return Ordering::Equal;
    }
    let first = a.bytes().map(weight).cmp(b.bytes().map(weight));
    first
        .then_with(|| {
            a.bytes().map(|byte| byte.is_ascii_uppercase()).cmp(b.bytes().map(|byte| byte.is_ascii_uppercase()))
        })
        .then_with(|| a.cmp(b))
}

fn weight(byte: u8) -> u16 {
    match byte {
        b'0'..=b'9' => 100 + u16::from(byte),
        b'a'..=b'z' => 200 + u16::from(byte),
        b'A'..=b'Z' => 200 + u16::from(byte.to_ascii_lowercase()),
        0x80.. => 400 + u16::from(byte),
        _ => PUNCTUATION.iter().position(|at| *at == byte).map_or(0, |at| at as u16 + 1),
    }
}

/// Text as a key of a map that is listed in the database's order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub Box<str>);

impl Name {
    /// The key of this text.
    pub(crate) fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_ignore_case_first() {
        let mut names = ["MPLMkmYY", "cCxeJUuT", "LUR_H_Tw", "b", "B", "a-b", "a_b", "a1", "ab"].map(Name::new);
        names.sort();
        assert_eq!(
            names.map(|name| String::from(name.0)),
            ["a_b", "a-b", "a1", "ab", "b", "B", "cCxeJUuT", "LUR_H_Tw", "MPLMkmYY"]
        );
        assert_ne!(compare("é", "è"), Ordering::Equal);
    }
}
