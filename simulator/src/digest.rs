//! A small, stable hash: fingerprints, made-up values that depend on a text, jitter.

/// FNV-1a with 64 bits and a final mix. Not for secrets.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

/// Eight hexadecimal digits that tell two tokens apart without giving either away.
pub(crate) fn fingerprint(text: &str) -> String {
    format!("{:08x}", digest(text.as_bytes()) >> 32)
}
