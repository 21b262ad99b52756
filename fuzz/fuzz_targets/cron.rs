//! Schedules of hooks.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| tc::fuzzing::cron(text));
