//! Text made to fit into so many columns. Pure.

use std::borrow::Cow;

/// Stands for what was left out.
const ELLIPSIS: &str = "…";

/// Columns that text takes on the screen.
pub(crate) fn columns(text: &str) -> usize {
    console::measure_text_width(text)
}

/// `text` with spaces up to so many columns.
pub(crate) fn padded(text: &str, width: usize) -> Cow<'_, str> {
    console::pad_str(text, width, console::Alignment::Left, None)
}

/// `text` in at most `width` columns, without its end where it is longer.
pub(crate) fn cut_end(text: &str, width: usize) -> String {
    console::truncate_str(text, width, ELLIPSIS).into_owned()
}

/// `text` in at most `width` columns, without its middle where it is longer. It must have no colours.
pub(crate) fn cut_middle(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let start: String = fitting(text.chars(), kept / 2).collect();
    let mut end: Vec<char> = fitting(text.chars().rev(), kept - columns(&start)).collect();
    end.reverse();
    let ellipsis = if width == 0 { "" } else { ELLIPSIS };
    start + ellipsis + &String::from_iter(end)
}

/// The first characters that take no more than `width` columns.
fn fitting(characters: impl Iterator<Item = char>, width: usize) -> impl Iterator<Item = char> {
    let mut taken = 0;
    characters.take_while(move |character| {
        taken += columns(character.encode_utf8(&mut [0; 4]));
        taken <= width
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_middle_gives_way_and_both_ends_stay() {
        assert_eq!(cut_middle("abcdefgh", 8), "abcdefgh");
        assert_eq!(cut_middle("abcdefgh", 7), "abc…fgh");
        assert_eq!(cut_middle("abcdefgh", 6), "ab…fgh");
        assert_eq!(cut_middle("漢字漢字", 6), "漢…字");
        assert_eq!(cut_middle("abcdefgh", 1), "…");
        assert_eq!(cut_middle("abcdefgh", 0), "");
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in "\\PC{0,30}", width in 0_usize..20) {
            prop_assert!(columns(&cut_middle(&text, width)) <= width);
        }
    }
}
