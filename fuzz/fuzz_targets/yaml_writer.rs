//! JSON written as YAML.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| tc::fuzzing::yaml_writer(text));
