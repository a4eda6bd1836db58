//! Finds secrets in texts of others, in whatever shape they are repeated: in any case, without dashes or with spaces,
//! escaped as in JSON, in HTML or in an address, cut off, split, or within Base64.

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

use serde::de::IgnoredAny;

use crate::prints::{Length, Sums};
use crate::secret::{MaskedKey, Secret};
use crate::secret_names;
use crate::sorting;

/// What stands in the place of a secret that may not be shown even in part.
pub const MASK: &str = "****";

/// What stands in the place of a secret in a record.
pub const STARS: &str = "********";

/// What is shorter stands in many a text by chance, and would turn it into stars.
const SHORTEST: usize = 3;

/// So many characters of a secret that is cut off are enough to know it by. Fewer are a part of many a word.
const ENOUGH: usize = 8;

/// Of what may be cut off anywhere, or have anything in between, a half is enough to know it by, from so many letters and
/// digits on; and no more than [`ENOUGH`].
const LEAST_OF_A_HALF: usize = 6;

/// What is shorter may stand in any Base64 by chance.
const SHORTEST_ENCODED: usize = 6;

/// In an answer that is data, only what cannot stand there by chance is replaced.
const SHORTEST_IN_DATA: usize = 16;

/// The secrets of a run: every token it has used, and what it logs in with.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Known>);

#[derive(Clone)]
struct Known {
    secret: Secret,
    /// What is compared: worked out once, not for each answer.
    needle: Vec<char>,
    pieces: Pieces,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} secrets", self.0.len())
    }
}

impl Secrets {
    pub fn add(&mut self, secret: &Secret) {
        if !self.0.iter().any(|known| known.secret == *secret) {
            let (needle, pieces) = (needle(secret.reveal()), Pieces::of(secret.reveal()));
            self.0.push(Known { secret: secret.clone(), needle, pieces });
            // A short one may be a part of a longer one, of which the rest would stay.
            sorting::sort_by_key(&mut self.0, |known| Reverse(known.secret.reveal().len()));
        }
    }

    /// A text for people without any of the secrets.
    pub fn redact(&self, text: &str) -> String {
        let whole = |text: String, known: &Known| without(&text, known.secret.reveal(), &known.needle, MASK);
        let text = self.0.iter().fold(text.to_owned(), whole);
        self.0.iter().fold(text, |text, known| known.pieces.without(text))
    }

    /// The same for data; `None` if there is nothing to replace. JSON stays JSON.
    pub fn redact_data(&self, text: &str) -> Option<String> {
        let mut replaced = None;
        for Known { needle, .. } in &self.0 {
            if needle.len() >= SHORTEST_IN_DATA {
                replaced = replace(replaced.as_deref().unwrap_or(text), needle, MASK, false).or(replaced);
            }
        }
        replaced
    }
}

/// A text without a secret, in whatever shape it is repeated, and without its pieces. Very short ones are let be.
pub fn redact(text: &str, secret: &str, shown: &str) -> String {
    without_pieces(without_whole(text, secret, shown), secret)
}

/// The same but for pieces of which something else could be made up as well.
pub fn without_whole(text: &str, secret: &str, shown: &str) -> String {
    without(text, secret, &needle(secret), shown)
}

/// A text without pieces of a secret that give much of it away, wherever it was cut off and whatever stands in between.
pub fn without_pieces(text: String, secret: &str) -> String {
    Pieces::of(secret).without(text)
}

/// The pieces of a secret by which it is known: all that are of one length, as hashes, in order.
#[derive(Clone)]
struct Pieces {
    length: Length,
    hashes: Vec<u64>,
}

impl Pieces {
    fn of(secret: &str) -> Self {
        let letters = letters(secret);
        let length = enough(letters.len());
        let mut hashes: Vec<u64> = Sums::of(letters.iter().map(|(letter, _)| *letter)).pieces(length).collect();
        hashes.sort_unstable();
        Self { length, hashes }
    }

