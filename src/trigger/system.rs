//! What a record of the PBX's event log says.

use serde_json::{Map, Value};

use crate::rows::json::shown;

/// A record of the log with its message filled, if it is one of those asked for (none: all).
pub(super) fn told(mut record: Map<String, Value>, wanted: &[i64]) -> Option<Map<String, Value>> {
    let id = record.get("EventId").and_then(Value::as_i64);
    if !wanted.is_empty() && !id.is_some_and(|id| wanted.contains(&id)) {
        return None;
    }
    let values: Vec<String> = record.get("Params").and_then(Value::as_array).into_iter().flatten().map(shown).collect();
    if let Some(Value::String(message)) = record.get_mut("Message") {
        *message = filled(message, &values);
    }
    Some(record)
}

/// Puts values where the message has `%1$s` or `%1`. A place without a value stays as it is, and what a value holds is no
/// place.
fn filled(message: &str, values: &[String]) -> String {
    let mut text = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let value = after[..digits].parse::<usize>().ok().and_then(|place| values.get(place.checked_sub(1)?));
        rest = after;
        match value {
            Some(value) => {
                text.push_str(value);
                rest = &after[digits..];
                rest = rest.strip_prefix("$s").unwrap_or(rest);
            }
            None => text.push('%'),
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_filled_in_both_forms() {
        let values = ["10000".to_owned(), "50%2".to_owned()];
        for (message, expected) in [
            ("Trunk %1$s is %2$s", "Trunk 10000 is 50%2"),
            ("Trunk %1 is %2.", "Trunk 10000 is 50%2."),
            ("%3$s and %0 at 100%", "%3$s and %0 at 100%"),
            ("%11 %1st", "%11 10000st"),
            ("ä%1ü", "ä10000ü"),
        ] {
            assert_eq!(filled(message, &values), expected);
        }
    }

    #[test]
    fn events_are_told_by_their_number() {
        let record =
            |id: i64| json!({"Id": 1, "EventId": id, "Message": "%1", "Params": ["x"]}).as_object().cloned().unwrap();
        assert_eq!(told(record(4100), &[4100]).unwrap()["Message"], "x");
        assert_eq!(told(record(4101), &[4100]), None);
        assert!(told(record(4101), &[]).is_some());
    }

    proptest! {
        #[test]
        fn no_message_is_too_odd(message in "[%0-9$sä ]{0,30}", values in proptest::collection::vec("\\PC{0,3}", 0..12)) {
            let _ = filled(&message, &values);
        }
    }
}
