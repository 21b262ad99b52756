//! Files of actions, hooks and index paths.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| tc::fuzzing::actions(text));
