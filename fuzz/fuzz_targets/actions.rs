//! No text makes the readers of actions, hooks and index paths panic, or what they read grow without an end.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| tc::fuzzing::read_actions(text));
