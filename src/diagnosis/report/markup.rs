//! XML that arrives in pieces, cut into its tags and texts. No more than one of these is kept, and of what is long its start.

use memchr::{memchr, memchr3};

/// Bytes of a text, or of the value of an attribute, that are kept.
const MAX_TEXT_BYTES: usize = 8 << 10;
/// A tag that is longer, without what is left out of the values of its attributes, is passed over; in bytes.
const MAX_TAG_BYTES: usize = 64 << 10;

/// A part of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// From `<` to `>`.
    Tag,
    /// What stands between tags, as it is written.
    Text,
    /// What stands in a CDATA section.
    Cdata,
}

/// Where in a document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    /// Behind a `<`: what it opens is not known yet.
    Opening,
    Tag,
    /// In the value of an attribute, of which so many bytes are kept, up to this quotation mark.
    Value(u8, usize),
    Cdata,
    /// A comment or an instruction, which says nothing; the text before its `>`.
    Skipped(&'static [u8]),
}

/// Cuts a document.
#[derive(Debug)]
pub(super) struct Markup {
    place: Place,
    /// What is kept of the part that has not ended.
    kept: Vec<u8>,
    /// The last two bytes that were read.
    last: [u8; 2],
}

impl Default for Markup {
    fn default() -> Self {
        Self { place: Place::Text, kept: Vec::new(), last: [0; 2] }
    }
}

const COMMENT: &[u8] = b"<!--";
const CDATA: &[u8] = b"<![CDATA[";

impl Markup {
    /// Reads the next piece, and hands each part that ends in it to `take`.
    pub(super) fn push(&mut self, mut piece: &[u8], mut take: impl FnMut(Part, &str)) {
        while !piece.is_empty() {
            let end = match self.place {
                Place::Text => memchr(b'<', piece),
                Place::Opening => Some(0),
                Place::Tag => memchr3(b'>', b'"', b'\'', piece),
                Place::Value(quote, _) => memchr(quote, piece),
                Place::Cdata | Place::Skipped(_) => memchr(b'>', piece),
            };
            let (before, rest) = piece.split_at(end.unwrap_or(piece.len()));
            self.keep(before);
            self.last = match before {
                [.., one, other] => [*one, *other],
                [one] => [self.last[1], *one],
                [] => self.last,
            };
            let Some((byte, rest)) = rest.split_first() else { return };
            if self.ends_part(*byte, &mut take) {
                self.last = [self.last[1], *byte];
                piece = rest;
            }
        }
    }

    /// Takes note of bytes within a part.
    fn keep(&mut self, bytes: &[u8]) {
        // One byte more than a tag may have tells that it is too long.
        let tag_room = (MAX_TAG_BYTES + 1).saturating_sub(self.kept.len());
        let most = match &mut self.place {
            Place::Value(_, kept) => {
                let room = MAX_TEXT_BYTES.saturating_sub(*kept).min(bytes.len());
                *kept += room;
                room.min(tag_room)
            }
            Place::Tag => tag_room,
            Place::Text | Place::Cdata => MAX_TEXT_BYTES.saturating_sub(self.kept.len()),
            Place::Opening | Place::Skipped(_) => 0,
        };
        self.kept.extend_from_slice(bytes.get(..most.min(bytes.len())).unwrap_or_default());
    }

    /// Goes on with a byte at which a part may end; false where the byte is to be read again, as one of another part.
    fn ends_part(&mut self, byte: u8, take: &mut impl FnMut(Part, &str)) -> bool {
        match self.place {
            Place::Text => {
                self.hand_over(take, Part::Text);
                self.kept.push(byte);
                self.place = Place::Opening;
            }
            Place::Opening => return self.open(byte),
            Place::Tag if byte == b'>' => {
                self.keep(&[byte]);
                if self.kept.len() <= MAX_TAG_BYTES {
                    self.hand_over(take, Part::Tag);
                }
                self.start_text();
            }
            Place::Tag => {
                self.keep(&[byte]);
                self.place = Place::Value(byte, 0);
            }
            Place::Value(..) => {
                self.place = Place::Tag;
                self.keep(&[byte]);
            }
            Place::Cdata if self.last == *b"]]" => {
                // Of a short one the end is kept, too.
                let text = self.kept.strip_suffix(b"]]").unwrap_or(&self.kept).len();
                self.kept.truncate(text);
                self.hand_over(take, Part::Cdata);
                self.start_text();
            }
            Place::Skipped(end) if self.last.ends_with(end) => self.start_text(),
            Place::Cdata | Place::Skipped(_) => self.keep(&[byte]),
        }
        true
    }

