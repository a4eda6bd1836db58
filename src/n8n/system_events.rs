//! The events that a PBX writes into its log: which numbers are documented, and what they are called.

use serde_json::Value;

use crate::trigger::options::Event;

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

/// Adds the name of each event of the system, if it has one.
pub fn name(items: &mut [Value]) {
    for item in items.iter_mut().filter(|item| item["event"] == Event::System.name()) {
        let id = item["EventId"].as_i64();
        let name = choices().find(|(_, known)| Some(*known) == id).map(|(name, _)| name);
        item["EventName"] = name.into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_of_the_system_are_told_with_their_names_and_nothing_else_is() {
        for (id, name) in [(4100, json!("Trunk: Registration changed")), (4101, Value::Null)] {
            let item = |event: Event| json!({ "event": event.name(), "EventId": id });
            let mut items = [item(Event::System), item(Event::Recording)];
            super::name(&mut items);
            assert_eq!(items.map(|item| item.get("EventName").cloned()), [Some(name), None]);
        }
    }

    #[test]
    fn each_event_is_listed_once() {
        let mut ids: Vec<i64> = choices().map(|(_, id)| id).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), all), (all, 72));
    }
}