    fn without(&self, text: String) -> String {
        if self.hashes.is_empty() {
            return text;
        }
        let found = pieces_in(&text, &[self.length], |hash| self.hashes.binary_search(&hash).is_ok());
        if found.is_empty() { text } else { with(&text, found, MASK) }
    }
}

/// So many letters and digits in a row give away a secret that has this many.
pub(crate) fn enough(letters: usize) -> Length {
    Length::new(letters.div_ceil(2).clamp(LEAST_OF_A_HALF, ENOUGH))
}

/// The letters and digits that are compared where anything may stand in between.
pub(crate) fn letters(text: &str) -> Vec<(char, Range<usize>)> {
    characters(text).filter(|(character, _)| character.is_alphanumeric()).collect()
}

/// Where a text has pieces of these lengths, the longest first, that are known by their hashes; each with what is joined to
/// it. Ordinary words are let be.
pub(crate) fn pieces_in(text: &str, lengths: &[Length], is_known: impl Fn(u64) -> bool) -> Vec<Range<usize>> {
    let letters = letters(text);
    let sums = Sums::of(letters.iter().map(|(letter, _)| *letter));
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in 0..letters.len() {
        let is_piece = |length: &&Length| sums.piece(at, **length).is_some_and(&is_known);
        if let Some(length) = lengths.iter().find(is_piece) {
            add(&mut runs, at..at + length.characters());
        }
    }
    let mut found = Vec::new();
    for Range { start, end } in runs {
        let place = letters[start].1.start..letters[end - 1].1.end;
        if found.last().is_some_and(|last: &Range<usize>| last.end >= place.end) {
            continue;
        }
        let place = joined(text, place);
        if !is_ordinary(&text[place.clone()]) {
            add(&mut found, place);
        }
    }
    found
}

/// Adds a place behind others. Those that meet are one.
fn add(places: &mut Vec<Range<usize>>, place: Range<usize>) {
    match places.last_mut() {
        Some(last) if last.end >= place.start => last.end = last.end.max(place.end),
        _ => places.push(place),
    }
}

/// Whether it is words as sentences have them, with plain numbers and dates between them.
fn is_ordinary(words: &str) -> bool {
    let is_word = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_alphabetic) && letters.all(char::is_lowercase)
    };
    let is_number = |word: &str| word.chars().all(|c| c.is_ascii_digit() || c == '-');
    words.split_whitespace().all(|word| is_word(word) || is_number(word)) && words.split_whitespace().any(is_word)
}

/// A place with the letters, digits and dashes around it.
fn joined(text: &str, place: Range<usize>) -> Range<usize> {
    let is_joined = |c: char| c.is_alphanumeric() || c == '-';
    let before = text[..place.start].trim_end_matches(is_joined);
    let after = text[place.end..].trim_start_matches(is_joined);
    before.len()..text.len() - after.len()
}

fn without(text: &str, secret: &str, needle: &[char], shown: &str) -> String {
    if needle.len() >= SHORTEST {
        let text = replace(text, needle, shown, true).unwrap_or_else(|| text.to_owned());
        let holds = |plain: &str| needle.len() >= SHORTEST_ENCODED && replace(plain, needle, shown, true).is_some();
        return with(&text, encoded(&text, &holds), shown);
    }
    // Hardly a character that is compared: found as it is, if at all.
    if secret.chars().count() >= SHORTEST { text.replace(secret, shown) } else { text.to_owned() }
}

/// Whether a text is what this node shows in place of a secret or a license key.
pub fn is_mask(text: &str) -> bool {
    let text = text.trim();
    (text.len() >= MASK.len() && text.bytes().all(|byte| byte == b'*')) || text.starts_with(MaskedKey::START)
}

/// Whether a text is JSON in which this node has masked something, or has a header whose value it has masked.
pub fn is_masked_within(text: &str) -> bool {
    let is_json = || text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok();
    ((text.contains(STARS) || text.contains(MaskedKey::START)) && is_json())
        || (text.contains(STARS) && secret_names::of_headers(text).into_iter().any(|value| &text[value] == STARS))
}

