//! JSON that people give. It is bounded before it is walked: the stack of the core is small.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

/// Objects and lists may be nested this deep.
pub const MAX_DEPTH: usize = 64;
/// A value of a row may have this many characters.
pub const MAX_LENGTH: usize = 4_000_000;

/// Why a text cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// It has half of a pair of UTF-16, which stands for no character.
    HalfCharacter,
    TooDeep,
    TooLong,
    /// What the reader of JSON says.
    Syntax(String),
}

/// Reads a text.
///
/// # Errors
///
/// Where it is longer than four times [`MAX_LENGTH`] bytes, nested deeper than [`MAX_DEPTH`], no JSON, or not what is wanted.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, JsonFault> {
    if text.len() > 4 * MAX_LENGTH {
        return Err(JsonFault::TooLong);
    }
    if !is_shallow(text) {
        return Err(JsonFault::TooDeep);
    }
    serde_json::from_str(text).map_err(|cause| {
        let cause = cause.to_string();
        let is_half = cause.contains("surrogate") || cause.contains("end of hex escape");
        if is_half { JsonFault::HalfCharacter } else { JsonFault::Syntax(cause) }
    })
}

/// A value as a person writes it: a text without its quotes.
pub fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The same text with U+FFFD for each half of a pair of UTF-16 that stands alone: for what others have written, where one
/// odd name must not cost the rest.
pub fn whole(text: &str) -> Cow<'_, str> {
    let mut whole = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = text[at..].find('\\') {
        at += found;
        let Some(code) = escaped(text, at) else {
            // The character after a backslash is no beginning of an escape.
            at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8);
            continue;
        };
        at += ESCAPE;
        match code {
            0xd800..=0xdbff if matches!(escaped(text, at), Some(0xdc00..=0xdfff)) => at += ESCAPE,
            0xd800..=0xdfff => {
                whole.push_str(&text[done..at - ESCAPE]);
                whole.push_str("\\ufffd");
                done = at;
            }
            _ => {}
        }
    }
    if done == 0 {
        return text.into();
    }
    whole.push_str(&text[done..]);
    whole.into()
}

/// How long `\u1234` is.
const ESCAPE: usize = 6;

/// The code of such an escape, if there is one at this place.
fn escaped(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    // A sign would be read, too.
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

fn is_shallow(text: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn half_a_character_is_no_text() {
        for text in [r#""\ud83d""#, r#"{"a":"\udcde"}"#, r#"{"\ud83dx":1}"#] {
            assert_eq!(parse::<Value>(text), Err(JsonFault::HalfCharacter), "{text}");
        }
        assert!(parse::<Value>(r#""\ud83d\udcde""#).is_ok());
    }

    #[test]
    fn half_a_character_is_replaced_and_all_else_stays() {
        for (text, expected) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""a\udcdeb\uD83D""#, "a\u{fffd}b\u{fffd}"),
            (r#""\ud83d\ud83d\udcde""#, "\u{fffd}\u{1f4de}"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\\ud83d\\\ud83d""#, "\\ud83d\\\u{fffd}"),
            (r#""\"\ud83dä""#, "\"\u{fffd}ä"),
        ] {
            assert_eq!(parse::<Value>(&whole(text)), Ok(expected.into()), "{text}");
        }
        for text in [r#""\ud83d\udcde""#, r#""\\ud83d""#, "\"ä", "\\", "\\ä", "\\ud83", r"\u+d83"] {
            assert_eq!(whole(text), text);
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_refused_before_it_is_read() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse::<Value>(&nested(MAX_DEPTH)).is_ok());
        let refused = parse::<Value>(&nested(MAX_DEPTH + 1)).unwrap_err();
        assert_eq!(refused, JsonFault::TooDeep);
        assert_eq!(parse::<Value>(&"{\"a\":".repeat(1_000_000)), Err(JsonFault::TooDeep));
        let brackets = serde_json::to_string(&format!("\\\"{}", "[".repeat(1000))).unwrap();
        assert!(parse::<Value>(&format!("[{brackets}]")).is_ok(), "brackets within text are text");
        let side_by_side = format!("[{}[]]", "[],".repeat(1000));
        assert!(parse::<Value>(&side_by_side).is_ok());
    }
}
