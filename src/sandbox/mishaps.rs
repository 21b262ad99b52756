//! What goes wrong in made-up runs: lines in the forms that harnesses, toolchains and machines print. Few causes, so that
//! many tasks of a push have one in common, as after a bad change. Pure.

use fastrand::Rng;

/// What a run that failed wrote, by the kind of its task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mishap {
    /// The lines that tell of it, in their order.
    pub lines: Vec<String>,
    /// What a report of the harness has of it: the test, its status and a message. None where no test failed.
    pub test: Option<(String, &'static str, String)>,
    /// The exit status of the command.
    pub exit_status: i32,
}

/// Of a hundred mishaps, how many are the machine's or the network's.
const INFRASTRUCTURE_SHARE: u32 = 20;

impl Mishap {
    /// The mishap of a run of a task of this kind. Runs with the same numbers have the same.
    pub(crate) fn of(kind: &str, rng: &mut Rng) -> Self {
        if rng.u32(0..100) < INFRASTRUCTURE_SHARE {
            return infrastructure(rng);
        }
        match kind {
            "test" => test(rng),
            "source-test" => source_test(rng),
            "build" => build(rng),
            "toolchain" => toolchain(rng),
            _ => script(rng),
        }
    }
}

fn told(exit_status: i32, lines: &[&str]) -> Mishap {
    Mishap { lines: lines.iter().map(|line| (*line).to_owned()).collect(), test: None, exit_status }
}

fn infrastructure(rng: &mut Rng) -> Mishap {
    let number = rng.u32(1000..60_000);
    match rng.u32(0..3) {
        0 => told(
            1,
            &[
                &format!("cp: error writing '/builds/worker/artifacts/target-{number}.tar': No space left on device"),
                "make: *** [Makefile:112: package] Error 1",
            ],
        ),
        1 => told(56, &[&format!("curl: (56) Recv failure: Connection reset by peer after {number} bytes")]),
        _ => told(
            128,
            &[
                "fatal: unable to access 'https://hg.example.com/mozilla-unified/': Could not resolve host: hg.example.com",
            ],
        ),
    }
}

fn test(rng: &mut Rng) -> Mishap {
    let number = rng.u32(2..400);
    let (test, status, message) = match rng.u32(0..10) {
        0..5 => ("dom/tests/test_selection_range.html", "FAIL", format!("got {number}, expected 1")),
        5..7 => (
            "layout/reftests/border-radius/corner-4.html",
            "FAIL",
            format!("image comparison, max difference: {number}, number of differing pixels: {}", number * 7),
        ),
        7 => ("netwerk/test/unit/test_http3_fast_fallback.js", "TIMEOUT", "Test timed out".to_owned()),
        8 => return crash(rng),
        _ => (
            "toolkit/components/places/tests/test_history.js",
            "FAIL",
            "Error: Can't find profile directory.".to_owned(),
        ),
    };
    let line = format!("TEST-UNEXPECTED-{status} | {test} | {message}");
    let lines = vec![line, format!("Stack trace: SimpleTest.ok@tests/SimpleTest/SimpleTest.js:{number}:18")];
    Mishap { lines, test: Some((test.to_owned(), status, message)), exit_status: 1 }
}

fn crash(rng: &mut Rng) -> Mishap {
    let address = rng.u64(0x1000..0xffff_ffff);
    told(
        1,
        &[
            &format!("Assertion failure: mRawPtr != nullptr, at obj/dist/include/RefPtr.h:{}", rng.u32(300..330)),
            "PROCESS-CRASH | gfx/tests/crashtests/1729578.html | application crashed [@ mozilla::gfx::DrawTargetSkia::Fill]",
            &format!("Crash address: 0x{address:x}"),
        ],
    )
}

fn build(rng: &mut Rng) -> Mishap {
    let line = rng.u32(40..900);
    match rng.u32(0..10) {
        0..6 => told(
            2,
            &[
                &format!(
                    "/builds/worker/checkouts/gecko/gfx/layers/Frame.cpp:{line}:7: error: no member named 'size' in 'gfx::Frame'"
                ),
                "1 error generated.",
                &format!("make[4]: *** [config/rules.mk:{line}: Frame.o] Error 1"),
            ],
        ),
        6..8 => told(
            101,
            &[
                "error[E0308]: mismatched types",
                &format!("   --> servo/components/style/values/computed/color.rs:{line}:21"),
                "error: could not compile `style` (lib) due to 1 previous error",
            ],
        ),
        _ => told(
            1,
            &[
                "ld.lld: error: undefined symbol: mozilla::dom::Range::Collapse(bool)",
                "clang++: error: linker command failed with exit code 1",
            ],
        ),
    }
}

fn toolchain(rng: &mut Rng) -> Mishap {
    let line = rng.u32(40..900);
    told(
        1,
        &[
            &format!("CMake Error at CMakeLists.txt:{line} (find_package):"),
            "-- Configuring incomplete, errors occurred!",
        ],
    )
}

fn source_test(rng: &mut Rng) -> Mishap {
    let line = rng.u32(10..80);
    match rng.u32(0..3) {
        0 => {
            let test = "python/mozbuild/test/test_manifest.py::test_order";
            told(
                1,
                &[
                    "E   AssertionError: assert ['b', 'a'] == ['a', 'b']",
                    &format!("FAILED {test} - AssertionError: assert ['b', 'a'] == ['a', 'b']"),
                ],
            )
        }
        1 => told(
            1,
            &[
                "Traceback (most recent call last):",
                &format!("  File \"/builds/worker/checkouts/gecko/tools/lint/run.py\", line {line}, in main"),
                "    config = load(path)",
                "KeyError: 'excludes'",
            ],
        ),
        _ => told(
            1,
            &[&format!(
                "TEST-UNEXPECTED-ERROR | browser/base/content/browser.js:{line}:3 | 'gURLBar' is not defined. (no-undef)"
            )],
        ),
    }
}

fn script(rng: &mut Rng) -> Mishap {
    let line = rng.u32(3..40);
    match rng.u32(0..2) {
        0 => told(127, &[&format!("/builds/worker/bin/run.sh: line {line}: zstdmt: command not found")]),
        _ => told(1, &["ERROR - signing: the server answered 403 to format autograph_gpg"]),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_has_mishaps_of_its_own_and_some_that_are_the_machines() {
        for kind in ["test", "source-test", "build", "toolchain", "other"] {
            let mut rng = Rng::with_seed(7);
            let all: Vec<Mishap> = (0..200).map(|_| Mishap::of(kind, &mut rng)).collect();
            let machines =
                all.iter().filter(|it| it.lines[0].contains("No space left") || it.lines[0].contains("curl"));
            assert!((10..60).contains(&machines.count()), "{kind}");
            assert!(all.iter().all(|it| !it.lines.is_empty() && it.exit_status != 0));
        }
    }

    #[test]
    fn many_tests_fail_for_few_causes() {
        let mut rng = Rng::with_seed(7);
        let tests: BTreeSet<String> = (0..200).filter_map(|_| Some(Mishap::of("test", &mut rng).test?.0)).collect();
        assert!((2..=5).contains(&tests.len()), "{tests:?}");
    }
}
