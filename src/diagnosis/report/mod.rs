//! Reports that harnesses write beside the log, read as they arrive. Pure.

mod junit;
mod markup;
mod mozlog;

use junit::Junit;
use mozlog::Mozlog;

use super::log::{ErrorLine, FailureKind, LogErrors};

/// Failures that are kept of a report.
const MAX_FAILURES: usize = 100;

/// What kind of report an artifact is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReportKind {
    /// Lines of JSON that hold failures only: `*_errorsummary.log`.
    ErrorSummary,
    /// Lines of JSON that hold all that happened: `*_raw.log` of mozlog.
    Raw,
    /// XML in the form that JUnit began.
    Junit,
}

impl ReportKind {
    /// The kind of an artifact; none for what is no report.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let file = name.rsplit('/').next().unwrap_or(name);
        let file = file.strip_suffix(".gz").unwrap_or(file);
        if file == "errorsummary.log" || file.ends_with("_errorsummary.log") {
            return Some(Self::ErrorSummary);
        }
        if file.ends_with("_raw.log") {
            return Some(Self::Raw);
        }
        let lower = file.to_ascii_lowercase();
        let is_junit = lower.contains("junit") || file.starts_with("TEST-") || lower == "report.xml";
        (lower.ends_with(".xml") && is_junit).then_some(Self::Junit)
    }
}

/// Reads a report in pieces.
pub(crate) enum Report {
    /// Lines of JSON.
    Lines(Mozlog),
    /// XML.
    Xml(Junit),
}

impl Report {
    /// Of which nothing has been read yet.
    pub(crate) fn new(kind: ReportKind) -> Self {
        match kind {
            ReportKind::ErrorSummary | ReportKind::Raw => Self::Lines(Mozlog::default()),
            ReportKind::Junit => Self::Xml(Junit::default()),
        }
    }

    /// The next piece.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        match self {
            Self::Lines(lines) => lines.push(piece),
            Self::Xml(xml) => xml.push(piece),
        }
    }

    /// The failures that the report holds.
    pub(crate) fn finish(self) -> LogErrors {
        match self {
            Self::Lines(lines) => lines.finish(),
            Self::Xml(xml) => xml.finish(),
        }
    }
}

/// Adds a failure to those that are kept.
fn keep(found: &mut LogErrors, number: u64, kind: FailureKind, test: Option<String>, text: String) {
    if found.lines.len() >= MAX_FAILURES {
        found.omitted += 1;
        return;
    }
    let rank = match kind {
        FailureKind::Crash => 88,
        FailureKind::Test => 82,
        _ => 50,
    };
    let (before, after) = (Vec::new(), Vec::new());
    found.lines.push(ErrorLine { number: Some(number), text, kind, rank, test, before, after });
}

