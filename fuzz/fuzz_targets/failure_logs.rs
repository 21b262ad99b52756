//! Logs and reports of tasks, which hold whatever a task writes: how they are cut into pieces must not matter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tc::fuzzing::{failure_lines, report_lines};

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(failure_lines(bytes, 1 << 16), failure_lines(bytes, 7));
    assert_eq!(report_lines(bytes, 1 << 16), report_lines(bytes, 7));
});
