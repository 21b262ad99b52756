//! Gzip that arrives in pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| tc::fuzzing::gzip(bytes));
