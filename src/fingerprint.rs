//! Telling values apart without keeping them.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A hash that is the same within a run. Two values that share one would be taken for each other, so it is a strong one.
pub(crate) fn fingerprint(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Each guess at a value takes this many hashes. A license key has 82 bits, so this is for those who know most of one.
const ROUNDS: usize = 200;

/// A hash that is the same for good, of values that must not be found out from it.
pub(crate) fn lasting(values: &[&str]) -> String {
    let mut hash = digest(values.iter().copied());
    for _ in 1..ROUNDS {
        hash = Sha256::digest(hash);
    }
    URL_SAFE_NO_PAD.encode(hash)
}

/// A short hash that is the same for good, of values that may be known.
pub(crate) fn identity<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    URL_SAFE_NO_PAD.encode(&digest(values)[..12])
}

fn digest<'a>(values: impl IntoIterator<Item = &'a str>) -> sha2::digest::Output<Sha256> {
    let mut hasher = Sha256::new();
    for value in values {
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_fingerprint_is_the_same_in_every_version() {
        let print = lasting(&["https://pbx.example.com", "28", "8SGW-ABCD-EFGH-1234"]);
        assert_eq!(print, "4AhLw0SW9GxdtFXlykNiJPVOmX8z1IvTQTF4XBmtd-U");
        assert_ne!(lasting(&["a", "bc"]), lasting(&["ab", "c"]));
        assert_eq!(identity(["callReported", "49301234567"]).len(), 16);
        assert_ne!(identity(["a", "bc"]), identity(["ab", "c"]));
    }
}
