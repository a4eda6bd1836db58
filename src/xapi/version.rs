//! Versions of 3CX.

/// A version such as `20.0.7c` (as published) or `20.0.8.1109` (as a PBX names itself). They compare by their first
/// three numbers: a PBX does not tell its letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32, u32);

impl Version {
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
            digits.parse().ok()
        };
        let mut parts = text.trim().split('.');
        Some(Self(number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let version = |text: &str| Version::parse(text).unwrap();
        assert!(version("20.0.7.1057") <= version("20.0.7c"));
        assert!(version("20.0.8.1109") > version("20.0.7c"));
        assert!(version("20.0.10") > version("20.0.9.995"));
        assert_eq!(Version::parse("20.0"), None);
        assert_eq!(Version::parse("unknown"), None);
    }
}
