//! `-H 'Name: value'`. Pure.

/// Headers that are made from the call: another value would break it, or what it is signed with.
const OWN_HEADERS: [&str; 15] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Reads a header (RFC 9110, sections 5.1 and 5.5).
///
/// # Errors
/// When it is invalid, or one that the call makes itself.
pub(super) fn parse(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header looks like 'Name: value'")?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(format!("invalid name of a header: `{name}`"));
    }
    let value = value.trim();
    if value.chars().any(|c| c != '\t' && c.is_control() || !c.is_ascii()) {
        return Err(format!("invalid value of the header `{name}`: it must be printable ASCII"));
    }
    if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("the header `{name}` is made by tc itself"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_and_a_value() {
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(parse("X-Request-Id:  7 "), pair("X-Request-Id", "7"));
        assert_eq!(parse("a:b:c"), pair("a", "b:c"));
        assert_eq!(parse("empty:"), pair("empty", ""));
    }

    #[test]
    fn what_would_break_the_call_is_refused() {
        for text in [
            "x",
            ": y",
            "a b: c",
            "x: a\r\nHost: b",
            "x: \u{e9}",
            "Authorization: Hawk x",
            "HOST: a",
            "content-length: 0",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
