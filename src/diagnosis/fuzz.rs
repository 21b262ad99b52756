//! What a fuzz target drives: logs and reports, cut into pieces of any size.

use std::sync::{Arc, LazyLock};

use super::log::{Patterns, Picker};
use super::report::{Report, ReportKind};

static PATTERNS: LazyLock<Option<Arc<Patterns>>> = LazyLock::new(|| Patterns::new(&[]).ok().map(Arc::new));

/// What is found in a log that comes in pieces of so many bytes, as text.
pub(crate) fn failure_lines(log: &[u8], piece: usize) -> String {
    let Some(patterns) = PATTERNS.as_ref() else { return String::new() };
    let mut picker = Picker::new(Arc::clone(patterns));
    log.chunks(piece.max(1)).for_each(|piece| picker.push(piece));
    format!("{:?}", picker.finish())
}

/// What is found in a report that comes in pieces of so many bytes, as text: in lines of JSON, and in XML.
pub(crate) fn report_lines(report: &[u8], piece: usize) -> [String; 2] {
    [ReportKind::ErrorSummary, ReportKind::Junit].map(|kind| {
        let mut read = Report::new(kind);
        report.chunks(piece.max(1)).for_each(|piece| read.push(piece));
        format!("{:?}", read.finish())
    })
}
