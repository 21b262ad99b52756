//! Which bytes a request asks for: `Range`, `If-Range` and the other conditions (RFC 9110, sections 13 and 14).

use std::ops::Range;

/// What a request for something stored comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// 200 with all of it.
    Whole,
    /// 206 with these bytes.
    Part(Range<u64>),
    /// 416: the range starts behind the end.
    Unsatisfiable,
    /// 304: the caller has it already.
    NotModified,
    /// 412: it is not what the caller thinks.
    PreconditionFailed,
}

/// Decides by the request's headers; `header` tells the value of one.
pub(super) fn wanted<'h>(header: impl Fn(&str) -> Option<&'h str>, etag: &str, length: u64) -> Wanted {
    let lists = |value: &str| {
        value == "*" || value.split(',').any(|tag| tag.trim().trim_start_matches("W/").trim_matches('"') == etag)
    };
    if header("if-match").is_some_and(|value| !lists(value)) {
        return Wanted::PreconditionFailed;
    }
    if header("if-none-match").is_some_and(lists) {
        return Wanted::NotModified;
    }
    // Weak tags and dates do not prove that the bytes are the same.
    if header("if-range").is_some_and(|tag| tag != format!("\"{etag}\"")) {
        return Wanted::Whole;
    }
    header("range").map_or(Wanted::Whole, |text| part(text, length))
}

/// One range of bytes. Several at once, and what is malformed, are answered with the whole, as S3 does.
fn part(text: &str, length: u64) -> Wanted {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Wanted::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            Some(0) => return Wanted::Unsatisfiable,
            Some(count) => length.saturating_sub(count)..length,
            None => return Wanted::Whole,
        },
        (first, "") => match number(first) {
            Some(first) => first..length,
            None => return Wanted::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
            _ => return Wanted::Whole,
        },
    };
    if range.start < length { Wanted::Part(range) } else { Wanted::Unsatisfiable }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&str, &'static str)]) -> Wanted {
        wanted(|name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value), "abc", 10)
    }

    #[test]
    fn ranges_are_cut_to_what_there_is() {
        for (text, expected) in [
            ("bytes=0-3", Wanted::Part(0..4)),
            ("bytes=4-", Wanted::Part(4..10)),
            ("bytes=4-99", Wanted::Part(4..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=x-", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
        ] {
            assert_eq!(of(&[("range", text)]), expected, "{text}");
        }
    }

    #[test]
    fn a_range_of_something_else_is_the_whole() {
        assert_eq!(of(&[("range", "bytes=4-"), ("if-range", "\"abc\"")]), Wanted::Part(4..10));
        for tag in ["\"old\"", "W/\"abc\"", "abc", "Sun, 22 Nov 2026 12:00:00 GMT"] {
            assert_eq!(of(&[("range", "bytes=4-"), ("if-range", tag)]), Wanted::Whole, "{tag}");
        }
    }

    #[test]
    fn conditions_come_before_ranges() {
        assert_eq!(of(&[("range", "bytes=4-"), ("if-match", "\"old\"")]), Wanted::PreconditionFailed);
        assert_eq!(of(&[("if-match", "\"x\", \"abc\"")]), Wanted::Whole);
        assert_eq!(of(&[("if-none-match", "\"abc\"")]), Wanted::NotModified);
        assert_eq!(of(&[("if-none-match", "\"x\"")]), Wanted::Whole);
    }
}
