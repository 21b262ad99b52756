//! What is the same in two lines that tell the same failure. Pure.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What changes from run to run, as named groups; the name is what takes its place.
static CHANGING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<time>\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:?\d{2})?)?|\b\d{1,2}:\d{2}:\d{2}([.,]\d+)?)",
        r"|(?P<url>https?://[^\s'\x22<>]+)",
        r"|(?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)",
        r"|(?P<home>(/builds/worker|/home/[\w.-]+|/Users/[\w.-]+|/root|/tmp|/private/var|/var/folders|/opt/worker|[A-Z]:\\+[\w.~-]+\\+[\w.~-]+|/build/[\w.-]+)(/(task_\d+|tmp[\w.-]*|tasks|checkouts|workspace))*[/\\]*)",
        r"|(?P<hex>\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{12,}\b)",
        r"|(?P<id>\b[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]\b|\btask_\d{10,}\b)",
        r"|(?P<platform>\b(linux|macosx|windows|android|win)[\w.-]*(/(opt|debug|pgo|asan|tsan|ccov)\b)?)",
        r"|(?P<n>\b\d+(\.\d+)*( ?(ms|s|sec|seconds|min|minutes|[KMG]i?B|bytes|%))?\b)",
    ))
    .ok()
});

/// The line with what changes from run to run replaced by what it is.
pub(crate) fn normalize(line: &str) -> String {
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(changing) = CHANGING.as_ref() else { return line };
    let name = |found: &Captures<'_>| {
        let names = ["time", "url", "uuid", "home", "hex", "id", "platform", "n"];
        let name = names.into_iter().find(|name| found.name(name).is_some()).unwrap_or_default();
        if name == "home" { String::new() } else { format!("<{name}>") }
    };
    changing.replace_all(&line, name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_run_to_run_is_replaced() {
        for (line, expected) in [
            ("took 12 ms at 2026-11-22T12:00:00.000Z", "took <n> at <time>"),
            ("/builds/worker/checkouts/gecko/dom/a.cpp:12:7: error: x", "gecko/dom/a.cpp:<n>:<n>: error: x"),
            ("crash at 0x7ffee4c0 in task VESwp9JaRo-XkFN_bemBhw", "crash at <hex> in task <id>"),
            ("GET https://example.com/x?y failed", "GET <url> failed"),
            ("test-linux1804-64/opt-mochitest", "test-<platform>-mochitest"),
            ("/tmp/tmpab12/x.py  line 3", "x.py line <n>"),
        ] {
            assert_eq!(normalize(line), expected);
        }
    }

    #[test]
    fn names_of_tests_stay() {
        let one = normalize("TEST-UNEXPECTED-FAIL | dom/tests/test_dom_123.html | got 1, expected 2");
        let other = normalize("TEST-UNEXPECTED-FAIL | dom/tests/test_dom_124.html | got 1, expected 2");
        assert_ne!(one, other);
        let again = normalize("TEST-UNEXPECTED-FAIL | dom/tests/test_dom_123.html | got 5, expected 6");
        assert_eq!(one, again);
    }
}
