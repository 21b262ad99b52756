//! Reports in the XML that JUnit began, and that pytest, Surefire, `go-junit-report` and others write.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{FailureKind, LogErrors, keep, one_line};

/// A report is read up to so many bytes.
const MAX_REPORT_BYTES: usize = 32 << 20;

/// Collects a report and reads it at its end.
#[derive(Default)]
pub(crate) struct Junit(Vec<u8>);

/// A test that did not pass, while its element is open.
struct Open {
    label: String,
    message: String,
}

impl Junit {
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = MAX_REPORT_BYTES.saturating_sub(self.0.len());
        self.0.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
    }

    /// What comes after something that is not XML is not read.
    pub(super) fn finish(self) -> LogErrors {
        let text = String::from_utf8_lossy(&self.0);
        let mut reader = Reader::from_str(&text);
        let (mut found, mut number) = (LogErrors::default(), 0);
        let mut test = String::new();
        let mut open: Option<Open> = None;
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Eof => break,
                Event::Start(start) if start.name().as_ref() == "testcase" => {
                    test = name_of(&start);
                    number += 1;
                }
                Event::Empty(start) if start.name().as_ref() == "testcase" => number += 1,
                Event::Start(start) if is_failure(&start) => open = Some(opened(&start)),
                Event::Empty(start) if is_failure(&start) => add(&mut found, number, &test, &opened(&start)),
                Event::Text(text) => note(&mut open, &text),
                Event::CData(text) => note(&mut open, &text),
                Event::End(end) if matches!(end.name().as_ref(), "failure" | "error") => {
                    if let Some(open) = open.take() {
                        add(&mut found, number, &test, &open);
                    }
                }
                _ => {}
            }
        }
        found
    }
}

fn is_failure(start: &BytesStart<'_>) -> bool {
    matches!(start.name().as_ref(), "failure" | "error")
}

fn attribute(start: &BytesStart<'_>, name: &str) -> String {
    let found = start.attributes().flatten().find(|attribute| attribute.key.as_ref() == name);
    let raw = found.map(|found| found.value.into_owned()).unwrap_or_default();
    quick_xml::escape::unescape(&raw).map(|text| text.into_owned()).unwrap_or(raw)
}

fn name_of(start: &BytesStart<'_>) -> String {
    let (class, name) = (attribute(start, "classname"), attribute(start, "name"));
    one_line(&if class.is_empty() { name } else { format!("{class}.{name}") })
}

fn opened(start: &BytesStart<'_>) -> Open {
    Open { label: one_line(&attribute(start, "type")), message: one_line(&attribute(start, "message")) }
}

/// The first line of the text stands for a message that there is not.
fn note(open: &mut Option<Open>, text: &str) {
    if let Some(open) = open.as_mut().filter(|open| open.message.is_empty()) {
        open.message = one_line(text);
    }
}

fn add(found: &mut LogErrors, number: u64, test: &str, open: &Open) {
    let parts: Vec<&str> =
        [open.label.as_str(), open.message.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    // Some harnesses begin the message with the type.
    let what = match parts.as_slice() {
        [] => "failed".to_owned(),
        [label, message] if message.starts_with(label) => (*message).to_owned(),
        parts => parts.join(": "),
    };
    keep(found, number, FailureKind::Test, Some(test.to_owned()), format!("{test}: {what}"));
}
