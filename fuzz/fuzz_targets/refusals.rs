//! No body of a refusal makes the reader of API errors fail, and the hint it leads to is there or not, but never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tc::client::ApiError;
use tc::reference::Verb;

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let url = "http://localhost:1/api/queue/v1/ping".to_owned();
    let error = ApiError::parse("queue.ping", Verb::Get, url, status, bytes::Bytes::copy_from_slice(body));
    let _shown = error.into_error(1).to_string();
});
