//! Words of a command line: root URLs, IDs or page addresses, times, slugids.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tc::RootUrl;
use tc::fuzzing::{TaskRef, page_ref, slugid, time};

fuzz_target!(|text: &str| {
    if let Ok(root) = RootUrl::parse(text) {
        assert_eq!(RootUrl::parse(root.as_str()).as_ref(), Ok(&root));
    }
    let _task = TaskRef::parse(text);
    let _group = TaskRef::parse_group(text);
    let _page = page_ref::page_ref(text, &["worker-manager/{}/*", "secrets/{..}"]);
    let _time = time::parse_time(text);
    if let Ok(uuid) = slugid::parse_uuid(text) {
        let _text = uuid.to_string();
    }
});
