//! Where in a file each value stands, so that a fault can be shown in its line.

use std::collections::HashMap;

use granit_parser::{Event, Parser, Span};

/// Values beyond this are not located: nobody wrote such a file by hand.
const MAXIMUM_LOCATED_VALUES: usize = 200_000;

/// A stretch of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In characters; what goes on in further lines ends with its first.
    pub length: usize,
}

/// The places of the values of a JSON or YAML text, by JSON pointer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    values: HashMap<String, Place>,
    keys: HashMap<String, Place>,
}

/// A list or an object that is being read.
enum OpenContainer {
    List { path: String, next: usize },
    Object { path: String, key: Option<String> },
}

impl Places {
    /// Reads a text as far as it can be read. JSON is YAML, so one reader will do.
    pub(crate) fn of(text: &str) -> Self {
        let mut places = Self::default();
        let mut open: Vec<OpenContainer> = Vec::new();
        for event in Parser::new_from_str(text) {
            let Ok((event, span)) = event else { break };
            if places.values.len() >= MAXIMUM_LOCATED_VALUES {
                break;
            }
            match event {
                Event::Scalar(value, ..) => places.node(&mut open, Some(&value), &span, text),
                Event::Alias(_) => places.node(&mut open, None, &span, text),
                Event::SequenceStart(..) => {
                    let path = next_path(&mut open);
                    places.add(&path, &span, text);
                    open.push(OpenContainer::List { path, next: 0 });
                }
                Event::MappingStart(..) => {
                    let path = next_path(&mut open);
                    places.add(&path, &span, text);
                    open.push(OpenContainer::Object { path, key: None });
                }
                Event::SequenceEnd | Event::MappingEnd => drop(open.pop()),
                // A second document has places of its own.
                Event::DocumentEnd => break,
                _ => {}
            }
        }
        places
    }

    /// A scalar or an alias: a key, or a value.
    fn node(&mut self, open: &mut [OpenContainer], scalar: Option<&str>, span: &Span, text: &str) {
        if let Some(OpenContainer::Object { path, key: key @ None }) = open.last_mut() {
            let name = scalar.unwrap_or_default();
            let own = format!("{path}/{}", crate::schema::escape(name));
            self.keys.insert(own.clone(), place(span, text));
            *key = Some(own);
            return;
        }
        let path = next_path(open);
        self.add(&path, span, text);
    }

    fn add(&mut self, path: &str, span: &Span, text: &str) {
        self.values.insert(path.to_owned(), place(span, text));
    }

    /// Where the value at `pointer` stands, or the nearest that contains it.
    pub(crate) fn value(&self, pointer: &str) -> Option<Place> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.values.get(pointer) {
                return Some(*place);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    /// Where the key of the value at `pointer` stands, or the nearest value that contains it.
    pub(crate) fn key(&self, pointer: &str) -> Option<Place> {
        self.keys.get(pointer).copied().or_else(|| self.value(pointer))
    }
}

/// The pointer of the value that comes next.
fn next_path(open: &mut [OpenContainer]) -> String {
    match open.last_mut() {
        None => String::new(),
        Some(OpenContainer::List { path, next }) => {
            *next += 1;
            format!("{path}/{}", *next - 1)
        }
        Some(OpenContainer::Object { path, key }) => key.take().unwrap_or_else(|| path.clone()),
    }
}

fn place(span: &Span, text: &str) -> Place {
    let (start, end) = (span.start, span.end);
    let length = if end.line() == start.line() {
        end.col().saturating_sub(start.col())
    } else {
        let line = text.lines().nth(start.line().saturating_sub(1)).unwrap_or_default();
        line.trim_end().chars().count().saturating_sub(start.col())
    };
    Place { line: start.line(), column: start.col() + 1, length: length.max(1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(places: &Places, pointer: &str) -> (usize, usize, usize) {
        let place = places.value(pointer).unwrap();
        (place.line, place.column, place.length)
    }

    #[test]
    fn values_are_found_in_yaml_and_json() {
        let places = Places::of("payload:\n  maxRunTime: 60\n  env: {A: 'é', B: two}\n  command:\n    - - true\n");
        assert_eq!(at(&places, "/payload/maxRunTime"), (2, 15, 2));
        assert_eq!(at(&places, "/payload/env/B"), (3, 20, 3));
        assert_eq!(at(&places, "/payload/command/0/0"), (5, 9, 4));
        let key = places.key("/payload/env").unwrap();
        assert_eq!((key.line, key.column, key.length), (3, 3, 3));
        let places = Places::of("{\n  \"a/b\": [1,\n {\"c\": null}]\n}");
        assert_eq!(at(&places, "/a~1b/0"), (2, 11, 1));
        assert_eq!(at(&places, "/a~1b/1/c"), (3, 8, 4));
        assert_eq!(at(&places, "/a~1b/1/missing/deep"), at(&places, "/a~1b/1"));
        assert_eq!(Places::of("").value(""), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[ -~\n\té]{0,60}", pointer in "(/[a-z]{0,2}){0,3}") {
            let places = Places::of(&text);
            let place = places.value(&pointer).or(places.key(&pointer));
            prop_assert!(place.is_none_or(|place| place.line > 0 && place.length > 0));
        }
    }
}
