//! What is taken out of JSON as text is what a parser finds there, and what is no JSON does no harm.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tc::json::{Wanted, pick, pick_each, split};

const A: Wanted<'static> = Wanted::Members(&[("a", Wanted::Value(0))]);
const DEEP: Wanted<'static> = Wanted::Members(&[("a", A), ("b", Wanted::Value(1))]);

fuzz_target!(|bytes: &[u8]| {
    let (found, picked) = (split(bytes, None), pick::<1>(bytes, A));
    let _harmless = (split(bytes, Some("a")), pick_each::<2>(bytes, "a", DEEP), pick::<2>(bytes, DEEP));
    let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else { return };
    let found = found.unwrap();
    if found.before.len() + usize::from(found.list.is_some()) + found.after.len() != object.len() {
        // Of two members of one name a parser keeps the last.
        return;
    }
    let read = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
    for (name, text) in found.before.iter().chain(&found.after) {
        assert_eq!(Some(&read(text)), object.get(name.as_ref()));
    }
    if let Some(name) = found.list {
        let items = found.items.into_iter().map(read).collect::<Vec<_>>();
        assert_eq!(object.get(name.as_ref()), Some(&Value::Array(items)));
    }
    assert_eq!(picked.unwrap()[0].map(read).as_ref(), object.get("a"));
});