/// Text on one line, cut to what is shown.
fn one_line(text: &str) -> String {
    const MAX_CHARACTERS: usize = 500;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(MAX_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(kind: ReportKind, text: &str, piece: usize) -> LogErrors {
        let mut report = Report::new(kind);
        text.as_bytes().chunks(piece).for_each(|piece| report.push(piece));
        report.finish()
    }

    fn texts(found: &LogErrors) -> Vec<&str> {
        found.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn reports_are_told_by_their_names() {
        for (name, kind) in [
            ("public/test_info/mochitest_errorsummary.log", Some(ReportKind::ErrorSummary)),
            ("public/test_info/errorsummary.log", Some(ReportKind::ErrorSummary)),
            ("public/test_info/wpt_raw.log.gz", Some(ReportKind::Raw)),
            ("public/junit.xml", Some(ReportKind::Junit)),
            ("public/reports/TEST-org.example.CartTest.xml", Some(ReportKind::Junit)),
            ("public/build/target.xml", None),
            ("public/logs/live_backing.log", None),
        ] {
            assert_eq!(ReportKind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn an_error_summary_tells_tests_crashes_and_errors() {
        let text = concat!(
            r#"{"action": "test_groups", "groups": ["a"]}"#,
            "\n",
            r#"{"action": "test_result", "test": "dom/a.html", "subtest": "adds", "status": "FAIL", "expected": "PASS", "message": "got 1\nexpected 2", "known_intermittent": []}"#,
            "\n",
            r#"{"action": "test_result", "test": "dom/b.html", "status": "TIMEOUT", "expected": "OK", "message": null}"#,
            "\n",
            r#"{"action": "test_result", "test": "dom/c.html", "status": "FAIL", "expected": "PASS", "known_intermittent": ["FAIL"]}"#,
            "\n",
            r#"{"action": "crash", "test": "dom/d.html", "signature": "[@ foo::bar]"}"#,
            "\n",
            r#"{"action": "log", "level": "ERROR", "message": "no display"}"#,
            "\n",
            r#"{"action": "group_result", "group": "a", "status": "OK"}"#,
        );
        for piece in [1, 10, 10_000] {
            let found = read(ReportKind::ErrorSummary, text, piece);
            let expected = [
                "TEST-UNEXPECTED-FAIL | dom/a.html | adds | got 1",
                "TEST-UNEXPECTED-TIMEOUT | dom/b.html | expected OK",
                "PROCESS-CRASH | dom/d.html | application crashed [@ foo::bar]",
                "ERROR - no display",
            ];
            assert_eq!(texts(&found), expected);
            assert_eq!(found.lines[0].test.as_deref(), Some("dom/a.html"));
        }
    }

    #[test]
    fn a_raw_log_tells_only_what_was_not_expected() {
        let text = concat!(
            r#"{"action": "test_start", "test": "a"}"#,
            "\n",
            r#"{"action": "test_status", "test": "a", "subtest": "s", "status": "PASS"}"#,
            "\n",
            r#"{"action": "test_status", "test": "a", "subtest": "t", "status": "FAIL", "expected": "PASS", "message": "m"}"#,
            "\n",
            r#"{"action": "test_end", "test": "a", "status": "OK"}"#,
            "\n",
            r#"{"action": "log", "level": "INFO", "message": "ERROR"}"#,
            "\nno JSON\n",
        );
        assert_eq!(texts(&read(ReportKind::Raw, text, 7)), ["TEST-UNEXPECTED-FAIL | a | t | m"]);
    }

    #[test]
    fn a_junit_report_tells_failures_and_errors() {
        let text = r#"<?xml version="1.0"?><testsuites><testsuite name="s" tests="4" failures="1" errors="1">
            <testcase classname="shop.Cart" name="total"><failure message="expected 3 &lt; 4" type="AssertionError">at x</failure></testcase>
            <testcase classname="shop.Cart" name="open"><error type="java.io.IOException">
no such file
  at y</error></testcase>
            <testcase name="skipped"><skipped/></testcase>
            <testcase name="fine"/><testcase name="bare"><failure/></testcase>
            </testsuite></testsuites>"#;
        let found = read(ReportKind::Junit, text, 13);
        let expected = [
            "shop.Cart.total: AssertionError: expected 3 < 4",
            "shop.Cart.open: java.io.IOException: no such file",
            "bare: failed",
        ];
        assert_eq!(texts(&found), expected);
        assert_eq!(found.lines[1].test.as_deref(), Some("shop.Cart.open"));
    }

    #[test]
    fn a_report_that_is_cut_off_tells_what_it_has() {
        let text = r#"<testsuite><testcase name="a"><failure message="x"/></testcase><testcase name="b"><fail"#;
        assert_eq!(texts(&read(ReportKind::Junit, text, 100)), ["a: x"]);
    }

    #[test]
    fn a_junit_report_tells_the_text_of_a_failure_with_its_references() {
        let text = "<testcase name=\"a\"><failure>left &lt; right &amp;c\n  at x</failure></testcase>";
        assert_eq!(texts(&read(ReportKind::Junit, text, 4)), ["a: left < right &c"]);
    }

    /// What the tests wrote is often most of a report.
    #[test]
    fn failures_behind_very_much_output_are_found() {
        let output = format!("<b> & {}\n", "more ".repeat(200)).repeat(40 << 10);
        let text = format!(
            "<testsuite><testcase name=\"a\"/><system-out><![CDATA[{output}]]></system-out>\
             <testcase name=\"b\"><error message=\"{}\" type=\"E\"/></testcase>",
            "x".repeat(10 << 20)
        );
        let found = read(ReportKind::Junit, &text, 1 << 16);
        assert_eq!(texts(&found), [format!("b: E: {}", "x".repeat(500))]);
        assert_eq!(found.lines[0].number, Some(2));
    }

    #[test]
    fn of_very_many_failures_the_first_are_kept() {
        let line = r#"{"action": "test_result", "test": "a", "status": "FAIL", "expected": "PASS"}"#;
        let found = read(ReportKind::ErrorSummary, &format!("{line}\n").repeat(500), 1000);
        assert_eq!((found.lines.len(), found.omitted), (100, 400));
    }

    proptest! {
        #[test]
        fn no_report_makes_it_panic(text: String, piece in 1_usize..20) {
            for kind in [ReportKind::ErrorSummary, ReportKind::Junit] {
                drop(read(kind, &text, piece));
            }
        }

        #[test]
        fn no_xml_makes_it_panic(
            parts in proptest::collection::vec("<testcase name=\"[a-z&;]{0,3}\">|</testcase>|<failure|message='x'|/>|<error>|<!\\[CDATA\\[|\\]\\]>|<!--|&lt;|&#x0;", 0..20),
        ) {
            drop(read(ReportKind::Junit, &parts.concat(), 5));
        }
    }
}
