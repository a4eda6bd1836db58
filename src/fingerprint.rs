//! Telling values apart without keeping them.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A hash that is the same within a run. Two values that share one would be taken for each other, so it is a strong one.
pub(crate) fn fingerprint(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
