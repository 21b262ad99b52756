//! Logs and reports of tasks, which hold whatever a task writes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| tc::fuzzing::failure_logs(bytes));
