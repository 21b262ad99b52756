//! Whatever is laid out as JSON means the same afterwards, and what is no JSON does no harm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tc::fuzzing::json::{Layout, check};

fuzz_target!(|bytes: &[u8]| {
    for layout in [Layout::COMPACT, Layout::INDENTED, Layout { indented: true, color: false, escape: true }] {
        let mut out = Vec::new();
        layout.write(bytes, &mut out).unwrap();
        if check(bytes).is_ok() {
            check(&out).unwrap();
            // Numbers may be larger, and documents deeper, than others can hold.
            if let Ok(before) = serde_json::from_slice::<serde_json::Value>(bytes) {
                let after: serde_json::Value = serde_json::from_slice(&out).unwrap();
                assert_eq!(before, after);
            }
        }
    }
    let colored = Layout { indented: true, color: true, escape: true };
    colored.write(bytes, &mut Vec::new()).unwrap();
});
