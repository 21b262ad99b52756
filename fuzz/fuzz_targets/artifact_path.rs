//! Names of artifacts as paths of files.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|names: Vec<String>| tc::fuzzing::artifact_paths(&names));
