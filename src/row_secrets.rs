//! The secrets of all rows of a run, license keys and passwords, so that no text of the run shows any of them: 3CX may name
//! another row's than the row's own.
//!
//! Of each secret its hash is kept, and a text is searched for all of them at once: by one walk for each length that they
//! have.

use std::ops::Range;

use crate::gradual::Table;
use crate::prints::{Length, Sums, print};
use crate::redaction::{MASK, characters, encoded, enough, pieces_in, with, without_pieces, without_whole};
use crate::rows::value::shortened;
use crate::secret::{LicenseKey, is_mixed, key_shapes};

/// What is shorter stands in many a text by chance, and would turn it into stars.
const SHORTEST: usize = 4;
/// What is shorter is looked for as a word of its own.
const SHORTEST_PART: usize = 6;
/// A longer secret is looked for in pieces, so that there are few lengths.
const LONGEST: usize = 64;
/// More of a text is never shown.
const MOST_OF_A_TEXT: usize = 8192;

/// A text without what looks like a license key.
pub(crate) fn without_keys(text: &str) -> String {
    let is_key = |shape: &Range<usize>| is_likely(&text[shape.clone()], &text[shape.end..]);
    with(text, key_shapes(text).filter(is_key), MASK)
}

/// A text of the row that has this key, of which the end may be shown, and without what `others` takes out.
pub(crate) fn without_own(text: &str, own: &LicenseKey, others: impl FnOnce(&str) -> String) -> String {
    without_pieces(others(&without_whole(text, own.reveal(), &own.to_string())), own.reveal())
}

/// A text of a sheet as it may be shown: short, and without what looks like a license key.
pub(crate) fn shown(text: &str) -> String {
    shortened(&RowSecrets::default().redact(text))
}

/// Secrets as hashes of what is compared of them.
#[derive(Debug, Default)]
pub(crate) struct RowSecrets {
    whole: Prints,
    /// How each begins and ends, by which it is known where it is cut off.
    pieces: Prints,
}

/// Hashes of texts.
#[derive(Debug, Default)]
struct Prints {
    hashes: Table<()>,
    /// Bit `n`: whether any has `n + 1` characters.
    lengths: u64,
}

impl Prints {
    fn add(&mut self, text: &[char]) {
        if self.hashes.insert(print(text.iter().copied()), ()).is_none() {
            self.lengths |= 1 << (text.len() - 1);
        }
    }

    /// The longest first.
    fn lengths(&self) -> Vec<Length> {
        (1..=LONGEST).rev().filter(|length| self.lengths >> (length - 1) & 1 == 1).map(Length::new).collect()
    }

    fn has(&self, hash: u64) -> bool {
        self.hashes.get(hash).is_some()
    }
}

impl RowSecrets {
    pub(crate) fn add(&mut self, secret: &str) {
        let characters: Vec<char> = characters(secret).map(|(character, _)| character).collect();
        characters.chunks(LONGEST).filter(|piece| piece.len() >= SHORTEST).for_each(|piece| self.whole.add(piece));
        let letters: Vec<char> = characters.into_iter().filter(|character| character.is_alphanumeric()).collect();
        let length = enough(letters.len()).characters();
        if let (Some(begins), Some(ends)) = (letters.get(..length), letters.len().checked_sub(length)) {
            self.pieces.add(begins);
            self.pieces.add(&letters[ends..]);
        }
    }

    /// Whether a text is one of them and nothing else.
    pub(crate) fn hold(&self, text: &str) -> bool {
        let characters: Vec<char> = characters(text).map(|(character, _)| character).take(LONGEST).collect();
        characters.len() >= SHORTEST_PART && self.whole.has(print(characters))
    }

