//! Cleaning of text that people paste into spreadsheets.

/// Why a text cannot be used, however it is cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFault {
    /// Nothing is left once white space and invisible characters are gone.
    Empty,
    /// There is a control character inside, such as a line break or a tab.
    ControlCharacter,
}

/// A text that is safe to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clean {
    pub text: String,
    /// Whether invisible characters, odd spaces or typographic dashes were mended (what surrounds it does not count).
    pub mended: bool,
}

/// Takes away what people cannot see: surrounding white space and zero-width characters; and turns typographic dashes into
/// hyphens, and no-break and other odd spaces into plain ones. What could change the meaning is refused.
///
/// # Errors
///
/// Where nothing is left, or a control character stands inside.
pub fn clean(raw: &str) -> Result<Clean, TextFault> {
    let trimmed = trimmed(raw);
    let mut text = String::with_capacity(trimmed.len());
    let mut mended = false;
    for c in trimmed.chars() {
        match c {
            _ if is_invisible(c) => mended = true,
            _ if is_dash(c) => {
                text.push('-');
                mended = true;
            }
            _ if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                return Err(TextFault::ControlCharacter);
            }
            // `A 1` and `A1` are two names, whatever space is between.
            _ if c.is_whitespace() => {
                text.push(' ');
                mended |= c != ' ';
            }
            _ => text.push(c),
        }
    }
    if text.is_empty() {
        return Err(TextFault::Empty);
    }
    Ok(Clean { text, mended })
}

/// A text without what surrounds it and cannot be seen.
pub fn trimmed(raw: &str) -> &str {
    raw.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// Whether it is what a spreadsheet's formula or an expression gives in place of a value: `#REF!`, `#N/A`, `Err:502`,
/// `undefined`. A spreadsheet writes it in the language of its user.
pub fn stands_for_none(text: &str) -> bool {
    let is_of_errors = |c: char| c.is_uppercase() || matches!(c, '/' | '0' | '_' | '¡' | '¿');
    let is_marked = |error: &str| {
        let name = error.strip_suffix(['!', '?']);
        name.is_some_and(|name| name.contains(char::is_uppercase) && name.chars().all(is_of_errors))
    };
    ["undefined", "null", "NaN", "[object Object]", "#N/A", "#N/D", "#N/B", "#NV"].contains(&text)
        || text.strip_prefix('#').is_some_and(is_marked)
        || text.strip_prefix("Err:").is_some_and(is_digits)
}

/// Whether it is digits from 0 to 9, and at least one.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is a long number as a spreadsheet shows it, of which digits are lost: `4.93012E+11`.
pub fn is_rounded(text: &str) -> bool {
    text.split_once(['E', 'e']).is_some_and(|(number, exponent)| {
        let (whole, rest) = number.split_once(['.', ',']).unwrap_or((number, "0"));
        is_digits(whole) && is_digits(rest) && exponent.strip_prefix('+').is_some_and(is_digits)
    })
}

/// Whether there is nothing that a person could see.
pub fn is_blank(raw: &str) -> bool {
    raw.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// Whether what people may not see stands between two digits: `1 000` and `1 2` would become other numbers.
pub fn splits_number(raw: &str) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(char::is_numeric);
    let is_between = |c: char| is_invisible(c) || (c.is_whitespace() && c != ' ' && !c.is_control());
    let mut parts = raw.split(is_between).filter(|part| !part.is_empty()).peekable();
    std::iter::from_fn(|| Some((parts.next()?, *parts.peek()?)))
        .any(|(before, after)| is_digit(before.chars().next_back()) && is_digit(after.chars().next()))
}

/// Zero-width characters, the soft hyphen, direction marks and the byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// Hyphens and dashes that word processors put in place of `-`.
fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn surrounding_space_goes() {
        let cleaned = clean(" \t\r\nGRP0001\u{a0}\u{200b} ").unwrap();
        assert_eq!(cleaned, Clean { text: "GRP0001".into(), mended: false });
    }

    #[test]
    fn invisible_characters_and_dashes_are_mended() {
        let cleaned = clean("AB\u{200b}CD\u{2013}EFGH\u{2212}1").unwrap();
        assert_eq!(cleaned, Clean { text: "ABCD-EFGH-1".into(), mended: true });
    }

    #[test]
    fn a_space_of_any_kind_stays_one() {
        for space in ['\u{a0}', '\u{2007}', '\u{202f}', '\u{3000}'] {
            let cleaned = clean(&format!("{space}North{space}Dental{space}")).unwrap();
            assert_eq!(cleaned, Clean { text: "North Dental".into(), mended: true }, "{space:?}");
        }
        assert_eq!(clean("North Dental"), Ok(Clean { text: "North Dental".into(), mended: false }));
    }

    #[test]
    fn what_cannot_be_mended_is_refused() {
        assert_eq!(clean(" \u{feff} "), Err(TextFault::Empty));
        assert!(is_blank(" \u{feff}\n") && is_blank("") && !is_blank(" \u{feff}x"));
        for inside in ["A\nB", "A\tB", "A\0B", "A\u{85}B", "A\u{2028}B"] {
            assert_eq!(clean(inside), Err(TextFault::ControlCharacter), "{inside:?}");
        }
    }

    #[test]
    fn a_number_in_two_parts_is_seen() {
        for split in ["1\u{a0}000", "1\u{200b}3", "GRP00\u{ad}\u{feff}01"] {
            assert!(splits_number(split), "{split:?}");
        }
        for whole in ["", "28\u{a0}", "\u{feff}28", "1 2", "GRP\u{200b}0001", "\u{200b}\u{a0}"] {
            assert!(!splits_number(whole), "{whole:?}");
        }
    }

    #[test]
    fn a_number_that_a_spreadsheet_has_rounded_is_seen() {
        for rounded in ["4.93012E+11", "4,93012e+11", "4E+11"] {
            assert!(is_rounded(rounded), "{rounded}");
        }
        for other in ["", "E+11", "4.93012E", "4.93012E+", "4.9.3E+11", "4.93012E11", "EXT+11", "+493012", "12E"] {
            assert!(!is_rounded(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(raw in ".*") {
            if let Ok(once) = clean(&raw) {
                prop_assert_eq!(clean(&once.text), Ok(Clean { text: once.text.clone(), mended: false }));
            }
        }

        #[test]
        fn plain_keys_come_through_unchanged(raw in "[A-Za-z0-9 ._-]*[A-Za-z0-9]") {
            prop_assert_eq!(clean(&raw).unwrap().text, raw.trim_start());
        }
    }
}
