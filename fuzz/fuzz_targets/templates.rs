//! No text makes the reader of templates or of places in files panic, or take for ever.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tc::definition::json_e::{Context, render};
use tc::definition::places::Places;

fuzz_target!(|text: &str| {
    let places = Places::of(text);
    assert!(places.value("").is_none_or(|place| place.line > 0));
    let values = json!({"a": {"b": [1, "x", null]}, "n": 1.5}).as_object().cloned().unwrap_or_default();
    let context = Context { values, functions: Vec::new() };
    let now = "2026-11-26T12:00:00Z".parse().unwrap_or_default();
    for template in [json!(text), json!({"$eval": text}), serde_json::from_str(text).unwrap_or(Value::Null)] {
        drop(render(&template, &context, now));
    }
});