    /// A text for people without any of them, in whatever shape, and without what looks like another license key.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = &text[..text.floor_char_boundary(MOST_OF_A_TEXT)];
        let text = with(text, self.found_in(text), MASK);
        let holds = |plain: &str| !self.found_in(plain).is_empty();
        let text = without_keys(&with(&text, encoded(&text, &holds), MASK));
        with(&text, pieces_in(&text, &self.pieces.lengths(), |hash| self.pieces.has(hash)), MASK)
    }

    /// The same for a text of the row that has this key, of which the end may be shown.
    pub(crate) fn redact_beside(&self, own: &LicenseKey, text: &str) -> String {
        without_own(text, own, |text| self.redact(text))
    }

    /// Where secrets of the run stand in a text.
    fn found_in(&self, text: &str) -> Vec<Range<usize>> {
        let characters: Vec<_> = characters(text).collect();
        let sums = Sums::of(characters.iter().map(|(character, _)| *character));
        let lengths = self.whole.lengths();
        let (mut found, mut at) = (Vec::new(), 0);
        while at < characters.len() {
            let is_secret = |length: &&Length| {
                let place = || at..(at + length.characters()).min(characters.len());
                (length.characters() >= SHORTEST_PART || is_word(text, &characters[place()]))
                    && sums.piece(at, **length).is_some_and(|hash| self.whole.has(hash))
            };
            match lengths.iter().find(is_secret) {
                Some(length) => {
                    let end = at + length.characters();
                    found.push(characters[at].1.start..characters[end - 1].1.end);
                    at = end;
                }
                None => at += 1,
            }
        }
        found
    }
}

/// Whether these characters stand for themselves, and are no part of a longer word or number.
fn is_word(text: &str, characters: &[(char, Range<usize>)]) -> bool {
    let [(_, first), .., (_, last)] = characters else { return false };
    let before = text.get(..first.start).and_then(|text| text.chars().next_back());
    let after = text.get(last.end..).and_then(|text| text.chars().next());
    ![before, after].into_iter().flatten().any(char::is_alphanumeric)
}

/// Whether it is neither a sentence with four words of four letters nor an account's, a card's or a phone's number.
fn is_likely(shape: &str, rest: &str) -> bool {
    let mut letters = shape.chars().filter(|c| c.is_alphabetic());
    let is_digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = match shape.split(' ').filter(is_digits).count() {
        0 | 1 => false,
        2 => goes_on(rest),
        _ => true,
    };
    !shape.contains(' ') || (!is_number && (shape.split(' ').any(is_mixed) || letters.all(char::is_uppercase)))
}

