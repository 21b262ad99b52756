//! Pages of a list, merged into one document or taken apart into lines, without parsing the items.

use std::io::{self, Write};

use crate::client::{CONTINUATION_TOKEN, Member, Page};
use crate::ui::json::{Layout, Writer};

/// Writes pages as one document, each as soon as it is there.
///
/// The document is the first page with all items in its list and without `continuationToken`.
pub(super) struct Merger<'a> {
    writer: Writer<'a>,
    /// Members of the first page that follow the list, as text; none before the first page.
    after: Option<Vec<u8>>,
    any_item: bool,
}

impl<'a> Merger<'a> {
    /// A merger that writes to `out`.
    pub(super) fn new(layout: Layout, out: &'a mut dyn Write) -> Self {
        Self { writer: Writer::new(layout, out), after: None, any_item: false }
    }

    /// Adds a page.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(super) fn page(&mut self, page: &Page<'_>) -> io::Result<()> {
        if self.after.is_none() {
            self.start(page)?;
        }
        for item in &page.items {
            if self.any_item {
                self.writer.tokens(b",")?;
            }
            self.any_item = true;
            self.writer.tokens(item.get().as_bytes())?;
        }
        Ok(())
    }

    /// Closes the document.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if let Some(after) = self.after.take() {
            self.writer.tokens(b"]")?;
            self.writer.tokens(&after)?;
            self.writer.tokens(b"}")?;
        }
        Ok(())
    }

    fn start(&mut self, page: &Page<'_>) -> io::Result<()> {
        let mut head = b"{".to_vec();
        for member in page.before.iter().filter(|(name, _)| name != CONTINUATION_TOKEN) {
            write_member(&mut head, member)?;
            head.push(b',');
        }
        serde_json::to_writer(&mut head, &page.list)?;
        head.extend_from_slice(b":[");
        self.writer.tokens(&head)?;
        let mut after = Vec::new();
        for member in page.after.iter().filter(|(name, _)| name != CONTINUATION_TOKEN) {
            after.push(b',');
            write_member(&mut after, member)?;
        }
        self.after = Some(after);
        Ok(())
    }
}

fn write_member(out: &mut Vec<u8>, (name, value): &Member<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, name)?;
    out.push(b':');
    out.extend_from_slice(value.get().as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(pages: &[&str]) -> String {
        let mut out = Vec::new();
        let mut merger = Merger::new(Layout::COMPACT, &mut out);
        for page in pages {
            merger.page(&Page::parse(page.as_bytes(), Some("tasks")).unwrap()).unwrap();
        }
        merger.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn pages_become_one_document() {
        let merged = merge(&[
            r#"{"taskGroupId":"g","tasks":[{"n":1.0},{"n":1e400}],"sealed":"s","continuationToken":"a"}"#,
            r#"{"taskGroupId":"g","tasks":[],"continuationToken":"b"}"#,
            r#"{"taskGroupId":"g","tasks":[{"n":3}],"sealed":"s"}"#,
        ]);
        assert_eq!(merged, r#"{"taskGroupId":"g","tasks":[{"n":1.0},{"n":1e400},{"n":3}],"sealed":"s"}"#);
    }

    #[test]
    fn a_token_before_the_list_is_dropped_and_keys_are_escaped() {
        assert_eq!(merge(&[r#"{"continuationToken":"a","a\"b":1,"tasks":[]}"#]), r#"{"a\"b":1,"tasks":[]}"#);
    }
}
