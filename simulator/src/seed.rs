//! The groups that exist at start-up, the same ones each time.

use serde_json::{Map, Value, json};

use crate::digest::digest;

/// A group to start with.
#[derive(Debug)]
pub(crate) struct Seeded {
    pub(crate) id: i64,
    pub(crate) number: String,
    pub(crate) fields: Map<String, Value>,
}

/// Id of the default group. Known: the documentation's examples use it.
const FIRST_ID: i64 = 28;

const FIRST_WORDS: [&str; 12] = [
    "Alpine",
    "O'Neill",
    "Müller",
    "Harbor",
    "North",
    "Café",
    "Blue",
    "Smith & Sons",
    "Łódź",
    "Delta",
    "Sunrise",
    "Ōsaka",
];
const SECOND_WORDS: [&str; 9] =
    ["Logistics", "Dental", "Bakery", "Consulting", "Motors", "Legal", "Hotel", "Garden", "Insurance"];

/// The default group, the other departments, and one internal group of favourites.
/// Known: numbers from GRP0000, an internal group named after an extension. Assumed: gaps between ids, the rest.
pub(crate) fn groups(departments: u32) -> Vec<Seeded> {
    let departments = departments.max(1);
    let mut id = FIRST_ID;
    let mut groups = Vec::new();
    for position in 0..departments {
        let name = if position == 0 { "DEFAULT".to_owned() } else { name(position) };
        groups.push(group(id, position, &name));
        id += 1 + i64::from(position % 3);
    }
    groups.push(group(id, departments, "___FAVORITES___100"));
    groups
}

fn name(position: u32) -> String {
    let (first, rest) = (position as usize % FIRST_WORDS.len(), position as usize / FIRST_WORDS.len());
    let second = (position as usize + rest) % SECOND_WORDS.len();
    let words = format!("{} {}", FIRST_WORDS[first], SECOND_WORDS[second]);
    let round = rest / SECOND_WORDS.len();
    if round == 0 { words } else { format!("{words} {}", round + 1) }
}

fn group(id: i64, position: u32, name: &str) -> Seeded {
    let number = format!("GRP{position:04}");
    let is_default = position == 0;
    let closed = json!({"IsPromptEnabled": false, "Route": {"To": "None", "Number": "", "External": ""}});
    let fields = json!({
        "Id": id,
        "Number": number,
        "Name": name,
        "AllowCallService": true,
        "AnswerAfter": 0,
        "BreakRoute": closed,
        "BreakTime": {"Type": "SpecificHours", "IgnoreHolidays": false, "Periods": []},
        "CallHandlingMode": [],
        "CurrentGroupHours": "Default",
        "CustomOperator": {"To": "None"},
        "CustomPrompt": null,
        "DisableCustomPrompt": true,
        "GloballyVisible": false,
        "HasMembers": is_default,
        "HolidaysRoute": closed,
        "Hours": {"Type": "OfficeHours", "IgnoreHolidays": false, "Periods": []},
        "IsDefault": is_default,
        "Language": "EN",
        "LastLoginTime": if is_default { json!("2026-11-02T08:15:30Z") } else { Value::Null },
        "MusicOnHold": null,
        "OfficeRoute": closed,
        "OutOfOfficeRoute": closed,
        "OverrideExpiresAt": null,
        "OverrideHolidays": false,
        "PromptSet": "1e6ed594-af95-4bb4-af56-b957ac87d6d7",
        "Props": props(position, name),
        "TimeZoneId": "51",
        "Members": [],
        "OfficeHolidays": [],
        "Rights": [],
    });
    let fields = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    Seeded { id, number, fields }
}

/// `Props` of a group. Known: the names, that -1 means no limit. Assumed: the values.
fn props(position: u32, name: &str) -> Value {
    let hash = digest(name.as_bytes());
    let range = |start: u32| (start + position * 100 % 9000).to_string();
    let free = hash.is_multiple_of(4);
    json!({
        "DectMaxCount": -1,
        "DepartmentContactsMaxCount": -1,
        "Fqdn": null,
        "LiveChatMaxCount": -1,
        "OutboundRulesMaxCount": -1,
        "PersonalContactsMaxCount": -1,
        "PromptsMaxCount": -1,
        "ResellerId": format!("{}", 200_000 + hash % 7),
        "ResellerName": format!("Partner {}", hash % 7 + 1),
        "SbcMaxCount": -1,
        "StartupLicense": if free { "Free" } else { "Pro" },
        "StartupOwnerEmail": format!("owner{position}@example.com"),
        "SubcriptionExpireDate": if free {
            Value::Null
        } else {
            json!(format!("2026-12-{:02}T00:00:00Z", 1 + hash % 28))
        },
        "Subscription": if free { "StartUP Free" } else { "StartUP Pro" },
        "SubscriptionType": if free { Value::Null } else { json!("Annual") },
        "SystemNumberFrom": range(10_000),
        "SystemNumberTo": range(10_099),
        "TrunkNumberFrom": range(20_000),
        "TrunkNumberTo": range(20_099),
        "TrunksMaxCount": -1,
        "UserNumberFrom": range(30_000),
        "UserNumberTo": range(30_099),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_numbers_and_ids_are_unique() {
        let groups = groups(1000);
        assert_eq!(groups.len(), 1001);
        let names: HashSet<_> = groups.iter().map(|group| group.fields["Name"].to_string()).collect();
        let numbers: HashSet<_> = groups.iter().map(|group| &group.number).collect();
        let ids: HashSet<_> = groups.iter().map(|group| group.id).collect();
        assert_eq!((names.len(), numbers.len(), ids.len()), (1001, 1001, 1001));
    }

    #[test]
    fn ids_have_gaps() {
        let ids: Vec<_> = groups(5).iter().map(|group| group.id).collect();
        assert_eq!(ids, [28, 29, 31, 34, 35, 37]);
    }
}
