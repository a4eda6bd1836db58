//! The license keys of a run, so that no text of the run shows any of them: 3CX may name another key than the row's.
//!
//! Of each key its hash is kept, and a text is searched for all of them at once: by one walk for each length that keys
//! have.

use std::ops::Range;

use crate::gradual::Table;
use crate::redaction::{MASK, characters, with};
use crate::secret::{LicenseKey, is_mixed, key_shapes};

/// What is shorter stands in many a text by chance.
const SHORTEST: usize = 6;
/// A longer key is looked for in pieces, so that there are few lengths.
const LONGEST: usize = 64;
/// More of a text is never shown.
const MOST_OF_A_TEXT: usize = 8192;

/// Keys as hashes of what is compared of them.
#[derive(Debug, Default)]
pub(super) struct Keys {
    prints: Table<()>,
    /// Bit `n`: whether any has `n + 1` characters.
    lengths: u64,
}

impl Keys {
    pub(super) fn add(&mut self, key: &LicenseKey) {
        let mut piece = Print::default();
        for (character, _) in characters(key.reveal()) {
            piece.push(character);
            if piece.length == LONGEST {
                self.keep(std::mem::take(&mut piece));
            }
        }
        self.keep(piece);
    }

    fn keep(&mut self, piece: Print) {
        if piece.length >= SHORTEST && self.prints.insert(piece.hash, ()).is_none() {
            self.lengths |= 1 << (piece.length - 1);
        }
    }

    /// Whether a text is one of the keys and nothing else.
    pub(super) fn hold(&self, text: &str) -> bool {
        let mut print = Print::default();
        characters(text).take(LONGEST).for_each(|(character, _)| print.push(character));
        self.prints.get(print.hash).is_some()
    }

    /// A text for people without any key: neither those of the run, in whatever shape, nor what looks like another one.
    pub(super) fn redact(&self, text: &str) -> String {
        let text = &text[..text.floor_char_boundary(MOST_OF_A_TEXT)];
        let known = with(text, self.found_in(text), MASK);
        with(&known, key_shapes(&known).filter(|shape| is_likely(&known[shape.clone()])), MASK)
    }

    /// Where keys of the run stand in a text.
    fn found_in(&self, text: &str) -> Vec<Range<usize>> {
        let characters: Vec<_> = characters(text).collect();
        // The hash of all characters up to each of them, from which those of all windows come.
        let mut hashes = vec![0_u64];
        let mut hash = 0;
        for (character, _) in &characters {
            hash = next_hash(hash, *character);
            hashes.push(hash);
        }
        let lengths = (1..=LONGEST).rev().filter(|length| self.lengths >> (length - 1) & 1 == 1);
        let windows: Vec<_> = lengths.map(|length| (length, power(length))).collect();
        let (mut found, mut at) = (Vec::new(), 0);
        while at < characters.len() {
            let is_key = |(length, power): &&(usize, u64)| {
                let end = hashes.get(at + length);
                end.is_some_and(|end| self.prints.get(end.wrapping_sub(hashes[at].wrapping_mul(*power))).is_some())
            };
            match windows.iter().find(is_key) {
                Some((length, _)) => {
                    found.push(characters[at].1.start..characters[at + length - 1].1.end);
                    at += length;
                }
                None => at += 1,
            }
        }
        found
    }
}

/// The hash of a piece of a key.
#[derive(Debug, Default)]
struct Print {
    hash: u64,
    length: usize,
}

impl Print {
    fn push(&mut self, character: u8) {
        self.hash = next_hash(self.hash, character);
        self.length += 1;
    }
}

/// Two texts that share a hash would cost a few stars, so it need not be a strong one.
fn next_hash(hash: u64, character: u8) -> u64 {
    hash.wrapping_mul(BASE).wrapping_add(u64::from(character))
}

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

fn power(exponent: usize) -> u64 {
    (0..exponent).fold(1, |power, _| power.wrapping_mul(BASE))
}

/// Whether it is no sentence with four words of four letters.
fn is_likely(shape: &str) -> bool {
    let mut letters = shape.chars().filter(|c| c.is_alphabetic());
    !shape.contains(' ') || shape.split(' ').any(is_mixed) || letters.all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(texts: &[&str]) -> Keys {
        let mut keys = Keys::default();
        for text in texts {
            keys.add(&LicenseKey::new((*text).to_owned()));
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
            "ODD_KEY.77",
            "Odd_Key.778",
        ] {
            assert_eq!(keys.redact(&format!("It is <{text}>, no?")), format!("It is <{MASK}>, no?"), "{text}");
            assert!(keys.hold(text), "{text}");
        }
        let harmless = "WARNINGS.LICENSE_NOT_FOUND: this name does have four more signs than 8SGW-ABCD, odd key";
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
    fn long_keys_and_long_texts_are_bounded() {
        let long = "0123456789abcdef_".repeat(20);
        let lengths: Vec<String> = (1..500).map(|length| "x".repeat(length)).collect();
        let mut keys = keys(&[&long]);
        let shown = keys.redact(&format!("<{long}>"));
        assert!(shown.replace(MASK, "") == "<>", "{shown}");
        for text in &lengths {
            keys.add(&LicenseKey::new(text.clone()));
        }
        assert!(keys.redact(&"é".repeat(1 << 20)).len() <= MOST_OF_A_TEXT);
        assert_eq!(keys.redact("xxxxx x"), MASK, "six of them");
        assert_eq!(keys.redact("xxxxx"), "xxxxx", "stands in many a text by chance");
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
