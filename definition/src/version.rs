//! Versions of 3CX.

use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// A version such as `20.0.7c`, or a build such as `20.0.9.995`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Version(String);

impl Version {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first three numbers, without the letter of an update: `(20, 0, 7)`. A part that is not a number counts as 0.
    pub fn numbers(&self) -> (u32, u32, u32) {
        let number = |part: &str| part.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        let mut parts = self.0.split('.').map(number);
        let mut next = || parts.next().unwrap_or(0);
        (next(), next(), next())
    }

    /// The letters of an update: `c`.
    fn update(&self) -> &str {
        let end = self.0.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
        &self.0[end..]
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |version: &Self| (version.numbers(), version.update().to_owned(), version.0.clone());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Display for Version {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_their_order() {
        let order = ["20.0.4", "20.0.6", "20.0.6b", "20.0.7a", "20.0.7c", "20.0.9", "20.0.10"].map(Version::new);
        assert!(order.is_sorted());
        assert!(Version::new("20.0.10") > Version::new("20.0.9"));
    }

    #[test]
    fn builds_and_updates_have_numbers() {
        assert_eq!(Version::new("20.0.9.995").numbers(), (20, 0, 9));
        assert_eq!(Version::new("20.0.7c").numbers(), (20, 0, 7));
        assert_eq!(Version::new("").numbers(), (0, 0, 0));
    }
}
