//! JSON as it is laid out for people.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| tc::fuzzing::json_layout(bytes));
