//! Numbers that depend on a seed and a text only.

/// FNV-1a of a text. Unlike the hash of a map, it is the same on every machine and in every version.
pub(super) fn hash(seed: u64, text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
