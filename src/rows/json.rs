//! JSON that people give. It is bounded before it is walked: the stack of the core is small.

use serde::Deserialize;

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

/// Reads a text, or tells what is wrong with it.
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
