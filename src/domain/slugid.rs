//! Slugids: UUIDs as 22 characters of URL-safe base64.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;

/// What the services accept as the ID of a task or a task group.
pub(crate) const PATTERN: &str = "^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$";

/// Why a text is not a slugid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum SlugidError {
    /// Not 22 characters of URL-safe base64, or bits are set that an ID has no place for.
    #[error("invalid slug format '{0}'")]
    Slugid(String),
    /// No UUID.
    #[error("invalid uuid format '{0}'")]
    Uuid(String),
}

/// Whether the services would take `text` for an ID: the slugid of a v4 UUID.
pub(crate) fn is_slugid(text: &str) -> bool {
    decode(text).is_ok_and(|uuid| {
        let bytes = uuid.as_bytes();
        bytes[6] >> 4 == 4 && bytes[8] >> 6 == 0b10
    })
}

/// A random ID. It may start with `-`, which a [`nice`] one never does.
pub(crate) fn random() -> String {
    slugid::v4()
}

/// A random ID with the first bit cleared, so that it starts with one of `A`..`Z`, `a`..`f`.
pub(crate) fn nice() -> String {
    slugid::nice()
}

/// The nice ID that belongs to `name` under `seed`, the same on every machine and in every version.
///
/// It is the first 16 bytes of HMAC-SHA-256 over the name with the seed as key, made a v4 UUID.
pub(crate) fn stable(seed: &str, name: &str) -> String {
    let mut bytes = [0; 16];
    // A key of any length will do for HMAC (RFC 2104), so there is always a digest.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(seed.as_bytes()) {
        mac.update(name.as_bytes());
        bytes.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    }
    bytes[0] &= 0x7f;
    encode(&uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// A UUID as a slugid.
pub(crate) fn encode(uuid: &Uuid) -> String {
    URL_SAFE_NO_PAD.encode(uuid.as_bytes())
}

/// The UUID in a text.
///
/// # Errors
/// [`SlugidError::Uuid`].
pub(crate) fn parse_uuid(text: &str) -> Result<Uuid, SlugidError> {
    Uuid::try_parse(text).map_err(|_| SlugidError::Uuid(text.into()))
}

/// The UUID that a slugid stands for, of whatever version.
///
/// # Errors
/// [`SlugidError::Slugid`].
pub(crate) fn decode(slugid: &str) -> Result<Uuid, SlugidError> {
    URL_SAFE_NO_PAD
        .decode(slugid)
        .ok()
        .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
        .map(Uuid::from_bytes)
        .ok_or_else(|| SlugidError::Slugid(slugid.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_known_id_goes_both_ways() {
        let uuid = parse_uuid("5444b0a7-d25a-468f-9790-537f6de98187").unwrap();
        assert_eq!(encode(&uuid), "VESwp9JaRo-XkFN_bemBhw");
        assert_eq!(decode("VESwp9JaRo-XkFN_bemBhw").unwrap(), uuid);
    }

    #[test]
    fn what_is_no_id_is_named() {
        for text in ["nope", "", "VESwp9JaRo-XkFN_bemBh", "VESwp9JaRo-XkFN_bemBhww", "VESwp9JaRo-XkFN_bemBhx", "é"] {
            assert_eq!(decode(text).unwrap_err().to_string(), format!("invalid slug format '{text}'"));
        }
        assert_eq!(parse_uuid("nope").unwrap_err().to_string(), "invalid uuid format 'nope'");
    }

    #[test]
    fn a_stable_id_depends_on_seed_and_name_alone() {
        let id = stable("seed", "build");
        assert_eq!(id, stable("seed", "build"));
        assert!(is_slugid(&id) && id.starts_with(|c: char| c.is_ascii_alphabetic()), "{id}");
        assert_ne!(id, stable("seed", "test"));
        assert_ne!(id, stable("other", "build"));
    }

    proptest! {
        #[test]
        fn every_uuid_survives(bytes: [u8; 16]) {
            let uuid = Uuid::from_bytes(bytes);
            prop_assert_eq!(decode(&encode(&uuid)).unwrap(), uuid);
        }

        #[test]
        fn an_id_is_what_the_pattern_says(text in "[A-Za-z0-9_-]{7,8}[A-Z]?[Q-T][A-Za-z0-9_-]{2}[A-Za-z0-9_-]{10}[AQgwx]") {
            let pattern = regex::Regex::new(PATTERN).unwrap();
            prop_assert_eq!(is_slugid(&text), pattern.is_match(&text));
        }

        #[test]
        fn stable_ids_are_nice(seed: String, name: String) {
            let id = stable(&seed, &name);
            prop_assert!(is_slugid(&id) && !id.starts_with('-'));
        }
    }
}
