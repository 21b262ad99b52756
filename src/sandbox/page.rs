//! Pages of a list that is in a stable order.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::call::{Call, Fault};

/// The part of `items` that the call's `limit` and `continuationToken` ask for, and the token of the next one.
///
/// A token names the last item of its page, so that items which come and go in between neither repeat
/// nor hide others. One that makes no sense means the first page (spec, section 14).
///
/// # Errors
/// 500 for a limit of 0, as the services answer it (spec, section 14).
pub(super) fn page<'a, T>(
    call: &Call<'_>,
    items: &'a [T],
    name: impl Fn(&'a T) -> &'a str,
    most: usize,
) -> Result<(&'a [T], Option<String>), Fault> {
    let limit = call.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(most).min(most);
    if limit == 0 {
        return Err(Fault::new(500, "InternalServerError", "Internal Server Error: limit must not be 0"));
    }
    let last = call.query("continuationToken").and_then(|token| {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        String::from_utf8(bytes).ok()
    });
    let start = last.and_then(|last| items.iter().position(|item| name(item) == last)).map_or(0, |at| at + 1);
    let end = items.len().min(start + limit);
    let token = (end < items.len()).then(|| URL_SAFE_NO_PAD.encode(name(&items[end - 1])));
    Ok((&items[start..end], token))
}
