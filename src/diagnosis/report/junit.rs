//! Reports in the XML that JUnit began, and that pytest, Surefire, `go-junit-report` and others write.

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::markup::{Markup, Part};
use super::{FailureKind, LogErrors, keep, one_line};

/// How the tags begin that tell something.
const TELLING: [&str; 5] = ["<testcase", "<failure", "<error", "</failure", "</error"];

/// Reads a report as it arrives, and keeps the failures.
#[derive(Default)]
pub(crate) struct Junit {
    markup: Markup,
    tests: Tests,
}

/// What was read of a report.
#[derive(Default)]
struct Tests {
    found: LogErrors,
    /// How many tests there were.
    number: u64,
    /// The name of the test whose element is open.
    test: String,
    open: Option<Open>,
}

/// A test that did not pass, while its element is open.
struct Open {
    label: String,
    message: String,
}

impl Junit {
    pub(super) fn push(&mut self, piece: &[u8]) {
        let Self { markup, tests } = self;
        markup.push(piece, |part, text| tests.add(part, text));
    }

    pub(super) fn finish(self) -> LogErrors {
        self.tests.found
    }
}

impl Tests {
    fn add(&mut self, part: Part, text: &str) {
        match part {
            Part::Tag if TELLING.iter().any(|start| text.starts_with(start)) => self.tag(text),
            Part::Text if self.lacks_message() => self.note(&unescaped(text)),
            Part::Cdata if self.lacks_message() => self.note(text),
            Part::Tag | Part::Text | Part::Cdata => {}
        }
    }

    /// What is no tag after all tells nothing.
    fn tag(&mut self, tag: &str) {
        let mut reader = Reader::from_str(tag);
        let config = reader.config_mut();
        // Whether the elements fit each other does not matter.
        (config.check_end_names, config.allow_unmatched_ends) = (false, true);
        match reader.read_event() {
            Ok(Event::Start(start)) if start.name().as_ref() == "testcase" => {
                self.test = name_of(&start);
                self.number += 1;
            }
            Ok(Event::Empty(start)) if start.name().as_ref() == "testcase" => self.number += 1,
            Ok(Event::Start(start)) if is_failure(&start) => self.open = Some(opened(&start)),
            Ok(Event::Empty(start)) if is_failure(&start) => self.keep(&opened(&start)),
            Ok(Event::End(end)) if matches!(end.name().as_ref(), "failure" | "error") => {
                if let Some(open) = self.open.take() {
                    self.keep(&open);
                }
            }
            _ => {}
        }
    }

    fn lacks_message(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.message.is_empty())
    }

    /// The first line of the text stands for a message that there is not.
    fn note(&mut self, text: &str) {
        if let Some(open) = &mut self.open {
            open.message = one_line(text);
        }
    }

    fn keep(&mut self, open: &Open) {
        let (test, number) = (&self.test, self.number);
        let parts: Vec<&str> =
            [open.label.as_str(), open.message.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        // Some harnesses begin the message with the type.
        let what = match parts.as_slice() {
            [] => "failed".to_owned(),
            [label, message] if message.starts_with(label) => (*message).to_owned(),
            parts => parts.join(": "),
        };
        keep(&mut self.found, number, FailureKind::Test, Some(test.clone()), format!("{test}: {what}"));
    }
}

/// With characters in place of references to them, unless there is one that is none.
fn unescaped(text: &str) -> String {
    unescape(text).map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

fn is_failure(start: &BytesStart<'_>) -> bool {
    matches!(start.name().as_ref(), "failure" | "error")
}

fn attribute(start: &BytesStart<'_>, name: &str) -> String {
    let found = start.attributes().flatten().find(|attribute| attribute.key.as_ref() == name);
    found.map(|found| unescaped(&found.value)).unwrap_or_default()
}

fn name_of(start: &BytesStart<'_>) -> String {
    let (class, name) = (attribute(start, "classname"), attribute(start, "name"));
    one_line(&if class.is_empty() { name } else { format!("{class}.{name}") })
}

fn opened(start: &BytesStart<'_>) -> Open {
    Open { label: one_line(&attribute(start, "type")), message: one_line(&attribute(start, "message")) }
}