/// Whether two texts are the same secret.
pub fn is_same(one: &str, other: &str) -> bool {
    let one = needle(one);
    one.len() >= SHORTEST && one == needle(other)
}

/// What is compared of a secret.
fn needle(secret: &str) -> Vec<char> {
    characters(secret).map(|(character, _)| character).collect()
}

/// The characters that are compared, in lower case, each with its place in the text.
pub fn characters(text: &str) -> impl Iterator<Item = (char, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at;
            let (found, next) = unit(text, at);
            at = next;
            if let Some(found) = found {
                return Some((found, start..next));
            }
        }
        None
    })
}

/// `cut`: also where the secret is cut off.
fn replace(text: &str, needle: &[char], shown: &str, cut: bool) -> Option<String> {
    let mut at = 0;
    let mut found = std::iter::from_fn(|| {
        let (start, end) = (at..text.len()).find_map(|start| Some((start, end_of(text, start, needle, cut)?)))?;
        at = end;
        Some(start..end)
    })
    .peekable();
    found.peek()?;
    Some(with(text, found, shown))
}

/// Where a text has Base64 that holds something.
pub(crate) fn encoded(text: &str, holds: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
    let is_of_run = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
    let start = |run: &str| run.as_ptr().addr() - text.as_ptr().addr();
    // What stands before it may be of the same characters, as in a path.
    let is_telling = |run: &&str| {
        run.len() >= SHORTEST_RUN && (0..4).any(|skipped| decoded(&run[skipped..]).is_some_and(|plain| holds(&plain)))
    };
    let runs = text.split(|c| !is_of_run(c)).filter(is_telling);
    runs.map(|run| start(run)..start(run) + run.len()).collect()
}

const SHORTEST_RUN: usize = 24;

fn decoded(run: &str) -> Option<String> {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    // One character of a group of four is no byte yet.
    let whole = run.len() - usize::from(run.len() % 4 == 1);
    let standard = run[..whole].replace('-', "+").replace('_', "/");
    let bytes = GeneralPurpose::new(&STANDARD, CONFIG).decode(standard).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text with `shown` in these places, which are in order.
pub(crate) fn with(text: &str, places: impl IntoIterator<Item = Range<usize>>, shown: &str) -> String {
    let (mut out, mut kept) = (String::with_capacity(text.len()), 0);
    for Range { start, end } in places {
        // A backslash that is left alone would escape what comes next.
        out.push_str(text[kept..start].trim_end_matches('\\'));
        out.push_str(shown);
        kept = end;
    }
    out + &text[kept..]
}

/// Where the secret ends that begins here; `cut`: also where it is cut off.
fn end_of(text: &str, start: usize, needle: &[char], cut: bool) -> Option<usize> {
    let (first, mut end) = unit(text, start);
    let (wanted, mut rest) = needle.split_first()?;
    if first? != *wanted {
        return None;
    }
    let mut at = end;
    while let Some((wanted, after)) = rest.split_first() {
        let next = (at < text.len()).then(|| unit(text, at));
        match next {
            Some((None, next)) => at = next,
            Some((Some(found), next)) if found == *wanted => (rest, at, end) = (after, next, next),
            _ => {
                let is_enough = needle.len() - rest.len() >= ENOUGH;
                return (cut && is_enough && is_word(text, start) && ends(text, at)).then_some(end);
            }
        }
    }
    Some(end)
}

fn is_word(text: &str, start: usize) -> bool {
    text.get(..start).is_some_and(|before| !before.ends_with(char::is_alphanumeric))
}

/// Whether a text, or what is quoted in it, ends here.
fn ends(text: &str, at: usize) -> bool {
    let is_quote = |c| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '»' | '«' | '…');
    at >= text.len() || text[at..].starts_with("...") || unit(text, at).0.is_some_and(is_quote)
}