    /// Finds out what a `<` opens.
    fn open(&mut self, byte: u8) -> bool {
        if self.kept == b"<" && byte == b'?' {
            self.kept.clear();
            self.place = Place::Skipped(b"?");
            return true;
        }
        let mut so_far = std::mem::take(&mut self.kept);
        so_far.push(byte);
        if so_far == COMMENT || so_far == CDATA {
            self.place = if so_far == CDATA { Place::Cdata } else { Place::Skipped(b"--") };
            return true;
        }
        if !COMMENT.starts_with(&so_far) && !CDATA.starts_with(&so_far) {
            so_far.pop();
            self.place = Place::Tag;
        }
        let is_read = self.place == Place::Opening;
        self.kept = so_far;
        is_read
    }

    fn start_text(&mut self) {
        self.kept.clear();
        self.place = Place::Text;
    }

    fn hand_over(&mut self, take: &mut impl FnMut(Part, &str), part: Part) {
        if !self.kept.is_empty() {
            take(part, &String::from_utf8_lossy(&self.kept));
        }
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &[u8], piece: usize) -> Vec<String> {
        let (mut markup, mut found) = (Markup::default(), Vec::new());
        text.chunks(piece).for_each(|piece| {
            markup.push(piece, |part, text| found.push(format!("{part:?}({text:?})")));
            assert!(markup.kept.len() <= MAX_TAG_BYTES + 1);
        });
        found
    }

    #[test]
    fn a_document_is_cut_at_its_tags_however_it_arrives() {
        let text =
            "<?xml v=\"1>\"?><!DOCTYPE x><a b='>\"' c=\"'\">t &lt;<!-- <b> -- > --><![CDATA[<c>]]]></a><!x><![d>u";
        for piece in 1..text.len() {
            assert_eq!(
                cut(text.as_bytes(), piece),
                [
                    "Tag(\"<!DOCTYPE x>\")",
                    "Tag(\"<a b='>\\\"' c=\\\"'\\\">\")",
                    "Text(\"t &lt;\")",
                    "Cdata(\"<c>]\")",
                    "Tag(\"</a>\")",
                    "Tag(\"<!x>\")",
                    "Tag(\"<![d>\")"
                ]
            );
        }
    }

    #[test]
    fn of_long_values_and_texts_the_start_is_kept() {
        let long = "x".repeat(3 << 20);
        let found = cut(format!("<a b=\"{long}\" c=\"y\">{long}<![CDATA[{long}]]></a>").as_bytes(), 1 << 16);
        let kept = "x".repeat(MAX_TEXT_BYTES);
        let expected = [
            format!("Tag(\"<a b=\\\"{kept}\\\" c=\\\"y\\\">\")"),
            format!("Text(\"{kept}\")"),
            format!("Cdata(\"{kept}\")"),
            "Tag(\"</a>\")".to_owned(),
        ];
        assert!(found == expected, "{} parts", found.len());
    }

    #[test]
    fn a_tag_of_too_many_attributes_is_passed_over() {
        let attributes = " a=\"1\"".repeat(MAX_TAG_BYTES);
        assert_eq!(cut(format!("<x{attributes}><y/>").as_bytes(), 1000), ["Tag(\"<y/>\")"]);
    }

    proptest! {
        #[test]
        fn the_pieces_make_no_difference(
            parts in proptest::collection::vec("<a|/a>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<\\?|\\?>|['\"<>!\\[\\]?-]|\\PC", 0..30),
            piece in 1_usize..9,
        ) {
            let text = parts.concat();
            prop_assert_eq!(cut(text.as_bytes(), piece), cut(text.as_bytes(), text.len().max(1)));
        }
    }
}
