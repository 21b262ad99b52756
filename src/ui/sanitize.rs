//! Text from elsewhere must not drive the terminal.

use std::borrow::Cow;

/// Drops control characters (but tab and newline) and characters that reorder or hide text.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) {
        Cow::Owned(text.chars().filter(|c| !is_hostile(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::sanitize;

    #[test]
    fn escapes_and_bidi_marks_are_dropped() {
        assert_eq!(sanitize("a\x1b[31mb\u{202e}c\r\n\td\u{9b}e"), "a[31mbc\n\tde");
        assert_eq!(sanitize("build <linux> é 漢"), "build <linux> é 漢");
    }
}
