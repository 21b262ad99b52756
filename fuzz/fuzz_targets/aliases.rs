//! Aliases with arguments, one a line.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| tc::fuzzing::aliases(text));
