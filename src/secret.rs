//! Values that must never be read in a log, an error or an output.

use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

/// A license key. `Debug` and `Display` show at most its last four characters.
#[derive(Clone, PartialEq, Eq)]
pub struct LicenseKey(String);

impl LicenseKey {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The key itself: only for the request that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What tells it from other keys: its case, dashes and spaces make no other key.
    pub fn print(&self) -> KeyPrint<'_> {
        KeyPrint(&self.0)
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

/// A key as it is told from others.
#[derive(Clone, Copy)]
pub struct KeyPrint<'a>(&'a str);

impl KeyPrint<'_> {
    fn characters(&self) -> impl Iterator<Item = char> {
        self.0.chars().filter(|c| *c != '-' && !c.is_whitespace()).flat_map(char::to_lowercase)
    }
}

impl Hash for KeyPrint<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.characters().for_each(|character| character.hash(hasher));
        hasher.write_u8(0xff);
    }
}

impl fmt::Display for KeyPrint<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.characters().try_for_each(|character| formatter.write_char(character))
    }
}

/// Whether a text that may be any other name has a license key in it: four groups as they are written, or sixteen letters and
/// digits that are no hexadecimal number.
pub fn names_key(text: &str) -> bool {
    key_shapes(text).map(|shape| &text[shape]).any(|shape| {
        let is_between = |c: char| matches!(c, '-' | ' ' | '_' | '\u{2010}'..='\u{2015}');
        let is_written = shape.chars().all(|c| c.is_alphanumeric() || is_between(c));
        let cases =
            [char::is_ascii_lowercase, char::is_ascii_uppercase].map(|is_case| shape.chars().any(|c| is_case(&c)));
        let is_hexadecimal = shape.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_telling = shape.split(is_between).any(is_mixed) && cases != [true, true] && !is_hexadecimal;
        is_written && (is_telling || LicenseKey(shape.to_owned()).has_usual_shape())
    })
}

/// Whether a text that should name a group may be a license key of any shape: three groups of four or five, or twelve letters
/// and digits in one word. A name of several words is none.
pub fn may_be_key(text: &str) -> bool {
    let is_plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_one_case = |word: &str| word.to_uppercase() == word || word.to_lowercase() == word;
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    let groups = || text.split('-');
    let is_in_groups = groups().count() >= 3
        && groups().all(|group| is_plain(group) && (4..=5).contains(&group.len()))
        && groups().any(is_mixed)
        && is_one_case(text);
    if is_guid(text) {
        return false;
    }
    names_key(text)
        || is_in_groups
        || words.any(|word| word.len() >= 12 && is_mixed(word) && is_one_case(word) && !is_counted(word))
}

/// Whether a text is what databases call their records by: five groups of hexadecimal digits.
pub fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Whether a word is a name with a number: `customer10023`.
fn is_counted(word: &str) -> bool {
    word.trim_end_matches(|c: char| c.is_ascii_digit()).bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Whether a text is what looks like a license key, and nothing else.
pub fn is_key(text: &str) -> bool {
    key_shapes(text).next() == Some(0..text.len()) && names_key(text)
}

/// Where a text has what looks like a license key: four groups of four letters or digits, or sixteen in one.
pub fn key_shapes(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_plain = |word: &str, length: usize| word.len() == length && word.bytes().all(|b| b.is_ascii_alphanumeric());
    let start = |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut next = 0;
    std::iter::from_fn(move || {
        while next < words.len() {
            let groups = words[next..].iter().take(4).take_while(|word| is_plain(word, 4)).count();
            let taken = match words[next] {
                _ if groups == 4 => 4,
                word if is_plain(word, 16) && is_mixed(word) => 1,
                _ => 0,
            };
            let (first, last) = (next, next + taken);
            next += taken.max(1);
            if taken > 0 {
                return Some(start(words[first])..start(words[last - 1]) + words[last - 1].len());
            }
        }
        None
    })
}

/// Whether a word has both letters and digits, as keys have and words of a sentence have not.
pub(crate) fn is_mixed(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic())
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
    /// How each of them begins.
    pub const START: &str = "****-****-****-";

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
        formatter.write_str(Self::START)?;
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
            let [shape] = &key_shapes(text).collect::<Vec<_>>()[..] else { panic!("{text}") };
            assert!(text[shape.clone()].starts_with(['8', 'A']) && text[shape.clone()].ends_with(['4', 'P']), "{text}");
        }
        for text in ["", "28", "GRP0001", "DEFAULT", "Sales Department 12", "1234567890123456", "8SGW-ABCD-EFGH"] {
            assert_eq!(key_shapes(text).next(), None, "{text}");
        }
    }

    #[test]
    fn a_key_is_told_from_other_names() {
        for key in ["8SGW-ABCD-EFGH-1234", "ABCD-EFGH-IJKL-MNOP", "8sgw abcd efgh 12x4", "x 8SGWABCDEFGH1234"] {
            assert!(names_key(key), "{key}");
        }
        for name in [
            "",
            "GRP0001",
            "0a1b2c3d4e5f6071",
            "mail/user/auth/tmp1.html",
            "rec_2024-0101-1200-back.wav",
            "01234567-89ab-cdef-0123-456789abcdef",
            "SalesTeam2026Abc",
            "What does that mean",
        ] {
            assert!(!names_key(name), "{name}");
        }
    }

    #[test]
    fn a_key_of_any_shape_is_told_from_groups() {
        for key in [
            "8SGW-ABCD-EFGH-1234",
            "8SGW-ABCD-EFGH-12345",
            "8sgw-abcd-efgh",
            "8SGWABCDEFGH12345",
            "LIC1250ABCXYZ-250",
            "x 8SGWABCDEFGH1234",
            "6f9619ff-8b86-d011-b42d-00c04fc964fx",
        ] {
            assert!(may_be_key(key), "{key}");
        }
        for name in [
            "",
            "28",
            "GRP0001",
            "Main Hall East Wing",
            "SALES-EAST-WING",
            "DEPT-0001-EAST",
            "SalesTeam2026Abc",
            "Room 12 of House 7b",
            "49301234567890",
            "1)/../Users(2",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
        ] {
            assert!(!may_be_key(name), "{name}");
        }
        for key in ["8SGW-ABCD-EFGH-1234", "8sgwabcdefgh1234", "8SGW ABCD EFGH 1234"] {
            assert!(is_key(key), "{key}");
        }
        for other in ["", "was 8SGW-ABCD-EFGH-1234", "8SGW-ABCD-EFGH-1234-", "Main Hall East Wing", "GRP0001"] {
            assert!(!is_key(other), "{other}");
        }
    }

    #[test]
    fn a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("abc".into())), "Secret(****)");
    }

    #[test]
    fn a_key_written_in_another_way_is_the_same_key() {
        let print = |text: &str| crate::fingerprint::fingerprint(LicenseKey::new(text.into()).print());
        let shown = |text: &str| LicenseKey::new(text.into()).print().to_string();
        for same in ["8SGW-ABCD-EFGH-1234", "8sgw-abcd-efgh-1234", "8SGWABCDEFGH1234", "8SGW ABCD EFGH 1234"] {
            assert_eq!((print(same), shown(same)), (print("8SGW-ABCD-EFGH-1234"), "8sgwabcdefgh1234".to_owned()));
        }
        for other in ["8SGW-ABCD-EFGH-1235", "8SGW_ABCD_EFGH_1234", ""] {
            assert_ne!(print(other), print("8SGW-ABCD-EFGH-1234"), "{other}");
        }
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
