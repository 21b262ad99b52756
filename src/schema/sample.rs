//! Strings that fit a schema and that nobody takes for real values.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::shape::Shape;

/// Looks like a slugid, reads like a request.
const SLUGID: &str = "REPLACE_THiS_SLUGID__A";
/// What is tried before a string is made up from the pattern.
const CANDIDATES: [&str; 4] = ["fill-in", "fill-in/fill-in", SLUGID, "https://example.com/fill-in"];

/// A string of the format, pattern and length that `shape` asks for, where one is found; `name` is
/// the property's, to tell the reader what belongs there.
pub(super) fn string(shape: &Shape<'_>, name: &str) -> String {
    if let Some(example) = shape.text("format").and_then(of_format) {
        return example.into();
    }
    let least = shape.count("minLength").unwrap_or(0);
    let most = shape.count("maxLength").unwrap_or(usize::MAX);
    let sized = |text: &str| {
        let text: String = text.chars().take(most).collect();
        let lacking = least.saturating_sub(text.chars().count());
        text + &"-".repeat(lacking)
    };
    let named = sized(&format!("<{name}>"));
    let Some(pattern) = shape.text("pattern") else { return named };
    let Ok(matcher) = regex::Regex::new(pattern) else { return named };
    std::iter::once(named.clone())
        .chain(CANDIDATES.iter().map(|text| sized(text)))
        .chain(from_pattern(pattern))
        .find(|text| matcher.is_match(text))
        .unwrap_or(named)
}

fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => "1970-01-01T00:00:00.000Z",
        "date" => "1970-01-01",
        "uri" => "https://example.com/fill-in",
        "email" => "fill-in@example.com",
        "hostname" => "fill-in.example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "regex" => ".*",
        _ => return None,
    })
}

/// A short string that matches, made from the pattern itself.
fn from_pattern(pattern: &str) -> Option<String> {
    let mut text = String::new();
    write(&regex_syntax::parse(pattern).ok()?, &mut text);
    Some(text)
}

fn write(hir: &Hir, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.push(from_class(class)),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            (0..repetition.min.max(1).min(most)).for_each(|_| write(&repetition.sub, text));
        }
        HirKind::Capture(capture) => write(&capture.sub, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, text)),
        HirKind::Alternation(choices) => choices.iter().take(1).for_each(|choice| write(choice, text)),
    }
}

/// The first of these that belongs to the class, else the class's first character.
fn from_class(class: &Class) -> char {
    let contains = |c: char| match class {
        Class::Unicode(class) => class.iter().any(|range| range.start() <= c && c <= range.end()),
        Class::Bytes(class) => class.iter().any(|range| char::from(range.start()) <= c && c <= char::from(range.end())),
    };
    let first = match class {
        Class::Unicode(class) => class.iter().next().map(|range| range.start()),
        Class::Bytes(class) => class.iter().next().map(|range| char::from(range.start())),
    };
    ['x', '0', 'X'].into_iter().find(|c| contains(*c)).or(first).unwrap_or('x')
}