/// The character here in lower case, and where the next one begins. Nothing for what may come or go in between: dashes,
/// spaces, backslashes, what cannot be seen, and tags.
fn unit(text: &str, at: usize) -> (Option<char>, usize) {
    let byte = text.as_bytes()[at];
    // Most are.
    if byte.is_ascii_alphanumeric() {
        return (Some(char::from(byte.to_ascii_lowercase())), at + 1);
    }
    if let Some(next) = tag(text, at) {
        return (None, next);
    }
    let plain = || text.get(at..)?.chars().next().map(|c| (c, at + c.len_utf8()));
    // Within a character there is none.
    let Some((character, next)) = escaped(text, at).or_else(plain) else { return (None, at + 1) };
    let is_between = character.is_whitespace()
        || character.is_control()
        || matches!(character, '-' | '+' | '\\' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}')
        || matches!(character, '\u{2060}' | '\u{2212}' | '\u{feff}');
    let lower = || character.to_lowercase().next();
    (if is_between { None } else { lower() }, next)
}

/// Where a tag ends that begins here, of those that stand within words.
fn tag(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix('<')?;
    let end = rest.bytes().take(MOST_OF_A_TAG).position(|byte| byte == b'>')?;
    let name = rest[..end].trim_matches(['/', ' ']);
    let is_tag = matches!(name, "b" | "br" | "code" | "em" | "i" | "mark" | "span" | "strong" | "wbr");
    is_tag.then_some(at + 1 + end + 1)
}

const MOST_OF_A_TAG: usize = 10;

/// Reads a character that is escaped, also where it was several times: as in JSON (`\u0054`, `\\x54`), in an address
/// (`%54`, `%2554`) or in HTML (`&#84;`, `&amp;lt;`).
fn escaped(text: &str, at: usize) -> Option<(char, usize)> {
    match text.as_bytes()[at] {
        b'\\' => in_json(text.as_bytes(), at),
        b'%' => in_address(text.as_bytes(), at),
        b'&' => in_html(text, at),
        _ => None,
    }
}

fn in_json(text: &[u8], at: usize) -> Option<(char, usize)> {
    let unit = |mut at: usize| {
        let start = at;
        while text.get(at) == Some(&b'\\') {
            at += 1;
        }
        let digits = match text.get(at)? {
            b'u' if at > start => 4,
            b'x' if at > start => 2,
            _ => return None,
        };
        Some((hex(text, at + 1, digits)?, at + 1 + digits))
    };
    let (code, next) = unit(at)?;
    let pair = || {
        let (low, next) = unit(next).filter(|(low, _)| (0xdc00..0xe000).contains(low))?;
        Some((char::from_u32(0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00))?, next))
    };
    let is_high = (0xd800..0xdc00).contains(&code);
    let whole = if is_high { pair() } else { char::from_u32(code).map(|character| (character, next)) };
    // Half a pair stands for no character.
    whole.or(Some((char::REPLACEMENT_CHARACTER, next)))
}

fn in_address(text: &[u8], at: usize) -> Option<(char, usize)> {
    let byte = |at: usize| {
        if text.get(at) != Some(&b'%') {
            return None;
        }
        let mut next = at + 1;
        while text.get(next..next + 2) == Some(b"25") && hex(text, next + 2, 2).is_some() {
            next += 2;
        }
        Some((u8::try_from(hex(text, next, 2)?).ok()?, next + 2))
    };
    let (first, next) = byte(at)?;
    let whole = || {
        let (mut bytes, mut next) = (vec![first], next);
        // The first byte of a character tells how many it has.
        for _ in 1..first.leading_ones() {
            let (further, after) = byte(next)?;
            bytes.push(further);
            next = after;
        }
        Some((std::str::from_utf8(&bytes).ok()?.chars().next()?, next))
    };
    // Else it is as older servers write it.
    whole().or(Some((char::from(first), next)))
}

fn in_html(text: &str, at: usize) -> Option<(char, usize)> {
    let mut rest = text.get(at..)?.strip_prefix('&')?;
    while let Some(further) = rest.strip_prefix("amp;").filter(|further| entity(further).is_some()) {
        rest = further;
    }
    let (character, rest) = entity(rest)?;
    Some((character, text.len() - rest.len()))
}

