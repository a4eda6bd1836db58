//! Finds secrets in texts of others, in whatever shape they are repeated: in any case, without dashes or with spaces,
//! escaped as in JSON or in an address.

use std::fmt;
use std::ops::Range;

use crate::secret::Secret;

/// What stands in the place of a secret that may not be shown even in part.
pub const MASK: &str = "****";

/// What is shorter stands in many a text by chance, and would turn it into stars.
const SHORTEST: usize = 3;

/// In an answer that is data, only what cannot stand there by chance is replaced.
const SHORTEST_IN_DATA: usize = 16;

/// The secrets of a run: every token it has used, and what it logs in with.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Known>);

#[derive(Clone)]
struct Known {
    secret: Secret,
    /// What is compared: worked out once, not for each answer.
    needle: Vec<u8>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} secrets", self.0.len())
    }
}

impl Secrets {
    pub fn add(&mut self, secret: &Secret) {
        if !self.0.iter().any(|known| known.secret == *secret) {
            self.0.push(Known { secret: secret.clone(), needle: needle(secret.reveal()) });
            // A short one may be a part of a longer one, of which the rest would stay.
            self.0.sort_by_key(|known| std::cmp::Reverse(known.secret.reveal().len()));
        }
    }

    /// A text for people without any of the secrets.
    pub fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, known| without(&text, known.secret.reveal(), &known.needle, MASK))
    }

    /// The same for data; `None` if there is nothing to replace. JSON stays JSON.
    pub fn redact_data(&self, text: &str) -> Option<String> {
        let mut replaced = None;
        for Known { needle, .. } in &self.0 {
            if needle.len() >= SHORTEST_IN_DATA {
                replaced = replace(replaced.as_deref().unwrap_or(text), needle, MASK).or(replaced);
            }
        }
        replaced
    }
}

/// A text without a secret, in whatever shape it is repeated. Very short ones are let be.
pub fn redact(text: &str, secret: &str, shown: &str) -> String {
    without(text, secret, &needle(secret), shown)
}

fn without(text: &str, secret: &str, needle: &[u8], shown: &str) -> String {
    if needle.len() >= SHORTEST {
        return replace(text, needle, shown).unwrap_or_else(|| text.to_owned());
    }
    // Hardly a character that is compared: found as it is, if at all.
    if secret.chars().count() >= SHORTEST { text.replace(secret, shown) } else { text.to_owned() }
}

/// Whether a text is what this node shows in place of a secret or a license key.
pub fn is_mask(text: &str) -> bool {
    let text = text.trim();
    (text.len() >= MASK.len() && text.bytes().all(|byte| byte == b'*')) || text.starts_with("****-****-****-")
}

/// Whether two texts are the same secret.
pub fn is_same(one: &str, other: &str) -> bool {
    let one = needle(one);
    one.len() >= SHORTEST && one == needle(other)
}

/// What is compared of a secret.
fn needle(secret: &str) -> Vec<u8> {
    characters(secret).map(|(character, _)| character).collect()
}

/// The characters that are compared, in lower case, each with its place in the text.
pub fn characters(text: &str) -> impl Iterator<Item = (u8, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at;
            let (found, next) = unit(text.as_bytes(), at);
            at = next;
            if let Some(found) = found {
                return Some((found, start..next));
            }
        }
        None
    })
}

fn replace(text: &str, needle: &[u8], shown: &str) -> Option<String> {
    let mut at = 0;
    let mut found = std::iter::from_fn(|| {
        let (start, end) = (at..text.len()).find_map(|start| Some((start, end_of(text.as_bytes(), start, needle)?)))?;
        at = end;
        Some(start..end)
    })
    .peekable();
    found.peek()?;
    Some(with(text, found, shown))
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

/// Where the secret ends that begins here.
fn end_of(text: &[u8], start: usize, needle: &[u8]) -> Option<usize> {
    let (first, mut at) = unit(text, start);
    let (wanted, mut rest) = needle.split_first()?;
    if first? != *wanted {
        return None;
    }
    while let Some((wanted, after)) = rest.split_first() {
        if at >= text.len() {
            return None;
        }
        let (found, next) = unit(text, at);
        at = next;
        match found {
            None => {}
            Some(found) if found == *wanted => rest = after,
            Some(_) => return None,
        }
    }
    Some(at)
}

/// The character here in lower case, and where the next one begins. Nothing for what may come or go in between: dashes,
/// spaces, backslashes and all that is not ASCII.
fn unit(text: &[u8], at: usize) -> (Option<u8>, usize) {
    let (byte, next) = escaped(text, at).unwrap_or((text[at], at + 1));
    let is_compared = byte.is_ascii_graphic() && !matches!(byte, b'-' | b'+' | b'\\');
    (is_compared.then_some(byte.to_ascii_lowercase()), next)
}

/// Reads `\u0054` or `%54`, also where they were escaped several times: `\\u0054`, `%2554`.
fn escaped(text: &[u8], at: usize) -> Option<(u8, usize)> {
    match text[at] {
        b'\\' => {
            let mut next = at;
            while text.get(next) == Some(&b'\\') {
                next += 1;
            }
            if text.get(next) != Some(&b'u') {
                return None;
            }
            let code = hex(text, next + 1, 4)?;
            Some((u8::try_from(code).unwrap_or(u8::MAX), next + 5))
        }
        b'%' => {
            let mut next = at + 1;
            while text.get(next..next + 2) == Some(b"25") && hex(text, next + 2, 2).is_some() {
                next += 2;
            }
            Some((u8::try_from(hex(text, next, 2)?).ok()?, next + 2))
        }
        _ => None,
    }
}

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
        let key = crate::secret::MaskedKey::of("ABCD-EFGH-IJKL-MNOP").to_string();
        for mask in [MASK, "********", " ******** ", &key] {
            assert!(is_mask(mask), "{mask}");
        }
        for text in ["", "*", "***", "*99", "** **", "ABCD-EFGH-IJKL-MNOP", "a ****"] {
            assert!(!is_mask(text), "{text}");
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
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&shown).is_ok(), "{}", shown);
        }
    }
}
