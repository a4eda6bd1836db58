//! Values that must never be read in a log, an error or an output.

use std::fmt;
use std::rc::Rc;

/// A license key. `Debug` and `Display` show at most its last four characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LicenseKey(String);

impl LicenseKey {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The key itself: only for the request that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What may be shown of the key.
    pub fn masked(&self) -> MaskedKey {
        MaskedKey::of(&self.0)
    }

    /// Whether the key looks like those in circulation: four groups of four capital letters or digits.
    /// 3CX documents no shape, so other keys are warned about, not refused.
    pub fn has_usual_shape(&self) -> bool {
        let mut groups = 0;
        self.0.split('-').all(|group| {
            groups += 1;
            group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        }) && groups == 4
    }
}

/// Whether a text that should be something else has a license key in it, in whatever case and with whatever between its
/// groups.
pub fn holds_key(text: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_plain = |word: &str, length: usize| word.len() == length && word.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_mixed = |word: &str| {
        word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    words.windows(4).any(|groups| groups.iter().all(|group| is_plain(group, 4)))
        || words.iter().any(|word| is_plain(word, 16) && is_mixed(word))
}

impl fmt::Debug for LicenseKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LicenseKey({})", self.masked())
    }
}

impl fmt::Display for LicenseKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.masked().fmt(formatter)
    }
}

/// The shown form of a key: its last four characters behind a mask that does not tell its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskedKey {
    tail: Option<[u8; 4]>,
}

impl MaskedKey {
    /// Keys shorter than eight characters are masked whole: four of them would be too much of the secret.
    pub fn of(text: &str) -> Self {
        let tail = text
            .as_bytes()
            .last_chunk::<4>()
            .filter(|tail| text.len() >= 8 && tail.iter().all(u8::is_ascii_alphanumeric));
        Self { tail: tail.copied() }
    }
}

impl fmt::Display for MaskedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("****-****-****-")?;
        match &self.tail {
            Some(tail) => tail.iter().try_for_each(|byte| write!(formatter, "{}", char::from(*byte))),
            None => formatter.write_str("****"),
        }
    }
}

/// A secret of the connection: an access token or a client secret. Never shown, not even in part.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Rc<str>);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The secret itself: only for the request that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_its_last_four_characters_only() {
        let key = LicenseKey::new("8SGW-ABCD-EFGH-1234".into());
        assert_eq!(format!("{key}"), "****-****-****-1234");
        assert_eq!(format!("{key:?}"), "LicenseKey(****-****-****-1234)");
    }

    #[test]
    fn short_and_odd_keys_show_nothing() {
        for text in ["", "1234", "AB-1234", "ABCDEFG-é", "ABCD-EFGH-12-4"] {
            assert_eq!(MaskedKey::of(text).to_string(), "****-****-****-****", "{text}");
        }
    }

    #[test]
    fn a_key_is_seen_in_the_wrong_place() {
        for text in
            ["8SGW-ABCD-EFGH-1234", "8sgw abcd efgh 1234", "Key: 8SGWABCDEFGH1234!", "ABCD\u{2013}EFGH-IJKL-MNOP"]
        {
            assert!(holds_key(text), "{text}");
        }
        for text in ["", "28", "GRP0001", "DEFAULT", "Sales Department 12", "1234567890123456", "8SGW-ABCD-EFGH"] {
            assert!(!holds_key(text), "{text}");
        }
    }

    #[test]
    fn a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("abc".into())), "Secret(****)");
    }

    #[test]
    fn the_usual_shape_is_four_groups_of_four() {
        let usual = |text: &str| LicenseKey::new(text.into()).has_usual_shape();
        assert!(usual("8SGW-ABCD-EFGH-1234"));
        for odd in ["8SGW-ABCD-EFGH", "8sgw-abcd-efgh-1234", "8SGW-ABCD-EFGH-1234-5678", "8SGWABCDEFGH1234", ""] {
            assert!(!usual(odd), "{odd}");
        }
    }
}
