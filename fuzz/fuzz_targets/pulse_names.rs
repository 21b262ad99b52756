//! Bindings as people write them, and names as brokers send them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tc::pulse::{describe, names, parse_binding, wire_name};
use tc::reference::{Catalogue, Source};

fuzz_target!(|text: &str| {
    for source in [Source::Current, Source::Legacy] {
        if let Ok(builder) = parse_binding(text, source)
            && let Ok(binding) = builder.build()
        {
            assert!(binding.pattern.len() <= 255);
            let (service, exchange) = describe(&binding.exchange).expect("a name of ours");
            assert_eq!(wire_name(service, exchange), binding.exchange);
        }
    }
    let _described = describe(text);
    let queue = Catalogue::embedded(Source::Current).service("queue").expect("the queue");
    for exchange in &queue.exchanges {
        for (_, value) in names(exchange, text) {
            assert!(text.contains(value));
        }
    }
});