/// Whether digits follow in a group of their own, as in an account's number, which has more than four.
fn goes_on(rest: &str) -> bool {
    let digits = rest.strip_prefix(' ').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    (2..=4).contains(&digits) && !rest[1 + digits..].starts_with(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(texts: &[&str]) -> RowSecrets {
        let mut keys = RowSecrets::default();
        for text in texts {
            keys.add(text);
        }
        keys
    }

    #[test]
    fn keys_of_all_rows_are_found_in_every_shape() {
        let keys = keys(&["8SGW-ABCD-EFGH-1234", "odd_key.77", "odd_key.778"]);
        for text in [
            "8SGW-ABCD-EFGH-1234",
            "8sgwabcdefgh1234",
            "8SGW%2DABCD%2DEFGH%2D1234",
            "8 S G W A B C D E F G H 1 2 3 4",
            "\\u0038SGW-ABCD-EFGH-1234",
            "8SGW\u{2013}ABCD\u{200b}-EFGH-1234",
            "8SGW&#45;ABCD&#x2d;EFGH\\x2D1234",
            "b2RkX2tleS43N29kZF9rZXkuNzcu",
            "ODD_KEY.77",
            "Odd_Key.778",
        ] {
            assert_eq!(keys.redact(&format!("It is <{text}>, no?")), format!("It is <{MASK}>, no?"), "{text}");
            assert!(keys.hold(text) || text.starts_with("b2R"), "{text}");
        }
        let harmless = "WARNINGS.LICENSE_NOT_FOUND: this name does have four more signs than 8SGW-ABC, odd key";
        assert_eq!(keys.redact(harmless), harmless);
        assert!(!keys.hold("GRP0001"));
    }

    #[test]
    fn what_looks_like_a_key_is_masked_although_no_row_has_it() {
        let keys = keys(&[]);
        assert_eq!(
            keys.redact("has ABCD-EFGH-IJKL-MNOP and 8sgw abcd efgh 1234 now"),
            format!("has {MASK} and {MASK} now")
        );
        assert_eq!(keys.redact("has 8SGWABCDEFGH1234!"), format!("has {MASK}!"));
        for sentence in ["What does that mean? Take more care", "Key ****-****-****-1234 does have more"] {
            assert_eq!(keys.redact(sentence), sentence);
        }
    }

    #[test]
    fn another_rows_key_is_found_where_it_is_cut_off_or_split() {
        let keys = keys(&["AB12-CD34-EF56-GH78", "ODDKEY-77-CANARY", "Welcome2025"]);
        for (text, shown) in [
            (r#"Key "AB12-CD34-EF56..." is bad"#, r#"Key "****..." is bad"#),
            ("Key \u{2026}D34-EF56-GH78 is bad", "Key \u{2026}**** is bad"),
            ("A.B.1.2.C.D.3.4.E.F.5.6.G.H.7.8!", "****!"),
            ("AB12-CD34 and EF56_GH78", "**** and ****"),
            ("Key \u{2026}7-CANARY", "Key \u{2026}****"),
            ("Key AB12-CD3, Welcome", "Key AB12-CD3, Welcome"),
        ] {
            assert_eq!(keys.redact(text), shown);
        }
        let own = LicenseKey::new("AB12-CD34-XXXX-9999".to_owned());
        let shown = keys.redact_beside(&own, "AB12-CD34-XXXX-9999 is not AB12-CD34-EF56-GH78, nor 34-XXXX-99");
        assert_eq!(shown, "****-****-****-9999 is not ****, nor ****");
    }

    #[test]
    fn short_ones_are_found_as_words_only() {
        let pins = keys(&["4711", "81536", "123", "", "-"]);
        assert_eq!(pins.redact("PIN '4711' or 8-1536, (81536)."), "PIN '****' or ****, (****).");
        let harmless = "Port 14711, +49 30 471100, 123 users, x4711, 81536a (503)";
        assert_eq!(pins.redact(harmless), harmless);
        assert!(!pins.hold("4711"), "a group may have such a number");
    }

    #[test]
    fn long_keys_and_long_texts_are_bounded() {
        let long = "0123456789abcdef_".repeat(20);
        let lengths: Vec<String> = (1..500).map(|length| "x".repeat(length)).collect();
        let mut keys = keys(&[&long]);
        let shown = keys.redact(&format!("<{long}>"));
        assert!(shown.replace(MASK, "") == "<>", "{shown}");
        for text in &lengths {
            keys.add(text);
        }
        assert!(keys.redact(&"é".repeat(1 << 20)).len() <= MOST_OF_A_TEXT);
        assert_eq!(keys.redact("xxxxx x"), MASK, "six of them");
        assert_eq!(keys.redact("xxx axxxxa"), "xxx axxxxa", "stands in many a text by chance");
    }

    proptest! {
        #[test]
        fn no_key_stays(texts in prop::collection::vec("[A-Z0-9]{2,5}([-_. ][A-Z0-9]{3,5}){1,3}", 1..20), glue in "[ ,;é\\\\]{1,3}") {
            let keys = keys(&texts.iter().map(String::as_str).filter(|text| text.len() >= 9).collect::<Vec<_>>());
            let shown = keys.redact(&texts.join(&glue));
            for text in texts.iter().filter(|text| text.len() >= 9) {
                prop_assert!(!shown.contains(text.as_str()), "{}: {}", text, shown);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*", key in ".*") {
            keys(&[&key]).redact(&text);
        }
    }
}