/// What stands behind an ampersand, and what follows.
fn entity(text: &str) -> Option<(char, &str)> {
    let (name, rest) = text.split_at(text.bytes().take(MOST_OF_AN_ENTITY).position(|byte| byte == b';')?);
    let code = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let character = match name {
        "amp" => '&',
        "apos" => '\'',
        "gt" => '>',
        "lt" => '<',
        "nbsp" => ' ',
        "quot" => '"',
        _ => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => code(digits, 16)?,
            None => code(&name[1..], 10)?,
        },
    };
    Some((character, &rest[1..]))
}

const MOST_OF_AN_ENTITY: usize = 10;

fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = text.get(at..at + digits)?;
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How others may repeat a secret.
    fn shapes(secret: &str) -> Vec<String> {
        let each = |write: &dyn Fn(char) -> String| secret.chars().map(write).collect::<String>();
        vec![
            secret.to_owned(),
            secret.to_uppercase(),
            secret.to_lowercase(),
            secret.replace('-', ""),
            secret.replace('-', " "),
            secret.replace('-', "\u{2013}"),
            secret.replace('-', "%20"),
            secret.replace('-', "+"),
            each(&|c| format!("{c} ")).trim_end().to_owned(),
            each(&|c| format!("{c}\u{200b}")),
            each(&|c| format!("%{:02X}", c as u32)),
            each(&|c| format!("%25{:02x}", c as u32)),
            each(&|c| format!("\\u{:04x}", c as u32)),
            each(&|c| format!("\\\\u{:04X}", c as u32)),
            each(&|c| format!("\\x{:02X}", c as u32)),
            each(&|c| format!("&#{};", c as u32)),
            each(&|c| format!("&amp;#x{:x};", c as u32)),
            secret.replace('-', "</b>-<b>"),
            each(&|c| if c.is_ascii_uppercase() { format!("\\u{:04x}", c as u32) } else { c.to_string() }),
        ]
    }

    #[test]
    fn secrets_are_redacted_in_any_case() {
        assert_eq!(redact("Key abcd-1 and ABCD-1!", "ABCD-1", "****"), "Key **** and ****!");
        assert_eq!(redact("é ABCD-1 é", "abcd-1", "*"), "é * é");
        assert_eq!(redact("nothing", "", "*"), "nothing");
    }

    #[test]
    fn masks_are_known_again() {
        let key = MaskedKey::of("ABCD-EFGH-IJKL-MNOP").to_string();
        for mask in [MASK, "********", " ******** ", &key] {
            assert!(is_mask(mask), "{mask}");
        }
        for text in ["", "*", "***", "*99", "** **", "ABCD-EFGH-IJKL-MNOP", "a ****"] {
            assert!(!is_mask(text), "{text}");
        }
    }

    #[test]
    fn masks_are_known_again_within_texts() {
        assert!(is_masked_within(r#"{"AuthPassword":"********"}"#));
        assert!(is_masked_within(r#" [{"LicenseKey":"****-****-****-1234"}]"#));
        assert!(is_masked_within("POST\nX-Webhook-Secret: ********"));
        for text in ["{}", r#"{"a":"**** **"}"#, "Pass: ********", "[3CX] ******** New voicemail ********"] {
            assert!(!is_masked_within(text), "{text}");
        }
    }

    #[test]
    fn very_short_secrets_do_not_turn_texts_into_stars() {
        let text = "An abc for 1-2 a-b-c cabs";
        for secret in ["", "a", "-", "ab", "a-", "12", "----"] {
            assert_eq!(redact(text, secret, "*"), text, "{secret}");
        }
        for secret in ["abc", "a-b-c", "1-2"] {
            assert!(redact(text, secret, "*").contains('*'), "{secret}");
        }
    }

    #[test]
    fn secrets_of_any_letters_are_found_whole() {
        for secret in
            ["Пароль2024", "日本語パス1a2", "Geheim-Straße99ß", "пароль-секрет", "Ключ!", "🔑🔑🔑", "Пароль123"]
        {
            let each = |write: &dyn Fn(u16) -> String| secret.encode_utf16().map(write).collect::<String>();
            for shape in [
                secret.to_owned(),
                secret.to_lowercase(),
                each(&|unit| format!("\\u{unit:04x}")),
                percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
                secret.chars().map(|c| format!("&#{};", u32::from(c))).collect(),
            ] {
                assert_eq!(redact(&format!("Is <{shape}> it?"), secret, MASK), "Is <****> it?", "{shape}");
            }
        }
        assert_eq!(redact("123 users", "Пароль123", MASK), "123 users");
        assert_eq!(redact("x=caf%E9-1", "café1", MASK), "x=****", "as Latin-1");
    }

    #[test]
    fn secrets_that_are_escaped_as_html_are_found() {
        let secret = "Can4ry&<Pw>\"1'x";
        for text in ["Can4ry&amp;&lt;Pw&gt;&quot;1&#39;x", "Can4ry&#x26;&LT;", "Can4ry\\u0026\\u003CPw\\u003e\\\"1'x"] {
            let shown = redact(&format!("The value {text} is wrong"), secret, MASK);
            assert_eq!(shown == "The value **** is wrong", !text.contains("LT"), "{shown}");
            assert!(!shown.contains("Can4ry"), "{shown}");
        }
    }

    #[test]
    fn secrets_that_are_cut_off_are_found() {
        let key = "8SGW-ABCD-EFGH-1234";
        for text in [
            r#"Cannot parse {"licenseKey":"8SGW-ABCD-EFGH-12"#,
            "Cannot parse 8SGWABCD",
            "Cannot parse 8SGW-ABCD-",
            "The value 8SGW-ABCD-EF… is wrong",
            "The value 8SGW-ABCD-EF... is wrong",
            r#"{\"k\":\"8SGW-ABCD-E\"}"#,
            "'8sgw&#45;abcd&#39;",
        ] {
            let shown = redact(text, key, MASK);
            assert!(shown.contains(MASK) && !shown.to_lowercase().contains("8sgw"), "{shown}");
        }
        assert_eq!(redact("8SGW-ABC", key, MASK), "8SGW-ABC");
        assert_eq!(redact("Department 'Sales' has no 1010", "Sales2024", MASK), "Department 'Sales' has no 1010");
    }

    #[test]
    fn half_of_a_secret_is_not_shown_wherever_it_was_cut_off_and_whatever_stands_in_between() {
        let key = "AB12-CD34-EF56-GH78";
        for (text, shown) in [
            ("Key \u{2026}CD34-EF56-GH78 is bad", "Key \u{2026}**** is bad"),
            ("Key AB12-CD34-EF56 is bad", "Key **** is bad"),
            ("Key \u{2026}34-EF56-GH\u{2026} is bad", "Key \u{2026}****\u{2026} is bad"),
            (r#"parts "AB12-CD34" and "EF56-GH78""#, r#"parts "****-****-****-GH78" and "****""#),
            ("AB12-CD3\n...\n4-EF56-GH78", "****"),
            ("A.B.1.2.C.D.3.4.E.F.5.6.G.H.7.8!", "****!"),
            ("a_b_1_2,c,d,3,4 / ef56: 'gh78'", "****'"),
            ("x8SGW-AB12-CD34-XY", "****"),
            ("CD34 EF5", "CD34 EF5"),
        ] {
            assert_eq!(redact(text, key, "****-****-****-GH78"), shown);
        }
        assert_eq!(
            redact("ODDKEY\u{2026} has no \u{2026}7-CANARY", "ODDKEY-77-CANARY", MASK),
            "ODDKEY\u{2026} has no \u{2026}****"
        );
        let mut secrets = Secrets::default();
        secrets.add(&Secret::new("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJuOG4ifQ.one".into()));
        secrets.add(&Secret::new("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJuOG4ifQ.another".into()));
        let shown = secrets.redact("Bad eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJuOG4ifQ.another: sub eyJzdWIiOiJuO, cut");
        assert_eq!(shown, "Bad ****: sub ****, cut");
    }

    #[test]
    fn ordinary_words_stay_though_a_secret_has_them() {
        for (text, secret) in [
            ("Welcome to 3CX, administrator of 2025", "Welcome2025-Administrator"),
            ("The installations are on 192.168.1.10", "Installation19"),
            ("Group 10, until 10:10:10", "1010"),
            ("Not allowed until June 2026", "Sunshine2026"),
            ("No such department on 2026-11-29", "Partment2026"),
        ] {
            assert_eq!(redact(text, secret, MASK), text);
        }
    }

    #[test]
    fn secrets_within_base64_are_found() {
        let body = r#"{"groupId":"28","licenseKey":"8SGW-ABCD-EFGH-1234"}"#;
        for engine in [base64::prelude::BASE64_STANDARD, base64::prelude::BASE64_URL_SAFE_NO_PAD] {
            let encoded = engine.encode(body);
            for text in [format!("Body {encoded}"), format!("/v1/{encoded}"), format!("Body {}", &encoded[..61])] {
                let shown = redact(&text, "8sgw-abcd-efgh-1234", MASK);
                assert!(shown.contains(MASK) && !shown.contains(&encoded[8..24]), "{shown}");
            }
            assert_eq!(redact(&encoded, "another-secret", MASK), encoded);
        }
    }

    #[test]
    fn data_stays_data() {
        let mut secrets = Secrets::default();
        secrets.add(&Secret::new("12345678".into()));
        secrets.add(&Secret::new("TOKEN-of-the-whole-run".into()));
        assert_eq!(secrets.redact_data(r#"{"Id":12345678}"#), None);
        let shown = secrets.redact_data(r#"{"Id":12345678,"a":"\n\u0054oken-of-the-whole-run\""}"#);
        assert_eq!(shown.as_deref(), Some(r#"{"Id":12345678,"a":"\n****\""}"#));
        assert_eq!(secrets.redact("12345678 and token of the whole run"), "**** and ****");
    }

    proptest! {
        #[test]
        fn a_secret_is_found_in_every_shape(
            secret in "[A-Z0-9]{4}(-[A-Za-z0-9_.~]{4}){1,4}",
            before in "[ é\"<(\\\\]{0,5}",
            after in "[ é\">)]{0,5}",
        ) {
            for shape in shapes(&secret) {
                let shown = redact(&format!("{before}{shape}{after}"), &secret, MASK);
                let rest = shown.replace(MASK, "");
                prop_assert!(rest.bytes().all(|byte| !byte.is_ascii_alphanumeric()), "{}: {}", shape, shown);
                prop_assert!(shown.contains(MASK));
            }
        }

        #[test]
        fn what_holds_no_secret_stays(text in "[a-y\\\\%é -]{0,60}", secret in "z[a-z0-9-]{6,20}") {
            prop_assert_eq!(redact(&text, &secret, MASK), text);
        }

        #[test]
        fn no_escape_makes_it_panic(text in "[<>/b&#;ampx0-9\\\\u%dDcé🔑]{0,40}", secret in "[<&%\\\\ué0-9a-d]{1,12}") {
            redact(&text, &secret, MASK);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*", secret in ".*") {
            let shown = redact(&text, &secret, MASK);
            prop_assert!(shown.len() <= text.len() * 4 + 8);
        }

        #[test]
        fn json_stays_json(value in crate::arbitrary::json(), secret in "[a-z\\\\\"nu0-9]{16,20}") {
            let mut secrets = Secrets::default();
            secrets.add(&Secret::new(secret.clone()));
            let text = serde_json::json!([secret, value, format!("\n{secret}\n")]).to_string();
            let shown = secrets.redact_data(&text).unwrap_or(text);
            prop_assert!(serde_json::from_str::<IgnoredAny>(&shown).is_ok(), "{}", shown);
        }
    }
}
