//! Findings on standard error.

use super::Document;
use crate::context::Context;
use crate::definition::finding::{self, Finding};
use crate::ui::sanitize;

/// Shows findings on standard error, each at its line where they are of a document.
pub(crate) fn report(findings: &[Finding], document: Option<&Document>, context: &Context) {
    let shown = match document {
        Some(document) => document.show(findings),
        None => findings.iter().map(|finding| finding::show(finding, None)).collect(),
    };
    for text in shown {
        let safe = if context.ui.terminal.stderr { sanitize(&text).into_owned() } else { text };
        context.ui.write_stderr(format!("{safe}\n").as_bytes());
    }
}
