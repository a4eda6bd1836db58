//! The events that a PBX writes into its log: which numbers are documented, and what their messages say.

use serde_json::{Map, Value};

/// Events by what they are about: number and name. Others are told just the same, without a name.
pub const GROUPS: &[(&str, &[(i64, &str)])] = &[
    (
        "Trunk",
        &[
            (4100, "Registration changed"),
            (4102, "SBC or bridge status changed"),
            (12293, "Registration failed, destination unreachable"),
            (12294, "Call or registration failed with an answer"),
            (30051, "Unidentified inbound call"),
        ],
    ),
    ("Queue", &[(102, "Callback requested"), (103, "Callback failed"), (104, "SLA time reached"), (105, "Call lost")]),
    (
        "Call",
        &[
            (4099, "Emergency number dialed"),
            (12289, "Device has its most calls"),
            (12296, "Blocked by country"),
            (12297, "No media ports left"),
            (30013, "Most participants reached"),
            (30049, "External calls of an extension disabled"),
            (30052, "Nobody and no rule for a dialed number"),
            (30053, "Ended as a loop"),
            (50029, "Dropped, not acknowledged"),
        ],
    ),
    (
        "License",
        &[
            (8193, "Limit of simultaneous calls reached"),
            (10033, "Activated"),
            (30024, "Backup has another key or name"),
            (30026, "Subscription expires"),
            (50025, "Activation failed"),
        ],
    ),
    ("Backup", &[(10031, "Done"), (10032, "Restored"), (50022, "Failed"), (50024, "Restore failed")]),
    (
        "Security",
        &[
            (10028, "Password recovery requested"),
            (12290, "Address blocked"),
            (12291, "SIP request rejected"),
            (12292, "Address blocked, too many requests"),
            (30031, "Weak credential"),
            (30038, "Live chat protection"),
            (30046, "Nobody is system owner"),
        ],
    ),
    (
        "Service",
        &[
            (4097, "Started"),
            (4098, "Told to stop"),
            (12295, "STUN server unreachable"),
            (30032, "Overloaded, log-ins skipped"),
            (30035, "Interrupted"),
            (30039, "Health report"),
            (50014, "Web meetings down"),
            (50015, "No web meeting server in the zone"),
            (50027, "Failover"),
        ],
    ),
    (
        "Storage",
        &[
            (10025, "Logs and temporary files deleted"),
            (10027, "Database maintenance done"),
            (30006, "Disk almost full"),
            (30033, "Recordings near their quota"),
            (30034, "Voicemail near its quota"),
            (50023, "Archiving of recordings failed"),
        ],
    ),
    (
        "Update",
        &[
            (10008, "Available"),
            (10009, "3CX updated"),
            (10010, "3CX update failed"),
            (10011, "System updated"),
            (10012, "System update failed"),
        ],
    ),
    (
        "Network",
        &[
            (10023, "Certificate renewed"),
            (10026, "Public address changed"),
            (30047, "Local address changed"),
            (50011, "Certificate renewal failed"),
        ],
    ),
    (
        "Phone",
        &[
            (10018, "Provisioning request delivered"),
            (10029, "Provisioning file made"),
            (30018, "Provisioning request not delivered"),
            (30040, "Provisioning file not made"),
            (30041, "Phone behind an SBC without address"),
            (30043, "Provisioning key invalid"),
        ],
    ),
    (
        "Message",
        &[
            (10030, "Push subscription removed"),
            (30025, "Unknown variable in an email template"),
            (30030, "Sending through a provider failed"),
            (30044, "Contact not made"),
            (30045, "Provider's message not understood"),
            (50020, "Push failed"),
            (50021, "Push failed at the server"),
            (50026, "Email not sent"),
        ],
    ),
];

/// Name and number of each documented event, as lists show them.
pub fn choices() -> impl Iterator<Item = (String, i64)> {
    let of_group = |(group, events): &(&'static str, &'static [(i64, &'static str)])| {
        let group = *group;
        events.iter().map(move |(id, name)| (format!("{group}: {name}"), *id))
    };
    GROUPS.iter().flat_map(of_group)
}

/// A record of the log with its message filled and its event's name, if it is one of those asked for (none: all).
pub(super) fn told(mut record: Map<String, Value>, wanted: &[i64]) -> Option<Map<String, Value>> {
    let id = record.get("EventId").and_then(Value::as_i64);
    if !wanted.is_empty() && !id.is_some_and(|id| wanted.contains(&id)) {
        return None;
    }
    let name = choices().find(|(_, known)| Some(*known) == id).map(|(name, _)| name);
    let values: Vec<String> = record.get("Params").and_then(Value::as_array).into_iter().flatten().map(plain).collect();
    if let Some(Value::String(message)) = record.get_mut("Message") {
        *message = filled(message, &values);
    }
    record.insert("EventName".to_owned(), name.into());
    Some(record)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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
        let trunk = told(record(4100), &[4100]).unwrap();
        assert_eq!((&trunk["EventName"], &trunk["Message"]), (&json!("Trunk: Registration changed"), &json!("x")));
        assert_eq!(told(record(4101), &[4100]), None);
        assert_eq!(told(record(4101), &[]).unwrap()["EventName"], Value::Null);
    }

    #[test]
    fn each_event_is_listed_once() {
        let mut ids: Vec<i64> = choices().map(|(_, id)| id).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), all), (all, 72));
    }

    proptest! {
        #[test]
        fn no_message_is_too_odd(message in "[%0-9$sä ]{0,30}", values in proptest::collection::vec("\\PC{0,3}", 0..12)) {
            let _ = filled(&message, &values);
        }
    }
}
